//! The scanner against the automata of the known patterns.
//!
//! The automata are compared with fancy-regex elsewhere; here they are the reference where there
//! are too many texts for it.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::family::Family;
use super::scan::Scanner;
use crate::known::{KnownPattern, pattern_by_name, patterns};
use crate::pretokenize::automaton::Automaton;

/// One character or more of each class that some family tells from the others.
pub(super) const CLASSES: [char; 16] = [
    'a', 'A', 's', '\'', '1', ' ', '\t', '\n', '!', '/', '\u{301}', '漢', 'ʰ', 'é', 'ſ', '\u{3000}',
];

/// Text behind a short one, so that there is a window of 16 bytes at every place of it.
const PADDING: &str = " aaaaaaaaaaaaaaaa";

/// Text behind a short one, so that there is a block of 64 bytes at every place of it.
fn block_padding() -> String {
    format!(" {}", "a".repeat(64))
}

/// The scanners of a family, for all instructions that the processor has, and the automata they are
/// compared with.
struct Pair {
    name: &'static str,
    scanners: Vec<Scanner>,
    automaton: Automaton,
    ends: [Vec<usize>; 2],
}

impl Pair {
    fn new(known: &'static KnownPattern) -> Option<Self> {
        let family = Family::of_known(known)?;
        Some(Self {
            name: known.name,
            scanners: Scanner::all(family),
            automaton: Automaton::of_stages(known).unwrap(),
            ends: [Vec::new(), Vec::new()],
        })
    }

    fn all() -> Vec<Self> {
        patterns().iter().filter_map(Self::new).collect()
    }

    /// Checks one text.
    fn check(&mut self, text: &str) {
        let [found, expected] = &mut self.ends;
        expected.clear();
        self.automaton
            .for_each(text, |part| {
                expected.push(part.end);
                Ok(())
            })
            .unwrap();
        for (number, scanner) in self.scanners.iter().enumerate() {
            found.clear();
            scanner
                .for_each(text, |part| {
                    found.push(part.end);
                    Ok(())
                })
                .unwrap();
            assert_eq!(found, expected, "{} {number}: {text:?}", self.name);
        }
    }
}

/// xorshift64 (Marsaglia 2003): the same numbers in every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

#[test]
fn every_pattern_but_one_has_a_scanner() {
    let without: Vec<_> = patterns()
        .iter()
        .filter(|known| Family::of_known(known).is_none())
        .map(|known| known.name)
        .collect();
    assert_eq!(without, ["deepseek-v3"]);
}

/// Every code point in contexts; a few of them make a text.
fn check_code_points(names: &[&str]) {
    let mut pairs: Vec<_> = names
        .iter()
        .map(|name| Pair::new(pattern_by_name(name).unwrap()).unwrap())
        .collect();
    let mut text = String::new();
    for (index, c) in ('\0'..=char::MAX).enumerate() {
        // Between the contexts stands what ends any pretoken; spaces and breaks of a context meet
        // the next one's.
        for context in [
            "a_",
            "!_a",
            "1 _'",
            "!_ ",
            "1_",
            "a_\n",
            "1'_",
            "a_\u{301}",
            "A_a",
            "1 _",
            "!/_",
        ] {
            let (before, after) = context.split_once('_').unwrap();
            text.push_str(before);
            text.push(c);
            text.push_str(after);
        }
        if index % 16 == 15 {
            for pair in &mut pairs {
                pair.check(&text);
            }
            text.clear();
        }
    }
    for pair in &mut pairs {
        pair.check(&text);
    }
}

#[test]
fn code_points_are_cut_as_by_the_automaton_in_plain_words() {
    check_code_points(&["gpt2", "cl100k", "llama3"]);
}

#[test]
fn code_points_are_cut_as_by_the_automaton_with_marks() {
    check_code_points(&["qwen2", "qwen3.5", "o200k"]);
}

#[test]
fn code_points_are_cut_as_by_the_automaton_with_han_apart() {
    check_code_points(&["kimi-k2", "tekken"]);
}

/// All texts of up to five characters, at the end of the text and before its end.
#[test]
fn short_texts_are_cut_as_by_the_automata() {
    let mut text = String::new();
    for mut pair in Pair::all() {
        for length in 0..=5_u32 {
            for number in 0..CLASSES.len().pow(length) {
                text.clear();
                let mut rest = number;
                for _ in 0..length {
                    text.push(CLASSES[rest % CLASSES.len()]);
                    rest /= CLASSES.len();
                }
                pair.check(&text);
                text.push_str(PADDING);
                pair.check(&text);
            }
        }
    }
}

/// All ASCII texts of up to six characters at the start of a block.
#[test]
fn short_blocks_are_cut_as_by_the_automata() {
    let classes = ['a', 'A', 's', '\'', '1', ' ', '\n', '!', '/'];
    let padding = block_padding();
    let mut text = String::new();
    for mut pair in Pair::all() {
        for number in 0..classes.len().pow(6) {
            text.clear();
            let mut rest = number;
            while rest > 0 {
                text.push(classes[rest % classes.len()]);
                rest /= classes.len();
            }
            text.push_str(&padding);
            pair.check(&text);
        }
    }
}

/// All pairs of ASCII characters: the borders of the tables and of the sums of lanes.
#[test]
fn ascii_is_cut_as_by_the_automata() {
    let ascii = || (0..0x80_u8).map(char::from);
    let padding = block_padding();
    let mut text = String::new();
    for mut pair in Pair::all() {
        for first in ascii() {
            for second in ascii() {
                text.clear();
                text.extend([first, second, 'x', first, 'Y', second, ' ', first, second]);
                text.extend(['\'', first, second, '!', first, '\n', second, '1', first]);
                text.push_str(PADDING);
                pair.check(&text);
                text.push_str(&padding);
                pair.check(&text);
            }
        }
    }
}

#[test]
fn runs_around_the_window_are_cut_as_by_the_automata() {
    let ends = [
        "", "a", "A", "'s", "'x", " ", "\n", "1", "!", "/", "é", "漢", "\u{301}", "\u{85}",
    ];
    let mut text = String::new();
    for mut pair in Pair::all() {
        for unit in [
            "a", "A", "aA", "Aa", "1", " ", "\n", " \n", "\t", "!", "/", "é", "\u{3000}",
        ] {
            for len in 0..40 {
                for before in ["", " ", "!", "\n", "é", "'"] {
                    for after in ends {
                        text.clear();
                        text.push_str(before);
                        text.push_str(&unit.repeat(len));
                        text.push_str(after);
                        pair.check(&text);
                        text.push_str("!\n  a bcd 12 (efg) \n\n");
                        pair.check(&text);
                    }
                }
            }
        }
    }
}

#[test]
fn long_random_texts_are_cut_as_by_the_automata() {
    let parts = [
        "a",
        "I",
        "word",
        "Word",
        "HTTP",
        "é",
        "größe",
        "слово",
        "漢字",
        "かな",
        "ʰ",
        "ǅ",
        "ſ",
        "1",
        "2024",
        "٣",
        "Ⅷ",
        "〇",
        " ",
        "  ",
        "        ",
        "\n",
        "\r\n",
        "\t",
        "\u{a0}",
        "\u{3000}",
        "\u{2028}",
        "!",
        ");",
        "...",
        "/",
        "//",
        "_",
        "'",
        "'s",
        "'LL",
        "'ſ",
        "\u{301}",
        "\u{308}",
        "\u{200d}",
        "🚀",
        "\u{378}",
        "\0",
        "\u{10ffff}",
    ];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut pairs = Pair::all();
    for _ in 0..1500 {
        let mut text = String::new();
        let variety = 2 + random.below(parts.len() - 1);
        let shift = random.below(parts.len());
        for _ in 0..random.below(600) {
            text.push_str(parts[(random.below(variety) + shift) % parts.len()]);
        }
        for pair in &mut pairs {
            pair.check(&text);
        }
    }
}

/// Texts in which every border of a block falls into every kind of run.
#[test]
fn long_ascii_texts_are_cut_as_by_the_automata() {
    let parts = [
        "a",
        "I",
        "word",
        "Word",
        "HTTP",
        "camelCase",
        "1",
        "12",
        "2024",
        "1234567",
        " ",
        "  ",
        "    ",
        "\n",
        "\n\n",
        "\r\n",
        "\t",
        "\n    ",
        "  \n",
        "!",
        ");",
        "...",
        "/",
        "//",
        "/\n",
        "_",
        "'",
        "'s",
        "'S",
        "'ll",
        "'lL",
        "'ve",
        "'re",
        "''",
        "'x",
        "s",
        "ll",
        "d",
        "\0",
        "\x7f",
        "\x0b",
    ];
    let mut random = Random(0x0fed_cba9_8765_4321);
    let mut pairs = Pair::all();
    for _ in 0..3000 {
        let mut text = String::new();
        let variety = 2 + random.below(parts.len() - 1);
        let shift = random.below(parts.len());
        for _ in 0..random.below(600) {
            text.push_str(parts[(random.below(variety) + shift) % parts.len()]);
            if random.below(120) == 0 {
                text.push(random.pick(&CLASSES));
            }
        }
        for pair in &mut pairs {
            pair.check(&text);
        }
    }
}

#[test]
fn arbitrary_texts_are_cut_as_by_the_automata() {
    let mut pairs = Pair::all();
    let text = prop_oneof![
        any::<String>(),
        "[ -~\\n]{0,200}",
        "(?s)[\\PL\\pL\\s]{0,100}"
    ];
    let config = Config {
        cases: 2000,
        failure_persistence: None,
        ..Config::default()
    };
    let pairs = std::cell::RefCell::new(&mut pairs);
    TestRunner::new(config)
        .run(&text, |text| {
            for pair in pairs.borrow_mut().iter_mut() {
                pair.check(&text);
            }
            Ok(())
        })
        .unwrap();
}

/// Time in proportion to the text, whatever the text: anything else would not come to an end.
#[test]
fn hostile_texts_take_no_longer_than_others() {
    let scanners: Vec<_> = patterns()
        .iter()
        .filter_map(Family::of_known)
        .map(Scanner::new)
        .collect();
    for unit in [
        " ",
        " \n",
        "\n ",
        "\u{3000}",
        "\u{3000}\n",
        "A",
        "ʰA",
        "Aʰ",
        "a\u{301}",
        "!\n/",
        "'",
        "'s",
        "漢",
        "1",
        "٣",
    ] {
        for (first, last) in [
            ("", ""),
            ("\n", "a"),
            ("ʰ", "!"),
            ("a", "\n"),
            ("\u{3000}", "\u{301}"),
        ] {
            let text = format!("{first}{}{last}", unit.repeat(300_000 / unit.len()));
            for scanner in &scanners {
                let mut len = 0;
                scanner
                    .for_each(&text, |part| {
                        len += part.len();
                        Ok(())
                    })
                    .unwrap();
                assert_eq!(len, text.len());
            }
        }
    }
}
