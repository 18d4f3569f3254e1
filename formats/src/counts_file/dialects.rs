//! Steps as the JSON of tokenizer.json, with the dialect of each pattern.
//!
//! tokenizer.json knows one dialect and calls a pattern of it `Regex`. A pattern of the other one
//! is put under a name of its own, which a reader of tokenizer.json refuses.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::pipeline::{Dialect, Needle, Normalizer, Pattern, Pretokenizer};
use crate::pipeline_json::{
    read_normalizer, read_pretokenizer, write_normalizer, write_pretokenizer,
};

fn name_of(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Oniguruma => "Regex",
        Dialect::FancyRegex => "FancyRegex",
    }
}

/// A step that may hold patterns.
pub(super) trait Step: Clone + Sized {
    /// Reads it as a member of tokenizer.json.
    fn read(value: &Value, path: &str) -> Result<Self>;
    /// Writes it as a member of tokenizer.json.
    fn write(&self) -> Result<Value>;
    /// Adds its patterns, in the order in which it is written.
    fn patterns<'a>(&'a mut self, found: &mut Vec<&'a mut Pattern>);
}

impl Step for Normalizer {
    fn read(value: &Value, path: &str) -> Result<Self> {
        read_normalizer(value, path)
    }

    fn write(&self) -> Result<Value> {
        write_normalizer(self)
    }

    fn patterns<'a>(&'a mut self, found: &mut Vec<&'a mut Pattern>) {
        match self {
            Self::Replace {
                needle: Needle::Regex(pattern),
                ..
            } => found.push(pattern),
            Self::Sequence(steps) => steps.iter_mut().for_each(|step| step.patterns(found)),
            _ => {}
        }
    }
}

impl Step for Pretokenizer {
    fn read(value: &Value, path: &str) -> Result<Self> {
        read_pretokenizer(value, path)
    }

    fn write(&self) -> Result<Value> {
        write_pretokenizer(self)
    }

    fn patterns<'a>(&'a mut self, found: &mut Vec<&'a mut Pattern>) {
        match self {
            Self::Split {
                needle: Needle::Regex(pattern),
                ..
            } => found.push(pattern),
            Self::Sequence(steps) => steps.iter_mut().for_each(|step| step.patterns(found)),
            _ => {}
        }
    }
}

/// Writes a step, or null for none.
///
/// # Errors
///
/// `Unsupported` for a step that is carried but not known.
pub(super) fn write_step<T: Step>(step: Option<&T>, member: &str) -> Result<Value> {
    let Some(step) = step else {
        return Ok(Value::Null);
    };
    let mut value = step.write().map_err(|error| error.at_json(member))?;
    let mut step = step.clone();
    let mut patterns = Vec::new();
    step.patterns(&mut patterns);
    let mut dialects = patterns.iter().map(|pattern| pattern.dialect);
    each_pattern(&mut value, &mut |object| {
        if let Some(dialect) = dialects.next() {
            rename(object, name_of(Dialect::Oniguruma), name_of(dialect));
        }
    });
    Ok(value)
}

/// Reads a step, of which no member would be lost when it is written again.
///
/// # Errors
///
/// `Data` if it is not one; `Unsupported` if it has a member that is not known.
pub(super) fn read_step<T: Step>(value: &Value, member: &str) -> Result<Option<T>> {
    if value.is_null() {
        return Ok(None);
    }
    let mut plain = value.clone();
    let mut dialects = Vec::new();
    each_pattern(&mut plain, &mut |object| {
        let dialect = if object.contains_key(name_of(Dialect::FancyRegex)) {
            Dialect::FancyRegex
        } else {
            Dialect::Oniguruma
        };
        rename(object, name_of(dialect), name_of(Dialect::Oniguruma));
        dialects.push(dialect);
    });
    let mut step = T::read(&plain, member)?;
    let mut patterns = Vec::new();
    step.patterns(&mut patterns);
    for (pattern, dialect) in patterns.into_iter().zip(dialects) {
        pattern.dialect = dialect;
    }
    if write_step(Some(&step), member)? != *value {
        let fault = "has a member that is not known, or lacks one; expected what is written";
        return Err(Error::unsupported(fault).at_json(member));
    }
    Ok(Some(step))
}

/// Calls `work` with each object that is a pattern: its one member says so.
fn each_pattern(value: &mut Value, work: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_pattern(item, work)),
        Value::Object(members) => {
            let is_pattern = members.len() == 1
                && [Dialect::Oniguruma, Dialect::FancyRegex]
                    .iter()
                    .any(|dialect| members.contains_key(name_of(*dialect)));
            if is_pattern {
                work(members);
            } else {
                let values = members.values_mut();
                values.for_each(|value| each_pattern(value, work));
            }
        }
        _ => {}
    }
}

/// Renames the one member of an object.
fn rename(object: &mut Map<String, Value>, old: &str, new: &str) {
    if let Some(value) = object.remove(old) {
        object.insert(new.to_owned(), value);
    }
}
