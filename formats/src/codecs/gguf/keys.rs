//! The keys of a file by name, and those of the tokenizer.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::kv::Entry;
use crate::definition::Role;
use crate::error::{Error, Result, show_text};

pub(super) const MODEL: &str = "tokenizer.ggml.model";
pub(super) const PRE: &str = "tokenizer.ggml.pre";
pub(super) const TOKENS: &str = "tokenizer.ggml.tokens";
pub(super) const TOKEN_TYPE: &str = "tokenizer.ggml.token_type";
pub(super) const SCORES: &str = "tokenizer.ggml.scores";
pub(super) const MERGES: &str = "tokenizer.ggml.merges";
pub(super) const ADD_BOS: &str = "tokenizer.ggml.add_bos_token";
pub(super) const ADD_EOS: &str = "tokenizer.ggml.add_eos_token";
pub(super) const ADD_SPACE_PREFIX: &str = "tokenizer.ggml.add_space_prefix";
pub(super) const CHAT_TEMPLATE: &str = "tokenizer.chat_template";
pub(super) const NAME: &str = "general.name";
pub(super) const ARCHITECTURE: &str = "general.architecture";
/// Says of a file that it is one of several; what is written is whole.
pub(super) const SPLIT: &str = "split.";

/// The key of each role, in the order in which they are written; `seperator` is spelled so in
/// ggml's `constants.py`.
pub(super) const ROLES: &[(Role, &str)] = &[
    (Role::Bos, "tokenizer.ggml.bos_token_id"),
    (Role::Eos, "tokenizer.ggml.eos_token_id"),
    (Role::Eot, "tokenizer.ggml.eot_token_id"),
    (Role::Eom, "tokenizer.ggml.eom_token_id"),
    (Role::Unk, "tokenizer.ggml.unknown_token_id"),
    (Role::Sep, "tokenizer.ggml.seperator_token_id"),
    (Role::Pad, "tokenizer.ggml.padding_token_id"),
    (Role::Cls, "tokenizer.ggml.cls_token_id"),
    (Role::Mask, "tokenizer.ggml.mask_token_id"),
    (Role::FimPrefix, "tokenizer.ggml.fim_pre_token_id"),
    (Role::FimSuffix, "tokenizer.ggml.fim_suf_token_id"),
    (Role::FimMiddle, "tokenizer.ggml.fim_mid_token_id"),
    (Role::FimPad, "tokenizer.ggml.fim_pad_token_id"),
    (Role::FimRepository, "tokenizer.ggml.fim_rep_token_id"),
    (Role::FimSeparator, "tokenizer.ggml.fim_sep_token_id"),
];

/// What some of them were called before.
pub(super) const OLD_ROLES: &[(Role, &str)] = &[
    (Role::FimPrefix, "tokenizer.ggml.prefix_token_id"),
    (Role::FimSuffix, "tokenizer.ggml.suffix_token_id"),
    (Role::FimMiddle, "tokenizer.ggml.middle_token_id"),
];

/// The pairs of a file, by their keys.
pub(super) struct Keys<'a> {
    by_name: HashMap<&'a str, Entry<'a>, RandomState>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(entries: &[Entry<'a>]) -> Result<Self> {
        // Seeded hashes: a file cannot be made to collide.
        let mut by_name = HashMap::default();
        for entry in entries {
            if by_name.insert(entry.key, *entry).is_some() {
                return Err(Error::data("given twice").at_json(show_text(entry.key)));
            }
        }
        Ok(Self { by_name })
    }

    pub(super) fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.by_name.get(key)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>> {
        self.get(key).map(Entry::text).transpose()
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>> {
        self.get(key).map(Entry::flag).transpose()
    }

    pub(super) fn needed(&self, key: &str) -> Result<&Entry<'a>> {
        self.get(key)
            .ok_or_else(|| Error::data("is not there").at_json(key))
    }
}
