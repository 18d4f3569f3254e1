#![doc = include_str!("tiktoken_plugin.md")]

use crate::bundle::Bundle;
use crate::codec::{Carries, Codec, Confidence, FormatInfo, Layout, MergeTerms, StepTerms, Terms};
use crate::definition::{Definition, Part};
use crate::error::{Error, Result, show_text};
use crate::limits::ReadOptions;
use crate::loss::{Loss, LossPart};
use crate::rank_file;
use crate::ranks;

/// The codec of a directory that pip makes an encoding of tiktoken of.
pub struct TiktokenPlugin;

const INFO: FormatInfo = FormatInfo {
    name: "tiktoken-plugin",
    title: "directory that pip installs as an encoding of tiktoken",
    file_names: &[RANKS, SIDECAR, MODULE, PROJECT],
    layout: Layout::Directory,
    carries: Carries {
        pattern: true,
        added_tokens: true,
        normalizer: false,
        merges: false,
        post_processor: false,
        roles: false,
        chat_template: false,
    },
    writes: Some(Terms {
        merges: MergeTerms::Ranks,
        steps: StepTerms::Pattern,
    }),
};

const RANKS: &str = "plugin.tiktoken";
const SIDECAR: &str = "plugin.tiktoken.json";
const MODULE: &str = "plugin.py";
const PROJECT: &str = "pyproject.toml";

/// The module, which is the same for every encoding.
const MODULE_TEXT: &str = include_str!("tiktoken_plugin/plugin.py");

/// The encodings of tiktoken 0.14 itself (`tiktoken_ext/openai_public.py`), and the module they
/// stand in.
const TAKEN: &[&str] = &[
    "cl100k_base",
    "gpt2",
    "o200k_base",
    "o200k_harmony",
    "openai_public",
    "p50k_base",
    "p50k_edit",
    "r50k_base",
];

impl Codec for TiktokenPlugin {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn companions(&self, _main: &Bundle) -> Vec<String> {
        [SIDECAR, MODULE, PROJECT].map(str::to_owned).to_vec()
    }

    /// A directory is told by its files.
    fn sniff(&self, _input: &Bundle) -> Confidence {
        Confidence::No
    }

    fn read(&self, input: &Bundle, options: &ReadOptions) -> Result<Definition> {
        let mut definition = rank_file::read(input, INFO.name, options)?;
        if let Some(part) = definition.missing.first() {
            let what = match (input.get(SIDECAR), part) {
                (None, _) => "is not there; the pattern and the special tokens stand in it",
                (_, Part::Pattern) => "the pattern is not there",
                (_, Part::SpecialTokens) => "the special tokens are not there",
            };
            return Err(Error::data(what).with_path(SIDECAR).with_format(INFO.name));
        }
        if input.get(MODULE) != Some(MODULE_TEXT.as_bytes()) {
            definition.provenance.remarks.push(format!(
                "`{MODULE}` is not as bpekit writes it, and was not looked at: tiktoken may do \
                 something else"
            ));
        }
        Ok(definition)
    }

    fn losses(&self, definition: &Definition) -> Vec<Loss> {
        let mut losses = ranks::losses(definition, "tiktoken does not normalize");
        if definition.missing.contains(&Part::Pattern) {
            losses.push(Loss::refused(
                LossPart::Pretokenizer,
                "the pattern is not known",
            ));
        }
        losses
    }

    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle> {
        check_name(name)?;
        ranks::pattern_of(definition)?;
        let mut named = definition.clone();
        named.name = Some(name.to_owned());
        named.normalizer = None;
        named.missing.clear();
        let (ranks, sidecar) = rank_file::write(&named)?;
        let sidecar = sidecar.ok_or_else(|| Error::missing("the definition has no pattern"))?;
        let mut bundle = Bundle::in_directory(RANKS, ranks);
        bundle.add(SIDECAR, sidecar);
        bundle.add_part(MODULE, MODULE_TEXT.as_bytes().to_vec());
        bundle.add_part(PROJECT, project(name).into_bytes());
        Ok(bundle)
    }
}

/// Refuses a name that pip, Python or tiktoken would not take.
fn check_name(name: &str) -> Result<()> {
    let hint = "the directory's name is that of the encoding; write to another, as `my_encoding/`";
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.ends_with(|last: char| last.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if !is_plain {
        return Err(Error::unsupported(format!(
            "`{}` is no name for an encoding; expected letters, digits, `_`, `-` and `.`, a letter \
             first and no punctuation last",
            show_text(name)
        ))
        .with_hint(hint));
    }
    if TAKEN.contains(&module_name(name).as_str()) {
        return Err(Error::unsupported(format!(
            "`{name}` is a name of tiktoken's own, which refuses a second one"
        ))
        .with_hint(hint));
    }
    Ok(())
}

/// The module's name in `tiktoken_ext`.
fn module_name(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    name.chars().map(plain).collect()
}

/// What pip builds by. The name has no character that TOML escapes.
fn project(name: &str) -> String {
    let module = module_name(name);
    format!(
        r#"[build-system]
requires = ["hatchling>=1.19"]
build-backend = "hatchling.build"

[project]
name = "tiktoken-{name}"
version = "0.1.0"
description = "The encoding {name} for tiktoken"
requires-python = ">=3.8"
dependencies = ["tiktoken"]

[tool.hatch.build.targets.wheel]
bypass-selection = true

[tool.hatch.build.targets.wheel.force-include]
"{MODULE}" = "tiktoken_ext/{module}.py"
"{RANKS}" = "tiktoken_ext/{module}.tiktoken"
"{SIDECAR}" = "tiktoken_ext/{module}.tiktoken.json"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_can_be_installed() {
        for name in ["mine", "my-encoding.v2", "A_1"] {
            check_name(name).unwrap();
        }
        for name in [
            "",
            ".",
            "1a",
            "a b",
            "größer",
            "a-",
            "_a",
            "a/b",
            "cl100k_base",
            "O200k-base",
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert_eq!(module_name("My-enc.v2"), "my_enc_v2");
    }
}
