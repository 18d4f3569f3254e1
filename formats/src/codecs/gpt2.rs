#![doc = include_str!("gpt2.md")]

mod names;
mod read;
mod write;

use crate::bundle::Bundle;
use crate::codec::{Carries, Codec, Confidence, FormatInfo, Layout, MergeTerms, StepTerms, Terms};
use crate::compression;
use crate::definition::Definition;
use crate::error::Result;
use crate::foreign;
use crate::json::start::{self, Document};
use crate::limits::ReadOptions;
use crate::loss::Loss;
use crate::ranks;

/// The codec of GPT-2's vocab.json and merges.txt.
pub struct Gpt2;

const INFO: FormatInfo = FormatInfo {
    name: "gpt2",
    title: "GPT-2's vocab.json and merges.txt, with a sidecar for what they cannot say",
    file_names: &["vocab.json", "encoder.json", ".vocab.json"],
    layout: Layout::File,
    carries: Carries {
        pattern: true,
        added_tokens: true,
        normalizer: true,
        merges: true,
        post_processor: false,
        roles: false,
        chat_template: false,
    },
    writes: Some(Terms {
        merges: MergeTerms::PlainList,
        steps: StepTerms::Pattern,
    }),
};

impl Codec for Gpt2 {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn companions(&self, main: &Bundle) -> Vec<String> {
        names::companions(main.name(), is_vocab(main))
    }

    fn sniff(&self, input: &Bundle) -> Confidence {
        let is_one = match start::document(input.bytes()) {
            Some(document) => document == Document::TokenIds,
            None => read::looks_like_merges(input.bytes()),
        };
        if is_one {
            Confidence::Sure
        } else {
            Confidence::No
        }
    }

    fn read(&self, input: &Bundle, options: &ReadOptions) -> Result<Definition> {
        if let Some(error) = foreign::recognise(input.bytes()) {
            return Err(error);
        }
        read::refuse_clip(input.bytes())?;
        read::read(&names::find(input, is_vocab(input))?, options)
    }

    fn losses(&self, definition: &Definition) -> Vec<Loss> {
        ranks::losses(
            definition,
            "GPT-2's encoder does not normalize; only the sidecar keeps the normalizer",
        )
    }

    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle> {
        write::write(definition, name)
    }
}

/// Whether the main file is the one of the ids: by its content, or, where that is damaged, by its
/// name.
fn is_vocab(main: &Bundle) -> bool {
    let name = compression::strip_suffix(main.name());
    start::document(main.bytes()).is_some()
        || std::path::Path::new(name)
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
}
