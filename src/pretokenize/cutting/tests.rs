use bpekit_formats::Pattern;
use fancy_regex::Regex;

use super::*;
use crate::known;
use crate::pretokenize::compile::VARIANTS;

fn cutting(pattern: &str) -> Cutting {
    Cutting::of(&Pattern::fancy(pattern)).unwrap_or_else(|| panic!("{pattern}"))
}

/// The length of the first match at the start of a text, by the reference.
fn first_match(pattern: &str, text: &str) -> Option<usize> {
    let found = Regex::new(pattern).unwrap().find(text).unwrap();
    found
        .filter(|found| found.start() == 0)
        .map(|found| found.end())
}

#[test]
fn spellings_of_a_published_pattern_cut_alike() {
    for known in known::patterns() {
        let ours = cutting(known.tiktoken);
        assert_eq!(ours.leaves_nothing_out(), Answer::Yes, "{}", known.name);
        for spelling in known.single_spellings() {
            assert_eq!(
                ours.cuts_like(&cutting(spelling)),
                Answer::Yes,
                "{spelling}"
            );
        }
    }
}

/// What is said to cut differently does so on the text that is named, and what is said to cut
/// alike is the same on texts made of every kind of character.
#[test]
fn answers_are_those_of_the_reference() {
    let patterns: Vec<&str> = known::patterns()
        .iter()
        .map(|known| known.tiktoken)
        .chain(VARIANTS.iter().copied())
        .collect();
    let mut differ = 0;
    for one in &patterns {
        for other in &patterns {
            let (Some(a), Some(b)) = (
                Cutting::of(&Pattern::fancy(*one)),
                Cutting::of(&Pattern::fancy(*other)),
            ) else {
                continue;
            };
            match a.cuts_like(&b) {
                Answer::No(text) => {
                    differ += 1;
                    assert_ne!(
                        first_match(one, &text),
                        first_match(other, &text),
                        "{one}\n{other}\n{text:?}"
                    );
                }
                Answer::Yes => {
                    for text in ["a'll 12345 \n  b", "  \n \nx", "é'S!!\r\n", "日本語 12"] {
                        assert_eq!(first_match(one, text), first_match(other, text));
                    }
                }
                Answer::Unknown => panic!("{one}\n{other}"),
            }
        }
    }
    assert!(differ > 50, "{differ}");
}

/// Small patterns against each other, on every short text over their letters.
#[test]
fn equality_is_that_of_all_short_texts() {
    let patterns = [
        "a|b",
        "a|ab|b",
        "ab|a|b",
        "a+|b",
        "a+b?|b",
        "(?:ab)+|a|b",
        "[ab]",
        "[ab]+",
        "a+?|b",
        "a{1,2}|b",
        "a{1,2}+|b",
        "aa?|b",
        "a(?!b)|b",
        r"a+(?![^b])|a|b",
        "b+(?!a)|b|a+",
        "(?:a|b)(?:a|b)?",
        "[ab][ab]?",
        "a*b|a",
        "a|b|c",
        "(?:a|ab)(?:b|c)?|c|b",
    ];
    let texts: Vec<String> = (1..=5)
        .flat_map(|length| {
            (0..3_u32.pow(length)).map(move |number| {
                (0..length)
                    .map(|place| ['a', 'b', 'c'][(number / 3_u32.pow(place) % 3) as usize])
                    .collect()
            })
        })
        .collect();
    for one in patterns {
        for other in patterns {
            let is_same = texts
                .iter()
                .all(|text| first_match(one, text) == first_match(other, text));
            let answer = cutting(one).cuts_like(&cutting(other));
            assert_eq!(answer == Answer::Yes, is_same, "{one} {other} {answer:?}");
        }
        let Answer::No(left_out) = cutting(one).leaves_nothing_out() else {
            panic!("{one} takes the letters above alone");
        };
        assert_eq!(first_match(one, &left_out), None, "{one}");
        for text in texts.iter().filter(|text| text.len() < 4) {
            let longer = texts
                .iter()
                .filter(|longer| longer.starts_with(text.as_str()));
            let is_one = longer
                .into_iter()
                .any(|longer| first_match(one, longer) == Some(text.len()));
            match cutting(one).is_never_a_pretoken(text) {
                Answer::Yes => assert!(!is_one, "{one} {text}"),
                Answer::No(witness) => assert_eq!(first_match(one, &witness), Some(text.len())),
                Answer::Unknown => panic!("{one}"),
            }
            let is_held = texts.iter().any(|longer| {
                first_match(one, longer).is_some_and(|end| longer[..end].contains(text.as_str()))
            });
            assert!(
                cutting(one).can_hold(text.as_bytes()) || !is_held,
                "{one} {text}"
            );
        }
    }
}

#[test]
fn says_what_cannot_stand_in_a_pretoken() {
    let cl100k = cutting(known::pattern_by_name("cl100k").unwrap().tiktoken);
    assert!(!cl100k.can_hold(b"a1"));
    assert!(!cl100k.can_hold(b"1234"));
    assert!(cl100k.can_hold(b" the"));
    assert!(cl100k.can_hold(&[0x81, 0x8e, b'a', 0xe3]));
    assert!(!cl100k.can_hold(&[b'1', b'a', 0xe3]));
    assert_eq!(cl100k.is_never_a_pretoken("a b"), Answer::Yes);
    assert_eq!(
        cl100k.is_never_a_pretoken("the"),
        Answer::No("the".to_owned())
    );
    // Two spaces are one pretoken at the end of a text only, and before another.
    assert_eq!(
        cl100k.is_never_a_pretoken("  "),
        Answer::No("  ".to_owned())
    );
    assert_eq!(cutting("[ab]+|[^ab]").leaves_nothing_out(), Answer::Yes);
    assert!(Cutting::of(&Pattern::fancy("(?<=a)b|.")).is_none());
    assert!(Cutting::of(&Pattern::fancy("a*")).is_none());
}

/// The ends of all pretokens, by the reference.
fn cuts(pattern: &Regex, text: &str) -> Vec<usize> {
    let matches = pattern.find_iter(text).map(|found| found.unwrap().end());
    matches.collect()
}

/// What is said to be all places where only one side cuts is that, for every short text.
#[test]
fn lone_cuts_are_those_of_all_short_texts() {
    let arms = [
        "",
        "ab|",
        "ba|",
        "aa|",
        "abc|",
        "c+|",
        "a+b|",
        "[ab]+|",
        "c[ab]+|",
        "c?[ab]+|",
        "cb|c?[ab]+|",
        "c(?:a|bb)|c?[ab]+|",
        "a{1,2}|",
        "a{1,3}|",
        "b(?!c)a|",
        "cb(?=a)|[bc]+|",
        "c[ab](?!a)|c?[ab]+|",
    ];
    let texts: Vec<String> = (1..=6)
        .flat_map(|length| {
            (0..3_u32.pow(length)).map(move |number| {
                (0..length)
                    .map(|place| ['a', 'b', 'c'][(number / 3_u32.pow(place) % 3) as usize])
                    .collect()
            })
        })
        .collect();
    let [mut few, mut many, mut none] = [0; 3];
    for one in arms {
        for other in arms {
            let patterns = [one, other].map(|arms| format!("{arms}(?s:.)"));
            let [a, b] = [0, 1].map(|side| Cutting::of(&Pattern::fancy(&*patterns[side])));
            let (Some(a), Some(b)) = (a, b) else { continue };
            let Some(found) = a.lone_cuts(&b) else {
                many += 1;
                continue;
            };
            few += usize::from(!found.is_empty());
            none += usize::from(found.is_empty());
            assert_eq!(
                found.is_empty(),
                a.cuts_like(&b) == Answer::Yes,
                "{patterns:?}"
            );
            let regexes = [0, 1].map(|side| Regex::new(&patterns[side]).unwrap());
            let mut met = Vec::new();
            for text in &texts {
                let [in_a, in_b] = [0, 1].map(|side| cuts(&regexes[side], text));
                let mut common = 0;
                let mut alone = 0;
                for at in 1..=text.len() {
                    let is_cut = [in_a.contains(&at), in_b.contains(&at)];
                    match is_cut {
                        [true, true] => (common, alone) = (at, 0),
                        [false, false] => {}
                        [is_of_a, _] => {
                            let side = usize::from(!is_of_a);
                            let before = text[common..at].to_owned();
                            let cut = LoneCut { before, side };
                            assert!(found.contains(&cut), "{patterns:?} {text} {cut:?}");
                            alone += 1;
                            assert_eq!(alone, 1, "{patterns:?} {text}");
                            met.push(cut);
                        }
                    }
                }
            }
            assert!(
                found.iter().all(|cut| met.contains(cut)),
                "{patterns:?} {found:?}"
            );
        }
    }
    assert!(
        few > 15 && many > 20 && none > 15,
        "{few} few, {many} many, {none} none"
    );
}

/// llama.cpp spells the contractions of Llama 3 and Qwen 2 out, without the long s.
#[test]
fn a_long_s_is_the_only_difference_of_llama_cpp() {
    let original = known::pattern_by_name("llama3").unwrap().tiktoken;
    let head = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    assert!(original.starts_with(head));
    let spelled = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    let rewritten = original.replacen(head, spelled, 1);
    assert_eq!(
        cutting(original).lone_cuts(&cutting(&rewritten)),
        Some(vec![LoneCut {
            before: "'ſ".to_owned(),
            side: 0
        }])
    );
}
