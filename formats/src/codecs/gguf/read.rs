//! The metadata of a file to a definition.

use super::frame::{Frame, read_roles};
use super::keys::Keys;
use super::kv::{self, Entry};
use super::tokens::Tokens;
use super::{INFO, characters, gemma, keys, merges, pre, tokens};
use crate::definition::{Atoms, Definition, Merges, ModelOptions, Part, Provenance};
use crate::error::{Error, Location, Result, show_text};
use crate::extra::{Extra, GgufDocument, GgufEntry};
use crate::limits::ReadOptions;
use crate::pipeline::{Decoder, Pretokenizer};

/// Reads the metadata.
pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Result<Definition> {
    if !kv::is_gguf(bytes) {
        return Err(Error::syntax("does not start with `GGUF` and a version").at(Location::Byte(0)));
    }
    let entries = kv::read(bytes)?;
    let keys = Keys::new(&entries)?;
    let model = keys.text(keys::MODEL)?.ok_or_else(no_tokenizer)?;
    let mut definition = match model {
        "gpt2" => read_byte_level(&keys, options)?,
        "llama" => characters::read(&keys, options)?,
        "gemma4" => gemma::read(&keys, options)?,
        model => return Err(other_model(model)),
    };
    let remark = tokens::overlap_remark(&definition.added_tokens);
    definition.provenance.remarks.extend(remark);
    definition.name = keys.text(keys::NAME)?.map(str::to_owned);
    definition.chat_template = keys.text(keys::CHAT_TEMPLATE)?.map(str::to_owned);
    definition.extra.gguf = Some(document(&entries));
    definition.provenance.format = Some(INFO.name);
    Ok(definition)
}

fn no_tokenizer() -> Error {
    Error::data("is not there; the file holds no tokenizer")
        .at_json(keys::MODEL)
        .with_hint(
            "of a model in several files the first holds it; an adapter or a projector has none",
        )
}

fn other_model(model: &str) -> Error {
    let what = match model {
        "bert" => "WordPiece",
        "t5" => "Unigram",
        "rwkv" => "RWKV's table of words",
        "plamo2" => "PLaMo's table of words",
        "hybriddna" => "BPE with DNA",
        "whitespace" => "words of characters",
        "no_vocab" | "none" => "no tokenizer",
        _ => "a kind that is not known",
    };
    Error::unsupported(format!(
        "is `{}` ({what}); only `gpt2`, `llama` and `gemma4` can be read",
        show_text(model)
    ))
    .at_json(keys::MODEL)
}

/// All pairs in their order, without the arrays that the definition holds.
fn document(entries: &[Entry<'_>]) -> GgufDocument {
    let entries = entries.iter().map(|entry| {
        let is_held = [keys::TOKENS, keys::MERGES].contains(&entry.key);
        GgufEntry {
            key: entry.key.to_owned(),
            kind: entry.kind,
            value: if is_held {
                Vec::new()
            } else {
                entry.value.to_vec()
            },
        }
    });
    GgufDocument {
        entries: entries.collect(),
    }
}

/// `gpt2`: byte-level BPE.
fn read_byte_level(keys: &Keys<'_>, options: &ReadOptions) -> Result<Definition> {
    let mut remarks = Vec::new();
    let split = Split::read(keys, &mut remarks)?;
    let tokens = Tokens::read(keys, &options.limits)?;
    let vocab = tokens.byte_level_vocab(&options.limits, &mut remarks)?;
    let merges_entry = keys.get(keys::MERGES);
    let mut repeated = 0;
    let merges = match merges_entry {
        Some(entry) => merges::read(
            entry.strings()?,
            &vocab,
            Atoms::Bytes,
            options,
            &mut repeated,
        )?,
        // llama.cpp does without them for this one.
        None if split.name == "kimi-k2" => Vec::new(),
        None => return Err(Error::data("is not there").at_json(keys::MERGES)),
    };
    let roles = read_roles(keys, tokens.len())?;
    let added_tokens = tokens.added(&roles, &vocab, keys, &options.limits)?;
    let frame = Frame::read(keys, split.pre.is_some_and(|pre| pre.add_bos), &roles)?;
    let missing_bytes = vocab.missing_bytes().len();
    if missing_bytes > 0 {
        remarks.push(format!(
            "{missing_bytes} of the 256 bytes have no token; llama.cpp leaves them out of a text, \
             here text with them is an error"
        ));
    }
    Ok(Definition {
        name: None,
        vocab,
        atoms: Atoms::Bytes,
        merges: Merges::Listed(merges),
        options: ModelOptions {
            ignore_merges: split.pre.is_some_and(|pre| pre.ignore_merges),
            ..ModelOptions::default()
        },
        added_tokens,
        normalizer: None,
        pretokenizer: split.pre.map(pre::Pre::pretokenizer),
        post_processor: frame.post_processor(&tokens),
        // As in published files; all three members are without effect in a decoder.
        decoder: Some(Decoder::ByteLevel {
            add_prefix_space: true,
            trim_offsets: true,
            use_regex: true,
        }),
        roles,
        chat_template: None,
        missing: match split.pre {
            Some(_) => Vec::new(),
            None => vec![Part::Pattern],
        },
        extra: Extra::default(),
        provenance: Provenance {
            remarks,
            warnings: merges::warnings(repeated),
            ..Provenance::default()
        },
    })
}

/// `tokenizer.ggml.pre`.
struct Split<'a> {
    name: &'a str,
    /// None for a name that is not known.
    pre: Option<&'static pre::Pre>,
}

impl<'a> Split<'a> {
    fn read(keys: &Keys<'a>, remarks: &mut Vec<String>) -> Result<Self> {
        let name = keys.text(keys::PRE)?.filter(|name| !name.is_empty());
        if name.is_none() {
            remarks.push(format!(
                "no key `{}`: llama.cpp takes `{}`, with a warning that it may not be the model's \
                 own",
                keys::PRE,
                pre::DEFAULT
            ));
        }
        let name = name.unwrap_or(pre::DEFAULT);
        if pre::OF_CHARACTERS.contains(&name) {
            return Err(Error::unsupported(format!(
                "is `{name}`, which is for vocabs of characters, not bytes"
            ))
            .at_json(keys::PRE));
        }
        let found = pre::by_name(name);
        if let Some(differs) = found.and_then(|pre| pre.differs) {
            remarks.push(format!(
                "`{name}` cuts text as llama.cpp does, not in all as the model's own tokenizer: \
                 {differs}"
            ));
        }
        Ok(Self { name, pre: found })
    }
}

/// The error for a name of a split that is not known, which `definition` was read with.
pub fn unknown_pre_error(definition: &Definition) -> Error {
    let held = definition.extra.gguf.as_ref().and_then(|document| {
        let entry = document
            .entries
            .iter()
            .find(|entry| entry.key == keys::PRE)?;
        std::str::from_utf8(entry.value.get(8..)?).ok()
    });
    let names: Vec<&str> = pre::names().collect();
    Error::unsupported(format!(
        "is `{}`, and nothing is known of how text is cut under that name",
        show_text(held.unwrap_or_default())
    ))
    .at_json(keys::PRE)
    .with_hint(format!("known are {}", names.join(", ")))
    .with_hint(
        "or give the pattern itself, by name or as a regular expression (`--pattern REGEX`, \
         `pattern=r\"…\"`)",
    )
}

/// The setting that goes with a pretokenizer, where it is one of llama.cpp's.
pub(super) fn pres_of(pretokenizer: Option<&Pretokenizer>) -> Vec<&'static pre::Pre> {
    let Some(stages) = pretokenizer.and_then(pre::stages_of) else {
        return Vec::new();
    };
    let cuts_so = |pre: &&pre::Pre| pre::same_stages(pre.stages, &stages);
    pre::PRES.iter().filter(cuts_so).collect()
}
