//! The endings that contractions have behind their apostrophe: plain data.

/// A set of endings. Of several that match the longest is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Endings {
    pub(crate) list: List,
    pub(crate) case: Case,
}

/// Which endings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum List {
    /// `[sdmt]|ll|ve|re`, those of the published patterns.
    English,
    /// Any others.
    Listed(Listed),
}

/// What counts as the same letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Case {
    /// The letter itself.
    Exact,
    /// Both cases in ASCII, as in `'(?:[sS]|[lL][lL])`.
    Ascii,
    /// Whatever `(?i:...)` takes: `ſ` is an s, and the sign for kelvin is a k.
    Any,
}

/// The most endings of a [`Listed`].
const MAX_COUNT: usize = 16;

/// The most letters of one.
const MAX_LEN: usize = 6;

/// Endings made of ASCII letters, in small letters unless the case is exact; the longest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Listed {
    /// Padded with zeros, which no ending has.
    endings: [[u8; MAX_LEN]; MAX_COUNT],
    count: u8,
    /// The most bytes of text that one takes.
    longest: u8,
}

/// The endings of [`List::English`].
const ENGLISH: [&str; 7] = ["ll", "re", "ve", "d", "m", "s", "t"];

impl Endings {
    /// The endings of `texts`, which are ASCII letters, small ones unless the case is exact. None
    /// if there are more, or longer ones, than a set has room for.
    pub(crate) fn new(texts: &[Vec<u8>], case: Case) -> Option<Self> {
        let mut sorted: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        sorted.sort_by_key(|text| (std::cmp::Reverse(text.len()), *text));
        sorted.dedup();
        if sorted == ENGLISH.map(str::as_bytes) {
            let list = List::English;
            return Some(Self { list, case });
        }
        let mut endings = [[0; MAX_LEN]; MAX_COUNT];
        if sorted.len() > MAX_COUNT {
            return None;
        }
        let mut longest = 0;
        for (slot, text) in endings.iter_mut().zip(&sorted) {
            slot.get_mut(..text.len())?.copy_from_slice(text);
            let len = |letter: &u8| match (case, letter) {
                (Case::Any, b'k') => 3,
                (Case::Any, b's') => 2,
                _ => 1,
            };
            longest = longest.max(text.iter().map(len).sum());
        }
        let list = List::Listed(Listed {
            endings,
            count: sorted.len() as u8,
            longest,
        });
        Some(Self { list, case })
    }

    /// The endings, the longest first.
    #[cfg(test)]
    pub(super) fn texts(&self) -> Vec<String> {
        let listed = match &self.list {
            List::English => return ENGLISH.map(str::to_owned).to_vec(),
            List::Listed(listed) => listed,
        };
        let count = usize::from(listed.count);
        listed.endings[..count]
            .iter()
            .map(|ending| String::from_utf8_lossy(ending).replace('\0', ""))
            .collect()
    }

    /// The most bytes that an ending has.
    #[inline]
    pub(super) fn longest(&self) -> u32 {
        match &self.list {
            List::English => 2,
            List::Listed(listed) => u32::from(listed.longest),
        }
    }

    /// How long the contraction is that starts at the apostrophe `text` starts with; zero if none
    /// does.
    #[inline]
    pub(super) fn contraction_len(&self, text: &[u8]) -> usize {
        match &self.list {
            List::English => english_len(text, self.case),
            List::Listed(listed) => listed.contraction_len(text, self.case),
        }
    }
}

#[inline]
fn english_len(text: &[u8], case: Case) -> usize {
    // No byte but the two cases of a letter becomes that letter.
    let fold = |byte: u8| match case {
        Case::Exact => byte,
        Case::Ascii | Case::Any => byte | 0x20,
    };
    match *text {
        [_, a, ..] if matches!(fold(a), b's' | b't' | b'm' | b'd') => 2,
        [_, a, b, ..] if matches!([fold(a), fold(b)], [b'r' | b'v', b'e'] | [b'l', b'l']) => 3,
        // U+017F is a small s by another name.
        [_, 0xc5, 0xbf, ..] if case == Case::Any => 3,
        _ => 0,
    }
}

impl Listed {
    #[inline(never)]
    fn contraction_len(&self, text: &[u8], case: Case) -> usize {
        let text = &text[1..];
        self.endings
            .iter()
            .take(usize::from(self.count))
            .find_map(|ending| matched_len(*ending, text, case))
            .map_or(0, |len| 1 + len)
    }
}

/// How many bytes an ending takes of a text that starts with it.
#[inline]
fn matched_len(ending: [u8; MAX_LEN], text: &[u8], case: Case) -> Option<usize> {
    let mut left = text;
    for letter in ending.into_iter().take_while(|letter| *letter != 0) {
        left = match left {
            [byte, rest @ ..] if *byte == letter => rest,
            [byte, rest @ ..] if case != Case::Exact && *byte | 0x20 == letter => rest,
            [0xc5, 0xbf, rest @ ..] if case == Case::Any && letter == b's' => rest,
            [0xe2, 0x84, 0xaa, rest @ ..] if case == Case::Any && letter == b'k' => rest,
            _ => return None,
        };
    }
    Some(text.len() - left.len())
}
