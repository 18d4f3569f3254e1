//! The pretoken at a place, for any family and any text, one character after the other.
//!
//! Each character is looked at a bounded number of times, whatever the text: a run that gives
//! characters back gives back such as the next pretoken takes whole.

use super::classes::{
    BREAK, Class, HAN, LOWER, MARK, NUMBER, SPACE, UNCASED, UPPER, first, first_beyond_ascii,
    of_byte, table,
};
use super::family::{Contractions, Family, Marks, Space};

/// Where the pretoken ends that starts at `at`. There is text at `at`.
#[inline]
pub(super) fn end_of(family: &Family, text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    let left = behind(family, rest);
    text.len() - left.len()
}

/// What is left of `text` behind its first pretoken.
#[inline]
fn behind<'t>(family: &Family, text: &'t [u8]) -> &'t [u8] {
    let Some((class, rest)) = first(text) else {
        return text;
    };
    let byte = text[0];
    if family.words.is_han_apart && class & HAN != 0 {
        return behind_run(rest, |class| class & HAN != 0);
    }
    if byte == b'\'' {
        let len = family.first_contraction_len(text);
        if len > 0 {
            return &text[len..];
        }
    }
    // A mark that belongs to words could be the prefix as well: what it ends with is the same.
    if family.is_in_words(class) {
        return behind_word(family, text);
    }
    let next = first(rest).map(|(class, _)| class);
    if family.is_prefix(class, byte) && next.is_some_and(|next| family.is_in_words(next)) {
        return behind_word(family, rest);
    }
    if class & NUMBER != 0 {
        return behind_digits(family, text);
    }
    let is_space = byte == b' ';
    if is_space && family.digits.has_space && next.is_some_and(|next| next & NUMBER != 0) {
        return behind_digits(family, rest);
    }
    if is_space && next.is_some_and(|next| family.is_punctuation(next))
        || family.is_punctuation(class)
    {
        let left = behind_run(rest, |class| family.is_punctuation(class));
        return behind_tail(family, left);
    }
    behind_space(family, text)
}

/// What is left behind a run of characters of a class.
#[inline]
fn behind_run(mut text: &[u8], is_in: impl Fn(Class) -> bool) -> &[u8] {
    loop {
        while let [byte, rest @ ..] = text
            && *byte < 0x80
        {
            if !is_in(of_byte(*byte)) {
                return text;
            }
            text = rest;
        }
        if text.is_empty() {
            return text;
        }
        let table = table();
        while let [byte, ..] = text
            && *byte >= 0x80
            && let Some((class, rest)) = first_beyond_ascii(text, table)
        {
            if !is_in(class) {
                return text;
            }
            text = rest;
        }
    }
}

/// What is left behind a word that starts here, without its prefix.
#[inline]
fn behind_word<'t>(family: &Family, text: &'t [u8]) -> &'t [u8] {
    let left = if family.words.is_cased {
        behind_cased_word(family, text)
    } else {
        behind_run(text, |class| family.is_in_words(class))
    };
    behind_suffix(family, left)
}

/// `U*L+|U+L*`, in the words of [`super::family::Words::is_cased`].
#[inline]
fn behind_cased_word<'t>(family: &Family, text: &'t [u8]) -> &'t [u8] {
    let uncased = match family.words.marks {
        Marks::Punctuation => UNCASED,
        Marks::Words | Marks::Both => UNCASED | MARK,
    };
    // `U*` gives back until `L+` takes a character: the last one of both kinds, if no small letter
    // follows.
    let mut behind_both = None;
    let mut left = text;
    let mut is_small_next = false;
    while let Some((class, rest)) = first(left) {
        if !family.is_in_words(class) {
            break;
        }
        if class & (UPPER | uncased) == 0 {
            is_small_next = true;
            break;
        }
        left = rest;
        if class & UPPER == 0 {
            behind_both = Some(left);
        }
    }
    if is_small_next {
        return behind_run(left, |class| {
            family.is_in_words(class) && class & (LOWER | uncased) != 0
        });
    }
    behind_both.unwrap_or(left)
}

/// What is left behind a contraction, if the family has them as suffixes and one is here.
#[inline]
pub(super) fn behind_suffix<'t>(family: &Family, text: &'t [u8]) -> &'t [u8] {
    match (text, &family.contractions) {
        ([b'\'', ..], Contractions::Suffix(endings)) => &text[endings.contraction_len(text)..],
        _ => text,
    }
}

/// What is left behind digits that start here.
#[inline]
fn behind_digits<'t>(family: &Family, text: &'t [u8]) -> &'t [u8] {
    let Some(max) = family.digits.max else {
        return behind_run(text, |class| class & NUMBER != 0);
    };
    let mut left = text;
    for _ in 0..max.get() {
        match first(left) {
            Some((class, rest)) if class & NUMBER != 0 => left = rest,
            _ => break,
        }
    }
    left
}

/// What is left behind the tail of punctuation that ends here.
#[inline]
pub(super) fn behind_tail<'t>(family: &Family, mut text: &'t [u8]) -> &'t [u8] {
    while let [byte, rest @ ..] = text
        && family.is_tail(*byte)
    {
        text = rest;
    }
    text
}

/// What is left behind white space that starts here.
#[inline]
fn behind_space<'t>(family: &Family, text: &'t [u8]) -> &'t [u8] {
    let mut left = text;
    let mut behind_break = None;
    let mut before_last = text;
    while let Some((class, rest)) = first(left)
        && class & SPACE != 0
    {
        before_last = left;
        left = rest;
        if class & BREAK != 0 {
            behind_break = Some(left);
        }
    }
    let is_end = left.is_empty();
    match (family.space, behind_break) {
        (Space::EndThenBreaks, _) if is_end => left,
        (Space::Breaks | Space::EndThenBreaks, Some(behind)) => behind,
        _ if is_end || before_last.len() == text.len() => left,
        _ => before_last,
    }
}
