//! Compares two definitions by what they mean, part by part.
//!
//! Formats say the same in different ways, and that is no difference: ranks are compared with the
//! merges they stand for, a published pattern with its other spellings, and steps that change
//! nothing are left out. Where two parts are written differently and mean the same, a note says
//! so. `tokens` compares vocab, merges and added tokens; `pipeline` the steps around them;
//! `describe` puts such steps into words.

pub(crate) mod describe;
mod pipeline;
#[cfg(test)]
mod tests;
mod tokens;

pub(crate) use pipeline::{Cut, cut_of, pattern_texts, published_pattern};

use std::fmt;

use bpekit_formats::{Definition, Merges, ModelOptions, TokenId, TokenKind};

/// A part of a tokenizer that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Part {
    /// Tokens and their ids.
    Vocab,
    /// How tokens merge.
    Merges,
    /// Settings of the model.
    Options,
    /// Special and other added tokens.
    AddedTokens,
    /// What rewrites text first.
    Normalizer,
    /// How text is cut.
    Pretokenizer,
    /// What is put around the tokens of a text.
    PostProcessor,
    /// How tokens become text.
    Decoder,
}

impl Part {
    /// Every part, in the order of a comparison.
    pub const ALL: &'static [Self] = &[
        Self::Vocab,
        Self::Merges,
        Self::Options,
        Self::AddedTokens,
        Self::Normalizer,
        Self::Pretokenizer,
        Self::PostProcessor,
        Self::Decoder,
    ];

    /// The name, as `added-tokens`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vocab => "vocab",
            Self::Merges => "merges",
            Self::Options => "options",
            Self::AddedTokens => "added-tokens",
            Self::Normalizer => "normalizer",
            Self::Pretokenizer => "pretokenizer",
            Self::PostProcessor => "post-processor",
            Self::Decoder => "decoder",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One thing that a comparison found, as `vocab: 1 token only in A: b"x" (5)`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The part it is about.
    pub part: Part,
    /// What was found, in words; the two definitions are called A and B.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.detail)
    }
}

/// How two vocabs overlap, by the bytes of their tokens. Added tokens, which are compared by
/// themselves, are not counted, unless they are ordinary tokens of the other side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overlap {
    /// How many tokens both have, those with another id among them.
    pub shared: usize,
    /// The tokens whose ids differ: that in A, that in B; by the id in A.
    pub moved: Vec<(TokenId, TokenId)>,
    /// The ids of the tokens that A alone has, in ascending order.
    pub only_in_a: Vec<TokenId>,
    /// The ids of the tokens that B alone has, in ascending order.
    pub only_in_b: Vec<TokenId>,
}

/// Compares two vocabs; none if the tokens of one are bytes, and of the other characters.
///
/// # Examples
///
/// ```
/// let demo = bpekit::Tokenizer::demo()?;
/// let overlap = bpekit::diff::overlap(demo.definition(), demo.definition());
/// assert_eq!(overlap.unwrap().shared, 3000);
/// # Ok::<(), bpekit::Error>(())
/// ```
pub fn overlap(a: &Definition, b: &Definition) -> Option<Overlap> {
    (a.atoms == b.atoms).then(|| tokens::overlap(a, b))
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Where the two differ, in the order of [`Part::ALL`].
    pub findings: Vec<Finding>,
    /// Where they are written differently and mean the same.
    pub notes: Vec<Finding>,
}

impl Difference {
    /// Whether both are the same tokenizer.
    pub fn is_same(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, part: Part, detail: impl Into<String>) {
        self.findings.push(Finding {
            part,
            detail: detail.into(),
        });
    }

    fn note(&mut self, part: Part, detail: impl Into<String>) {
        self.notes.push(Finding {
            part,
            detail: detail.into(),
        });
    }
}

/// Compares two definitions. Their names and where they come from do not count, nor does what
/// the toolkit carries without acting on it, as truncation.
///
/// No difference means the same ids for every text, and the same text for all ids. A difference
/// need not show in any text: two lists of merges are compared, not run.
///
/// # Examples
///
/// ```
/// use bpekit::Tokenizer;
/// use bpekit::diff::compare;
///
/// let demo = Tokenizer::demo()?;
/// let mut other = demo.definition().clone();
/// assert!(compare(demo.definition(), &other).is_same());
/// other.added_tokens.clear();
/// let difference = compare(demo.definition(), &other);
/// assert_eq!(
///     difference.findings[0].to_string(),
///     "added-tokens: 1 token only in A: `<|endoftext|>` (3000)"
/// );
/// # Ok::<(), bpekit::Error>(())
/// ```
pub fn compare(a: &Definition, b: &Definition) -> Difference {
    let mut difference = Difference::default();
    if a.atoms == b.atoms {
        tokens::vocab(a, b, &mut difference);
        tokens::merges(a, b, &mut difference);
    } else {
        atoms(a, b, &mut difference);
    }
    options(a, b, &mut difference);
    tokens::added_tokens(a, b, &mut difference);
    pipeline::normalizer(a, b, &mut difference);
    pipeline::pretokenizer(a, b, &mut difference);
    pipeline::post_processor(a, b, &mut difference);
    pipeline::decoder(a, b, &mut difference);
    difference
}

/// What a comparison finds of one part, and its notes, in words.
pub(crate) fn compare_part(
    a: &Definition,
    b: &Definition,
    part: Part,
) -> (Vec<String>, Vec<String>) {
    let mut difference = Difference::default();
    match part {
        Part::Vocab if a.atoms == b.atoms => tokens::vocab(a, b, &mut difference),
        Part::Vocab => atoms(a, b, &mut difference),
        Part::Merges => tokens::merges(a, b, &mut difference),
        Part::Options => options(a, b, &mut difference),
        Part::AddedTokens => tokens::added_tokens(a, b, &mut difference),
        Part::Normalizer => pipeline::normalizer(a, b, &mut difference),
        Part::Pretokenizer => pipeline::pretokenizer(a, b, &mut difference),
        Part::PostProcessor => pipeline::post_processor(a, b, &mut difference),
        Part::Decoder => pipeline::decoder(a, b, &mut difference),
    }
    let details = |findings: Vec<Finding>| findings.into_iter().map(|found| found.detail).collect();
    (details(difference.findings), details(difference.notes))
}

fn atoms(a: &Definition, b: &Definition, difference: &mut Difference) {
    let words = |definition: &Definition| match definition.atoms {
        bpekit_formats::Atoms::Bytes => "bytes",
        bpekit_formats::Atoms::Characters => "characters",
    };
    let detail = format!(
        "the tokens of A are made of {}, of B of {}",
        words(a),
        words(b)
    );
    difference.find(Part::Vocab, detail);
}

fn options(a: &Definition, b: &Definition, difference: &mut Difference) {
    type Show = fn(&ModelOptions) -> String;
    let shown: [(&str, Show); 6] = [
        ("dropout", |options| {
            format!("{:?}", options.dropout.unwrap_or(0.0))
        }),
        ("unk_token", |options| {
            text_or_none(options.unk_token.as_deref().unwrap_or_default())
        }),
        ("continuing_subword_prefix", |options| {
            text_or_none(&options.continuing_subword_prefix)
        }),
        ("end_of_word_suffix", |options| {
            text_or_none(&options.end_of_word_suffix)
        }),
        // Without an unknown token there is nothing to fuse.
        ("fuse_unk", |options| {
            (options.fuse_unk && options.unk_token.is_some()).to_string()
        }),
        ("byte_fallback", |options| options.byte_fallback.to_string()),
    ];
    for (name, show) in shown {
        let [in_a, in_b] = [a, b].map(|definition| show(&definition.options));
        if in_a != in_b {
            difference.find(Part::Options, format!("{name}: {in_a} in A, {in_b} in B"));
        }
    }
    // Ranks always look a whole pretoken up before they merge.
    let [in_a, in_b] = [a, b].map(|one| one.merges == Merges::ByRank || one.options.ignore_merges);
    if in_a != in_b {
        if [a, b].into_iter().any(has_whole_tokens) {
            difference.find(
                Part::Options,
                format!("ignore_merges: {in_a} in A, {in_b} in B"),
            );
        } else {
            let detail = format!(
                "ignore_merges is {in_a} in A and {in_b} in B; merges make every token, so that \
                 it has no effect"
            );
            difference.note(Part::Options, detail);
        }
    }
}

/// Whether there is a token that only the lookup of a whole pretoken finds.
fn has_whole_tokens(definition: &Definition) -> bool {
    crate::bpe::live_pairs::unreachable_tokens(definition)
        .into_iter()
        .filter_map(|id| definition.vocab.token(id))
        .any(|token| {
            token.kind == TokenKind::Ordinary
                && !token.bytes.is_empty()
                && definition.added_token(token.id).is_none()
        })
}

fn text_or_none(text: &str) -> String {
    if text.is_empty() {
        "none".to_owned()
    } else {
        format!("`{}`", bpekit_formats::show_text(text))
    }
}
