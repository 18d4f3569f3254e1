//! Scanners and automata against fancy-regex, the engine they stand in for.

use bpekit_formats::{Pattern, SplitBehavior};

use super::matcher::Matcher;
use super::split::Split;
use crate::known::{KnownPattern, patterns};

/// What a split by the pattern gives, by what runs it or by the regular expression.
fn cut(matcher: Matcher, text: &str) -> Vec<&str> {
    let split = Split {
        matcher,
        behavior: SplitBehavior::Isolated,
        invert: false,
    };
    let mut parts = Vec::new();
    split
        .for_each(text, |part| {
            parts.push(&text[part]);
            Ok(())
        })
        .unwrap();
    parts
}

fn compare(known: &'static KnownPattern, texts: impl Iterator<Item = String>) {
    let reference = Pattern::fancy(known.tiktoken);
    for text in texts {
        let by_matcher = cut(Matcher::known(known).unwrap(), &text);
        let by_regex = cut(Matcher::reference(&reference).unwrap(), &text);
        assert_eq!(by_matcher, by_regex, "{}: {text:?}", known.name);
        assert_eq!(by_matcher.concat(), text);
    }
}

#[test]
fn matchers_cut_as_the_regular_expressions_do() {
    let parts = [
        "a", "B", "é", "ſ", "'s", "'LL", "1", "٣", " ", "\n", "\r", "\t", "\u{3000}", "_", "/",
        "!", "\u{301}", "一", "カ", "・", "\u{200d}", "🚀", "ǅ", "\u{85}", "\u{1c}",
    ];
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 20) as usize % bound
    };
    for known in patterns() {
        // Compiling the regular expression takes longer than matching: one text has many lines.
        let texts = (0..60).map(|_| {
            let len = next(400);
            (0..len)
                .map(|_| parts[next(parts.len())])
                .collect::<String>()
        });
        compare(known, texts.collect::<Vec<_>>().into_iter());
    }
}

#[test]
fn matchers_do_not_see_beyond_their_text() {
    for known in patterns() {
        for text in [
            "",
            " ",
            "  ",
            "\n",
            " \n ",
            "a ",
            "a  ",
            "a\n  ",
            "  a",
            "\u{3000}\u{3000}a",
        ] {
            compare(known, std::iter::once(text.to_owned()));
        }
    }
}

#[test]
fn long_runs_take_no_stack_and_no_steps_back() {
    for known in patterns() {
        for unit in [
            " ", "\n", "a", "1", "!", "'s", " a", "一", "\u{301}", "a \n",
        ] {
            let text = unit.repeat(200_000 / unit.len());
            let parts = cut(Matcher::known(known).unwrap(), &text);
            assert_eq!(parts.concat().len(), text.len());
        }
    }
}

#[test]
fn a_hopeless_pattern_gives_up_with_an_error() {
    let evil = Matcher::reference(&Pattern::fancy(r"(?:(?=(a+))a+)+(?=c)")).unwrap();
    let error = evil.for_each(&"a".repeat(2000), |_| Ok(())).unwrap_err();
    assert!(
        matches!(error.kind(), crate::ErrorKind::Pattern { .. }),
        "{error}"
    );
}

#[test]
fn a_pattern_that_matches_nothing_is_an_error_where_matches_are_all() {
    let split = |text: &str| Split {
        matcher: Matcher::reference(&Pattern::fancy(text)).unwrap(),
        behavior: SplitBehavior::Removed,
        invert: true,
    };
    assert!(split("(?=a)").for_each("xxab", |_| Ok(())).is_err());
    assert!(split("(?=a)").for_each("xxb", |_| Ok(())).is_ok());
}

#[test]
fn what_does_not_compile_is_an_error() {
    for text in [
        "(",
        "[a",
        r"\p{Nonsense}",
        "(?<n>a",
        "(?:a{1,1000}){1,1000}{1,1000}",
    ] {
        assert!(Matcher::reference(&Pattern::fancy(text)).is_err(), "{text}");
    }
    let long = "a|".repeat(1 << 16);
    assert!(Matcher::reference(&Pattern::fancy(long)).is_err());
}

/// Splits of short texts with every behaviour, recorded from tokenizers 0.23.3; some of the
/// patterns match nothing at places where they cut all the same.
#[test]
fn splits_are_those_recorded() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/expected/splits.json");
    let recorded: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut count = 0;
    for case in recorded.as_array().unwrap() {
        let behavior = match case["behavior"].as_str().unwrap() {
            "isolated" => SplitBehavior::Isolated,
            "removed" => SplitBehavior::Removed,
            "merged_with_previous" => SplitBehavior::MergedWithPrevious,
            "merged_with_next" => SplitBehavior::MergedWithNext,
            "contiguous" => SplitBehavior::Contiguous,
            other => panic!("{other}"),
        };
        let pattern = Pattern::oniguruma(case["pattern"].as_str().unwrap());
        let split = Split {
            matcher: Matcher::reference(&pattern).unwrap(),
            behavior,
            invert: case["invert"].as_bool().unwrap(),
        };
        for (text, expected) in case["parts"].as_object().unwrap() {
            let mut parts = Vec::new();
            split
                .for_each(text, |part| {
                    parts.push(&text[part]);
                    Ok(())
                })
                .unwrap();
            assert_eq!(serde_json::json!(parts), *expected, "{case}: {text:?}");
            count += 1;
        }
    }
    assert!(count > 500, "{count}");
}
