#![doc = include_str!("sentencepiece.md")]

mod message;
mod read;
mod write;

use crate::added_token::AddedToken;
use crate::bundle::Bundle;
use crate::codec::{Carries, Codec, Confidence, FormatInfo, Layout, MergeTerms, StepTerms, Terms};
use crate::definition::Definition;
use crate::error::{Result, show_text};
use crate::foreign;
use crate::limits::ReadOptions;
use crate::loss::{Loss, LossPart};
use crate::special_tokens;

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
    writes: Some(Terms {
        merges: MergeTerms::Scores,
        steps: StepTerms::Own,
    }),
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

    fn losses(&self, definition: &Definition) -> Vec<Loss> {
        let mut losses = Vec::new();
        let has_flags = |token: &AddedToken| token.single_word || token.lstrip || token.rstrip;
        if let Some(token) = definition
            .added_tokens
            .iter()
            .find(|token| has_flags(token))
        {
            losses.push(Loss::refused(
                LossPart::AddedTokenFlags,
                format!(
                    "`lstrip`, `rstrip` and `single_word`, as `{}` has them: a piece has no flags",
                    show_text(&token.content)
                ),
            ));
        }
        losses.extend(special_tokens::loss_of_second_texts(
            &definition.added_tokens,
        ));
        losses
    }

    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle> {
        Ok(Bundle::new(name, write::write(definition)?))
    }
}
