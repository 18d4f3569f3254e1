//! Proof by exhaustion that every spelling of a known pattern cuts alike.
//!
//! Each pattern is run in every form it has: each single expression and the staged form by
//! fancy-regex, the automaton form by regex-automata, and by what `pretokenize` runs for the
//! pattern. They must agree on every code point in
//! several places, on every short text over an alphabet that reaches all classes and borders, and
//! on longer random texts.

use fancy_regex::Regex;
use regex_automata::hybrid::regex::{Cache, Regex as Automaton};
use regex_automata::{Input, PatternID};

use super::{KnownPattern, Stage, patterns};
use crate::pretokenize::Matcher;

/// Cuts as end offsets; a known pattern leaves no gaps, so ends say everything.
type Ends = Vec<usize>;

/// Letters of both cases, the letters of contractions, digits, the kinds of white space,
/// punctuation that some arm names, a symbol, marks, Han of the classes L and N, kana with the
/// punctuation, symbol, mark and gap among them, a format character, an unassigned code point.
const ALPHABET: [char; 29] = [
    'a', 'A', 's', 'L', 'é', 'ſ', 'ǅ', '\'', '1', '٣', ' ', '\n', '\r', '\t', '\u{a0}', '.', '/',
    '$', '\u{301}', '一', 'か', '々', '・', '゛', '\u{3099}', '\u{3097}', '\u{200d}', '\u{378}',
    '〇',
];

/// One form of a pattern, compiled.
enum Form {
    Single(Regex),
    Stages(Vec<Regex>),
    Automaton(Vec<(Automaton, Cache, bool)>),
    Matcher(Matcher),
}

impl Form {
    fn all_of(known: &'static KnownPattern) -> Vec<(&'static str, Self)> {
        let compile = |text: &str| Regex::new(text).unwrap();
        let mut forms: Vec<_> = known
            .single_spellings()
            .map(|text| (text, Self::Single(compile(text))))
            .collect();
        if known.tokenizers.len() > 1 {
            let stages = known.tokenizers.iter().map(|text| compile(text)).collect();
            forms.push(("tokenizers", Self::Stages(stages)));
        }
        let stages = known.automaton.iter().map(automaton).collect();
        forms.push(("automaton", Self::Automaton(stages)));
        forms.push(("matcher", Self::Matcher(Matcher::known(known).unwrap())));
        forms
    }

    fn ends(&mut self, text: &str) -> Ends {
        match self {
            Self::Single(regex) => {
                let mut ends = Ends::new();
                for found in regex.find_iter(text) {
                    let found = found.unwrap();
                    let start = ends.last().copied().unwrap_or(0);
                    assert_eq!(found.start(), start, "{regex} leaves a gap in {text:?}");
                    ends.push(found.end());
                }
                assert_eq!(
                    ends.last().copied().unwrap_or(0),
                    text.len(),
                    "{regex} in {text:?}"
                );
                ends
            }
            Self::Stages(stages) => stages.iter().fold(whole(text), |ends, regex| {
                isolate(text, &ends, |part, at| {
                    let found = regex.find_from_pos(part, at).unwrap()?;
                    Some((found.start(), found.end()))
                })
            }),
            Self::Automaton(stages) => {
                stages
                    .iter_mut()
                    .fold(whole(text), |ends, (regex, cache, gives_back_space)| {
                        isolate(text, &ends, |part, at| {
                            let found = regex.find(cache, Input::new(part).range(at..))?;
                            let (start, mut end) = (found.start(), found.end());
                            let last = part[start..end].char_indices().next_back()?.0;
                            let is_space =
                                *gives_back_space && found.pattern() == PatternID::must(1);
                            if is_space && end < part.len() && last > 0 {
                                end = start + last;
                            }
                            Some((start, end))
                        })
                    })
            }
            Self::Matcher(matcher) => {
                let mut ends = Ends::new();
                matcher
                    .for_each(text, |part| {
                        assert_eq!(part.start, ends.last().copied().unwrap_or(0));
                        ends.push(part.end);
                        Ok(())
                    })
                    .unwrap();
                ends
            }
        }
    }
}

fn automaton(stage: &Stage) -> (Automaton, Cache, bool) {
    let regex = if stage.gives_back_space {
        Automaton::new_many(&[stage.arms, r"\s+"])
    } else {
        Automaton::new(stage.arms)
    }
    .unwrap();
    let cache = regex.create_cache();
    (regex, cache, stage.gives_back_space)
}

fn whole(text: &str) -> Ends {
    if text.is_empty() {
        Ends::new()
    } else {
        vec![text.len()]
    }
}

/// Splits each part of `text` at the matches of `find`, keeping what lies between them.
fn isolate(
    text: &str,
    ends: &[usize],
    mut find: impl FnMut(&str, usize) -> Option<(usize, usize)>,
) -> Ends {
    let mut cut = Ends::new();
    let mut start = 0;
    for &end in ends {
        let part = &text[start..end];
        let mut at = 0;
        while let Some((from, to)) = find(part, at) {
            assert!(from < to, "an empty match in {part:?}");
            if from > at {
                cut.push(start + from);
            }
            cut.push(start + to);
            at = to;
        }
        if at < part.len() {
            cut.push(end);
        }
        start = end;
    }
    cut
}

/// Checks that all forms of all patterns cut each of `texts` alike.
fn assert_equal(mut texts: impl FnMut(&mut dyn FnMut(&str))) {
    let mut compiled: Vec<_> = patterns()
        .iter()
        .map(|known| (known.name, Form::all_of(known)))
        .collect();
    texts(&mut |text| {
        for (name, forms) in &mut compiled {
            let expected = forms[0].1.ends(text);
            for (form, compiled) in &mut forms[1..] {
                assert_eq!(compiled.ends(text), expected, "{name}: {form} on {text:?}");
            }
        }
    });
}

/// Code points are packed many to a text, because a call costs more than a match; a failure still
/// names the text. Where whole blocks have one class (Han, Hangul, private use, the higher
/// planes), every 61st code point stands for its neighbours.
#[test]
fn every_spelling_agrees_on_code_points() {
    let is_varied =
        |c: char| matches!(c, '\0'..'\u{3400}' | '\u{a000}'..'\u{ac00}' | '\u{f900}'..='\u{ffff}');
    assert_equal(|check| {
        let mut text = String::new();
        let points = ('\0'..=char::MAX).filter(|c| is_varied(*c) || u32::from(*c) % 61 == 0);
        for (i, c) in points.enumerate() {
            text.extend([c, 'a', c, ' ', c, '\'', c, 's', '\n']);
            if i % 8 == 7 {
                check(&text);
                text.clear();
            }
        }
        check(&text);
    });
}

#[test]
fn every_spelling_agrees_on_short_texts() {
    assert_equal(|check| {
        let mut text = String::new();
        for length in 0..=3 {
            for number in 0..ALPHABET.len().pow(length) {
                text.clear();
                let mut rest = number;
                for _ in 0..length {
                    text.push(ALPHABET[rest % ALPHABET.len()]);
                    rest /= ALPHABET.len();
                }
                check(&text);
            }
        }
    });
}

#[test]
fn every_spelling_agrees_on_random_texts() {
    // xorshift64 (Marsaglia 2003): the texts are the same in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % bound
    };
    assert_equal(|check| {
        let mut text = String::new();
        for _ in 0..4000 {
            text.clear();
            // A small part of the alphabet makes the runs in which spellings could differ.
            let variety = 2 + below(ALPHABET.len() - 1);
            let shift = below(ALPHABET.len());
            for _ in 0..=below(30) {
                text.push(ALPHABET[(below(variety) + shift) % ALPHABET.len()]);
            }
            check(&text);
        }
    });
}
