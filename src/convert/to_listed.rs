//! Ranks and scores to a list of merges, and tiktoken's pattern and what SentencePiece does to the
//! steps of a tokenizer.json.

use bpekit_formats::{
    AddedToken, Atoms, Decoder, Definition, Dialect, Error as FileError, Loss, LossPart, Merges,
    Pretokenizer, TokenId, TokenKind, Vocab, VocabBuilder, byte_alphabet, show_bytes, show_text,
};
use rustc_hash::FxHashSet;

use super::patterns;
use crate::bpe::live_pairs;
use crate::error::Result;
use crate::sentencepiece;

/// Ranks, or scores, as the list of merges they stand for.
pub(super) fn restate_merges(target: &mut Definition) -> Result<()> {
    if target.merges != Merges::ByRank {
        return sentencepiece::restate_merges(target);
    }
    let live = live_pairs::of_ranks(&target.vocab);
    // Only the lookup of whole pretokens finds them; no pretoken is empty.
    target.options.ignore_merges = live.unreachable.iter().any(|&id| {
        target
            .vocab
            .bytes(id)
            .is_some_and(|bytes| !bytes.is_empty())
    });
    target.merges = Merges::Listed(live.merges);
    Ok(())
}

/// As [`restate_merges`], without a lookup of whole pretokens: merges have to make every token that
/// the lookup finds.
pub(super) fn restate_plainly(target: &mut Definition) -> Result<()> {
    restate_merges(target)?;
    let Merges::Listed(merges) = &target.merges else {
        return Ok(());
    };
    if !target.options.ignore_merges {
        return Ok(());
    }
    let added: FxHashSet<TokenId> = target.added_tokens.iter().map(|token| token.id).collect();
    let live = live_pairs::of_merges(&target.vocab, merges);
    let found_whole = |id: &&TokenId| {
        let token = target.vocab.token(**id);
        token.is_some_and(|token| token.kind == TokenKind::Ordinary && !token.bytes.is_empty())
            && !added.contains(*id)
    };
    if let Some(id) = live.unreachable.iter().find(found_whole) {
        let bytes = target.vocab.bytes(*id).unwrap_or_default();
        return Err(FileError::unsupported(format!(
            "token {id} {} is made by no merge, only found as a whole pretoken (`ignore_merges`), and \
             the format has merges alone",
            show_bytes(bytes)
        ))
        .with_hint("keep it as tokenizer.json or as ranks")
        .into());
    }
    target.options.ignore_merges = false;
    Ok(())
}

/// The steps around the merges as those of a tokenizer.json, with patterns of one dialect.
pub(super) fn restate_steps(
    target: &mut Definition,
    dialect: Dialect,
    losses: &mut Vec<Loss>,
) -> Result<()> {
    let extra = &target.extra;
    if extra.json.is_some() || extra.json_2.is_some() {
        // A tokenizer.json of any version says them already.
        return patterns::restate(target, dialect);
    }
    sentencepiece::restate_steps(target, losses)?;
    let byte_level = Pretokenizer::ByteLevel {
        add_prefix_space: false,
        trim_offsets: true,
        use_regex: false,
    };
    let has_byte_level = target
        .pretokenizer
        .as_ref()
        .is_some_and(Pretokenizer::has_byte_level);
    if target.atoms == Atoms::Bytes && !has_byte_level {
        let mut steps = patterns::to_tokenizers(target.pretokenizer.as_ref(), dialect)?;
        steps.push(byte_level);
        target.pretokenizer = Some(Pretokenizer::Sequence(steps));
    }
    if target.atoms == Atoms::Bytes && target.decoder.is_none() {
        // As in the published files; all three members are without effect in a decoder.
        target.decoder = Some(Decoder::ByteLevel {
            add_prefix_space: true,
            trim_offsets: true,
            use_regex: true,
        });
    }
    target.added_tokens = distinct_ids(target, losses);
    // Tokens of characters have their texts for names.
    if target.atoms == Atoms::Bytes {
        target.vocab = with_literal_texts(target)?;
        check_texts(target)?;
    }
    patterns::restate(target, dialect)
}

/// The steps with patterns in the spelling that is published for a tokenizer.json, where all of
/// them together are a published pattern.
pub(super) fn publish_steps(target: &mut Definition) {
    let steps = target.pretokenizer.as_ref();
    if let Some(published) = steps.and_then(patterns::published_steps) {
        target.pretokenizer = Some(published);
    }
}

/// Says of pretokens that are tokens what a format implies, where it makes no difference: merges
/// reach every token. Ordinary text has an added token as a pretoken only where it is cut so, but
/// that is not looked into.
pub(super) fn settle_ignore_merges(target: &mut Definition, wanted: bool) {
    if target.options.ignore_merges != wanted && live_pairs::unreachable_tokens(target).is_empty() {
        target.options.ignore_merges = wanted;
    }
}

/// The vocab in which an added token has its text for a name, as tokenizers looks it up, where
/// the byte alphabet would give it another (a space, a letter beyond ASCII). No merge may need it.
fn with_literal_texts(target: &Definition) -> Result<Vocab> {
    let needs_text = |token: &AddedToken| {
        target.vocab.bytes(token.id) == Some(token.content.as_bytes())
            && byte_alphabet::encode(token.content.as_bytes()) != token.content
    };
    let literal: FxHashSet<TokenId> = target
        .added_tokens
        .iter()
        .filter(|token| needs_text(token))
        .map(|t| t.id)
        .collect();
    if literal.is_empty() {
        return Ok(target.vocab.clone());
    }
    if let Merges::Listed(merges) = &target.merges {
        let used = merges
            .iter()
            .flat_map(|merge| [merge.left, merge.right, merge.product]);
        if let Some(id) = used.into_iter().find(|id| literal.contains(id)) {
            return Err(FileError::unsupported(format!(
                "special token id {id} is also a token that merges make; \
                 a tokenizer.json cannot have both under its text"
            ))
            .into());
        }
    }
    let mut builder = VocabBuilder::with_capacity(target.vocab.len(), target.vocab.len() * 8);
    for token in target.vocab.iter() {
        let kind = if literal.contains(&token.id) {
            TokenKind::Literal
        } else {
            token.kind
        };
        builder.push(token.id, token.bytes, kind);
    }
    builder
        .finish()
        .map_err(|_| FileError::data("two tokens have the same text or id").into())
}

/// One text an id, in the order of ids: tokenizer.json cannot give one id to two texts, as
/// tiktoken's `o200k_harmony` does.
fn distinct_ids(source: &Definition, losses: &mut Vec<Loss>) -> Vec<AddedToken> {
    let mut kept: Vec<AddedToken> = Vec::with_capacity(source.added_tokens.len());
    let mut dropped = Vec::new();
    let mut seen = FxHashSet::default();
    for token in &source.added_tokens {
        if seen.insert(token.id) {
            kept.push(token.clone());
        } else {
            dropped.push(format!("`{}` ({})", show_text(&token.content), token.id));
        }
    }
    if !dropped.is_empty() {
        losses.push(Loss::reported(
            LossPart::SecondTexts,
            format!(
                "a second text of one id is left out: {}",
                dropped.join(", ")
            ),
        ));
    }
    kept.sort_by_key(|token| token.id);
    kept
}

/// An added token whose text is the name of another token in the file would get that token's id
/// in tokenizers: the bytes themselves, or the byte alphabet's name for a byte (`é` is 0xE9).
fn check_texts(target: &Definition) -> Result<()> {
    let mut bytes = Vec::new();
    for token in &target.added_tokens {
        bytes.clear();
        if byte_alphabet::decode_into(&token.content, &mut bytes)
            && let Some(id) = target.vocab.id_of(&bytes)
            && id != token.id
        {
            return Err(FileError::unsupported(format!(
                "special token `{}` has id {}, and in a tokenizer.json its text is the name of the \
                 token {} with id {id}",
                show_text(&token.content),
                token.id,
                show_bytes(&bytes)
            ))
            .into());
        }
    }
    Ok(())
}
