//! The `model` member, read as a stream: its two arrays hold millions of bytes and never become
//! JSON values.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::arrays::ListedMerges;
use crate::error::{Error, Result, show_text};
use crate::json::items::{Item, Strings, TokenIds, pass_over};
use crate::json::{Context, StrictValue, given_twice};
use crate::limits::Limits;

/// The model as the file has it: strings, unresolved.
#[derive(Default)]
pub(super) struct RawModel {
    /// All members but the two arrays, whose place holds null.
    pub(super) members: Map<String, Value>,
    /// `vocab`, in the order of the file.
    pub(super) vocab: TokenIds,
    /// The parts of `merges`: two strings a merge.
    pub(super) parts: Strings,
    /// Whether merges are pairs; the first decides.
    pub(super) has_merge_pairs: bool,
    /// Whether `vocab` is an object: arrays belong to Unigram.
    pub(super) has_vocab_object: bool,
    /// Whether the two arrays were taken out of the document before.
    pub(super) is_without_arrays: bool,
    /// The indices of merges that are none (`#version: 0.2`), which a lenient read let pass.
    pub(super) passed_over: Vec<usize>,
}

/// Reads a `model`.
#[derive(Clone, Copy)]
pub(super) struct ModelSeed<'a> {
    pub(super) context: &'a Context,
    pub(super) limits: &'a Limits,
    pub(super) lenient: bool,
    /// `null` stands in the places of the two arrays.
    pub(super) without_arrays: bool,
}

/// A member `model`: the model, or the id of the token `model` in a vocab.json.
pub(super) enum ModelMember {
    Model(Box<RawModel>),
    Number(u64),
}

impl<'de> DeserializeSeed<'de> for ModelSeed<'_> {
    type Value = ModelMember;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ModelMember, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ModelSeed<'_> {
    type Value = ModelMember;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_u64<E>(self, value: u64) -> Result<ModelMember, E> {
        Ok(ModelMember::Number(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<ModelMember, A::Error> {
        let mut model = RawModel {
            is_without_arrays: self.without_arrays,
            ..RawModel::default()
        };
        self.context.deeper(|| {
            while let Some(name) = access.next_key::<String>()? {
                let value = self.context.member(&name, || {
                    if model.members.contains_key(&name) {
                        return Err(self.context.fail(given_twice()));
                    }
                    match name.as_str() {
                        "vocab" | "merges" if self.without_arrays => {
                            access.next_value::<()>().map(|()| Value::Null)
                        }
                        "vocab" => {
                            let seed = VocabSeed {
                                seed: self,
                                model: &mut model,
                            };
                            access.next_value_seed(seed).map(|()| Value::Null)
                        }
                        "merges" => {
                            let seed = MergesSeed {
                                seed: self,
                                model: &mut model,
                            };
                            access.next_value_seed(seed).map(|()| Value::Null)
                        }
                        _ => access.next_value_seed(StrictValue(self.context)),
                    }
                })?;
                model.members.insert(name, value);
            }
            Ok(ModelMember::Model(Box::new(model)))
        })
    }
}

struct VocabSeed<'a, 'm> {
    seed: ModelSeed<'a>,
    model: &'m mut RawModel,
}

impl<'de> DeserializeSeed<'de> for VocabSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for VocabSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of token to id")
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        let Self { seed, model } = self;
        model.has_vocab_object = true;
        model.vocab.read(access, seed.context, seed.limits)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        // Unigram's vocab is a list of pairs; the caller refuses the model by its type.
        pass_over(access)
    }
}

struct MergesSeed<'a, 'm> {
    seed: ModelSeed<'a>,
    model: &'m mut RawModel,
}

impl<'de> DeserializeSeed<'de> for MergesSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for MergesSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of merges")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let Self { seed, model } = self;
        let limit = seed.limits.merge_count;
        let mut index = 0;
        loop {
            let mut fault = None;
            let item = MergeSeed {
                model,
                lenient: seed.lenient,
                index,
                fault: &mut fault,
            };
            if access.next_element_seed(item)?.is_none() {
                return Ok(());
            }
            if let Some(fault) = fault {
                return Err(seed
                    .context
                    .fail(fault.at_json(format!("model.merges[{index}]"))));
            }
            index += 1;
            if index as u64 > limit {
                let error = Error::limit("number of merges", index as u64, limit, "merge_count");
                return Err(seed.context.fail(error));
            }
        }
    }
}

/// Reads one merge; a fault is handed back beside serde, because the index of the merge becomes a
/// path only there.
struct MergeSeed<'m> {
    model: &'m mut RawModel,
    lenient: bool,
    index: usize,
    fault: &'m mut Option<Error>,
}

impl MergeSeed<'_> {
    fn add(self, left: &str, right: &str, is_pair: bool) {
        if self.model.parts.len() == 0 {
            self.model.has_merge_pairs = is_pair;
        }
        if self.model.has_merge_pairs == is_pair {
            self.model.parts.push(left);
            self.model.parts.push(right);
        } else {
            *self.fault = Some(Error::data(
                "strings and pairs are mixed; expected all merges in the form of the first",
            ));
        }
    }

    /// Every string of that beginning is a comment to tokenizers
    /// (`models/bpe/model.rs`, `convert_merges_to_hashmap`).
    fn pass_over_version(self, text: &str) {
        if self.lenient {
            self.model.passed_over.push(self.index);
        } else {
            *self.fault = Some(
                Error::data(format!("`{}` is not a merge", show_text(text)))
                    .with_hint("a lenient read (`--lenient`, `lenient=True`) passes over it, as tokenizers does"),
            );
        }
    }

    fn refuse(self, found: &str) {
        *self.fault = Some(Error::data(format!(
            "found {found}; expected a merge of two tokens"
        )));
    }
}

impl<'de> DeserializeSeed<'de> for MergeSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MergeSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a merge: `\"a b\"` or `[\"a\", \"b\"]`")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if text.starts_with("#version") {
            self.pass_over_version(text);
            return Ok(());
        }
        match text.split_once(' ') {
            Some((left, right))
                if !left.is_empty() && !right.is_empty() && !right.contains(' ') =>
            {
                self.add(left, right, false);
            }
            _ => {
                *self.fault = Some(Error::data(format!(
                    "`{}` is not a merge; expected two tokens with one space between",
                    show_text(text)
                )));
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let left = access.next_element::<Item<'de>>()?;
        let right = access.next_element::<Item<'de>>()?;
        let mut count = usize::from(left.is_some()) + usize::from(right.is_some());
        while access.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        match (left, right) {
            (Some(Item::Text(left)), Some(Item::Text(right))) if count == 2 => {
                if left.is_empty() || right.is_empty() {
                    self.refuse("an empty part");
                } else {
                    self.add(&left, &right, true);
                }
            }
            (Some(left), Some(right)) if count == 2 => {
                let wrong = if matches!(left, Item::Text(_)) {
                    right
                } else {
                    left
                };
                self.refuse(&format!("{} as a part", wrong.shown()));
            }
            _ => self.refuse(&format!(
                "{count} part{}",
                if count == 1 { "" } else { "s" }
            )),
        }
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.refuse(&value.to_string());
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.refuse(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.refuse(&Value::from(value).to_string());
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.refuse(&value.to_string());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.refuse("null");
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while access.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.refuse("an object");
        Ok(())
    }
}

impl ListedMerges for RawModel {
    const VOCAB: &'static str = "model.vocab";

    fn count(&self) -> usize {
        self.parts.len() / 2
    }

    fn parts(&self, index: usize) -> [&str; 2] {
        [self.parts.get(2 * index), self.parts.get(2 * index + 1)]
    }

    fn name(&self, index: usize) -> String {
        let mut place = index;
        for &passed in &self.passed_over {
            if passed > place {
                break;
            }
            place += 1;
        }
        format!("model.merges[{place}]")
    }

    fn fail(&self, index: usize, error: Error) -> Error {
        error.at_json(self.name(index))
    }
}
