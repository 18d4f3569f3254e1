#![doc = include_str!("tekken.md")]

mod document;
mod read;
mod write;

use crate::bundle::Bundle;
use crate::codec::{Carries, Codec, Confidence, FormatInfo, Layout, MergeTerms, StepTerms, Terms};
use crate::definition::{Definition, Part, Role};
use crate::error::Result;
use crate::foreign;
use crate::json::start::{self, Document};
use crate::limits::ReadOptions;
use crate::loss::{Loss, LossPart};
use crate::ranks;
use crate::special_tokens;

/// The codec of Mistral's tekken.json.
pub struct Tekken;

const INFO: FormatInfo = FormatInfo {
    name: "tekken",
    title: "Mistral's tekken.json, with pattern and special tokens",
    file_names: &["tekken.json", ".tekken.json"],
    layout: Layout::File,
    carries: Carries {
        pattern: true,
        added_tokens: true,
        normalizer: false,
        merges: false,
        post_processor: false,
        roles: true,
        chat_template: false,
    },
    writes: Some(Terms {
        merges: MergeTerms::Ranks,
        steps: StepTerms::Pattern,
    }),
};

/// The special tokens that have a role, by their text (`tekken.py`, `bos_id` and the like).
const ROLES: [(Role, &str); 4] = [
    (Role::Unk, "<unk>"),
    (Role::Bos, "<s>"),
    (Role::Eos, "</s>"),
    (Role::Pad, "<pad>"),
];

impl Codec for Tekken {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn sniff(&self, input: &Bundle) -> Confidence {
        match start::document(input.bytes()) {
            Some(Document::Tekken) => Confidence::Sure,
            _ => Confidence::No,
        }
    }

    fn read(&self, input: &Bundle, options: &ReadOptions) -> Result<Definition> {
        if let Some(error) = foreign::recognise(input.bytes()) {
            return Err(error);
        }
        read::read(input.bytes(), options)
    }

    fn losses(&self, definition: &Definition) -> Vec<Loss> {
        let mut losses = ranks::losses(
            definition,
            "the format has no place for a normalizer; text would be encoded as it is",
        );
        if definition.missing.contains(&Part::Pattern) {
            losses.push(Loss::refused(
                LossPart::Pretokenizer,
                "the pattern is not known",
            ));
        }
        losses.extend(special_tokens::loss_of_second_texts(
            &definition.added_tokens,
        ));
        let other_roles: Vec<&str> = definition
            .roles
            .iter()
            .filter(|(role, id)| !has_role(definition, **role, **id))
            .map(|(role, _)| role.name())
            .collect();
        if !other_roles.is_empty() {
            losses.push(Loss::reported(
                LossPart::Roles,
                format!(
                    "roles go by the texts `<s>`, `</s>`, `<unk>` and `<pad>`; left out: {}",
                    other_roles.join(", ")
                ),
            ));
        }
        losses
    }

    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle> {
        Ok(Bundle::new(name, write::write(definition)?))
    }
}

/// Whether the text of a token gives it that role.
fn has_role(definition: &Definition, role: Role, id: u32) -> bool {
    let text = ROLES.iter().find(|(of, _)| *of == role);
    let token = definition.added_token(id);
    text.zip(token)
        .is_some_and(|((_, text), token)| token.content == *text)
}

/// The text of a special token that the file does not list.
fn filler(id: usize) -> String {
    format!("<SPECIAL_{id}>")
}
