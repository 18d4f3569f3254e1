//! A definition to a model that is read as the same.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use prost::Message;

use super::message::{
    NORMALIZER_SPEC, NormalizerSpec, PIECES, Piece, TRAINER_SPEC, TrainerSpec, model_type,
    piece_type,
};
use crate::added_token::AddedToken;
use crate::byte_alphabet;
use crate::definition::{Definition, Merges, Role, Score};
use crate::error::{Error, Result};
use crate::limits::{Limits, ReadOptions};
use crate::pipeline::{Decoder, Normalizer};
use crate::vocab::{TokenId, TokenKind};

/// Writes the model.
///
/// # Errors
///
/// `Unsupported` if a model would be read as something else.
pub(super) fn write(definition: &Definition) -> Result<Vec<u8>> {
    let Merges::ByScore(scores) = &definition.merges else {
        return Err(Error::missing(
            "the definition has no scores; the format needs them",
        ));
    };
    let cannot = || Error::unsupported("the tokenizer has what no SentencePiece model says");
    let added: HashMap<TokenId, &AddedToken, RandomState> = definition
        .added_tokens
        .iter()
        .map(|token| (token.id, token))
        .collect();
    let unused: HashSet<TokenId, RandomState> = scores.unused.iter().copied().collect();
    let unknown = definition.options.unk_token.as_deref();
    let mut bytes = Vec::new();
    for (token, score) in definition.vocab.iter().zip(&scores.of_tokens) {
        let text = std::str::from_utf8(token.bytes).map_err(|_| cannot())?;
        let is_byte =
            definition.options.byte_fallback && byte_alphabet::fallback_byte(token.bytes).is_some();
        let kind = match added.get(&token.id) {
            Some(added) if added.is_special => piece_type::CONTROL,
            Some(_) => piece_type::USER_DEFINED,
            None if unused.contains(&token.id) || token.kind == TokenKind::Literal => {
                piece_type::UNUSED
            }
            None if score.is_some() => piece_type::NORMAL,
            None if unknown == Some(text) => piece_type::UNKNOWN,
            None if is_byte => piece_type::BYTE,
            None => return Err(cannot()),
        };
        let piece = Piece {
            piece: Some(text.to_owned()),
            score: Some(score.map_or(0.0, Score::value)),
            r#type: (kind != piece_type::NORMAL).then_some(kind),
        };
        put(PIECES, &piece, &mut bytes);
    }
    let (trainer, normalizer) = specs(definition).ok_or_else(cannot)?;
    put(TRAINER_SPEC, &trainer, &mut bytes);
    put(NORMALIZER_SPEC, &normalizer, &mut bytes);
    let everything = ReadOptions {
        limits: Limits {
            token_count: u64::MAX,
            token_len: u64::MAX,
            added_token_count: u64::MAX,
            ..Limits::default()
        },
        ..ReadOptions::default()
    };
    match super::read::read(&bytes, &everything) {
        Ok(again) if again.says_the_same(definition) => Ok(bytes),
        _ => Err(cannot()),
    }
}

fn specs(definition: &Definition) -> Option<(TrainerSpec, NormalizerSpec)> {
    let Some(Normalizer::SentencePiece(all)) = &definition.normalizer else {
        return None;
    };
    let Some(Decoder::SentencePiece { unknown, .. }) = &definition.decoder else {
        return None;
    };
    let text_of = |role: Role| {
        let bytes = definition.vocab.bytes(*definition.roles.get(&role)?)?;
        Some(std::str::from_utf8(bytes).ok()?.to_owned())
    };
    let trainer = TrainerSpec {
        model_type: Some(model_type::BPE),
        treat_whitespace_as_suffix: Some(all.treat_whitespace_as_suffix),
        byte_fallback: Some(definition.options.byte_fallback),
        unk_surface: Some(unknown.clone()),
        unk_piece: text_of(Role::Unk),
        // No piece has the text of a NUL, which keeps the usual one from being taken.
        bos_piece: text_of(Role::Bos).or_else(|| Some("\0".to_owned())),
        eos_piece: text_of(Role::Eos).or_else(|| Some("\0".to_owned())),
        pad_piece: text_of(Role::Pad).or_else(|| Some("\0".to_owned())),
    };
    let normalizer = NormalizerSpec {
        name: None,
        precompiled_charsmap: all.charsmap.as_ref().map(|map| map.bytes().to_vec()),
        add_dummy_prefix: Some(all.add_dummy_prefix),
        remove_extra_whitespaces: Some(all.remove_extra_whitespaces),
        escape_whitespaces: Some(all.escape_whitespaces),
    };
    Some((trainer, normalizer))
}

/// Appends a field.
fn put(number: u64, message: &impl Message, bytes: &mut Vec<u8>) {
    bytes.push((number << 3 | 2) as u8);
    bytes.extend(message.encode_length_delimited_to_vec());
}
