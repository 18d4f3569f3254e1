//! `tokenizer.ggml.token_type`, and what llama.cpp makes of it.

use std::collections::BTreeMap;

use crate::definition::Role;
use crate::vocab::TokenId;

pub(super) const NORMAL: i32 = 1;
pub(super) const UNKNOWN: i32 = 2;
pub(super) const CONTROL: i32 = 3;
pub(super) const USER_DEFINED: i32 = 4;
pub(super) const UNUSED: i32 = 5;
pub(super) const BYTE: i32 = 6;

/// What becomes of a token in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It is made by merges alone.
    Merged,
    /// It is looked for by its text, where special tokens are allowed.
    Special,
    /// It is looked for by its text, always.
    Plain,
}

/// Ends of turns, which llama.cpp takes for control tokens whatever the file says
/// (`llama_vocab::impl::load`: "control-looking token").
const ENDS: &[&str] = &[
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|flush|>",
    "<|calls|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "</s>",
    "<|eom_id|>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "<|end_of_text|>",
    "<end_of_utterance>",
    "<eos>",
    "<turn|>",
    "<|tool_response>",
    "<｜end▁of▁sentence｜>",
    "[e~[",
];

/// The same for parts of a text with a gap, where no key of the file says which token it is.
const GAPS: &[(Role, &[&str])] = &[
    (
        Role::FimPrefix,
        &[
            "<|fim_prefix|>",
            "<fim-prefix>",
            "<fim_prefix>",
            "<｜fim▁begin｜>",
            "<PRE>",
            "▁<PRE>",
            "<|code_prefix|>",
            "<|prefix|>",
        ],
    ),
    (
        Role::FimSuffix,
        &[
            "<|fim_suffix|>",
            "<fim-suffix>",
            "<fim_suffix>",
            "<｜fim▁hole｜>",
            "<SUF>",
            "▁<SUF>",
            "<|code_suffix|>",
            "<|suffix|>",
        ],
    ),
    (
        Role::FimMiddle,
        &[
            "<|fim_middle|>",
            "<fim-middle>",
            "<fim_middle>",
            "<｜fim▁end｜>",
            "<MID>",
            "▁<MID>",
            "<|code_middle|>",
            "<|middle|>",
        ],
    ),
    (
        Role::FimPad,
        &["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"],
    ),
    (
        Role::FimRepository,
        &[
            "<|fim_repo|>",
            "<|repo_name|>",
            "<fim-repo>",
            "<REPO>",
            "<reponame>",
        ],
    ),
    (Role::FimSeparator, &["<|file_sep|>"]),
];

/// Parts of gpt-oss's talks, which llama.cpp never takes for special.
const SHOWN: &[&str] = &["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"];

/// How llama.cpp sees the tokens of one file.
pub(super) struct Classes<'a> {
    roles: &'a BTreeMap<Role, TokenId>,
    /// `<|end|>` is not special.
    shows_end: bool,
    /// `</s>` is a token like any other.
    has_plain_s: bool,
}

impl<'a> Classes<'a> {
    /// `has` says whether there is a token of that text.
    pub(super) fn new(roles: &'a BTreeMap<Role, TokenId>, has: impl Fn(&str) -> bool) -> Self {
        let has_call = has("<|call|>") || has("<|calls|>");
        Self {
            roles,
            shows_end: has_call && (has("<|return|>") || has("<|flush|>")),
            has_plain_s: has("<|tool_response>") || has("<|plamo:eos|>"),
        }
    }

    pub(super) fn class(&self, kind: i32, text: &str) -> Class {
        if SHOWN.contains(&text) || (self.shows_end && text == "<|end|>") {
            return Class::Plain;
        }
        if self.has_plain_s && text == "</s>" {
            return Class::Merged;
        }
        let is_gap = || {
            GAPS.iter()
                .any(|(role, texts)| !self.roles.contains_key(role) && texts.contains(&text))
        };
        // None of them is of another kind of text.
        let may_be_forced = text.ends_with(['>', ']', '[']);
        if may_be_forced && (ENDS.contains(&text) || is_gap()) {
            return Class::Special;
        }
        match kind {
            CONTROL | UNKNOWN => Class::Special,
            USER_DEFINED => Class::Plain,
            _ => Class::Merged,
        }
    }

    /// The type to write for a token of that class: the one held, if llama.cpp sees it so.
    pub(super) fn kind(&self, class: Class, text: &str, held: Option<i32>) -> i32 {
        if let Some(held) = held
            && self.class(held, text) == class
        {
            return held;
        }
        match class {
            Class::Merged => NORMAL,
            Class::Special => CONTROL,
            Class::Plain => USER_DEFINED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_before_types() {
        let mut roles = BTreeMap::new();
        let class = |roles: &BTreeMap<Role, TokenId>, kind, text: &str| {
            Classes::new(roles, |_| false).class(kind, text)
        };
        assert_eq!(class(&roles, NORMAL, "a"), Class::Merged);
        assert_eq!(class(&roles, UNUSED, "[PAD7]"), Class::Merged);
        assert_eq!(class(&roles, NORMAL, "<|im_end|>"), Class::Special);
        assert_eq!(
            class(&roles, USER_DEFINED, "<|fim_prefix|>"),
            Class::Special
        );
        assert_eq!(class(&roles, CONTROL, "<|message|>"), Class::Plain);
        roles.insert(Role::FimPrefix, 7);
        assert_eq!(class(&roles, USER_DEFINED, "<|fim_prefix|>"), Class::Plain);
        let harmony = Classes::new(&roles, |text| matches!(text, "<|return|>" | "<|call|>"));
        assert_eq!(harmony.class(CONTROL, "<|end|>"), Class::Plain);
    }

    #[test]
    fn every_text_that_counts_ends_as_is_looked_for() {
        let gaps = GAPS.iter().flat_map(|(_, texts)| texts.iter());
        assert!(
            ENDS.iter()
                .chain(gaps)
                .all(|text| text.ends_with(['>', ']', '[']))
        );
    }
}
