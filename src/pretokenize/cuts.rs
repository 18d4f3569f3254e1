//! Where a text can be cut, so that the pretokens of its parts are those of the whole.
//!
//! A cut lies between a letter or a digit and white space or punctuation other than an apostrophe,
//! or between punctuation and a space. No arm of a known pattern goes on over such a place, nor one
//! of a scanner's family, whose contractions are letters behind an apostrophe, whose prefixes stand
//! before letters and numbers, and whose tails are line breaks and slashes behind punctuation. So
//! it is always the end
//! of one pretoken and the start of another; and no look-around of one is asked there, because all
//! of them stand behind white space or behind characters that are neither letter, mark, number,
//! punctuation nor symbol. What follows a cut has no part in what comes before it.
//!
//! The characters are listed, not asked for by class: none of them has changed its class since
//! Unicode 3, so that a text is cut alike by any version of the tables.

use bpekit_formats::Normalizer;

use super::matcher::Matcher;
use super::steps::Pretokenizer;

impl Pretokenizer {
    /// Whether texts can be cut: known patterns and the family of a scanner alone are known to have
    /// no pretoken over a cut.
    pub(crate) fn can_be_cut(&self) -> bool {
        self.only_matcher()
            .is_some_and(Matcher::is_published_or_alike)
    }
}

/// Whether normalizing the parts gives what normalizing the whole does, cut again.
///
/// Unicode forms see as far as characters combine and change places. What stands behind a cut does
/// neither with what is before it: it is of combining class 0, is no second half of a composition,
/// and turns into a character that may stand behind a cut, or with a mark behind it into a symbol,
/// as `<` does into `≮`. What stands before a cut turns into text
/// that ends with a character that may stand there; letters that a form takes apart into a letter
/// and a mark are not in the list.
pub(crate) fn normalizer_can_be_cut(normalizer: Option<&Normalizer>) -> bool {
    match normalizer {
        None => true,
        Some(Normalizer::Sequence(steps)) => {
            steps.iter().all(|step| normalizer_can_be_cut(Some(step)))
        }
        Some(step) => matches!(
            step,
            Normalizer::Nfc
                | Normalizer::Nfd
                | Normalizer::Nfkc
                | Normalizer::Nfkd
                | Normalizer::Lowercase
        ),
    }
}

/// The last cut at `limit` or before, strictly inside the bytes. These need not be UTF-8: a cut
/// lies between two characters that are, so that what is not is decoded alike on either side.
pub(crate) fn last_cut(text: &[u8], limit: usize) -> Option<usize> {
    let last = limit.min(text.len().saturating_sub(1));
    (1..=last).rev().find(|&at| is_cut(text, at))
}

/// Whether the bytes can be cut before the byte `at`.
fn is_cut(text: &[u8], at: usize) -> bool {
    let (before, after) = (text[at - 1], text[at]);
    let starts_text = matches!(after, b' ' | b'\t'..=b'\r')
        || (after.is_ascii_punctuation() && after != b'\'')
        || character_after(text, at).is_some_and(is_wide_punctuation);
    if !starts_text {
        return false;
    }
    if before.is_ascii() {
        return before.is_ascii_alphanumeric()
            || (before.is_ascii_punctuation() && matches!(after, b' ' | b'\t'));
    }
    character_before(text, at).is_some_and(is_letter)
}

/// The character that starts here, if it is of three bytes, as all of [`is_wide_punctuation`] are.
fn character_after(text: &[u8], at: usize) -> Option<char> {
    let bytes = text.get(at..at + 3).filter(|bytes| bytes[0] >= 0xe0)?;
    std::str::from_utf8(bytes).ok()?.chars().next()
}

/// The character that ends here, if it is one. A byte that starts a character starts one whatever
/// stands before it.
fn character_before(text: &[u8], at: usize) -> Option<char> {
    let start = (at.saturating_sub(4)..at)
        .rev()
        .find(|&start| text[start] & 0xc0 != 0x80)?;
    std::str::from_utf8(&text[start..at]).ok()?.chars().next()
}

/// Punctuation of East Asian texts, all of it of class P.
fn is_wide_punctuation(character: char) -> bool {
    matches!(
        character,
        '、' | '。' | '〈'..='】' | '！' | '（' | '）' | '，' | '：' | '；' | '？'
    )
}

/// Letters beyond ASCII of which no normalization form makes a text that ends in a mark. Jamo are
/// here because Hangul is taken apart into them.
fn is_letter(character: char) -> bool {
    matches!(character,
        // Greek, Cyrillic, Armenian.
        'Α'..='Ρ' | 'Σ'..='Ω' | 'α'..='ω'
        | 'Є'..='І' | 'А'..='И' | 'К'..='и' | 'к'..='я' | 'є'..='і'
        | 'Ա'..='Ֆ' | 'ա'..='ֆ'
        // Hebrew and Arabic.
        | '\u{5d0}'..='\u{5ea}' | '\u{627}'..='\u{63a}' | '\u{641}'..='\u{64a}'
        // Consonants of Devanagari, Bengali and Thai; Georgian.
        | '\u{915}'..='\u{928}' | '\u{92a}'..='\u{930}' | '\u{932}' | '\u{933}'
        | '\u{935}'..='\u{939}' | '\u{995}'..='\u{9a8}' | '\u{9aa}'..='\u{9b0}' | '\u{9b2}'
        | '\u{9b6}'..='\u{9b9}' | '\u{e01}'..='\u{e2e}' | '\u{10d0}'..='\u{10f0}'
        // Jamo, Hangul.
        | '\u{1100}'..='\u{1112}' | '\u{1161}'..='\u{1175}' | '\u{11a8}'..='\u{11c2}'
        | '가'..='힣'
        // Hiragana and Katakana.
        | 'ぁ'..='か' | 'き' | 'く' | 'け' | 'こ' | 'さ' | 'し' | 'す' | 'せ' | 'そ' | 'た'
        | 'ち' | 'っ' | 'つ' | 'て' | 'と' | 'な'..='は' | 'ひ' | 'ふ' | 'へ' | 'ほ' | 'ま'..='ん'
        | 'ァ'..='カ' | 'キ' | 'ク' | 'ケ' | 'コ' | 'サ' | 'シ' | 'ス' | 'セ' | 'ソ' | 'タ'
        | 'チ' | 'ッ' | 'ツ' | 'テ' | 'ト' | 'ナ'..='ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ' | 'マ'..='ン'
        | 'ー'
        | '一'..='龥'
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bpekit_formats::{Needle, Pattern, Pretokenizer as Spec, SplitBehavior};
    use proptest::prelude::*;
    use regex_syntax::hir::{Class, HirKind};
    use unicode_normalization_alignments::UnicodeNormalization;

    use super::*;
    use crate::known::patterns;
    use crate::pretokenize::compile::VARIANTS;

    fn may_stand_before(character: char) -> bool {
        is_cut(format!("{character}\n").as_bytes(), character.len_utf8())
    }

    fn may_stand_behind(character: char) -> bool {
        is_cut(format!("a{character}").as_bytes(), 1)
    }

    fn all(is_wanted: impl Fn(char) -> bool) -> Vec<char> {
        ('\0'..=char::MAX)
            .filter(|&character| is_wanted(character))
            .collect()
    }

    fn class(pattern: &str) -> impl Fn(char) -> bool {
        let parsed = regex_syntax::parse(pattern).unwrap();
        let HirKind::Class(Class::Unicode(class)) = parsed.into_kind() else {
            panic!("{pattern}");
        };
        move |character| {
            class
                .iter()
                .any(|range| (range.start()..=range.end()).contains(&character))
        }
    }

    /// The Unicode forms and lower case of a text.
    fn forms(text: &str) -> [String; 5] {
        let take = |characters: &mut dyn Iterator<Item = (char, isize)>| {
            characters.map(|(character, _)| character).collect()
        };
        [
            take(&mut text.nfc()),
            take(&mut text.nfd()),
            take(&mut text.nfkc()),
            take(&mut text.nfkd()),
            text.chars().flat_map(char::to_lowercase).collect(),
        ]
    }

    #[test]
    fn the_lists_are_of_the_classes_they_claim() {
        let (before, after) = (all(may_stand_before), all(may_stand_behind));
        assert!(before.len() > 30_000, "{}", before.len());
        assert!(after.len() > 50, "{}", after.len());
        let letter = class(r"[\p{L}0-9]");
        let old = class(r"[\p{Age=3.0}]");
        let other = class(r"[[\s\p{P}\p{S}]&&[^'一-龥぀-ゟ゠-ヿ]]");
        for &character in &before {
            assert!(letter(character), "{character}");
            assert!(old(character), "{character}");
        }
        for &character in &after {
            assert!(other(character), "{character}");
            assert!(old(character), "{character}");
        }
    }

    #[test]
    fn every_form_keeps_to_the_lists() {
        let (before, after) = (all(may_stand_before), all(may_stand_behind));
        for &character in &before {
            for form in forms(&character.to_string()) {
                let last = form.chars().next_back().unwrap();
                assert!(may_stand_before(last), "{character} {form:?}");
            }
        }
        for &second in &after {
            for form in forms(&second.to_string()) {
                assert!(may_stand_behind(form.chars().next().unwrap()), "{second}");
            }
            let mut joined = String::new();
            let mut parts = vec![String::new(); 5];
            for first in before.iter().step_by(7) {
                joined.extend([*first, second]);
                for part in [first, &second].map(char::to_string) {
                    for (all, form) in parts.iter_mut().zip(forms(&part)) {
                        all.push_str(&form);
                    }
                }
            }
            assert_eq!(forms(&joined).as_slice(), parts, "{second}");
        }
    }

    /// What some of the characters become with a mark behind them cuts words as they do.
    #[test]
    fn characters_behind_a_cut_compose_to_symbols_alone() {
        let symbol = class(r"[\p{S}&&[^'一-龥぀-ゟ゠-ヿ]]");
        let marks = all(class(r"\p{M}"));
        let mut composed = 0;
        for second in all(may_stand_behind) {
            for mark in &marks {
                let text = format!("{second}{mark}");
                for form in forms(&text) {
                    let first = form.chars().next().unwrap();
                    let is_composed = form.chars().count() == 1;
                    assert!(
                        may_stand_behind(first) || is_composed && symbol(first),
                        "{form:?}"
                    );
                    composed += usize::from(is_composed);
                }
            }
        }
        assert!(composed > 0);
    }

    /// What each known pattern is run by, what a few more are, and the regular expressions.
    fn matchers() -> Vec<(String, Matcher)> {
        let mut matchers = Vec::new();
        for known in patterns() {
            matchers.push((known.name.to_owned(), Matcher::known(known).unwrap()));
            let reference = Matcher::reference(&Pattern::fancy(known.tiktoken)).unwrap();
            matchers.push((format!("{}, reference", known.name), reference));
        }
        // As many as differ in where a pretoken may end.
        for text in VARIANTS.iter().step_by(5) {
            let matcher = Matcher::of_pattern(&Pattern::fancy(*text)).unwrap();
            matchers.push(((*text).to_owned(), matcher));
        }
        matchers
    }

    fn split(matcher: &Matcher, text: &str) -> Vec<String> {
        let mut parts = Vec::new();
        matcher
            .for_each(text, |part| {
                parts.push(text[part].to_owned());
                Ok(())
            })
            .unwrap();
        assert_eq!(parts.concat(), text);
        parts
    }

    /// All texts of at most this many parts.
    fn texts(alphabet: &[&str], longest: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut start = 0;
        for _ in 0..longest {
            let end = all.len();
            for index in start..end {
                for part in alphabet {
                    all.push(format!("{}{part}", all[index]));
                }
            }
            start = end;
        }
        all
    }

    const BEFORE: [&str; 8] = ["a", "S", "1", "б", "中", "か", ".", "'"];
    const AFTER: [&str; 8] = [" ", "\n", "\r", ".", "/", "、", "：", "\t"];
    const AROUND: [&str; 16] = [
        "a", "S", "'s", "1", " ", "\n", "\r", "\t", ".", "/", "\u{301}", "中", "か", "・",
        "\u{200d}", "\u{3000}",
    ];

    #[test]
    fn no_pretoken_lies_over_a_cut_in_any_short_text() {
        let (near, far) = (texts(&AROUND, 1), texts(&AROUND, 2));
        let mut count = 0;
        for (name, matcher) in matchers() {
            let mut known: HashMap<String, Vec<String>> = HashMap::new();
            let mut parts_of = |text: &str| {
                if !known.contains_key(text) {
                    known.insert(text.to_owned(), split(&matcher, text));
                }
                known[text].clone()
            };
            for (lefts, rights) in [(&far, &near), (&near, &far)] {
                for left in lefts {
                    for before in BEFORE {
                        let left = format!("{left}{before}");
                        let left_parts = parts_of(&left);
                        for after in AFTER {
                            if !is_cut(format!("{left}{after}").as_bytes(), left.len()) {
                                continue;
                            }
                            for right in rights {
                                let right = format!("{after}{right}");
                                let whole = format!("{left}{right}");
                                let expected = [&left_parts[..], &parts_of(&right)].concat();
                                assert_eq!(split(&matcher, &whole), expected, "{name}: {whole:?}");
                                count += 1;
                            }
                        }
                    }
                }
            }
        }
        assert!(count > 1_000_000, "{count}");
    }

    /// What else some pattern tells apart.
    const FAR: [&str; 20] = [
        "'LL", "'ſ", "ſ", "٣", "Ⅷ", "々", "〇", "ǅ", "ʰ", "\u{85}", "\u{a0}", "\u{2028}", "🚀",
        "\u{1c}", "\0", "≮", "\u{3099}", "\u{378}", "   ", "1234567",
    ];

    #[test]
    fn parts_of_long_texts_have_the_pretokens_of_the_whole() {
        let alphabet: Vec<&str> = [&BEFORE[..], &AFTER, &AROUND, &FAR].concat();
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = move |bound: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 20) as usize % bound
        };
        let matchers = matchers();
        for _ in 0..200 {
            let text: String = (0..next(400))
                .map(|_| alphabet[next(alphabet.len())])
                .collect();
            let cuts: Vec<usize> = (1..text.len())
                .filter(|&at| is_cut(text.as_bytes(), at))
                .collect();
            for (name, matcher) in &matchers {
                let mut start = 0;
                let mut parts = Vec::new();
                for &end in cuts.iter().chain([&text.len()]) {
                    parts.extend(split(matcher, &text[start..end]));
                    start = end;
                }
                assert_eq!(parts, split(matcher, &text), "{name}: {text:?}");
            }
        }
    }

    #[test]
    fn looks_back_for_the_last_cut() {
        assert_eq!(last_cut(b"one two three", 99), Some(7));
        assert_eq!(last_cut(b"one two three", 7), Some(7));
        assert_eq!(last_cut(b"one two three", 6), Some(3));
        assert_eq!(last_cut(b"one two three", 2), None);
        assert_eq!(last_cut(b"it's", 99), None);
        assert_eq!(last_cut(b"a ", 1), Some(1));
        assert_eq!(last_cut(b"a ", 0), None);
        assert_eq!(last_cut(b" a", 9), None);
        assert_eq!(last_cut(b"", 9), None);
        assert_eq!(last_cut("是。".as_bytes(), 9), Some(3));
        // Cut short, or not UTF-8, on either side.
        assert_eq!(last_cut(&"是。".as_bytes()[..5], 9), None);
        assert_eq!(last_cut(b"\x98\xaf ", 9), None);
        assert_eq!(last_cut(b"a\xff ", 9), None);
        assert_eq!(last_cut(b"\xe6 ", 9), None);
    }

    #[test]
    fn unknown_patterns_are_not_cut() {
        let of = |spec: Option<&Spec>| Pretokenizer::new(spec).unwrap().can_be_cut();
        let byte_level = |add_prefix_space, use_regex| Spec::ByteLevel {
            add_prefix_space,
            trim_offsets: true,
            use_regex,
        };
        assert!(of(Some(&byte_level(false, true))));
        assert!(!of(Some(&byte_level(true, true))));
        assert!(!of(Some(&byte_level(false, false))));
        assert!(!of(None));
        assert!(!of(Some(&Spec::matches_of(Pattern::fancy(r"\w+|\W+")))));
        for known in patterns() {
            let spec = Spec::matches_of(Pattern::fancy(known.tiktoken));
            assert!(of(Some(&spec)), "{}", known.name);
        }
        for text in VARIANTS {
            assert!(of(Some(&Spec::matches_of(Pattern::fancy(text)))), "{text}");
        }
        assert!(!of(Some(&Spec::matches_of(Pattern::fancy(
            r"\p{L}+|\p{N}+|[^\p{L}\p{N}]"
        )))));
        let isolated = |behavior| Spec::Split {
            needle: Needle::Regex(Pattern::oniguruma(patterns()[0].tokenizers[0])),
            behavior,
            invert: false,
        };
        assert!(of(Some(&isolated(SplitBehavior::Isolated))));
        assert!(!of(Some(&isolated(SplitBehavior::MergedWithNext))));
    }

    #[test]
    fn normalizers_that_look_at_the_ends_are_not_cut() {
        use Normalizer::{Lowercase, Nfc, Nfkd, Prepend, Sequence, Strip};
        assert!(normalizer_can_be_cut(None));
        assert!(normalizer_can_be_cut(Some(&Nfc)));
        assert!(normalizer_can_be_cut(Some(&Sequence(vec![
            Nfkd, Lowercase
        ]))));
        let strip = Strip {
            left: true,
            right: false,
        };
        assert!(!normalizer_can_be_cut(Some(&strip)));
        assert!(!normalizer_can_be_cut(Some(&Sequence(vec![Nfc, strip]))));
        assert!(!normalizer_can_be_cut(Some(&Prepend("▁".to_owned()))));
    }

    proptest! {
        /// A byte is decoded alike whether or not the text is cut before it.
        #[test]
        fn bytes_are_decoded_alike(
            bytes in proptest::collection::vec(
                prop_oneof![Just(b'a'), Just(b' '), Just(0xe3), Just(0x80), Just(0x81), any::<u8>()],
                0..40,
            ),
        ) {
            let whole = String::from_utf8_lossy(&bytes);
            for at in (1..bytes.len()).filter(|&at| is_cut(&bytes, at)) {
                let (left, right) = bytes.split_at(at);
                let parts = [String::from_utf8_lossy(left), String::from_utf8_lossy(right)];
                prop_assert_eq!(&parts.concat(), &whole);
            }
        }
    }
}
