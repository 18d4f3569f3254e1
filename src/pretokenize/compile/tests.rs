//! Which patterns become what, and that what they become cuts as fancy-regex does.

use bpekit_formats::{Dialect, Pattern};

use super::contractions::endings_of;
use super::family::family_of;
use super::regular::Regular;
use super::tree::Node;
use crate::known::patterns;
use crate::pretokenize::dialect;
use crate::pretokenize::matcher::Matcher;
use crate::pretokenize::scanner::{Case, Endings, Family};

/// Words, numbers, punctuation and white space as in Llama 3, behind other contractions.
macro_rules! behind {
    ($contractions:literal) => {
        concat!(
            $contractions,
            r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*",
            r"|\s*[\r\n]+|\s+(?!\S)|\s+",
        )
    };
}

/// The arms of o200k with other suffixes of words.
macro_rules! cased {
    ($suffix:literal) => {
        concat!(
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
            $suffix,
            r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
            $suffix,
            r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        )
    };
}

/// Arms behind contractions and words.
macro_rules! rest {
    ($arms:literal) => {
        concat!(r"'(?:s|t)|", $arms)
    };
}

/// Patterns of the GPT-2 family that nobody has published, or in other spellings.
pub(in crate::pretokenize) const VARIANTS: [&str; 40] = [
    // nanochat.
    concat!(
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}",
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    ),
    // Other contractions, in other orders and spellings.
    behind!("'s|'t"),
    behind!("'(?i:[sdmt]|ll|ve|re|em)"),
    behind!("'(?i:il|elle|on|y|en|une?)"),
    behind!("'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])"),
    behind!("(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"),
    behind!("'(?i:ll|re|ve)|'(?i:[dmst])"),
    behind!("(?i:'d|'ll|'m|'ve|'re|'t|'s)"),
    behind!("'(?i:k|ks|ska|sks)"),
    behind!("'(?:S|LL|s)"),
    // Arms of which never two match at one place, in another order.
    concat!(
        r"\p{N}{1,3}|'s|'t|[^\r\n\p{L}\p{N}]?\p{L}+| ?[^\s\p{L}\p{N}]+[\r\n]*",
        r"|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    // None.
    r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r" ?\p{L}+| ?\p{N}{1,4}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s",
    r"\p{N}{1,3}|[^\r\n\p{L}\p{N}]?\p{L}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s",
    r"\p{N}{1,2}+|[^\r\n\pL\pN]?+\pL++| ?[^\s\pL\pN]++[\n\r]*+|\s+\z|\s*[\n\r]++|\s+(?!\S)|\s",
    r"[^\p{N}\p{L}\n\r]?\p{L}+|\p{N}{1,3}| ?[^\p{N}\p{L}\s]+[\n\r]*|\s+$|\s*[\r\n]|\s+(?![^\s])|\s",
    r"(?: ?\p{L}+)|(?: ?\p{N}+)|(?: ?[^\s\p{L}\p{N}]+)|(?:\s+(?!\S)|\s+)",
    r"( ?\p{L}+| ?\p{N}+)|( ?[^\s\p{L}\p{N}]+)|\s+(?!\S)|\s+",
    rest!(r" ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s++$|\s*[\r\n]|\s+(?!\S)|\s"),
    rest!(r" ?\p{L}+|\p{N}{1,17}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s++$|\s+(?!\S)|\s"),
    rest!(r" ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s++(?!\S)|\s*[\r\n]+|\s+(?!\S)|\s+"),
    rest!(r" ?\p{L}+|\p{N}{1,64}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"),
    rest!(r" ?\p{L}+| ?\p{N}{1,255}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"),
    // Marks.
    rest!(r" ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"),
    rest!(r" ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+"),
    rest!(r"[^\r\n\p{L}\p{M}\p{N}]?+[\p{L}\p{M}]++|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"),
    rest!(r"[^\r\n\p{L}\p{N}]?[\p{M}\p{L}]+|\p{N}{1,5}| ?[^\s\pL\pM\pN]+[\r\n]*|\s+(?!\S)|\s+"),
    // Case.
    cased!(""),
    cased!("(?:'s|'t)?"),
    cased!("(?i:'s|'t|'re|'ve|'m|'ll|'d|'em)?"),
    cased!("(?i:'d|'ll|'m|'ve|'re|'t|'s)?"),
    cased!("(?:'[sS]|'[lL][lL])?+"),
    concat!(
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}]*[\p{Ll}\p{Lm}\p{Lo}]+",
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}]+[\p{Ll}\p{Lm}\p{Lo}]*+",
        r"|\p{N}{1,2}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    concat!(
        r"'s| ?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
        r"| ?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
        r"| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}\p{M}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    concat!(
        r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}]*[\p{Ll}\p{Lm}\p{Lo}]+",
        r"|[\p{Lu}\p{Lt}\p{Lm}\p{Lo}]+[\p{Ll}\p{Lm}\p{Lo}]*",
        r"|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    ),
    // Han apart.
    concat!(
        r"\p{Han}+|[^\r\n\p{L}\p{N}]?[\p{L}&&[^\p{Han}]]+|\p{N}{1,3}",
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    r"[\p{Han}]++| ?[[\p{L}\p{M}]--\p{Han}]+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    concat!(
        r"\p{Han}+|'(?i:[sdmt]|ll|ve|re)",
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+",
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*",
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    // A flag for all of it that changes none of its classes.
    r"(?s) ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
];

/// Patterns that look like those of the family and are not; they run on an automaton.
const REGULAR: [&str; 26] = [
    // Other classes.
    behind!("'s|’s"),
    behind!("'(?:s|90s)"),
    behind!("'(?i:ß|s)"),
    behind!("[a-z]'|qu'"),
    r"'s| ?[a-zA-Z]+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"'s| ?\p{L}+| ?\d+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"'s| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|[\t ]+(?![^\t ])|[\t ]+",
    r"'s| ?\w+| ?[^\s\w]+|\s+(?!\S)|\s+",
    r"(?i)'s| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"[^\s\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    // What no arm takes.
    r" ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r" ?\p{L}+| ?\p{N}+|\s+(?!\S)|\s+",
    r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+",
    r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}\p{M}]+|\s+(?!\S)|\s+",
    r" ?\p{L}+| ?\p{N}{2,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    // Other orders and counts.
    r" ?\p{L}+|\s+(?!\S)|\s+| ?\p{N}+| ?[^\s\p{L}\p{N}]+",
    r" ?[^\s\p{L}\p{N}]+|'s| ?\p{L}+| ?\p{N}+|\s+(?!\S)|\s+",
    r"'s| ?\p{L}{1,9}| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"'s| ?\p{L}+?| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]{0,2}|\s*[\r\n]+|\s+(?!\S)|\s+",
    r" ?\p{L}+| ?\p{N}+|[^\s\p{L}\p{N}]+|\s+",
    r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+|\s+$|.",
    // Anchors and others.
    r"\A'x| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"'s| ?\p{L}+(?:'s)+| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?:\p{L}\p{M}*)++|\d{1,3}?|[^\S\r\n]++[!?]|\W",
    r"\w+|[^\w\s]+",
];

/// Patterns that are left to backtracking.
const BACKTRACKING: [&str; 16] = [
    r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
    r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))|\p{L}+|\s+",
    r"(?<=a)\p{L}+| ?\p{N}+",
    r"\b\p{L}+|\s+",
    r"(\p{L})\1|\p{L}|\s+",
    r"(?>ab|a)c|\s+",
    r"\p{L}++\p{L}|\s+",
    r"[^\r\n\p{L}\p{N}]?+[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"\s*+[\r\n]+|\p{L}+",
    r"\p{L}*|\s+",
    r"(?:a*)+b|\s+",
    r"\p{L}+(?!\S)|\s+",
    r"(?m)^\p{L}+$|\s+",
    r"\s+(?!\S)|\p{L}+|\s+",
    r"\p{L}{1,3}+\p{L}|\s+",
    r"(?:\p{L}?+\p{M}*)?+\p{L}|\s+",
];

/// Where a matcher of these patterns is.
fn tier(matcher: &Matcher) -> &'static str {
    match matcher {
        Matcher::Known(_) => "known",
        Matcher::Scanner(_) => "scanner",
        Matcher::Regular(_) => "regular",
        _ => "backtracking",
    }
}

fn of(text: &str) -> Matcher {
    Matcher::of_pattern(&Pattern::fancy(text)).unwrap()
}

fn family(pattern: &Pattern) -> Option<Family> {
    let text = dialect::translate(pattern, Dialect::FancyRegex).ok()?;
    family_of(Node::of_pattern(&text)?)
}

#[test]
fn published_patterns_have_the_families_of_the_table() {
    for known in patterns() {
        let expected = Family::of_known(known);
        for text in known.single_spellings() {
            assert_eq!(family(&Pattern::fancy(text)), expected, "{text}");
        }
        if let [text] = known.tokenizers {
            assert_eq!(family(&Pattern::oniguruma(*text)), expected, "{text}");
        }
    }
}

#[test]
fn patterns_are_as_fast_as_they_can_be() {
    for (texts, expected) in [
        (&VARIANTS[..], "scanner"),
        (&REGULAR, "regular"),
        (&BACKTRACKING, "backtracking"),
    ] {
        for text in texts {
            assert_eq!(tier(&of(text)), expected, "{text}");
        }
    }
}

/// In tokenizers' dialect `$` is the end of a line, and there are no possessive intervals.
#[test]
fn patterns_of_the_other_dialect_are_as_fast() {
    let cl100k = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s";
    let pattern = Pattern::oniguruma(cl100k);
    assert_eq!(tier(&Matcher::of_pattern(&pattern).unwrap()), "scanner");
    assert_eq!(family(&pattern), family(&Pattern::fancy(cl100k)));
    // Here a line may end in the middle.
    let pattern = Pattern::oniguruma(cl100k.replace(r"\s++$", r"\s+$"));
    assert_eq!(family(&pattern), None);
}

#[test]
fn other_spellings_have_the_families_of_published_patterns() {
    let family_of = |text: &str| family(&Pattern::fancy(text));
    let named = |name| Family::of_known(crate::known::pattern_by_name(name).unwrap());
    for (text, name) in [
        (behind!("'(?i:ll|re|ve)|'(?i:[dmst])"), "llama3"),
        (behind!("(?i:'d|'ll|'m|'ve|'re|'t|'s)"), "llama3"),
        (cased!("(?i:'d|'ll|'m|'ve|'re|'t|'s)?"), "o200k"),
        (
            r" ?\p{N}+|'(?:[dmst]|ll|re|ve)| ?\pL+| ?[^\s\pL\pN]+|\s+(?!\S)|\s",
            "gpt2",
        ),
    ] {
        assert_eq!(family_of(text), named(name), "{text}");
    }
}

#[test]
fn endings_are_those_that_can_match() {
    let endings = |texts: &[&str]| {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        endings_of(&texts)
    };
    let exact = |texts: &[&str]| {
        let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        Endings::new(&texts, Case::Exact)
    };
    assert_eq!(endings(&["'l", "'ll"]), exact(&["l"]));
    assert_eq!(endings(&["'ll", "'l"]), exact(&["l", "ll"]));
    assert_eq!(endings(&["'s", "'t", "'s"]), exact(&["s", "t"]));
    assert_eq!(endings(&["'a", "'A"]).unwrap().case, Case::Ascii);
    assert_eq!(endings(&["'s", "'S"]).unwrap().case, Case::Ascii);
    assert_eq!(endings(&["'s", "'S", "'ſ"]).unwrap().case, Case::Any);
    assert_eq!(endings(&["'s", "'ſ"]), None);
    assert_eq!(endings(&["'"]), None);
    assert_eq!(endings(&["s"]), None);
    assert_eq!(endings(&["'9"]), None);
    assert_eq!(endings(&["'é"]), None);
    assert_eq!(endings(&["'abcdefg"]), None);
}

/// What a matcher finds, as ranges.
fn matches(matcher: &Matcher, text: &str) -> Vec<std::ops::Range<usize>> {
    let mut all = Vec::new();
    matcher
        .for_each(text, |found| {
            all.push(found);
            Ok(())
        })
        .unwrap();
    all
}

/// Calls `check` with what each pattern is run by and with its regular expression.
fn each_pair(mut check: impl FnMut(&str, &Matcher, &Matcher)) {
    let published = patterns().iter().map(|known| known.tiktoken);
    let others = VARIANTS.iter().chain(&REGULAR).copied();
    for text in published.chain(others) {
        let reference = Matcher::reference(&Pattern::fancy(text)).unwrap();
        check(text, &of(text), &reference);
    }
}

fn assert_alike(pattern: &str, matchers: [&Matcher; 2], text: &str) {
    let [found, expected] = matchers.map(|matcher| matches(matcher, text));
    assert_eq!(found, expected, "{pattern}: {text:?}");
}

/// One of each kind that some pattern tells from the others.
const PARTS: [&str; 57] = [
    "a",
    "Z",
    "word",
    "Word",
    "HTTP",
    "é",
    "слово",
    "Ж",
    "漢字",
    "かな",
    "ʰ",
    "ǅ",
    "ſ",
    "\u{212a}",
    "\u{301}",
    "\u{308}",
    "\u{16ff0}",
    "⺀",
    "〇",
    "1",
    "2024",
    "1234567",
    "1234567890123456789012345678901234567890123456789012345678901234567890",
    "٣",
    "Ⅷ",
    " ",
    "  ",
    "     ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\u{a0}",
    "\u{3000}",
    "\u{85}",
    "\u{2028}",
    "!",
    ");",
    "...",
    "/",
    "//",
    "_",
    "'",
    "''",
    "'s",
    "'T",
    "'lL",
    "'vE",
    "'RE",
    "'ſ",
    "'elle",
    "'\u{212a}\u{17f}",
    "🚀",
    "\u{200d}",
    "\u{378}",
    "\u{10ffff}",
];

/// xorshift64 (Marsaglia 2003): the same numbers in every run.
fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
    move |bound| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % bound
    }
}

#[test]
fn random_texts_are_cut_as_the_regular_expressions_do() {
    let mut below = numbers(0x9e37_79b9_7f4a_7c15);
    each_pair(|pattern, matcher, reference| {
        for _ in 0..250 {
            let (variety, shift) = (2 + below(PARTS.len() - 1), below(PARTS.len()));
            let text: String = (0..below(120))
                .map(|_| PARTS[(below(variety) + shift) % PARTS.len()])
                .collect();
            assert_alike(pattern, [matcher, reference], &text);
        }
    });
}

/// Every part at every place of a block, among letters and at the end of the text.
#[test]
fn parts_at_all_places_of_a_block_are_cut_as_the_regular_expressions_do() {
    let mut below = numbers(0x2545_f491_4f6c_dd1d);
    each_pair(|pattern, matcher, reference| {
        for part in PARTS {
            let mut text = String::new();
            for at in 0..64 {
                // The block starts where the line does.
                text.push('\n');
                text.push_str(&"a".repeat(at));
                text.push_str(part);
                text.push_str(PARTS[below(PARTS.len())]);
                text.push_str(&"b".repeat(64 - at));
                text.push('!');
            }
            text.push_str(part);
            assert_alike(pattern, [matcher, reference], &text);
        }
    });
}

/// Code points in contexts: all of those below U+3400 and of a few other blocks, in some of the
/// patterns each, and every 61st of the others.
#[test]
fn code_points_are_cut_as_the_regular_expressions_do() {
    let is_varied =
        |c: char| matches!(c, '\0'..'\u{3400}' | '\u{a000}'..'\u{ac00}' | '\u{f900}'..='\u{ffff}');
    let points: Vec<char> = ('\0'..=char::MAX)
        .filter(|c| is_varied(*c) || u32::from(*c) % 61 == 0)
        .collect();
    let mut turn = 0;
    each_pair(|pattern, matcher, reference| {
        turn += 1;
        for (index, some) in points.chunks(16).enumerate() {
            if index % 4 != turn % 4 {
                continue;
            }
            let mut text = String::new();
            for c in some {
                for context in ["a_", "_a!", " _", "_ ", "1_", "_\n", "'_", "_\u{301}"] {
                    text.push_str(&context.replace('_', c.encode_utf8(&mut [0; 4])));
                }
            }
            assert_alike(pattern, [matcher, reference], &text);
        }
    });
}

/// A pattern made of pieces at random, many of them without sense.
fn random_pattern(below: &mut impl FnMut(usize) -> usize, depth: usize) -> String {
    let quantifiers = [
        "", "", "", "+", "*", "?", "{1,2}", "++", "*+", "?+", "{1,2}+", "+?", "??",
    ];
    let mut arms = Vec::new();
    for _ in 0..=below(3) {
        let mut arm = String::new();
        for _ in 0..=below(3) {
            let piece = match below(if depth < 2 { 10 } else { 7 }) {
                0 => "a".to_owned(),
                1 => "b".to_owned(),
                2 => "[ab]".to_owned(),
                3 => r"\s".to_owned(),
                4 => "[^a]".to_owned(),
                5 => r"\s+(?!\S)|\s+".to_owned(),
                6 => ["$", r"(?!\S)", r"(?=\s|$)", r"\A", "[ab]++(?![^b])"][below(5)].to_owned(),
                _ => format!("(?:{})", random_pattern(below, depth + 1)),
            };
            let is_whole = piece.ends_with(')') || piece.contains('|') || piece.starts_with('$');
            arm.push_str(&piece);
            if !is_whole || piece.starts_with("(?:") {
                arm.push_str(quantifiers[below(quantifiers.len())]);
            }
        }
        arms.push(arm);
    }
    arms.join("|")
}

/// The rules by which possessive repetitions and look-ahead go away, without the trial.
#[test]
fn random_patterns_find_what_the_regular_expressions_do() {
    let letters = ['a', 'b', ' '];
    let mut texts = Vec::new();
    for length in 0..=6_u32 {
        for number in 0..letters.len().pow(length) {
            let digits = (0..length).map(|place| number / letters.len().pow(place));
            texts.push(digits.map(|digit| letters[digit % 3]).collect::<String>());
        }
    }
    let mut below = numbers(0x0123_4567_89ab_cdef);
    let (mut count, mut rewritten) = (0, 0);
    for _ in 0..6000 {
        let pattern = random_pattern(&mut below, 0);
        let Ok(Matcher::Regex { regex, source }) = Matcher::reference(&Pattern::fancy(&*pattern))
        else {
            continue;
        };
        let Some(tree) = Node::of_pattern(&pattern) else {
            continue;
        };
        let Some(regular) = Regular::new(tree, &regex) else {
            continue;
        };
        count += 1;
        rewritten += usize::from(
            ["++", "*+", "?+", "}+", "(?!"]
                .iter()
                .any(|it| pattern.contains(it)),
        );
        let regular = Matcher::Regular(Box::new(regular));
        let reference = Matcher::Regex { regex, source };
        for text in &texts {
            assert_alike(&pattern, [&regular, &reference], text);
        }
    }
    assert!(count > 500 && rewritten > 200, "{count} {rewritten}");
}
