#![doc = include_str!("hf_json_2.md")]

mod lower;
mod raise;
mod write;

use serde_json::Value;

use crate::bundle::Bundle;
use crate::codec::{Carries, Codec, Confidence, FormatInfo, Layout, MergeTerms, StepTerms, Terms};
use crate::definition::{Atoms, Definition, Merges, Part, Role};
use crate::error::{Error, Result, show_text};
use crate::foreign;
use crate::json::start::{self, Document};
use crate::limits::ReadOptions;
use crate::loss::{Loss, LossPart};
use crate::pipeline::{Normalizer, Pretokenizer};
use crate::tokenizer_json::{self, Form};

/// The codec of HuggingFace's tokenizer.json, version 2.0, BPE models.
pub struct HfJson2;

const INFO: FormatInfo = FormatInfo {
    name: "hf-json-2",
    title: "HuggingFace tokenizer.json 2.0 (tokenizers 1.0), BPE models",
    // What is called tokenizer.json and is written is of version 1.0, which all can read.
    file_names: &["tokenizer-2.json"],
    layout: Layout::File,
    carries: Carries {
        pattern: true,
        added_tokens: true,
        normalizer: true,
        merges: true,
        post_processor: true,
        roles: true,
        chat_template: false,
    },
    writes: Some(Terms {
        merges: MergeTerms::Listed,
        steps: StepTerms::FancySteps,
    }),
};

const FORM: Form = Form {
    version: "2.0",
    is_default: false,
    read_parts: raise::parts,
    may_rename: true,
};

/// GPT-2's pattern, as a `ByteLevel` of version 1.0 means it and tokenizers 1.0 knows it.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// The roles, by the names of transformers.
const ROLES: &[(&str, Role)] = &[
    ("bos_token", Role::Bos),
    ("cls_token", Role::Cls),
    ("eos_token", Role::Eos),
    ("mask_token", Role::Mask),
    ("pad_token", Role::Pad),
    ("sep_token", Role::Sep),
    ("unk_token", Role::Unk),
];

impl Codec for HfJson2 {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn sniff(&self, input: &Bundle) -> Confidence {
        match start::document(input.bytes()) {
            Some(Document::Tokenizer2) => Confidence::Sure,
            _ => Confidence::No,
        }
    }

    fn read(&self, input: &Bundle, options: &ReadOptions) -> Result<Definition> {
        if let Some(error) = foreign::recognise(input.bytes()) {
            return Err(error);
        }
        let mut definition = tokenizer_json::read_as(&FORM, input.bytes(), options)?;
        definition.provenance.format = Some(INFO.name);
        let document = definition.extra.json.take();
        let has_merges = !matches!(&definition.merges, Merges::Listed(merges) if merges.is_empty());
        let Some(document) = document else {
            return Err(Error::data("no document"));
        };
        if has_merges && !document.has_merge_pairs {
            return Err(
                Error::data("is a string; version 2.0 has pairs").at_json("model.merges[0]")
            );
        }
        if let Some(error) = missing_bytes(&definition).filter(|_| !options.allow_missing_bytes) {
            return Err(error.at_json("model.vocab").with_hint(
                "allow missing bytes (`--allow-missing-bytes`, `allow_missing_bytes=True`) to load \
                 it; text with such a byte is then an error",
            ));
        }
        raise::name_specials(&mut definition)?;
        if let Some(roles) = document.members.get("role_to_token") {
            definition.roles = raise::roles(roles, &definition)?;
        }
        definition.extra.json_2 = Some(document);
        Ok(definition)
    }

    fn losses(&self, definition: &Definition) -> Vec<Loss> {
        let mut losses = Vec::new();
        if definition.missing.contains(&Part::Pattern) {
            losses.push(Loss::refused(
                LossPart::Pretokenizer,
                "the pattern is not known",
            ));
        }
        if definition.pretokenizer.as_ref().is_some_and(puts_space) {
            losses.push(Loss::refused(
                LossPart::Pretokenizer,
                "a space is put before the text, which version 2.0 cannot say",
            ));
        }
        if let Err(error) = lower::post_processor(definition) {
            losses.push(Loss::refused(LossPart::PostProcessor, error.message()));
        }
        if definition.normalizer.as_ref().is_some_and(is_of_unicode) {
            losses.push(Loss::reported(
                LossPart::Normalizer,
                "tokenizers 1.0 normalizes by the tables of Unicode 18; here, and in tokenizers \
                 0.x, they are those of Unicode 9",
            ));
        }
        let left_out: Vec<String> = definition
            .roles
            .iter()
            .filter(|(role, id)| write::role(**role, **id, definition).is_none())
            .map(|(role, id)| format!("{} (id {id})", role.name()))
            .collect();
        if !left_out.is_empty() {
            losses.push(Loss::reported(
                LossPart::Roles,
                format!("left out: {}", left_out.join(", ")),
            ));
        }
        losses
    }

    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle> {
        if definition.missing.contains(&Part::Pattern) {
            return Err(Error::missing(
                "the split pattern is not known; the format needs one",
            ));
        }
        if let Some(error) = missing_bytes(definition) {
            return Err(error.with_hint("keep it as tokenizer.json 1.0"));
        }
        Ok(Bundle::new(name, write::write(definition)?))
    }
}

/// The error for a vocab of bytes without all of them.
fn missing_bytes(definition: &Definition) -> Option<Error> {
    let missing = match definition.atoms {
        Atoms::Bytes => definition.vocab.missing_bytes(),
        Atoms::Characters => Vec::new(),
    };
    let byte = missing.first()?;
    Some(Error::unsupported(format!(
        "{} of the 256 bytes without a token, the first is 0x{byte:02x}; tokenizers 1.0 reads no \
         such file",
        missing.len()
    )))
}

/// Whether a `ByteLevel` puts a space in front.
fn puts_space(step: &Pretokenizer) -> bool {
    match step {
        Pretokenizer::ByteLevel {
            add_prefix_space, ..
        } => *add_prefix_space,
        Pretokenizer::Sequence(steps) => steps.iter().any(puts_space),
        _ => false,
    }
}

fn is_of_unicode(step: &Normalizer) -> bool {
    match step {
        Normalizer::Nfc | Normalizer::Nfd | Normalizer::Nfkc | Normalizer::Nfkd => true,
        Normalizer::Sequence(steps) => steps.iter().any(is_of_unicode),
        _ => false,
    }
}

/// The error for a step that is not said in this version.
fn cannot_say(what: &str) -> Error {
    Error::unsupported(format!("{what}, which version 2.0 cannot say"))
        .with_hint("keep it as tokenizer.json 1.0")
}

/// Null stands for nothing.
fn given(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// The step `kind` in a message.
fn shown(kind: &str) -> String {
    format!("`{}`", show_text(kind))
}
