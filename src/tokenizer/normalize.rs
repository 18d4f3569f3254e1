//! Normalizers compiled and run.
//!
//! The Unicode normalization forms are those of tokenizers 0.x, whose tables are of Unicode 9:
//! characters of later versions stay as they are. Newer tables would give other ids than every
//! model with such a tokenizer.json was trained on.
//!
//! `sentencepiece` has what SentencePiece does, `replacements` the maps of characters of its models,
//! which tokenizers uses in another way.

mod replacements;
mod sentencepiece;

use std::borrow::Cow;

use bpekit_formats::{Definition, Normalizer as Spec};
use unicode_normalization_alignments::{
    IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick,
};

use self::replacements::Replacements;
use self::sentencepiece::SentencePiece;
use crate::error::Result;
use crate::pretokenize::Matcher;

/// Rewrites text.
pub(crate) struct Normalizer {
    steps: Vec<Step>,
}

enum Step {
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
    Lowercase,
    Strip { left: bool, right: bool },
    Replace { matcher: Matcher, content: String },
    Prepend(String),
    Precompiled(Box<Replacements>),
    SentencePiece(Box<SentencePiece>),
}

impl Normalizer {
    /// Compiles the steps; `None` changes nothing.
    ///
    /// # Errors
    ///
    /// A file error (unsupported, with the place) for a step that is not known; `Pattern`.
    pub(crate) fn new(spec: Option<&Spec>) -> Result<Self> {
        Self::compiled(spec, &[])
    }

    /// The normalizer of a definition, whose tokens it may have to know.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub(crate) fn of(definition: &Definition) -> Result<Self> {
        let tokens = definition.added_tokens.iter();
        let kept: Vec<&str> = tokens
            .filter(|token| !token.is_special && token.normalized)
            .map(|token| token.content.as_str())
            .collect();
        Self::compiled(definition.normalizer.as_ref(), &kept)
    }

    fn compiled(spec: Option<&Spec>, kept: &[&str]) -> Result<Self> {
        let mut steps = Vec::new();
        if let Some(spec) = spec {
            compile(spec, "normalizer", kept, &mut steps)?;
        }
        Ok(Self { steps })
    }

    /// The normalized text.
    ///
    /// # Errors
    ///
    /// `Pattern` if the pattern of a replacement gives up on the text.
    pub(crate) fn apply<'t>(&self, text: &'t str) -> Result<Cow<'t, str>> {
        let mut text = Cow::Borrowed(text);
        for step in &self.steps {
            if let Some(changed) = step.apply(&text)? {
                text = Cow::Owned(changed);
            }
        }
        Ok(text)
    }

    /// How an added token stands in normalized text.
    ///
    /// # Errors
    ///
    /// As [`Self::apply`].
    pub(crate) fn apply_to_token<'t>(&self, content: &'t str) -> Result<Cow<'t, str>> {
        let keeps_tokens = |step: &Step| matches!(step, Step::SentencePiece(_));
        if self.steps.iter().any(keeps_tokens) {
            return Ok(Cow::Borrowed(content));
        }
        self.apply(content)
    }

    /// Whether every text stays as it is.
    pub(crate) fn changes_nothing(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether the start of this text is cut off.
    pub(crate) fn strips_start_of(&self, text: &str) -> bool {
        text.starts_with(char::is_whitespace)
            && self
                .steps
                .iter()
                .any(|step| matches!(step, Step::Strip { left: true, .. }))
    }
}

impl Step {
    /// The changed text, or none if it stays as it is.
    fn apply(&self, text: &str) -> Result<Option<String>> {
        let is_ascii = text.is_ascii();
        Ok(match self {
            // ASCII is in every normalization form.
            Self::Nfc | Self::Nfd | Self::Nfkc | Self::Nfkd if is_ascii => None,
            Self::Nfc => match is_nfc_quick(text.chars()) {
                IsNormalized::Yes => None,
                _ => Some(characters(text.nfc())),
            },
            Self::Nfd => Some(characters(text.nfd())),
            Self::Nfkc => match is_nfkc_quick(text.chars()) {
                IsNormalized::Yes => None,
                _ => Some(characters(text.nfkc())),
            },
            Self::Nfkd => Some(characters(text.nfkd())),
            // Character by character, without the final sigma of `str::to_lowercase`.
            Self::Lowercase => Some(text.chars().flat_map(char::to_lowercase).collect()),
            Self::Strip { left, right } => {
                let mut rest = text;
                if *left {
                    rest = rest.trim_start();
                }
                if *right {
                    rest = rest.trim_end();
                }
                (rest.len() < text.len()).then(|| rest.to_owned())
            }
            Self::Replace { matcher, content } => matcher.replace_all(text, content)?,
            Self::Prepend(_) if text.is_empty() => None,
            Self::Prepend(prefix) => Some(format!("{prefix}{text}")),
            Self::Precompiled(map) => map.replace_graphemes(text),
            Self::SentencePiece(all) => Some(all.apply(text)),
        })
    }
}

/// The characters of a normalization form, without the alignment that the crate gives with them.
fn characters(normalized: impl Iterator<Item = (char, isize)>) -> String {
    normalized.map(|(character, _)| character).collect()
}

fn compile(spec: &Spec, path: &str, kept: &[&str], steps: &mut Vec<Step>) -> Result<()> {
    if spec.is_neutral() {
        return Ok(());
    }
    let step = match spec {
        Spec::Nfc => Step::Nfc,
        Spec::Nfd => Step::Nfd,
        Spec::Nfkc => Step::Nfkc,
        Spec::Nfkd => Step::Nfkd,
        Spec::Lowercase => Step::Lowercase,
        Spec::Strip { left, right } => Step::Strip {
            left: *left,
            right: *right,
        },
        Spec::Replace { needle, content } => Step::Replace {
            matcher: Matcher::for_replacement(needle)?,
            content: content.clone(),
        },
        Spec::Prepend(text) => Step::Prepend(text.clone()),
        Spec::Precompiled(map) => Step::Precompiled(Box::new(Replacements::new(map))),
        Spec::SentencePiece(all) => Step::SentencePiece(Box::new(SentencePiece::new(all, kept)?)),
        Spec::Sequence(inner) => {
            for (index, spec) in inner.iter().enumerate() {
                compile(spec, &format!("{path}.normalizers[{index}]"), kept, steps)?;
            }
            return Ok(());
        }
        Spec::Other(kind) => return Err(crate::pretokenize::unknown_step(kind, path)),
        _ => return Err(crate::pretokenize::unknown_step("?", path)),
    };
    steps.push(step);
    Ok(())
}
