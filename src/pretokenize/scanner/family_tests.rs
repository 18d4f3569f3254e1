//! The scanner against regular expressions composed for families, published or not.

use std::num::NonZeroU8;

use bpekit_formats::Pattern;

use super::endings::{Case, Endings, List};
use super::family::{Contractions, Digits, Family, Marks, Prefix, Space, Tail, Words};
use super::scan::Scanner;
use super::tests::{CLASSES, Random};
use crate::known::patterns;
use crate::pretokenize::matcher::Matcher;

/// The alternatives of contractions.
fn contractions(endings: &Endings) -> String {
    let letters = |ending: String| match endings.case {
        Case::Exact => ending,
        Case::Ascii => ending
            .chars()
            .flat_map(|letter| ['[', letter, letter.to_ascii_uppercase(), ']'])
            .collect(),
        Case::Any => format!("(?i:{ending})"),
    };
    let all: Vec<String> = endings.texts().into_iter().map(letters).collect();
    format!("'(?:{})", all.join("|"))
}

/// Endings of words of other languages than English, with the letters that have other names.
fn other_endings() -> [&'static [&'static str]; 5] {
    [
        &["s", "t"],
        &["il", "elle", "on", "y", "en"],
        &["k", "ks", "ska", "skssks"],
        &["s", "em", "ve"],
        &[
            "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "pq",
        ],
    ]
}

/// Any endings.
fn any_endings(random: &mut Random) -> Endings {
    let case = random.pick(&[Case::Exact, Case::Ascii, Case::Any]);
    if random.below(2) == 0 {
        let list = List::English;
        return Endings { list, case };
    }
    let texts = random.pick(&other_endings());
    let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    Endings::new(&texts, case).unwrap()
}

/// The expression that a family stands for.
fn expression(family: Family) -> String {
    let Words {
        prefix,
        marks,
        is_cased,
        is_han_apart,
    } = family.words;
    let mut arms = Vec::new();
    if is_han_apart {
        arms.push(r"\p{Han}+".to_owned());
    }
    if let Contractions::First(endings) = family.contractions {
        arms.push(contractions(&endings));
    }
    let prefix = match prefix {
        None => "",
        Some(Prefix::Space) => " ?",
        Some(Prefix::Any) => r"[^\r\n\p{L}\p{N}]?",
    };
    let mark = if marks == Marks::Punctuation {
        ""
    } else {
        r"\p{M}"
    };
    let not_han = if is_han_apart { r"&&[^\p{Han}]" } else { "" };
    let suffix = match family.contractions {
        Contractions::Suffix(endings) => format!("(?:{})?", contractions(&endings)),
        _ => String::new(),
    };
    if is_cased {
        let upper = format!(r"[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}{mark}{not_han}]");
        let lower = format!(r"[\p{{Ll}}\p{{Lm}}\p{{Lo}}{mark}{not_han}]");
        arms.push(format!("{prefix}{upper}*{lower}+{suffix}"));
        arms.push(format!("{prefix}{upper}+{lower}*{suffix}"));
    } else {
        arms.push(format!(r"{prefix}[\p{{L}}{mark}{not_han}]+{suffix}"));
    }
    let space = if family.digits.has_space { " ?" } else { "" };
    arms.push(match family.digits.max {
        Some(max) => format!(r"{space}\p{{N}}{{1,{max}}}"),
        None => format!(r"{space}\p{{N}}+"),
    });
    let mark = if marks == Marks::Words { r"\p{M}" } else { "" };
    let tail = match family.tail {
        Tail::None => "",
        Tail::Breaks => r"[\r\n]*",
        Tail::BreaksAndSlashes => r"[\r\n/]*",
    };
    arms.push(format!(r" ?[^\s\p{{L}}\p{{N}}{mark}]+{tail}"));
    arms.push(
        match family.space {
            Space::Plain => r"\s+(?!\S)|\s+",
            Space::Breaks => r"\s*[\r\n]+|\s+(?!\S)|\s+",
            Space::EndThenBreaks => r"\s++$|\s*[\r\n]+|\s+(?!\S)|\s+",
        }
        .to_owned(),
    );
    arms.join("|")
}

/// Any family, published or not.
fn any_family(random: &mut Random) -> Family {
    let (first, suffix) = (any_endings(random), any_endings(random));
    Family {
        contractions: random.pick(&[
            Contractions::None,
            Contractions::First(first),
            Contractions::Suffix(suffix),
        ]),
        words: Words {
            prefix: random.pick(&[None, Some(Prefix::Space), Some(Prefix::Any)]),
            marks: random.pick(&[Marks::Punctuation, Marks::Words, Marks::Both]),
            is_cased: random.pick(&[false, true]),
            is_han_apart: random.pick(&[false, true]),
        },
        digits: Digits {
            has_space: random.pick(&[false, true]),
            max: random.pick(&[
                None,
                NonZeroU8::new(1),
                NonZeroU8::new(2),
                NonZeroU8::new(17),
            ]),
        },
        tail: random.pick(&[Tail::None, Tail::Breaks, Tail::BreaksAndSlashes]),
        space: random.pick(&[Space::Plain, Space::Breaks, Space::EndThenBreaks]),
    }
}

#[test]
fn families_that_nobody_has_published_are_cut_as_their_expressions_say() {
    let alphabet = "aAsSlLeEkKiy''''11  \n\r\t!/_\u{301}\u{302}漢〇⺀ʰǅéſ\u{212a}٣\u{3000}\u{a0}🚀";
    let alphabet: Vec<char> = alphabet.chars().collect();
    let ascii: Vec<char> = alphabet.iter().copied().filter(char::is_ascii).collect();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..400 {
        let family = any_family(&mut random);
        let regex = Matcher::reference(&Pattern::fancy(expression(family))).unwrap();
        let scanner = Scanner::new(family);
        for number in 0..60 {
            let mut text = String::new();
            let variety = 2 + random.below(alphabet.len() - 1);
            let shift = random.below(alphabet.len());
            let alphabet = if number % 2 == 0 { &alphabet } else { &ascii };
            for _ in 0..random.below(if number < 40 { 24 } else { 300 }) {
                text.push(alphabet[(random.below(variety) + shift) % alphabet.len()]);
            }
            let (mut found, mut expected) = (Vec::new(), Vec::new());
            scanner
                .for_each(&text, |part| {
                    found.push(part);
                    Ok(())
                })
                .unwrap();
            regex
                .for_each(&text, |part| {
                    expected.push(part);
                    Ok(())
                })
                .unwrap();
            assert_eq!(found, expected, "{family:?}: {text:?}");
        }
    }
}

/// The composed expressions of the published families are the published expressions in effect.
#[test]
fn published_families_are_cut_as_their_expressions_say() {
    let mut random = Random(0x0123_4567_89ab_cdef);
    for known in patterns() {
        let Some(family) = Family::of_known(known) else {
            continue;
        };
        let regex = Matcher::reference(&Pattern::fancy(expression(family))).unwrap();
        let scanner = Scanner::new(family);
        for _ in 0..1000 {
            let len = random.below(20);
            let text: String = (0..len).map(|_| random.pick(&CLASSES)).collect();
            let (mut found, mut expected) = (Vec::new(), Vec::new());
            scanner
                .for_each(&text, |part| {
                    found.push(part);
                    Ok(())
                })
                .unwrap();
            regex
                .for_each(&text, |part| {
                    expected.push(part);
                    Ok(())
                })
                .unwrap();
            assert_eq!(found, expected, "{}: {text:?}", known.name);
        }
    }
}
