#![doc = include_str!("hf_json.md")]

use crate::bundle::Bundle;
use crate::codec::{Carries, Codec, Confidence, FormatInfo, Layout, MergeTerms, StepTerms, Terms};
use crate::definition::{Definition, Part};
use crate::error::{Error, Result};
use crate::foreign;
use crate::json::start::{self, Document};
use crate::limits::ReadOptions;
use crate::loss::{Loss, LossPart};
use crate::tokenizer_json;

/// The codec of HuggingFace's tokenizer.json, version 1.0, BPE models.
pub struct HfJson;

const INFO: FormatInfo = FormatInfo {
    name: "hf-json",
    title: "HuggingFace tokenizer.json 1.0, BPE models",
    file_names: &["tokenizer.json", ".json"],
    layout: Layout::File,
    carries: Carries {
        pattern: true,
        added_tokens: true,
        normalizer: true,
        merges: true,
        post_processor: true,
        roles: false,
        chat_template: false,
    },
    writes: Some(Terms {
        merges: MergeTerms::Listed,
        steps: StepTerms::Steps,
    }),
};

impl Codec for HfJson {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn sniff(&self, input: &Bundle) -> Confidence {
        match start::document(input.bytes()) {
            Some(Document::Tokenizer) => Confidence::Sure,
            // This codec has the words for what is wrong with it.
            Some(Document::Other) => Confidence::Maybe,
            _ => Confidence::No,
        }
    }

    fn read(&self, input: &Bundle, options: &ReadOptions) -> Result<Definition> {
        let bytes = input.bytes();
        let foreign = foreign::recognise(bytes);
        if let Some(error) = foreign.or_else(|| foreign::recognise_sentencepiece(bytes)) {
            return Err(error);
        }
        let mut definition = tokenizer_json::read(input.bytes(), options)?;
        definition.provenance.format = Some(INFO.name);
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
        losses
    }

    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle> {
        if definition.missing.contains(&Part::Pattern) {
            return Err(Error::missing(
                "the split pattern is not known; the format needs one",
            ));
        }
        Ok(Bundle::new(name, tokenizer_json::write(definition)?))
    }
}
