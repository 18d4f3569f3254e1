//! A definition to a model that is read as the same.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use prost::Message;
use sha2::{Digest, Sha256};

use super::message::{
    NORMALIZER_SPEC, NormalizerSpec, PIECES, Piece, SELF_TEST_DATA, TRAINER_SPEC, TrainerSpec,
    for_each_field, model_type, piece_type,
};
use super::read::read;
use crate::added_token::AddedToken;
use crate::byte_alphabet;
use crate::definition::{Definition, Merges, Role, Score, Scores};
use crate::error::{Error, Result, show_bytes, show_text};
use crate::limits::{Limits, ReadOptions};
use crate::pipeline::{Decoder, Normalizer};
use crate::special_tokens;
use crate::vocab::{Duplicate, TokenId, TokenKind, Vocab, VocabBuilder};

/// Writes the model. What the file it was read from says beside its pieces stays as it stands there,
/// if the model is read as the definition then.
///
/// # Errors
///
/// `Unsupported` if a model would be read as something else, with the part that would.
pub(super) fn write(definition: &Definition) -> Result<Vec<u8>> {
    let wanted = in_pieces(definition)?;
    let pieces = pieces(&wanted)?;
    if let Some(held) = &wanted.extra.sentencepiece {
        let digest: [u8; 32] = Sha256::digest(&pieces).into();
        let mut bytes = pieces.clone();
        for_each_field(&held.fields, |field| {
            // With other pieces SentencePiece may find that they fail, and refuses the model.
            if field.number != SELF_TEST_DATA || digest == held.sha256_of_pieces {
                bytes.extend_from_slice(field.whole);
            }
            Ok(())
        })?;
        if check(&bytes, &wanted).is_ok() {
            return Ok(bytes);
        }
    }
    let mut bytes = pieces;
    let (trainer, normalizer) = specs(&wanted)?;
    put(TRAINER_SPEC, &trainer, &mut bytes);
    put(NORMALIZER_SPEC, &normalizer, &mut bytes);
    check(&bytes, &wanted)?;
    Ok(bytes)
}

/// The definition with every token in the vocab, and added tokens as a piece can say them.
fn in_pieces(definition: &Definition) -> Result<Definition> {
    let Merges::ByScore(scores) = &definition.merges else {
        return Err(Error::unsupported(
            "a SentencePiece model orders its merges by scores, and the tokenizer has none",
        )
        .with_hint("write hf-json, which lists merges, or hf-dir, gpt2 or gguf"));
    };
    let mut wanted = definition.clone();
    (wanted.added_tokens, _) = special_tokens::by_first_text(&wanted.added_tokens);
    wanted.added_tokens.sort_by_key(|token| token.id);
    for token in &mut wanted.added_tokens {
        *token = AddedToken {
            is_special: token.is_special,
            normalized: !token.is_special,
            ..AddedToken::special(token.content.as_str(), token.id)
        };
    }
    let is_added: HashSet<TokenId, RandomState> =
        wanted.added_tokens.iter().map(|token| token.id).collect();
    let vocab = &definition.vocab;
    let mut tokens: Vec<(TokenId, &[u8], TokenKind, Option<Score>)> = vocab
        .iter()
        .zip(&scores.of_tokens)
        .map(|(token, score)| {
            let score = score.filter(|_| !is_added.contains(&token.id));
            (token.id, token.bytes, token.kind, score)
        })
        .collect();
    for token in &wanted.added_tokens {
        if vocab.bytes(token.id).is_none() {
            let bytes = token.content.as_bytes();
            tokens.push((token.id, bytes, TokenKind::Ordinary, None));
        }
    }
    tokens.sort_unstable_by_key(|(id, ..)| *id);
    for (expected, (id, ..)) in (0..).zip(&tokens) {
        if *id != expected {
            return Err(Error::unsupported(format!(
                "no token has id {expected}, and one has {id}: ids are the places of pieces, \
                 without holes"
            ))
            .with_hint("close the holes: `bpekit edit --compact` (`bpekit.edit.compact`)"));
        }
    }
    let mut builder = VocabBuilder::with_capacity(tokens.len(), tokens.len() * 8);
    let mut of_tokens = Vec::with_capacity(tokens.len());
    for (id, bytes, kind, score) in tokens {
        builder.push(id, bytes, kind);
        of_tokens.push(score);
    }
    let finished: std::result::Result<Vocab, Duplicate> = builder.finish();
    wanted.vocab = finished.map_err(|duplicate| {
        Error::unsupported(match duplicate {
            Duplicate::Token(one, other) => {
                format!("tokens {one} and {other} have one text; a model has one piece of a text")
            }
            Duplicate::Id(id) => format!("id {id} is given twice"),
        })
    })?;
    let unused = scores.unused.iter().copied();
    wanted.merges = Merges::ByScore(Scores {
        of_tokens,
        unused: unused.filter(|id| !is_added.contains(id)).collect(),
    });
    Ok(wanted)
}

/// The pieces, one after the other.
fn pieces(definition: &Definition) -> Result<Vec<u8>> {
    let Merges::ByScore(scores) = &definition.merges else {
        return Ok(Vec::new());
    };
    let added: HashMap<TokenId, &AddedToken, RandomState> = definition
        .added_tokens
        .iter()
        .map(|token| (token.id, token))
        .collect();
    let unused: HashSet<TokenId, RandomState> = scores.unused.iter().copied().collect();
    let unknown = definition.options.unk_token.as_deref();
    let held = definition.extra.sentencepiece.as_ref();
    let says_normal = held.is_some_and(|held| held.says_normal);
    let mut bytes = Vec::new();
    for (token, score) in definition.vocab.iter().zip(&scores.of_tokens) {
        let shown = || show_bytes(token.bytes);
        let text = std::str::from_utf8(token.bytes).map_err(|_| {
            Error::unsupported(format!("the token {} is not UTF-8; expected text", shown()))
        })?;
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
            None => {
                return Err(Error::unsupported(format!(
                    "the token {} has no score, and is no byte, unknown or added token",
                    shown()
                )));
            }
        };
        let piece = Piece {
            piece: Some(text.to_owned()),
            score: Some(score.map_or(0.0, Score::value)),
            r#type: (kind != piece_type::NORMAL || says_normal).then_some(kind),
        };
        put(PIECES, &piece, &mut bytes);
    }
    Ok(bytes)
}

/// What the definition says beside its pieces.
fn specs(definition: &Definition) -> Result<(TrainerSpec, NormalizerSpec)> {
    let Some(Normalizer::SentencePiece(all)) = &definition.normalizer else {
        return Err(other_part("normalizer"));
    };
    let Some(Decoder::SentencePiece { unknown, .. }) = &definition.decoder else {
        return Err(other_part("decoder"));
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
    Ok((trainer, normalizer))
}

/// Whether SentencePiece reads from the bytes what was to be written.
fn check(bytes: &[u8], wanted: &Definition) -> Result<()> {
    let everything = ReadOptions {
        limits: Limits {
            token_count: u64::MAX,
            token_len: u64::MAX,
            added_token_count: u64::MAX,
            ..Limits::default()
        },
        ..ReadOptions::default()
    };
    let again = read(bytes, &everything)?;
    if again.says_the_same(wanted) {
        return Ok(());
    }
    let parts = [
        ("vocab", again.vocab == wanted.vocab),
        ("merges", again.merges == wanted.merges),
        ("options of the model", again.options == wanted.options),
        ("added tokens", again.added_tokens == wanted.added_tokens),
        ("normalizer", again.normalizer == wanted.normalizer),
        ("pretokenizer", again.pretokenizer == wanted.pretokenizer),
        (
            "post-processor",
            again.post_processor == wanted.post_processor,
        ),
        ("decoder", again.decoder == wanted.decoder),
        ("roles", again.roles == wanted.roles),
        ("chat template", again.chat_template == wanted.chat_template),
    ];
    let other = parts.iter().find(|(_, is_same)| !is_same);
    Err(other_part(other.map_or("atoms", |(name, _)| name)))
}

fn other_part(name: &str) -> Error {
    Error::unsupported(format!(
        "no SentencePiece model has this: {}",
        show_text(name)
    ))
}

/// Appends a field.
fn put(number: u64, message: &impl Message, bytes: &mut Vec<u8>) {
    bytes.push((number << 3 | 2) as u8);
    bytes.extend(message.encode_length_delimited_to_vec());
}
