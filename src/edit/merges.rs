//! Keeping the first merges.

use bpekit_formats::{
    Definition, Error as FileError, Merge, Merges, TokenId, VocabBuilder, show_text,
};
use rustc_hash::FxHashSet;

use super::{Edited, compile, shown_same};
use crate::bpe::live_pairs;
use crate::error::{Error, Result};
use crate::tokenizer::Tokenizer;
use crate::verify::VerifyOptions;

/// Keeps the first merges: a smaller vocab, as training that stopped there gives it. Ids stay as they
/// are; [`super::compact`] closes the holes that this leaves below the added tokens.
///
/// Of ranks, the merges are in the order of ranks, and with a merge go all tokens of a higher rank,
/// also those that no merge makes: what lies below never depends on them.
///
/// # Errors
///
/// `Argument` if there are fewer merges; `File` (unsupported) if a token that goes has a role.
///
/// # Examples
///
/// ```
/// use bpekit::Tokenizer;
/// use bpekit::edit::truncate_merges;
///
/// let demo = Tokenizer::demo()?;
/// let edited = truncate_merges(&demo, 10)?;
/// let count = |tokenizer: &Tokenizer| tokenizer.encode_ordinary("the theme").map(|ids| ids.len());
/// assert!(count(&edited.tokenizer)? > count(&demo)?);
/// # Ok::<(), bpekit::Error>(())
/// ```
pub fn truncate_merges(source: &Tokenizer, count: usize) -> Result<Edited> {
    let definition = source.definition();
    let all = ordered_merges(definition)?;
    let (definition, gone_count) = with_first(definition, &all, count)?;
    let done = vec![format!(
        "kept {count} of {} merges, {gone_count} tokens go",
        all.len(),
    )];
    let mut listed = definition.clone();
    listed.merges = Merges::Listed(all[..count].to_vec());
    let tokenizer = compile(definition)?;
    // Ranks are held against the merges that are promised.
    let proof = shown_same(&compile(listed)?, &tokenizer, &VerifyOptions::default())?;
    Ok(Edited {
        tokenizer,
        done,
        proof,
    })
}

/// The merges that make the tokens, in order.
///
/// # Errors
///
/// `File` (unsupported) for merges by score.
pub(crate) fn ordered_merges(definition: &Definition) -> Result<Vec<Merge>> {
    match &definition.merges {
        Merges::Listed(merges) => Ok(merges.clone()),
        Merges::ByRank => Ok(live_pairs::of_ranks(&definition.vocab).merges),
        Merges::ByScore(_) => Err(FileError::unsupported(
            "merges by score have no first ones that could be kept alone",
        )
        .with_hint("convert it to tokenizer.json first, which lists them")
        .into()),
    }
}

/// The definition with the first `count` of its [`ordered_merges`], and how many tokens go with the
/// others.
///
/// # Errors
///
/// As [`truncate_merges`].
pub(crate) fn with_first(
    definition: &Definition,
    all: &[Merge],
    count: usize,
) -> Result<(Definition, usize)> {
    let mut definition = definition.clone();
    let by_rank = definition.merges == Merges::ByRank;
    if count > all.len() {
        return Err(Error::argument(format!(
            "there are {} merges, fewer than {count}",
            all.len()
        )));
    }
    let (kept, dropped) = all.split_at(count);
    // A list may have a merge before the one that makes its parts; it names them all the same.
    let named: FxHashSet<TokenId> = kept
        .iter()
        .flat_map(|merge| [merge.left, merge.right, merge.product])
        .collect();
    let mut gone: FxHashSet<TokenId> = dropped.iter().map(|merge| merge.product).collect();
    gone.retain(|id| !named.contains(id));
    if by_rank && let Some(first) = dropped.first() {
        let above = definition.vocab.iter();
        let above = above.filter(|token| token.id > first.product && token.bytes.len() > 1);
        gone.extend(above.map(|token| token.id));
    }
    let added: FxHashSet<TokenId> = definition.added_tokens.iter().map(|t| t.id).collect();
    gone.retain(|id| by_rank || !added.contains(id));
    check_roles(&definition, &gone, &added)?;
    let vocab = &definition.vocab;
    let mut builder = VocabBuilder::with_capacity(vocab.len(), vocab.len() * 8);
    for token in vocab.iter().filter(|token| !gone.contains(&token.id)) {
        builder.push(token.id, token.bytes, token.kind);
    }
    let vocab = builder
        .finish()
        .map_err(|_| FileError::data("two tokens of the vocab have the same bytes or id"))?;
    definition.vocab = vocab;
    if !by_rank {
        definition.merges = Merges::Listed(kept.to_vec());
    }
    Ok((definition, gone.len()))
}

fn check_roles(
    definition: &Definition,
    gone: &FxHashSet<TokenId>,
    added: &FxHashSet<TokenId>,
) -> Result<()> {
    let is_lost = |id: &TokenId| gone.contains(id) && !added.contains(id);
    let mut roles = definition.roles.iter();
    let Some((role, id)) = roles.find(|(_, id)| is_lost(id)) else {
        return Ok(());
    };
    let bytes = definition.vocab.bytes(*id).unwrap_or_default();
    let shown = show_text(&String::from_utf8_lossy(bytes));
    Err(FileError::unsupported(format!(
        "token {id} `{shown}` has the role `{}`, and no kept merge makes it",
        role.name()
    ))
    .into())
}
