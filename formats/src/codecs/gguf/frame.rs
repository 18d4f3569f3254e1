//! The tokens that models know by what they are for, and those that are put around a text.

use std::collections::BTreeMap;

use super::keys::{self, Keys};
use super::tokens::Tokens;
use crate::definition::{Definition, Role};
use crate::error::{Error, Result};
use crate::pipeline::{PostProcessor, TemplatePart};
use crate::vocab::TokenId;

pub(super) fn read_roles(keys: &Keys<'_>, count: usize) -> Result<BTreeMap<Role, TokenId>> {
    let mut roles = BTreeMap::new();
    for (role, key) in keys::OLD_ROLES.iter().chain(keys::ROLES) {
        let Some(entry) = keys.get(key) else { continue };
        let id = entry.id()?;
        if id >= count as u64 {
            return Err(
                Error::data(format!("is {id}; the tokens end at {}", count - 1)).at_json(*key),
            );
        }
        roles.insert(*role, id as TokenId);
    }
    Ok(roles)
}

/// The tokens around a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) bos: Option<TokenId>,
    pub(super) eos: Option<TokenId>,
}

impl Frame {
    pub(super) fn read(
        keys: &Keys<'_>,
        adds_bos: bool,
        roles: &BTreeMap<Role, TokenId>,
    ) -> Result<Self> {
        let side = |key: &str, default: bool, role: Role, role_key: &str| {
            if !keys.flag(key)?.unwrap_or(default) {
                return Ok(None);
            }
            match roles.get(&role) {
                Some(id) => Ok(Some(*id)),
                None => Err(Error::data(format!(
                    "a token goes around each text, and there is no key `{role_key}`"
                ))
                .at_json(key)),
            }
        };
        Ok(Self {
            bos: side(keys::ADD_BOS, adds_bos, Role::Bos, keys::ROLES[0].1)?,
            eos: side(keys::ADD_EOS, false, Role::Eos, keys::ROLES[1].1)?,
        })
    }

    /// The token in front alone, wanted whatever a file says.
    pub(super) fn with_bos(roles: &BTreeMap<Role, TokenId>) -> Result<Self> {
        let (role, key) = keys::ROLES[0];
        match roles.get(&role) {
            Some(id) => Ok(Self {
                bos: Some(*id),
                eos: None,
            }),
            None => Err(Error::data("is not there, and goes in front of each text").at_json(key)),
        }
    }

    pub(super) fn post_processor(self, tokens: &Tokens<'_>) -> Option<PostProcessor> {
        if (self.bos, self.eos) == (None, None) {
            return None;
        }
        let token = |id: Option<TokenId>, type_id| {
            id.map(|id| TemplatePart::Special {
                name: tokens.texts[id as usize].to_owned(),
                ids: vec![id],
                type_id,
            })
        };
        let text = |is_second, type_id| TemplatePart::Sequence { is_second, type_id };
        let around = |is_second: bool| {
            let type_id = u32::from(is_second);
            token(self.bos, type_id)
                .into_iter()
                .chain([text(is_second, type_id)])
                .chain(token(self.eos, type_id))
        };
        Some(PostProcessor::Template {
            single: around(false).collect(),
            pair: around(false).chain(around(true)).collect(),
        })
    }
}

/// What a definition needs of the tokens around a text; `None` if that cannot be said.
pub(super) fn frame_of(definition: &Definition) -> Option<Frame> {
    let mut steps = Vec::new();
    if let Some(processor) = &definition.post_processor {
        flatten(processor, &mut steps);
    }
    steps.retain(|step| !matches!(step, PostProcessor::ByteLevel { .. }));
    let frame = match steps.as_slice() {
        [] => Frame {
            bos: None,
            eos: None,
        },
        [PostProcessor::Template { single, .. }] => template_frame(single)?,
        [PostProcessor::ClsSep { cls, sep }] => Frame {
            bos: Some(cls.1),
            eos: Some(sep.1),
        },
        _ => return None,
    };
    let fits = |id: Option<TokenId>, role: Role| {
        let held = definition.roles.get(&role);
        id.is_none_or(|id| {
            u64::from(id) < definition.id_bound() && held.is_none_or(|held| *held == id)
        })
    };
    (fits(frame.bos, Role::Bos) && fits(frame.eos, Role::Eos)).then_some(frame)
}

fn flatten<'p>(step: &'p PostProcessor, steps: &mut Vec<&'p PostProcessor>) {
    match step {
        PostProcessor::Sequence(inner) => inner.iter().for_each(|step| flatten(step, steps)),
        step => steps.push(step),
    }
}

fn template_frame(single: &[TemplatePart]) -> Option<Frame> {
    let is_text = |part: &TemplatePart| {
        matches!(
            part,
            TemplatePart::Sequence {
                is_second: false,
                ..
            }
        )
    };
    let at = single.iter().position(is_text)?;
    let side = |parts: &[TemplatePart]| match parts {
        [] => Some(None),
        [TemplatePart::Special { ids, .. }] => match ids.as_slice() {
            [id] => Some(Some(*id)),
            _ => None,
        },
        _ => None,
    };
    Some(Frame {
        bos: side(&single[..at])?,
        eos: side(&single[at + 1..])?,
    })
}
