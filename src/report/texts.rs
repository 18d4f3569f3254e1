//! What a tokenizer makes of texts.

use bpekit_formats::TokenId;
use rustc_hash::{FxHashMap, FxHashSet};

use super::vocab::{LIST_LEN, Listed};
use crate::error::Result;
use crate::threads;
use crate::tokenizer::{Special, Tokenizer};

/// A text and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct LabelledText {
    /// What it is called, as its language.
    pub label: String,
    /// The text.
    pub text: String,
}

/// What becomes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextReport {
    /// What it is called.
    pub label: String,
    /// Its length in bytes.
    pub bytes: usize,
    /// Its length in characters.
    pub characters: usize,
    /// Its length in tokens.
    pub tokens: usize,
    /// How many different tokens these are.
    pub distinct: usize,
}

impl TextReport {
    /// Bytes that a token holds, in the mean.
    #[allow(clippy::cast_precision_loss)]
    pub fn bytes_per_token(&self) -> f64 {
        self.bytes as f64 / self.tokens.max(1) as f64
    }
}

/// How often the texts use each token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Usage {
    /// Token id and how often it is used, in ascending order of ids. Unused ones are left out.
    pub counts: Vec<(TokenId, u64)>,
    /// How many tokens of the vocab are never used.
    pub unused_count: usize,
    /// The first of them, in the order of ids: those that a training would have found most useful.
    pub unused: Vec<Listed>,
    /// The tokens that are used most, with how often.
    pub most_used: Vec<(Listed, u64)>,
}

/// Encodes the texts.
pub(super) fn measure(
    tokenizer: &Tokenizer,
    texts: &[LabelledText],
) -> Result<(Vec<TextReport>, Usage)> {
    let mut counts: FxHashMap<TokenId, u64> = FxHashMap::default();
    let mut reports = Vec::with_capacity(texts.len());
    for text in texts {
        let ids = encode(tokenizer, &text.text)?;
        let distinct: FxHashSet<TokenId> = ids.iter().copied().collect();
        for id in &ids {
            *counts.entry(*id).or_default() += 1;
        }
        reports.push(TextReport {
            label: text.label.clone(),
            bytes: text.text.len(),
            characters: text.text.chars().count(),
            tokens: ids.len(),
            distinct: distinct.len(),
        });
    }
    Ok((reports, usage(tokenizer, &counts)))
}

/// The ids of a text, whatever it says.
pub(super) fn encode(tokenizer: &Tokenizer, text: &str) -> Result<Vec<TokenId>> {
    tokenizer.encode_parallel(text, &Special::ordinary(), threads::available())
}

fn usage(tokenizer: &Tokenizer, counts: &FxHashMap<TokenId, u64>) -> Usage {
    let mut sorted: Vec<(TokenId, u64)> = counts.iter().map(|(id, count)| (*id, *count)).collect();
    sorted.sort_unstable();
    let vocab = &tokenizer.definition().vocab;
    let added = &tokenizer.definition().added_tokens;
    let added: FxHashSet<TokenId> = added.iter().map(|token| token.id).collect();
    let is_unused = |id: TokenId| !counts.contains_key(&id) && !added.contains(&id);
    let mut unused_ids: Vec<TokenId> = vocab.iter().map(|token| token.id).collect();
    unused_ids.retain(|id| is_unused(*id));
    unused_ids.sort_unstable();
    let mut most_used = sorted.clone();
    most_used.sort_by_key(|(id, count)| (std::cmp::Reverse(*count), *id));
    let listed = |id: TokenId| Listed::of(vocab.bytes(id).unwrap_or_default(), id);
    Usage {
        unused_count: unused_ids.len(),
        unused: unused_ids
            .iter()
            .take(LIST_LEN)
            .map(|id| listed(*id))
            .collect(),
        most_used: most_used
            .iter()
            .take(LIST_LEN)
            .map(|(id, count)| (listed(*id), *count))
            .collect(),
        counts: sorted,
    }
}
