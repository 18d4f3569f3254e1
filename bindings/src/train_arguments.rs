//! The arguments of a training, and where its texts come from, as Python gives them.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;

use bpekit::formats::Normalizer;
use bpekit::train::{
    ByteOrder, CountOptions, FedTexts, Feeder, FileForm, Invalid, Order, Pretokenization,
    TrainOptions, Trainer,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyIterator};

use crate::arguments::argument;
use crate::core::Core;
use crate::counts::Counts;
use crate::error::python_error;
use crate::watched::Feed;

/// Where texts come from: `("text", str)`, `("files", paths)`, `("texts", iterator)`, or
/// `("rows", iterator)`, whose entries may be None.
pub(crate) enum Texts<'py> {
    Text(PyBackedStr),
    Files(Vec<PathBuf>),
    Iterator(Fed<'py>),
}

/// The texts of an iterator.
pub(crate) struct Fed<'py> {
    texts: Bound<'py, PyIterator>,
    may_be_null: bool,
}

impl<'py> Texts<'py> {
    pub(crate) fn of(source: &Bound<'py, PyAny>) -> PyResult<Self> {
        let (kind, value): (String, Bound<'py, PyAny>) = source.extract()?;
        Ok(match kind.as_str() {
            "text" => Self::Text(value.extract()?),
            "files" => Self::Files(value.extract()?),
            kind => Self::Iterator(Fed {
                texts: value.try_iter()?,
                may_be_null: kind == "rows",
            }),
        })
    }
}

impl<'py> Fed<'py> {
    /// With the way that its texts take; `nulls` counts those that are None.
    pub(crate) fn through<'a>(
        self,
        way: bpekit::Result<(Feeder, FedTexts)>,
        nulls: &'a Cell<u64>,
    ) -> PyResult<(Feed<'a, 'py>, FedTexts)> {
        let (feeder, handed) = way.map_err(python_error)?;
        let feed = Feed {
            texts: self.texts,
            feeder,
            nulls: self.may_be_null.then_some(nulls),
        };
        Ok((feed, handed))
    }
}

pub(crate) fn how(arguments: &Bound<'_, PyDict>) -> PyResult<Pretokenization> {
    let like: Option<Bound<'_, Counts>> = argument(arguments, "like")?;
    if let Some(counts) = like {
        return Ok(counts.get().held()?.pretokenization().clone());
    }
    let base: Option<Bound<'_, Core>> = argument(arguments, "base")?;
    let base = base.as_ref().map(Bound::get);
    let pattern: Option<String> = argument(arguments, "pattern")?;
    let normalizer: Option<Vec<String>> = argument(arguments, "normalizer")?;
    let tokens: Vec<String> = argument(arguments, "special_tokens")?;
    let base = base.map(|base| base.tokenizer.definition());
    let how = match (pattern, base) {
        (Some(pattern), _) => Pretokenization::new(&pattern),
        (None, None) => Pretokenization::new("o200k"),
        (None, Some(base)) => Pretokenization::of_parts(None, base.pretokenizer.clone()),
    };
    let how = match base.and_then(|base| base.normalizer.clone()) {
        None => how,
        normalizer => how.and_then(|how| how.with_normalizer(normalizer)),
    };
    let how = match normalizer {
        None => how,
        Some(names) => {
            let normalizer = normalizer_by_names(&names)?;
            how.and_then(|how| how.with_normalizer(normalizer))
        }
    };
    // Whatever the base finds by its text is no part of the texts between.
    let of_base = base.map_or(&[][..], |base| &base.added_tokens);
    let mut all: Vec<String> = of_base.iter().map(|token| token.content.clone()).collect();
    all.extend(tokens.into_iter().filter(|text| {
        let is_of_base = of_base.iter().any(|token| token.content == *text);
        !is_of_base
    }));
    how.and_then(|how| how.with_special_tokens(all))
        .map_err(python_error)
}

fn normalizer_by_names(names: &[String]) -> PyResult<Option<Normalizer>> {
    let mut steps = names
        .iter()
        .map(|name| {
            Normalizer::by_name(name).ok_or_else(|| {
                PyValueError::new_err(format!(
                    "no normalizer {name:?}; expected nfc, nfd, nfkc, nfkd or lowercase"
                ))
            })
        })
        .collect::<PyResult<Vec<_>>>()?;
    Ok(if steps.len() > 1 {
        Some(Normalizer::Sequence(steps))
    } else {
        steps.pop()
    })
}

pub(crate) fn count_options(arguments: &Bound<'_, PyDict>) -> PyResult<CountOptions> {
    let errors: String = argument(arguments, "errors")?;
    let mut options = CountOptions {
        invalid: Invalid::by_name(&errors).ok_or_else(|| {
            PyValueError::new_err(format!(
                "errors={errors:?}; expected 'strict', 'replace' or 'ignore'"
            ))
        })?,
        max_memory: argument(arguments, "max_memory")?,
        min_count: argument(arguments, "min_count")?,
        ..CountOptions::default()
    };
    if let Some(threads) = argument(arguments, "num_threads")? {
        options.thread_count = threads;
    }
    Ok(options)
}

pub(crate) fn file_form(arguments: &Bound<'_, PyDict>) -> PyResult<Option<FileForm>> {
    let is_lines: bool = argument(arguments, "lines")?;
    let field: Option<String> = argument(arguments, "field")?;
    match (is_lines, field) {
        (true, Some(_)) => Err(PyValueError::new_err(
            "lines=True takes each line for a text, and field= for a JSON object; give one of them",
        )),
        (true, None) => Ok(Some(FileForm::Lines)),
        (false, field) => Ok(field.map(|field| FileForm::JsonLines { field })),
    }
}

pub(crate) fn trainer(arguments: &Bound<'_, PyDict>) -> PyResult<Trainer> {
    let mut trainer = Trainer::new(how(arguments)?, train_options(arguments)?);
    trainer.count = count_options(arguments)?;
    trainer.form = file_form(arguments)?;
    trainer.checkpoint = argument(arguments, "checkpoint")?;
    trainer.resume = argument(arguments, "resume")?;
    trainer.held_out = argument(arguments, "held_out")?;
    Ok(trainer)
}

pub(crate) fn train_options(arguments: &Bound<'_, PyDict>) -> PyResult<TrainOptions> {
    let order: String = argument(arguments, "order")?;
    let byte_order: Option<String> = argument(arguments, "byte_order")?;
    let base: Option<Bound<'_, Core>> = argument(arguments, "base")?;
    Ok(TrainOptions {
        order: Order::by_name(&order).ok_or_else(|| {
            PyValueError::new_err(format!("order={order:?}; expected 'bytes' or 'hf'"))
        })?,
        byte_order: byte_order
            .map(|name| {
                ByteOrder::by_name(&name).ok_or_else(|| {
                    PyValueError::new_err(format!(
                        "byte_order={name:?}; expected 'identity' or 'gpt2'"
                    ))
                })
            })
            .transpose()?,
        min_frequency: argument(arguments, "min_frequency")?,
        max_token_length: argument(arguments, "max_token_length")?,
        base: base.map(|base| Arc::clone(&base.get().tokenizer.definition_arc())),
        ..TrainOptions::new(argument(arguments, "vocab_size")?)
    })
}
