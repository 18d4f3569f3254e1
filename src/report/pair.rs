//! Two tokenizers side by side.

use super::texts::{LabelledText, encode};
use super::vocab::{LIST_LEN, Listed};
use crate::diff;
use crate::error::Result;
use crate::tokenizer::Tokenizer;

/// How a tokenizer stands to another.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PairReport {
    /// What the other is called.
    pub title: String,
    /// Tokens that both have, or none if the tokens of one are bytes and of the other characters.
    pub shared: Option<usize>,
    /// How many of them have another id.
    pub moved: usize,
    /// Tokens that this one alone has: how many, and the longest of them.
    pub only_here: (usize, Vec<Listed>),
    /// Tokens that the other alone has.
    pub only_there: (usize, Vec<Listed>),
    /// The texts with the tokens of both.
    pub texts: Vec<PairText>,
    /// What differs, part by part, in words: A is this one, B the other.
    pub findings: Vec<String>,
}

/// A text with two numbers of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PairText {
    /// What it is called.
    pub label: String,
    /// Its length in bytes.
    pub bytes: usize,
    /// Its tokens here.
    pub here: usize,
    /// Its tokens there.
    pub there: usize,
}

pub(super) fn compare(
    tokenizer: &Tokenizer,
    other: &Tokenizer,
    title: &str,
    texts: &[LabelledText],
) -> Result<PairReport> {
    let (a, b) = (tokenizer.definition(), other.definition());
    let overlap = diff::overlap(a, b);
    let lists = overlap.as_ref().map(|overlap| {
        (
            longest(a, &overlap.only_in_a),
            longest(b, &overlap.only_in_b),
        )
    });
    let (in_a, in_b) = lists.unwrap_or_default();
    let texts = texts.iter().map(|text| {
        Ok(PairText {
            label: text.label.clone(),
            bytes: text.text.len(),
            here: encode(tokenizer, &text.text)?.len(),
            there: encode(other, &text.text)?.len(),
        })
    });
    let difference = diff::compare(a, b);
    Ok(PairReport {
        title: title.to_owned(),
        shared: overlap.as_ref().map(|overlap| overlap.shared),
        moved: overlap.as_ref().map_or(0, |overlap| overlap.moved.len()),
        only_here: in_a,
        only_there: in_b,
        texts: texts.collect::<Result<_>>()?,
        findings: difference
            .findings
            .iter()
            .map(ToString::to_string)
            .collect(),
    })
}

/// How many there are, and the longest of them.
fn longest(definition: &bpekit_formats::Definition, ids: &[u32]) -> (usize, Vec<Listed>) {
    let bytes = |id: u32| definition.vocab.bytes(id).unwrap_or_default();
    let mut sorted = ids.to_vec();
    sorted.sort_by_key(|id| (std::cmp::Reverse(bytes(*id).len()), *id));
    let listed = sorted.iter().take(LIST_LEN);
    (
        ids.len(),
        listed.map(|id| Listed::of(bytes(*id), *id)).collect(),
    )
}
