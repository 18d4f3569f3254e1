#![doc = include_str!("sentencepiece.md")]

mod message;
mod read;
mod write;

use crate::bundle::Bundle;
use crate::codec::{Carries, Codec, Confidence, FormatInfo, Layout};
use crate::definition::Definition;
use crate::error::Result;
use crate::foreign;
use crate::limits::ReadOptions;
use crate::loss::Loss;

/// The codec of SentencePiece models.
pub struct SentencePiece;

const INFO: FormatInfo = FormatInfo {
    name: "sentencepiece",
    title: "SentencePiece .model, BPE models",
    // `tokenizer.model` is tiktoken's where the name alone decides: what is written under it.
    file_names: &[
        "spiece.model",
        "sentencepiece.model",
        "sentencepiece.bpe.model",
    ],
    layout: Layout::File,
    carries: Carries {
        pattern: false,
        added_tokens: true,
        normalizer: true,
        merges: false,
        post_processor: false,
        roles: true,
        chat_template: false,
    },
    writes: None,
};

impl Codec for SentencePiece {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn sniff(&self, input: &Bundle) -> Confidence {
        if foreign::looks_like_sentencepiece(input.bytes()) {
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

    fn losses(&self, _: &Definition) -> Vec<Loss> {
        Vec::new()
    }

    /// Not for files, as what a model says about its training is not known: the bytes are those of
    /// a pickle.
    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle> {
        Ok(Bundle::new(name, write::write(definition)?))
    }
}
