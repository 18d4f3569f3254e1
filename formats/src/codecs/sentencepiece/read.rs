//! A model to a definition.

use std::collections::BTreeMap;

use prost::Message;
use sha2::{Digest, Sha256};

use super::message::{
    DENORMALIZER_SPEC, Field, NORMALIZER_SPEC, NormalizerSpec, PIECES, Piece, TRAINER_SPEC,
    TrainerSpec, UNK_SURFACE, for_each_field, model_type, piece_type,
};
use crate::added_token::AddedToken;
use crate::byte_alphabet;
use crate::charsmap::Charsmap;
use crate::definition::{Atoms, Definition, Merges, ModelOptions, Provenance, Role, Score, Scores};
use crate::error::{Error, Location, Result, show_text};
use crate::extra::{Extra, SentencePieceDocument};
use crate::limits::{Limits, ReadOptions};
use crate::pipeline::{Decoder, Normalizer, SentencePieceNormalizer, TextStart};
use crate::vocab::{Duplicate, TokenId, TokenKind, Vocab, VocabBuilder};

/// A piece of so many bytes is refused by SentencePiece (`model_interface.cc`, `kMaxPieceSize`).
const PIECE_LEN_LIMIT: usize = 8000;

/// How many user-defined pieces that start at one place SentencePiece finds, the shortest first
/// (`normalizer.cc`, `PrefixMatch`).
const NESTED_LIMIT: usize = 64;

/// Reads the model.
pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Result<Definition> {
    let parts = Parts::find(bytes, &options.limits)?;
    let trainer: TrainerSpec = message(parts.trainer, "trainer_spec")?;
    check_model_type(trainer.model_type.unwrap_or(model_type::UNIGRAM))?;
    let normalizer: NormalizerSpec = message(parts.normalizer, "normalizer_spec")?;
    let denormalizer: NormalizerSpec = message(parts.denormalizer, "denormalizer_spec")?;
    if !denormalizer.precompiled_charsmap().is_empty() {
        return Err(
            Error::unsupported("rewrites decoded text, which is not supported")
                .at_json("denormalizer_spec.precompiled_charsmap"),
        );
    }
    let byte_fallback = trainer.byte_fallback.unwrap_or(false);
    let mut pieces = Pieces {
        limits: &options.limits,
        byte_fallback,
        builder: VocabBuilder::with_capacity(parts.piece_count, bytes.len()),
        scores: Scores::default(),
        added_tokens: Vec::new(),
        unknown: None,
        bytes: [false; 256],
        says_normal: false,
    };
    let mut held = SentencePieceDocument::default();
    let mut sha256 = Sha256::new();
    for_each_field(bytes, |field| {
        if let (PIECES, Some(content)) = (field.number, field.content) {
            sha256.update(field.whole);
            return pieces.add(content);
        }
        held.fields.extend_from_slice(field.whole);
        Ok(())
    })?;
    held.sha256_of_pieces = sha256.finalize().into();
    pieces.check()?;
    let Pieces {
        builder,
        scores,
        added_tokens,
        unknown,
        says_normal,
        ..
    } = pieces;
    held.says_normal = says_normal;
    let vocab = builder.finish().map_err(given_twice)?;
    Ok(Definition {
        name: None,
        roles: roles(&vocab, &added_tokens, &trainer, unknown.as_ref()),
        vocab,
        atoms: Atoms::Characters,
        merges: Merges::ByScore(scores),
        options: ModelOptions {
            fuse_unk: true,
            unk_token: unknown.map(|(_, text)| text),
            byte_fallback,
            ..ModelOptions::default()
        },
        added_tokens,
        decoder: Some(decoder(&trainer, &normalizer)?),
        normalizer: Some(normalizer_of(&trainer, normalizer)?),
        pretokenizer: None,
        post_processor: None,
        chat_template: None,
        missing: Vec::new(),
        extra: Extra {
            sentencepiece: Some(held),
            ..Extra::default()
        },
        provenance: Provenance {
            format: Some(super::INFO.name),
            ..Provenance::default()
        },
    })
}

/// Where the parts of a model are.
#[derive(Default)]
struct Parts<'a> {
    piece_count: usize,
    trainer: Option<&'a [u8]>,
    normalizer: Option<&'a [u8]>,
    denormalizer: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    fn find(bytes: &'a [u8], limits: &Limits) -> Result<Self> {
        let mut parts = Self::default();
        for_each_field(bytes, |field: Field<'a>| {
            let (place, name) = match field.number {
                PIECES => {
                    parts.piece_count += 1;
                    return need_content(field, "pieces").map(drop);
                }
                TRAINER_SPEC => (&mut parts.trainer, "trainer_spec"),
                NORMALIZER_SPEC => (&mut parts.normalizer, "normalizer_spec"),
                DENORMALIZER_SPEC => (&mut parts.denormalizer, "denormalizer_spec"),
                _ => return Ok(()),
            };
            let content = need_content(field, name)?;
            if place.replace(content).is_some() {
                let error = Error::data(format!("`{name}` is given twice"));
                return Err(error.at(Location::Byte(field.start)));
            }
            Ok(())
        })?;
        // Their defaults would be another tokenizer than that of a file that is cut off.
        for (part, name) in [
            (parts.trainer, "trainer_spec"),
            (parts.normalizer, "normalizer_spec"),
        ] {
            if part.is_none() {
                let error = format!("no `{name}`; expected one, behind the pieces");
                return Err(Error::data(error).at(Location::Byte(bytes.len())));
            }
        }
        // The vocab keeps positions in 32 bits, and no id is the largest number.
        let limit = limits.token_count.min(u64::from(u32::MAX));
        let count = parts.piece_count as u64;
        if count > limit {
            return Err(Error::limit(
                "number of tokens",
                count,
                limit,
                "token_count",
            ));
        }
        if count == 0 {
            return Err(Error::data("no tokens; expected a field `pieces` for each"));
        }
        Ok(parts)
    }
}

fn need_content<'a>(field: Field<'a>, name: &str) -> Result<&'a [u8]> {
    field.content.ok_or_else(|| {
        Error::syntax(format!("`{name}` is a number; expected a message"))
            .at(Location::Byte(field.start))
    })
}

/// The message at that place; without fields where there is none.
fn message<M: Message + Default>(content: Option<&[u8]>, place: impl Into<String>) -> Result<M> {
    M::decode(content.unwrap_or_default()).map_err(|error| {
        // prost says `failed to decode Protobuf message: Piece.piece: what is wrong`.
        let text = error.to_string();
        let rest = text.strip_prefix("failed to decode Protobuf message: ");
        let rest = rest.unwrap_or(&text);
        let mut place = place.into();
        let what = match rest.split_once(": ") {
            Some((field, what)) if !field.contains(' ') => {
                place.extend(field.split('.').skip(1).flat_map(|name| [".", name]));
                what
            }
            _ => rest,
        };
        let what = match what {
            what if what.contains("UTF-8") => "is not UTF-8",
            "buffer underflow" => "the message ends within it",
            other => other,
        };
        Error::syntax(show_text(what)).at_json(place)
    })
}

fn check_model_type(kind: i32) -> Result<()> {
    let name = match kind {
        model_type::BPE => return Ok(()),
        model_type::UNIGRAM => "unigram",
        model_type::WORD => "word",
        model_type::CHAR => "char",
        _ => "",
    };
    let shown = if name.is_empty() {
        kind.to_string()
    } else {
        format!("`{name}`")
    };
    Err(
        Error::unsupported(format!("is {shown}; only `bpe` can be read"))
            .at_json("trainer_spec.model_type"),
    )
}

/// The pieces, one after the other.
struct Pieces<'a> {
    limits: &'a Limits,
    byte_fallback: bool,
    builder: VocabBuilder,
    scores: Scores,
    added_tokens: Vec<AddedToken>,
    /// The unknown token.
    unknown: Option<(TokenId, String)>,
    /// Which bytes have a piece.
    bytes: [bool; 256],
    /// Whether a piece of the usual type says it.
    says_normal: bool,
}

impl Pieces<'_> {
    fn add(&mut self, content: &[u8]) -> Result<()> {
        let id = self.builder.len() as TokenId;
        let place = |member: &str| format!("pieces[{id}]{member}");
        let piece: Piece = message(Some(content), place(""))?;
        let text = piece.piece();
        let fail = |member: &str, what: String| Err(Error::data(what).at_json(place(member)));
        self.check_len(text)
            .map_err(|error| error.at_json(place(".piece")))?;
        let Some(score) = Score::new(piece.score()) else {
            return fail(".score", "is not a number".to_owned());
        };
        let mut kind = piece.r#type.unwrap_or(piece_type::NORMAL);
        if text.contains('\0') {
            // Converters put it there beside `<0x00>` (SentencePiece issue 1308).
            if text != "\0" || !(self.byte_fallback || kind == piece_type::UNUSED) {
                return fail(".piece", format!("`{}` has a NUL", show_text(text)));
            }
            self.builder.push(id, b"\0", TokenKind::Literal);
            self.scores.of_tokens.push(None);
            return Ok(());
        }
        match kind {
            piece_type::NORMAL => self.says_normal |= piece.r#type.is_some(),
            piece_type::UNUSED => {
                self.scores.unused.push(id);
                kind = piece_type::NORMAL;
            }
            piece_type::UNKNOWN => {
                if let Some((earlier, _)) = &self.unknown {
                    let what = format!("is UNKNOWN, and so is pieces[{earlier}]; expected one");
                    return fail(".type", what);
                }
                self.unknown = Some((id, text.to_owned()));
            }
            piece_type::CONTROL | piece_type::USER_DEFINED => {
                let is_special = kind == piece_type::CONTROL;
                self.check_added_count()?;
                self.added_tokens.push(AddedToken {
                    is_special,
                    normalized: !is_special,
                    ..AddedToken::special(text, id)
                });
            }
            piece_type::BYTE => match byte_alphabet::fallback_byte(text.as_bytes()) {
                Some(byte) if self.byte_fallback => self.bytes[usize::from(byte)] = true,
                Some(_) => {
                    let what = "is BYTE, and `trainer_spec.byte_fallback` is off";
                    return fail(".type", what.to_owned());
                }
                None => {
                    let what = format!("`{}` is no byte; expected as `<0x0A>`", show_text(text));
                    return fail(".piece", what);
                }
            },
            other => return fail(".type", format!("is {other}; expected 1 to 6")),
        }
        let is_merged = kind == piece_type::NORMAL;
        self.scores.of_tokens.push(is_merged.then_some(score));
        self.builder.push(id, text.as_bytes(), TokenKind::Ordinary);
        Ok(())
    }

    fn check_len(&self, text: &str) -> Result<()> {
        let len = text.len();
        if text.is_empty() {
            return Err(Error::data("the text is empty"));
        }
        if len as u64 > self.limits.token_len {
            let limit = self.limits.token_len;
            return Err(Error::limit(
                "token, in bytes",
                len as u64,
                limit,
                "token_len",
            ));
        }
        if len >= PIECE_LEN_LIMIT {
            return Err(Error::data(format!(
                "the text has {len} bytes; SentencePiece takes {} at most",
                PIECE_LEN_LIMIT - 1
            )));
        }
        Ok(())
    }

    fn check_added_count(&self) -> Result<()> {
        let limit = self.limits.added_token_count;
        let count = self.added_tokens.len() as u64 + 1;
        if count > limit {
            let what = "number of added tokens";
            return Err(Error::limit(what, count, limit, "added_token_count"));
        }
        Ok(())
    }

    /// What is asked of all pieces together.
    fn check(&self) -> Result<()> {
        if self.byte_fallback {
            let missing = self.bytes.iter().position(|is_there| !is_there);
            if let Some(byte) = missing {
                return Err(Error::data(format!(
                    "no BYTE piece `{}`; expected all 256 as `trainer_spec.byte_fallback` is on",
                    byte_alphabet::fallback_token(byte as u8)
                ))
                .at_json("pieces"));
            }
        } else if self.unknown.is_none() {
            return Err(Error::data(
                "no UNKNOWN piece; expected one, as there is no byte fallback",
            )
            .at_json("pieces"));
        }
        self.check_nesting()
    }

    fn check_nesting(&self) -> Result<()> {
        let plain = self.added_tokens.iter().filter(|token| !token.is_special);
        let mut texts: Vec<&str> = plain.map(|token| token.content.as_str()).collect();
        texts.sort_unstable();
        // In this order each stands behind those that it starts with.
        let mut chain: Vec<&str> = Vec::new();
        for text in texts {
            while chain.last().is_some_and(|last| !text.starts_with(last)) {
                chain.pop();
            }
            chain.push(text);
            if chain.len() > NESTED_LIMIT {
                return Err(Error::unsupported(format!(
                    "`{}` starts with {NESTED_LIMIT} other USER_DEFINED pieces, of which \
                     SentencePiece finds no more at one place",
                    show_text(text)
                ))
                .at_json("pieces"));
            }
        }
        Ok(())
    }
}

fn given_twice(duplicate: Duplicate) -> Error {
    match duplicate {
        Duplicate::Token(one, other) => {
            Error::data(format!("the text is that of pieces[{one}] too"))
                .at_json(format!("pieces[{other}].piece"))
        }
        Duplicate::Id(id) => Error::data("given twice").at_json(format!("pieces[{id}]")),
    }
}

/// The tokens of these names, as far as they are what the name says
/// (`sentencepiece_processor.cc`, `Load`).
fn roles(
    vocab: &Vocab,
    added_tokens: &[AddedToken],
    trainer: &TrainerSpec,
    unknown: Option<&(TokenId, String)>,
) -> BTreeMap<Role, TokenId> {
    let named = [
        (Role::Bos, &trainer.bos_piece, "<s>"),
        (Role::Eos, &trainer.eos_piece, "</s>"),
        (Role::Pad, &trainer.pad_piece, "<pad>"),
    ];
    let mut roles = BTreeMap::new();
    for (role, name, default) in named {
        let name = name.as_deref().filter(|name| !name.is_empty());
        let id = vocab.id_of(name.unwrap_or(default).as_bytes());
        let token = added_tokens.iter().find(|token| Some(token.id) == id);
        if let Some(token) = token.filter(|token| token.is_special) {
            roles.insert(role, token.id);
        }
    }
    roles.extend(unknown.map(|(id, _)| (Role::Unk, *id)));
    roles
}

fn normalizer_of(trainer: &TrainerSpec, spec: NormalizerSpec) -> Result<Normalizer> {
    let charsmap = spec.precompiled_charsmap.filter(|bytes| !bytes.is_empty());
    let charsmap = charsmap
        .map(Charsmap::new)
        .transpose()
        .map_err(|what| Error::data(what).at_json("normalizer_spec.precompiled_charsmap"))?;
    Ok(Normalizer::SentencePiece(SentencePieceNormalizer {
        charsmap,
        add_dummy_prefix: spec.add_dummy_prefix.unwrap_or(true),
        remove_extra_whitespaces: spec.remove_extra_whitespaces.unwrap_or(true),
        escape_whitespaces: spec.escape_whitespaces.unwrap_or(true),
        treat_whitespace_as_suffix: trainer.treat_whitespace_as_suffix.unwrap_or(false),
    }))
}

fn decoder(trainer: &TrainerSpec, spec: &NormalizerSpec) -> Result<Decoder> {
    let start = if spec.remove_extra_whitespaces.unwrap_or(true) {
        TextStart::OneMarkEach
    } else if spec.add_dummy_prefix.unwrap_or(true) {
        TextStart::OneMark
    } else {
        TextStart::Kept
    };
    let unknown = trainer.unk_surface.as_deref().unwrap_or(UNK_SURFACE);
    if unknown.contains('\u{2581}') {
        // Decoding would take it for a space.
        return Err(
            Error::unsupported(format!("`{}` has a mark", show_text(unknown)))
                .at_json("trainer_spec.unk_surface"),
        );
    }
    Ok(Decoder::SentencePiece {
        start,
        unknown: unknown.to_owned(),
    })
}
