//! The tokens of a file: their texts, their types, and which are looked for by their text.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::keys::{self, Keys};
use super::types::{BYTE, Class, Classes, NORMAL};
use crate::added_token::AddedToken;
use crate::byte_alphabet;
use crate::definition::Role;
use crate::error::{Error, Result, show_text};
use crate::limits::Limits;
use crate::vocab::{Duplicate, TokenId, TokenKind, Vocab, VocabBuilder};

/// The tokens as they are in the file.
pub(super) struct Tokens<'a> {
    pub(super) texts: Vec<&'a str>,
    kinds: Option<Vec<i32>>,
}

impl<'a> Tokens<'a> {
    pub(super) fn read(keys: &Keys<'a>, limits: &Limits) -> Result<Self> {
        let strings = keys.needed(keys::TOKENS)?.strings()?;
        let count = strings.total();
        if count > limits.token_count.min(u64::from(u32::MAX)) {
            let limit = limits.token_count;
            return Err(
                Error::limit("number of tokens", count, limit, "token_count").at_json(keys::TOKENS),
            );
        }
        if count == 0 {
            return Err(Error::data("no tokens").at_json(keys::TOKENS));
        }
        let texts: Vec<&str> = strings.collect::<Result<_>>()?;
        let kinds = keys.get(keys::TOKEN_TYPE).map(|entry| {
            let kinds = entry.integers()?;
            check_count(kinds.len(), texts.len(), keys::TOKEN_TYPE)?;
            let kinds: Vec<i32> = kinds.collect();
            let known = |kind: &i32| (0..=BYTE).contains(kind);
            match kinds.iter().position(|kind| !known(kind)) {
                None => Ok(kinds),
                Some(index) => Err(Error::data(format!(
                    "is {}; expected a type from 0 to {BYTE}",
                    kinds[index]
                ))
                .at_json(format!("{}[{index}]", keys::TOKEN_TYPE))),
            }
        });
        Ok(Self {
            texts,
            kinds: kinds.transpose()?,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn kind(&self, index: usize) -> i32 {
        self.kinds.as_ref().map_or(NORMAL, |kinds| kinds[index])
    }

    pub(super) fn byte_level_vocab(
        &self,
        limits: &Limits,
        remarks: &mut Vec<String>,
    ) -> Result<Vocab> {
        let len: usize = self.texts.iter().map(|text| text.len()).sum();
        let mut builder = VocabBuilder::with_capacity(self.len(), len);
        let mut empty_count = 0;
        for (index, text) in self.texts.iter().enumerate() {
            self.check_len(index, limits)?;
            let id = index as TokenId;
            if text.is_empty() {
                empty_count += 1;
                builder.push(id, empty_name(index).as_bytes(), TokenKind::Ordinary);
                continue;
            }
            let is_mapped = builder.push_with(id, TokenKind::Ordinary, |arena| {
                byte_alphabet::decode_into(text, arena)
                    .then_some(())
                    .ok_or(())
            });
            if is_mapped.is_err() {
                builder.push(id, text.as_bytes(), TokenKind::Literal);
            }
        }
        if empty_count > 0 {
            remarks.push(format!(
                "{empty_count} tokens are empty; as in llama.cpp their texts are `[EMPTY_…]` with \
                 their ids"
            ));
        }
        builder
            .finish()
            .map_err(|duplicate| self.duplicate(duplicate))
    }

    pub(super) fn check_len(&self, index: usize, limits: &Limits) -> Result<()> {
        let len = self.texts[index].len() as u64;
        // The vocab keeps lengths in 32 bits.
        let limit = limits.token_len.min(u64::from(u32::MAX));
        if len <= limit {
            return Ok(());
        }
        Err(Error::limit("token, in bytes", len, limit, "token_len").at_json(place(index)))
    }

    pub(super) fn duplicate(&self, duplicate: Duplicate) -> Error {
        let (Duplicate::Id(one) | Duplicate::Token(one, _)) = duplicate;
        let other = match duplicate {
            Duplicate::Id(id) | Duplicate::Token(_, id) => id,
        };
        let text = self.texts.get(one as usize).copied().unwrap_or_default();
        let (first, second) = (one.min(other), one.max(other));
        Error::data(format!(
            "`{}` is also {}",
            show_text(text),
            place(first as usize)
        ))
        .at_json(place(second as usize))
    }

    /// The tokens that are looked for by their text.
    pub(super) fn added(
        &self,
        roles: &BTreeMap<Role, TokenId>,
        vocab: &Vocab,
        keys: &Keys<'_>,
        limits: &Limits,
    ) -> Result<Vec<AddedToken>> {
        let has = |text: &str| {
            vocab.id_of(text.as_bytes()).is_some() || vocab.id_of_literal(text).is_some()
        };
        let spaces = Spaces::read(keys)?;
        let classes = Classes::new(roles, has);
        let mut added = Vec::new();
        for (index, text) in self.texts.iter().enumerate() {
            let class = classes.class(self.kind(index), text);
            if class == Class::Merged || text.is_empty() {
                continue;
            }
            added.push(AddedToken {
                is_special: class == Class::Special,
                lstrip: spaces.takes_before(text),
                rstrip: spaces.takes_behind(text),
                ..AddedToken::special(*text, index as TokenId)
            });
        }
        let count = added.len() as u64;
        if count > limits.added_token_count {
            let limit = limits.added_token_count;
            return Err(
                Error::limit("number of added tokens", count, limit, "added_token_count")
                    .at_json(keys::TOKEN_TYPE),
            );
        }
        Ok(added)
    }
}

/// What to say where a token is looked for in another order than llama.cpp's: it cuts the longest
/// out of all of a text first, here the leftmost is found first. That shows where a shorter one ends
/// as a longer one begins.
pub(super) fn overlap_remark(added: &[AddedToken]) -> Option<String> {
    /// More of them, or longer, are not looked into.
    const COUNT_LIMIT: usize = 10_000;
    const LEN_LIMIT: usize = 64;
    let contents = || {
        let contents = added.iter().map(|token| token.content.as_str());
        contents.filter(|content| content.len() <= LEN_LIMIT)
    };
    if added.len() > COUNT_LIMIT {
        return None;
    }
    // For each start of a token the longest that has it.
    let mut starts: HashMap<&[u8], &str, RandomState> = HashMap::default();
    for content in contents() {
        for len in 1..content.len() {
            let held = starts.entry(&content.as_bytes()[..len]).or_default();
            if content.len() > held.len() {
                *held = content;
            }
        }
    }
    // In a run of one character the longest is the leftmost too.
    let is_run = |text: &str| text.bytes().all(|byte| text.starts_with(char::from(byte)));
    contents().find_map(|shorter| {
        let ends = (1..shorter.len()).map(|at| &shorter.as_bytes()[at..]);
        let mut longer = ends
            .filter_map(|end| starts.get(end))
            .filter(|longer| longer.len() > shorter.len() && !(is_run(longer) && is_run(shorter)));
        let longer = longer.next()?;
        Some(format!(
            "where `{}` and `{}` overlap in a text, llama.cpp makes the longer, here the one that \
             begins first is made",
            show_text(shorter),
            show_text(longer)
        ))
    })
}

/// Which tokens take the white space beside them. No key says it: llama.cpp goes by the names of
/// models (`llama_vocab::impl::load`, "Handle per token attributes").
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spaces {
    None,
    BeforeMask(&'static str),
    BehindAll,
}

impl Spaces {
    fn read(keys: &Keys<'_>) -> Result<Self> {
        let pre = keys.text(keys::PRE)?.unwrap_or_default();
        let architecture = keys.text(keys::ARCHITECTURE)?.unwrap_or_default();
        let name = keys
            .text(keys::NAME)?
            .unwrap_or_default()
            .to_ascii_lowercase();
        let has = |text: &str, parts: &[&str]| parts.iter().any(|part| text.contains(part));
        Ok(
            if has(pre, &["jina-v2-de", "jina-v2-es", "jina-v2-code", "mmbert"])
                || has(architecture, &["nomic-bert-moe", "jina-bert-v3"])
            {
                Self::BeforeMask("<mask>")
            } else if has(&name, &["phi-3", "phi3"]) {
                Self::BehindAll
            } else if has(&name, &["modern-bert"]) {
                Self::BeforeMask("[MASK]")
            } else {
                Self::None
            },
        )
    }

    fn takes_before(self, text: &str) -> bool {
        matches!(self, Self::BeforeMask(mask) if text == mask)
    }

    fn takes_behind(self, text: &str) -> bool {
        self == Self::BehindAll && !["<unk>", "<s>", "<|endoftext|>"].contains(&text)
    }
}

/// What llama.cpp calls a token without text.
fn empty_name(index: usize) -> String {
    format!("[EMPTY_{index}]")
}

pub(super) fn check_count(found: usize, expected: usize, key: &str) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::data(format!("{found} values for {expected} tokens")).at_json(key))
}

pub(super) fn place(index: usize) -> String {
    format!("{}[{index}]", keys::TOKENS)
}
