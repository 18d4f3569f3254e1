//! Training, and its report.

use std::cell::Cell;

use bpekit::train::{Curve, Source, TrainReport, Trained, Trainer};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::argument;
use crate::core::Core;
use crate::counts::Counts;
use crate::error::python_error;
use crate::train_arguments::{Texts, train_options, trainer};
use crate::watched::watched;

/// Trains; gives the tokenizer and the report.
#[pyfunction]
pub(crate) fn train(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    arguments: &Bound<'_, PyDict>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Core, Report)> {
    let trainer = trainer(arguments)?;
    let nulls = Cell::new(0);
    let mut outcome = match Texts::of(source)? {
        Texts::Text(text) => watched(py, progress, None, |watch| {
            trainer.train(Source::Text(&text), watch)
        }),
        Texts::Files(paths) => watched(py, progress, None, |watch| {
            trainer.train(Source::Files(&paths), watch)
        }),
        Texts::Iterator(texts) => {
            // Before the first text is taken.
            trainer.check().map_err(python_error)?;
            let (feed, handed) = texts.through(trainer.feeder(), &nulls)?;
            watched(py, progress, Some(feed), |watch| {
                trainer.train(Source::Fed(handed), watch)
            })
        }
    }?;
    outcome.report.skipped += nulls.get();
    finished(py, outcome, argument(arguments, "name")?)
}

/// Trains on counts; gives the tokenizer and the report.
#[pyfunction]
pub(crate) fn train_from_counts(
    py: Python<'_>,
    counts: &Bound<'_, Counts>,
    arguments: &Bound<'_, PyDict>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Core, Report)> {
    let counts = counts.get().held()?;
    let options = train_options(arguments)?;
    let mut trainer = Trainer::new(counts.pretokenization().clone(), options);
    trainer.held_out = argument(arguments, "held_out")?;
    let outcome = watched(py, progress, None, |watch| {
        trainer.train_from_counts(&counts, watch)
    })?;
    finished(py, outcome, argument(arguments, "name")?)
}

fn finished(py: Python<'_>, outcome: Trained, name: Option<String>) -> PyResult<(Core, Report)> {
    let mut definition = outcome.definition;
    definition.name = name;
    let tokenizer = py
        .detach(|| bpekit::Tokenizer::from_definition(definition))
        .map_err(python_error)?;
    Ok((tokenizer.into(), Report(outcome.report)))
}

/// What a training did.
#[pyclass(frozen, module = "bpekit._bpekit", name = "TrainReport")]
pub(crate) struct Report(TrainReport);

fn points(curve: &Curve) -> Vec<(u64, f64)> {
    let sizes = curve.first_size..;
    let points = 0..curve.tokens.len();
    sizes.zip(points.map(|point| curve.at(point))).collect()
}

#[pymethods]
impl Report {
    #[getter]
    fn facts(&self) -> (u64, u64, &'static str, u64, u64, u64, u64) {
        let report = &self.0;
        (
            report.asked,
            report.made,
            report.stop.name(),
            report.texts,
            report.text_bytes,
            report.skipped,
            report.pretokens,
        )
    }

    /// Size of the vocab and bytes a token.
    #[getter]
    fn curve(&self) -> Vec<(u64, f64)> {
        points(&self.0.curve)
    }

    #[getter]
    fn held_out(&self) -> Option<Vec<(u64, f64)>> {
        self.0.held_out.as_ref().map(points)
    }

    fn to_svg(&self) -> String {
        self.0.to_svg()
    }

    fn to_json(&self) -> String {
        self.0.to_json().to_string()
    }
}
