#![doc = include_str!("hf_dir.md")]

mod settings;
mod write;

use crate::bundle::Bundle;
use crate::codec::{Carries, Codec, Confidence, FormatInfo, Layout, MergeTerms, StepTerms, Terms};
use crate::definition::{Definition, Part, Role};
use crate::error::{Error, Result, show_text};
use crate::extra::HfDirFiles;
use crate::foreign;
use crate::limits::ReadOptions;
use crate::loss::{Loss, LossPart};
use crate::tokenizer_json;

/// The codec of a directory as transformers loads it: tokenizer.json and what stands beside it.
pub struct HfDir;

const INFO: FormatInfo = FormatInfo {
    name: "hf-dir",
    title: "directory of HuggingFace transformers: tokenizer.json and what stands beside it",
    file_names: &[MAIN, CONFIG, SPECIAL_TOKENS, ADDED_TOKENS, TEMPLATE],
    layout: Layout::Directory,
    carries: Carries {
        pattern: true,
        added_tokens: true,
        normalizer: true,
        merges: true,
        post_processor: true,
        roles: true,
        chat_template: true,
    },
    writes: Some(Terms {
        merges: MergeTerms::Listed,
        steps: StepTerms::Steps,
    }),
};

const MAIN: &str = "tokenizer.json";
const CONFIG: &str = "tokenizer_config.json";
const SPECIAL_TOKENS: &str = "special_tokens_map.json";
const ADDED_TOKENS: &str = "added_tokens.json";
const TEMPLATE: &str = "chat_template.jinja";
/// A directory of templates with names of their own.
const TEMPLATES: &str = "additional_chat_templates";

/// The roles that transformers knows, by the names of their members.
const ROLES: &[(&str, Role)] = &[
    ("bos_token", Role::Bos),
    ("cls_token", Role::Cls),
    ("eos_token", Role::Eos),
    ("mask_token", Role::Mask),
    ("pad_token", Role::Pad),
    ("sep_token", Role::Sep),
    ("unk_token", Role::Unk),
];

impl Codec for HfDir {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn companions(&self, _main: &Bundle) -> Vec<String> {
        let mut names = [CONFIG, SPECIAL_TOKENS, ADDED_TOKENS, TEMPLATE]
            .map(str::to_owned)
            .to_vec();
        names.push(format!("{TEMPLATES}/*.jinja"));
        names
    }

    /// A directory is told by its files.
    fn sniff(&self, _input: &Bundle) -> Confidence {
        Confidence::No
    }

    fn read(&self, input: &Bundle, options: &ReadOptions) -> Result<Definition> {
        if let Some(error) = foreign::recognise(input.bytes()) {
            return Err(error);
        }
        let mut definition = tokenizer_json::read(input.bytes(), options)?;
        definition.provenance.format = Some(INFO.name);
        let found = settings::read(input, &definition, options)?;
        definition.roles = found.roles;
        definition.chat_template = found.chat_template;
        definition.added_tokens = found.added_tokens;
        definition.provenance.remarks.extend(found.remarks);
        definition.provenance.warnings.extend(found.warnings);
        let owned = |(name, bytes): (&str, &[u8])| (name.to_owned(), bytes.to_vec());
        definition.extra.hf_dir = Some(HfDirFiles {
            files: input.companions().map(owned).collect(),
            unread: found.unread,
        });
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
        let left_out: Vec<String> = definition
            .roles
            .iter()
            .filter_map(|(role, id)| {
                let is_known = ROLES.iter().any(|(_, known)| known == role);
                match (is_known, definition.added_token(*id)) {
                    (true, Some(_)) => None,
                    // transformers would make an added token of it, and find it in any text.
                    (_, None) => Some(format!(
                        "{} (id {id}, which is no added token)",
                        role.name()
                    )),
                    (false, Some(token)) => {
                        Some(format!("{} (`{}`)", role.name(), show_text(&token.content)))
                    }
                }
            })
            .collect();
        if !left_out.is_empty() {
            losses.push(Loss::reported(
                LossPart::Roles,
                format!("left out: {}", left_out.join(", ")),
            ));
        }
        losses
    }

    fn write(&self, definition: &Definition, _name: &str) -> Result<Bundle> {
        if definition.missing.contains(&Part::Pattern) {
            return Err(Error::missing(
                "the split pattern is not known; the format needs one",
            ));
        }
        let main = tokenizer_json::write(definition)?;
        Ok(write::write(definition, main))
    }
}
