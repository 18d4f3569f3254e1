#![doc = include_str!("minbpe.md")]

mod read;
mod write;

use crate::bundle::Bundle;
use crate::codec::{Carries, Codec, Confidence, FormatInfo, Layout, MergeTerms, StepTerms, Terms};
use crate::definition::{Definition, Part};
use crate::error::Result;
use crate::foreign;
use crate::limits::ReadOptions;
use crate::loss::{Loss, LossPart};
use crate::ranks;
use crate::special_tokens;

/// The codec of minbpe's `.model`.
pub struct Minbpe;

const INFO: FormatInfo = FormatInfo {
    name: "minbpe",
    title: "minbpe's .model, with pattern and special tokens",
    file_names: &[".minbpe.model"],
    layout: Layout::File,
    carries: Carries {
        pattern: true,
        added_tokens: true,
        normalizer: false,
        merges: true,
        post_processor: false,
        roles: false,
        chat_template: false,
    },
    writes: Some(Terms {
        merges: MergeTerms::IdOrder,
        steps: StepTerms::Pattern,
    }),
};

/// The first line, less its number.
const VERSION: &str = "minbpe v";

impl Codec for Minbpe {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn sniff(&self, input: &Bundle) -> Confidence {
        if foreign::looks_like_minbpe(input.bytes()) {
            Confidence::Sure
        } else {
            Confidence::No
        }
    }

    fn read(&self, input: &Bundle, options: &ReadOptions) -> Result<Definition> {
        if let Some(error) = foreign::recognise(input.bytes()) {
            return Err(error);
        }
        read::read(input.bytes(), &options.limits)
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
        losses
    }

    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle> {
        write::write(definition, name)
    }
}

/// Python's white space, by which minbpe strips and splits lines.
fn is_python_space(character: char) -> bool {
    character.is_whitespace() || ('\x1c'..='\x1f').contains(&character)
}

/// Whether a pattern has a group that captures.
fn has_capturing_group(pattern: &str) -> bool {
    let mut rest = pattern.chars().peekable();
    let mut in_class = 0_usize;
    while let Some(character) = rest.next() {
        match character {
            '\\' => {
                rest.next();
            }
            '[' => {
                in_class += 1;
                // A bracket that comes first, or behind the circumflex, is one of the class.
                rest.next_if_eq(&'^');
                rest.next_if_eq(&']');
            }
            ']' => in_class = in_class.saturating_sub(1),
            '(' if in_class == 0 => {
                if rest.next_if_eq(&'?').is_none() {
                    return true;
                }
                // `(?P<name>` and `(?<name>` capture, `(?<=` and `(?<!` do not.
                rest.next_if_eq(&'P');
                if rest.next_if_eq(&'<').is_some() && !matches!(rest.peek(), Some('=' | '!')) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_capture_are_seen() {
        for pattern in [
            "(a)",
            r"\p{L}+|(\s)",
            "(?P<x>a)",
            "(?<x>a)",
            "[]](a)",
            "[^]](a)",
        ] {
            assert!(has_capturing_group(pattern), "{pattern}");
        }
        for pattern in [
            "",
            "(?:a)",
            "(?i:'s|'t)",
            r"\(a\)",
            "[(a)]",
            "[](]",
            "(?<=a)b",
            "(?<!a)b",
            r"\s+(?!\S)",
            "(?=a)",
            "(?>a)",
        ] {
            assert!(!has_capturing_group(pattern), "{pattern}");
        }
    }
}
