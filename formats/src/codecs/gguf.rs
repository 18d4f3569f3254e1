#![doc = include_str!("gguf.md")]

mod characters;
mod frame;
mod gemma;
mod keys;
mod kv;
mod merges;
mod pre;
mod read;
mod tokens;
mod types;
mod write;

use crate::bundle::Bundle;
use crate::codec::{
    Carries, Codec, Confidence, Extent, FormatInfo, Layout, MergeTerms, StepTerms, Terms,
};
use crate::definition::{Atoms, Definition, Part};
use crate::error::{Result, show_text};
use crate::foreign;
use crate::limits::ReadOptions;
use crate::loss::{Loss, LossPart};
use crate::pipeline::Decoder;

pub use read::unknown_pre_error;

/// The codec of the tokenizer in a GGUF file.
pub struct Gguf;

const INFO: FormatInfo = FormatInfo {
    name: "gguf",
    title: "llama.cpp's GGUF, the tokenizer in its metadata",
    file_names: &[".gguf"],
    layout: Layout::File,
    carries: Carries {
        pattern: true,
        added_tokens: true,
        normalizer: false,
        merges: true,
        post_processor: true,
        roles: true,
        chat_template: true,
    },
    writes: Some(Terms {
        merges: MergeTerms::Listed,
        steps: StepTerms::NamedSteps,
    }),
};

impl Codec for Gguf {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn extent(&self, start: &[u8]) -> Extent {
        kv::extent(start)
    }

    fn sniff(&self, input: &Bundle) -> Confidence {
        if kv::is_gguf(input.bytes()) {
            Confidence::Sure
        } else {
            Confidence::No
        }
    }

    fn read(&self, input: &Bundle, options: &ReadOptions) -> Result<Definition> {
        if let Some(error) = foreign::recognise(input.bytes()) {
            return Err(error);
        }
        read::read(input.bytes(), options)
    }

    fn implied_ignore_merges(&self, definition: &Definition) -> Option<bool> {
        let mut pres = read::pres_of(definition.pretokenizer.as_ref());
        pres.extend(write::nearest(definition));
        let wanted = definition.options.ignore_merges;
        let has_wanted = pres.iter().any(|pre| pre.ignore_merges == wanted);
        match pres.first() {
            Some(_) if has_wanted => Some(wanted),
            first => first.map(|pre| pre.ignore_merges),
        }
    }

    fn losses(&self, definition: &Definition) -> Vec<Loss> {
        let mut losses = Vec::new();
        if definition.missing.contains(&Part::Pattern) {
            losses.push(Loss::refused(
                LossPart::Pretokenizer,
                "the pattern is not known",
            ));
        }
        if definition.atoms != Atoms::Bytes {
            // Refused when it is written, or as it was read.
            return losses;
        }
        split_loss(definition, &mut losses);
        token_losses(definition, &mut losses);
        let is_neutral = |normalizer: &crate::Normalizer| normalizer.is_neutral();
        if !definition.normalizer.as_ref().is_none_or(is_neutral) {
            losses.push(Loss::refused(
                LossPart::Normalizer,
                "llama.cpp does not normalize text for byte-level tokenizers",
            ));
        }
        if frame::frame_of(definition).is_none() {
            losses.push(Loss::reported(
                LossPart::PostProcessor,
                "tokens put around a text are left to the caller",
            ));
        }
        if !definition.decoder.as_ref().is_none_or(joins_bytes) {
            losses.push(Loss::refused(
                LossPart::Decoder,
                "llama.cpp joins the bytes of the tokens; other steps of the decoder are left out",
            ));
        }
        if definition.options.unk_token.is_some() && !definition.vocab.missing_bytes().is_empty() {
            losses.push(Loss::refused(
                LossPart::UnknownToken,
                "bytes without a token become nothing in llama.cpp",
            ));
        }
        losses
    }

    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle> {
        Ok(Bundle::new(name, write::write(definition)?))
    }
}

/// llama.cpp may have the model's split, and do it otherwise.
fn split_loss(definition: &Definition, losses: &mut Vec<Loss>) {
    if !read::pres_of(definition.pretokenizer.as_ref()).is_empty() {
        return;
    }
    let nearest = write::nearest(definition);
    let first = nearest.first();
    if let Some((pre, differs)) = first.and_then(|pre| Some((pre, pre.differs?))) {
        losses.push(Loss::refused(
            LossPart::Pretokenizer,
            format!(
                "llama.cpp cuts otherwise under the name of this split, `{}`: {differs}",
                pre.names.first().copied().unwrap_or_default()
            ),
        ));
    }
}

fn token_losses(definition: &Definition, losses: &mut Vec<Loss>) {
    let tokens = &definition.added_tokens;
    let flagged: Vec<_> = tokens
        .iter()
        .filter(|token| token.lstrip || token.rstrip || token.single_word)
        .collect();
    if let Some(token) = flagged.first() {
        losses.push(Loss::refused(
            LossPart::AddedTokenFlags,
            format!(
                "{} added tokens have `lstrip`, `rstrip` or `single_word`, the first is `{}`",
                flagged.len(),
                show_text(&token.content)
            ),
        ));
    }
    let (merged, changed) = write::changed_classes(definition);
    if let Some(text) = merged.first() {
        losses.push(Loss::refused(
            LossPart::NonSpecialTokens,
            format!(
                "llama.cpp takes {} tokens for special ones that are none here, the first is `{}`",
                merged.len(),
                show_text(text)
            ),
        ));
    }
    if let Some(text) = changed.first() {
        losses.push(Loss::reported(
            LossPart::NonSpecialTokens,
            format!(
                "llama.cpp decides by itself whether {} of the tokens are special, the first is `{}`",
                changed.len(),
                show_text(text)
            ),
        ));
    }
    let held = definition.vocab.len() as u64;
    let outside = tokens
        .iter()
        .filter(|token| definition.vocab.position(token.id).is_none())
        .count() as u64;
    let holes = definition.id_bound().saturating_sub(held + outside);
    if holes > 0 {
        losses.push(Loss::reported(
            LossPart::UnreachableTokens,
            format!("{holes} ids without a token get one that no text becomes, as `[PAD7]`"),
        ));
    }
}

/// Whether a decoder does no more than llama.cpp, given tokens of bytes.
fn joins_bytes(decoder: &Decoder) -> bool {
    match decoder {
        Decoder::ByteLevel { .. } | Decoder::Fuse => true,
        Decoder::Sequence(steps) => steps.iter().all(joins_bytes),
        _ => false,
    }
}
