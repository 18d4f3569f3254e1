//! Part by part: the same, why; or open, and where to look.

use bpekit_formats::{AddedToken, Atoms, Definition, ModelOptions};
use rustc_hash::{FxHashMap, FxHashSet};

use super::live::{Live, Names};
use super::map::IdMap;
use super::search::Search;
use super::strings::can_stand;
use super::texts::{boundary_texts, code_point_texts, random_texts};
use super::verdict::{Kind, Reason, Verdict};
use super::{crossing, merges, pattern, words};
use crate::diff::{self, Part};
use crate::error::{Error, Result};
use crate::tokenizer::Tokenizer;

/// What is compared.
#[derive(Clone, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct VerifyOptions {
    /// From the ids of A to those of B, where the two number tokens differently.
    pub id_map: IdMap,
    /// Parts that are left out of the comparison, on both sides.
    pub ignore: Vec<Part>,
}

/// A part that is written differently and of which it is not shown that it is the same.
pub(super) struct Open {
    detail: String,
    /// Strings inside which the two may differ.
    strings: Vec<Vec<u8>>,
    /// Texts for which they may.
    texts: Vec<String>,
}

impl Open {
    pub(super) fn strings(detail: String, strings: Vec<Vec<u8>>) -> Self {
        Self {
            detail,
            strings,
            texts: Vec::new(),
        }
    }

    /// The strings inside which the two may differ.
    #[cfg(test)]
    pub(super) fn named(&self) -> &[Vec<u8>] {
        &self.strings
    }

    fn texts(detail: String, texts: Vec<String>) -> Self {
        Self {
            detail,
            strings: Vec::new(),
            texts,
        }
    }
}

/// What is known of a part.
enum Found {
    Same(String),
    Open(Open),
}

/// Compares two tokenizers for every text.
///
/// Equal means that every text has the same ids in both, added tokens found, with what the
/// post-processor puts around it, and that these ids become the same text again. Tokens that no
/// text reaches are no difference; a reason names them. Nor is `special` of an added token, which
/// decides no more than whether a caller must allow it.
///
/// # Errors
///
/// `Argument` for a part that cannot be ignored, or an id map that gives two tokens one id.
///
/// # Examples
///
/// ```
/// use bpekit::Tokenizer;
/// use bpekit::verify::{Kind, VerifyOptions, verify};
///
/// let demo = Tokenizer::demo()?;
/// let mut other = demo.definition().clone();
/// other.added_tokens.clear();
/// let other = Tokenizer::from_definition(other)?;
/// let verdict = verify(&demo, &other, &VerifyOptions::default())?;
/// assert_eq!(verdict.kind, Kind::Different);
/// assert_eq!(verdict.counterexample.unwrap().text, "<|endoftext|>");
/// # Ok::<(), bpekit::Error>(())
/// ```
pub fn verify(a: &Tokenizer, b: &Tokenizer, options: &VerifyOptions) -> Result<Verdict> {
    let whole = [a, b];
    let reduced = [without(a, &options.ignore)?, without(b, &options.ignore)?];
    let [a, b] = [0, 1].map(|side| reduced[side].as_ref().unwrap_or(whole[side]));
    let renamed = if options.id_map.is_empty() {
        None
    } else {
        Some(options.id_map.renamed(a.definition())?)
    };
    let in_a = renamed.as_ref().unwrap_or_else(|| a.definition());
    let mut parts = compare_parts([in_a, b.definition()]);
    for (part, found) in &mut parts {
        if options.ignore.contains(part) {
            *found = Found::Same("left out on request".to_owned());
        }
    }
    parts.sort_by_key(|(part, _)| *part);
    let is_open = |wanted: Part| {
        let of_part =
            |(part, found): &(Part, Found)| *part == wanted && matches!(found, Found::Open(_));
        parts.iter().any(of_part)
    };
    let search = Search {
        a,
        b,
        map: &options.id_map,
        has_frame: true,
        is_ordinary_too: !has_other_special_flags(in_a, b.definition()),
        decodes: is_open(Part::Decoder) || is_open(Part::Vocab) || is_open(Part::AddedTokens),
    };
    let mut texts = 0;
    let mut try_texts = |candidates: &[String]| {
        texts += candidates.len();
        search.first_of(candidates)
    };
    let mut counterexample = None;
    let is_decided = !parts
        .iter()
        .any(|(_, found)| matches!(found, Found::Open(_)));
    for (_, found) in &parts {
        if let Found::Open(open) = found
            && counterexample.is_none()
        {
            counterexample =
                try_texts(&open.texts).or_else(|| try_texts(&Search::texts_for(&open.strings)));
        }
    }
    // What is shown is tried as well: a proof is about definitions, and this about what runs.
    if counterexample.is_none() {
        counterexample = try_texts(&plain_texts(whole));
    }
    if counterexample.is_none() && !is_decided {
        counterexample = try_texts(&code_point_texts())
            .or_else(|| try_texts(&random_texts(a.definition(), 20_000)))
            .or_else(|| try_texts(&random_texts(b.definition(), 20_000)));
    }
    let kind = match (&counterexample, is_decided) {
        (Some(_), _) => Kind::Different,
        (None, true) => Kind::Equal,
        (None, false) => Kind::Undecided,
    };
    let reasons = parts.into_iter().map(|(part, found)| match found {
        Found::Same(detail) => Reason {
            part,
            kind: Kind::Equal,
            detail,
        },
        Found::Open(open) => Reason {
            part,
            kind: if counterexample.is_some() {
                Kind::Different
            } else {
                Kind::Undecided
            },
            detail: open.detail,
        },
    });
    Ok(Verdict {
        kind,
        reasons: reasons.collect(),
        counterexample,
        texts,
    })
}

/// The tokenizer without some of its parts; `None` if it has nothing to lose.
fn without(tokenizer: &Tokenizer, parts: &[Part]) -> Result<Option<Tokenizer>> {
    if parts.is_empty() {
        return Ok(None);
    }
    let mut definition = tokenizer.definition().clone();
    for part in parts {
        match part {
            Part::Normalizer => definition.normalizer = None,
            Part::PostProcessor => definition.post_processor = None,
            Part::AddedTokens => {
                definition.added_tokens.clear();
                // It could name one of them.
                definition.post_processor = None;
            }
            Part::Decoder => definition.decoder = None,
            Part::Pretokenizer => definition.pretokenizer = None,
            Part::Vocab | Part::Merges | Part::Options => {
                return Err(Error::argument(format!(
                    "`{part}` cannot be ignored; expected one of normalizer, pretokenizer, \
                     added-tokens, post-processor, decoder"
                )));
            }
        }
    }
    Tokenizer::from_definition(definition).map(Some)
}

fn compare_parts(definitions: [&Definition; 2]) -> Vec<(Part, Found)> {
    let [a, b] = definitions;
    let mut parts = Vec::new();
    let written = |part| match diff::compare_part(a, b, part) {
        (findings, notes) if findings.is_empty() => Found::Same(joined(&notes)),
        (findings, _) => Found::Open(Open::texts(findings.join("; "), Vec::new())),
    };
    let mut names = Names::default();
    let sides = if a.atoms == b.atoms {
        definitions.map(|definition| Live::of(definition, &mut names))
    } else {
        [None, None]
    };
    let sides = [sides[0].as_ref(), sides[1].as_ref()];
    let (pretokenizer, is_cut_alike) = match written(Part::Pretokenizer) {
        Found::Same(why) => (Found::Same(why), true),
        Found::Open(open) => pretokenizer(definitions, sides, open),
    };
    if a.atoms == b.atoms {
        parts.extend(match sides {
            [Some(one), Some(two)] => model(definitions, [one, two], &names, is_cut_alike),
            _ => as_written(a, b),
        });
    } else {
        parts.push((Part::Vocab, written(Part::Vocab)));
    }
    parts.push((Part::AddedTokens, added_tokens(a, b)));
    parts.push((Part::Pretokenizer, pretokenizer));
    for (part, texts) in [
        (Part::Normalizer, normalizer_texts()),
        (Part::PostProcessor, vec![String::new(), "a".to_owned()]),
        (
            Part::Decoder,
            vec![" a".to_owned(), "a".to_owned(), "  a b ".to_owned()],
        ),
    ] {
        let found = match written(part) {
            Found::Open(open) => Found::Open(Open::texts(open.detail, texts)),
            same @ Found::Same(_) => same,
        };
        parts.push((part, found));
    }
    parts
}

/// How text is cut, where the two say it differently; and whether they cut every text alike.
fn pretokenizer(
    definitions: [&Definition; 2],
    sides: [Option<&Live>; 2],
    open: Open,
) -> (Found, bool) {
    let [a, b] = definitions;
    let found = match (pattern::compare(a, b), sides) {
        (pattern::Found::Same(why), _) => return (Found::Same(why), true),
        (pattern::Found::Differs(text, Some(cuts)), [Some(one), Some(two)]) => {
            match crossing::compare(definitions, [one, two], &cuts, &open.detail) {
                Ok(why) => Found::Same(why),
                Err(strings) => Found::Open(Open {
                    texts: around(&text),
                    ..strings
                }),
            }
        }
        (pattern::Found::Differs(text, _), _) => {
            Found::Open(Open::texts(open.detail, around(&text)))
        }
        (pattern::Found::Open(why), _) => {
            Found::Open(Open::texts(format!("{}; {why}", open.detail), Vec::new()))
        }
    };
    (found, false)
}

/// Vocab, merges and options of two with the same kind of smallest tokens.
fn model(
    definitions: [&Definition; 2],
    live: [&Live; 2],
    names: &Names<'_>,
    is_cut_alike: bool,
) -> Vec<(Part, Found)> {
    let [a, b] = definitions;
    // Where the two cut differently, a string that only one can hold in a pretoken counts.
    let cuttings = [a, b].map(pattern::cutting_of);
    let cuttings = [cuttings[0].as_ref(), cuttings[1].as_ref()];
    let cuttings = &cuttings[..if is_cut_alike { 1 } else { 2 }];
    let stands = |bytes: &[u8]| {
        let mut cuttings = cuttings.iter();
        cuttings.any(|cutting| can_stand(bytes, *cutting))
    };
    let same_or_open = |open: Option<Open>, same: String| match open {
        Some(open) => Found::Open(open),
        None => Found::Same(same),
    };
    let merges = match merges::compare(definitions, live, names, &stands) {
        merges::Found::Same(why) => Found::Same(why.unwrap_or_else(same)),
        merges::Found::Open(open) => Found::Open(open),
    };
    let (unreached, _) = diff::compare_part(a, b, Part::Vocab);
    let differs = unreached.join("; ");
    let vocab_words = match &merges {
        _ if unreached.is_empty() => same(),
        Found::Same(_) => {
            format!("the same for every text; no text reaches what differs: {differs}")
        }
        // Which tokens there can be is the business of the merges.
        Found::Open(_) => format!("what both make has the same ids; beyond that: {differs}"),
    };
    let moved = words::moved_ids(definitions, live, &stands);
    let vocab = same_or_open(words::open_of(moved, &differs), vocab_words);
    let (strings, never) = words::whole_lookups(definitions, live, cuttings);
    let lookup = words::open_of(strings, "the lookup of whole pretokens finds other tokens");
    let options = match (other_options(a, b), lookup) {
        (Some(detail), lookup) => {
            let strings = lookup.map(|open| open.strings).unwrap_or_default();
            Found::Open(Open::strings(detail, strings))
        }
        (None, Some(open)) => Found::Open(open),
        (None, None) => Found::Same(option_words(a, b, never)),
    };
    vec![
        (Part::Vocab, vocab),
        (Part::Merges, merges),
        (Part::Options, options),
    ]
}

fn option_words(a: &Definition, b: &Definition, never: usize) -> String {
    if never > 0 {
        return format!(
            "the same for every text; {never} tokens that only a whole pretoken could be, none is"
        );
    }
    let [in_a, in_b] = [a, b].map(words::looks_up_whole);
    if in_a == in_b {
        same()
    } else {
        format!(
            "ignore_merges is {in_a} in A and {in_b} in B, and has no effect: merges make every \
             token"
        )
    }
}

/// Settings with an effect on some text that differ.
fn other_options(a: &Definition, b: &Definition) -> Option<String> {
    let effective = |definition: &Definition| {
        let has_all = definition.atoms == Atoms::Bytes
            && (0..=255)
                .all(|byte| definition.vocab.id_of(&[byte]).is_some() || !can_stand(&[byte], None));
        ModelOptions {
            // Looked at with the tokens that it finds.
            ignore_merges: false,
            // Without an unknown token there is nothing to fuse, and where every text is in the
            // vocab nothing is unknown.
            unk_token: definition.options.unk_token.clone().filter(|_| !has_all),
            fuse_unk: definition.options.fuse_unk
                && definition.options.unk_token.is_some()
                && !has_all,
            byte_fallback: definition.options.byte_fallback && !has_all,
            ..definition.options.clone()
        }
    };
    let [in_a, in_b] = [effective(a), effective(b)];
    (in_a != in_b).then(|| {
        let (findings, _) = diff::compare_part(a, b, Part::Options);
        findings.join("; ")
    })
}

/// Models whose merges cannot be reduced: compared as they stand.
fn as_written(a: &Definition, b: &Definition) -> Vec<(Part, Found)> {
    [Part::Vocab, Part::Merges, Part::Options]
        .into_iter()
        .map(|part| {
            let (findings, notes) = diff::compare_part(a, b, part);
            let found = if findings.is_empty() {
                Found::Same(joined(&notes))
            } else {
                let strings = differing_tokens(a, b);
                Found::Open(Open::strings(findings.join("; "), strings))
            };
            (part, found)
        })
        .collect()
}

/// The tokens of either side that are not on the other with the same id.
fn differing_tokens(a: &Definition, b: &Definition) -> Vec<Vec<u8>> {
    let only = |here: &Definition, there: &Definition| -> Vec<Vec<u8>> {
        here.vocab
            .iter()
            .filter(|token| there.vocab.bytes(token.id) != Some(token.bytes))
            .map(|token| token.bytes.to_vec())
            .take(200)
            .collect()
    };
    let mut strings = only(a, b);
    strings.extend(only(b, a));
    strings
}

/// Whether `special` is all that differs in some added token.
fn has_other_special_flags(a: &Definition, b: &Definition) -> bool {
    let special: FxHashMap<&str, bool> = a
        .added_tokens
        .iter()
        .map(|token| (token.content.as_str(), token.is_special))
        .collect();
    b.added_tokens.iter().any(|token| {
        special
            .get(token.content.as_str())
            .is_some_and(|is_special| *is_special != token.is_special)
    })
}

/// Added tokens with what decides how they are found.
fn added_tokens(a: &Definition, b: &Definition) -> Found {
    let is_normalizing = [a, b]
        .into_iter()
        .filter_map(|one| one.normalizer.as_ref())
        .any(|normalizer| !normalizer.is_neutral());
    let found_by = |token: &AddedToken| AddedToken {
        is_special: true,
        normalized: token.normalized && is_normalizing,
        ..token.clone()
    };
    let [in_a, in_b] = [a, b].map(|definition| -> FxHashSet<AddedToken> {
        definition.added_tokens.iter().map(found_by).collect()
    });
    let (findings, notes) = diff::compare_part(a, b, Part::AddedTokens);
    if in_a == in_b {
        return Found::Same(if findings.is_empty() {
            joined(&notes)
        } else {
            format!(
                "found alike where all are allowed; {} decides no more than whether a caller must \
                 allow them",
                findings.join("; ")
            )
        });
    }
    let mut texts: Vec<String> = in_a
        .symmetric_difference(&in_b)
        .flat_map(|token| {
            [("", ""), ("a", "b"), (" ", " "), ("a ", " b"), ("  ", "  ")]
                .map(|(before, after)| format!("{before}{}{after}", token.content))
        })
        .collect();
    texts.sort_unstable_by_key(|text| (text.len(), text.clone()));
    Found::Open(Open::texts(findings.join("; "), texts))
}

/// A text at which patterns cut differently, in places where the pieces become other tokens.
fn around(text: &str) -> Vec<String> {
    let mut texts = vec![text.to_owned()];
    for variant in variants(text) {
        for (before, after) in [
            ("", ""),
            (" ", ""),
            ("a", ""),
            ("", " a"),
            ("", "a"),
            ("", "1"),
        ] {
            texts.push(format!("{before}{variant}{after}"));
        }
        texts.push(variant.repeat(3));
    }
    texts
}

/// The text with other characters of about the same kind: the tokens decide which of them show it.
fn variants(text: &str) -> Vec<String> {
    const KINDS: [&str; 8] = [
        "abcdefghijklmnopqrstuvwxyz",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "0123456789",
        " \t\u{a0}",
        "\n\r",
        "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
        "éüñçøß",
        "日本語的是不",
    ];
    let mut random = super::Random(0x2545_f491_4f6c_dd1d);
    let mut all = vec![text.to_owned()];
    for round in 0..400 {
        let one: String = text
            .chars()
            .flat_map(|character| {
                let kind = KINDS.iter().find(|kind| kind.contains(character));
                let other = kind.map_or(character, |kind| {
                    kind.chars()
                        .nth(random.below(kind.chars().count()))
                        .unwrap_or(character)
                });
                // Longer runs of one kind, as tokens of several characters show more.
                std::iter::repeat_n(
                    other,
                    if round % 4 == 3 {
                        1 + random.below(3)
                    } else {
                        1
                    },
                )
            })
            .collect();
        all.push(one);
    }
    all
}

/// Texts that normal forms and other rewriting change.
fn normalizer_texts() -> Vec<String> {
    [
        "e\u{301}",
        "é",
        "ﬁ",
        "Å",
        "Ａ",
        "①",
        "A",
        "É",
        " a",
        "a ",
        "  a  b ",
        "\u{212b}",
        "가",
        "\u{1112}\u{1161}",
        "\u{3000}",
        "\u{a0}",
        "ß",
        "İ",
        "a\tb",
        "▁",
        "ǅ",
        "²",
        "½",
        "\u{200d}",
        "\0",
        "\u{feff}",
        "x\u{323}\u{307}",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Texts that are tried in any case.
fn plain_texts(sides: [&Tokenizer; 2]) -> Vec<String> {
    let mut texts = boundary_texts();
    for side in sides {
        let added = &side.definition().added_tokens;
        for token in added.iter().take(2000) {
            texts.push(token.content.clone());
            texts.push(format!("a {} b", token.content));
        }
        texts.extend(random_texts(side.definition(), 500));
    }
    texts
}

fn same() -> String {
    "the same".to_owned()
}

fn joined(notes: &[String]) -> String {
    if notes.is_empty() {
        same()
    } else {
        notes.join("; ")
    }
}
