//! `Core`: a tokenizer of the engine, with methods that take and give plain data.

use std::collections::HashSet;
use std::path::PathBuf;

use arrow_array::types::{UInt16Type, UInt32Type};
use bpekit::formats::{Duplicate, TokenKind, VocabBuilder};
use bpekit::report::{LabelledText, Report, ReportOptions};
use bpekit::show::{Shown, TerminalOptions};
use bpekit::{Special, Tokenizer, find};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyDict, PyDictMethods, PyList, PyString};

use crate::arguments::{LoadArguments, Policy, convert_options};
use crate::array::Array;
use crate::arrow::{self, ArrowArray};
use crate::arrow_texts::Texts;
use crate::batch::{flat_in_parts, in_parts, released};
use crate::encode_file::{Facts, encode_file};
use crate::error::{python_error, unknown_id};
use crate::facts;
use crate::files::report_dict;
use crate::ids::Ids;
use crate::list::Integers;
use crate::state::{self, State};
use crate::stream::Stream;
use crate::text;
use crate::work::framed;

/// A tokenizer. Nothing changes after it is made, so that threads share it freely.
#[pyclass(frozen, module = "bpekit._bpekit")]
pub(crate) struct Core {
    pub(crate) tokenizer: Tokenizer,
    pub(crate) integers: Integers,
}

impl From<Tokenizer> for Core {
    fn from(tokenizer: Tokenizer) -> Self {
        Self {
            integers: Integers::new(tokenizer.n_vocab()),
            tokenizer,
        }
    }
}

#[pymethods]
impl Core {
    /// Of tiktoken's arguments.
    #[staticmethod]
    fn from_ranks(
        py: Python<'_>,
        name: String,
        pattern: String,
        mergeable_ranks: &Bound<'_, PyDict>,
        special_tokens: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        let mut builder =
            VocabBuilder::with_capacity(mergeable_ranks.len(), mergeable_ranks.len() * 8);
        for (token, rank) in mergeable_ranks.iter() {
            let token = token.cast::<PyBytes>()?.as_bytes();
            let rank: u32 = rank.extract()?;
            if rank == u32::MAX || u32::try_from(token.len()).is_err() {
                return Err(PyValueError::new_err(format!(
                    "rank {rank} or its token is too large"
                )));
            }
            builder.push(rank, token, TokenKind::Ordinary);
        }
        let special_tokens = crate::arguments::special_tokens(special_tokens)?;
        py.detach(|| {
            // The keys of a dictionary are distinct, so that only a rank can be there twice.
            let vocab = builder.finish().map_err(|duplicate| {
                bpekit::Error::argument(match duplicate {
                    Duplicate::Id(rank) => format!("two tokens have the rank {rank}"),
                    Duplicate::Token(one, other) => {
                        format!("the tokens of ranks {one} and {other} are the same")
                    }
                })
            })?;
            Tokenizer::from_definition(state::of_ranks(name, pattern, vocab, special_tokens))
        })
        .map(Self::from)
        .map_err(python_error)
    }

    /// Of a file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf, arguments: LoadArguments) -> PyResult<Self> {
        let options = arguments.0;
        py.detach(|| Tokenizer::load(&path, &options))
            .map(Self::from)
            .map_err(python_error)
    }

    /// Of the bytes of a file.
    #[staticmethod]
    fn loads(
        py: Python<'_>,
        data: Vec<u8>,
        file_name: &str,
        arguments: LoadArguments,
    ) -> PyResult<Self> {
        let options = arguments.0;
        py.detach(|| Tokenizer::from_bytes(file_name, data, &options))
            .map(Self::from)
            .map_err(python_error)
    }

    /// Of a name; `packages` are folders of installed packages.
    #[staticmethod]
    fn named(
        py: Python<'_>,
        name: &str,
        folder: Option<PathBuf>,
        packages: Vec<PathBuf>,
    ) -> PyResult<Self> {
        let places = find::Places {
            folder,
            packages,
            ..find::Places::of_environment()
        };
        py.detach(|| Tokenizer::named(name, &places))
            .map(Self::from)
            .map_err(python_error)
    }

    /// The small tokenizer that ships with the package.
    #[staticmethod]
    fn demo() -> PyResult<Self> {
        Tokenizer::demo().map(Self::from).map_err(python_error)
    }

    /// What `state` gave.
    #[staticmethod]
    fn restore(py: Python<'_>, state: State) -> PyResult<Self> {
        py.detach(|| state::restored(state))
            .map(Self::from)
            .map_err(python_error)
    }

    /// The tokenizer as plain data.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (format, origin, name, bytes, companions, special_tokens) = py
            .detach(|| state::of(&self.tokenizer))
            .map_err(python_error)?;
        let companions: Vec<_> = companions
            .into_iter()
            .map(|(name, bytes)| (name, PyBytes::new(py, &bytes)))
            .collect();
        let bytes = PyBytes::new(py, &bytes);
        (format, origin, name, bytes, companions, special_tokens)
            .into_pyobject(py)
            .map(Bound::into_any)
    }

    fn save<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        format: Option<String>,
        allow_loss: Vec<String>,
        string_merges: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let options = convert_options(format, &allow_loss, string_merges)?;
        let report = py
            .detach(|| bpekit::convert::save(&self.tokenizer, &path, &options))
            .map_err(python_error)?;
        report_dict(py, &report)
    }

    /// What a reader of a format gets.
    fn restated(&self, py: Python<'_>, format: String, allow_loss: Vec<String>) -> PyResult<Self> {
        let options = convert_options(Some(format), &allow_loss, false)?;
        py.detach(|| bpekit::convert::restated(&self.tokenizer, &options))
            .map(Self::from)
            .map_err(python_error)
    }

    /// The bytes of the main file of a format.
    fn dumps<'py>(
        &self,
        py: Python<'py>,
        format: String,
        allow_loss: Vec<String>,
        string_merges: bool,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let options = convert_options(Some(format), &allow_loss, string_merges)?;
        let (bundle, _) = py
            .detach(|| bpekit::convert::to_bundle(&self.tokenizer, "tokenizer", &options))
            .map_err(python_error)?;
        if bundle.is_directory() {
            let error = bpekit::formats::Error::unsupported(
                "a tokenizer of this format is a directory, which are several files",
            );
            return Err(python_error(error.with_hint("save it").into()));
        }
        Ok(PyBytes::new(py, bundle.bytes()))
    }

    // Encoding. The defaults are in Python, so that all arguments are by position here.

    fn encode_ordinary<'py>(&self, py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyList>> {
        self.listed(py, text, &Special::ordinary(), false)
    }

    fn encode<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
        frame: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let policy = Policy::new(allowed, disallowed);
        self.listed(py, text, &policy.special(), frame)
    }

    /// `encode` with no special token allowed and all refused, the default, without arguments to
    /// convert.
    fn encode_refusing<'py>(&self, py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyList>> {
        self.listed(py, text, &Special::refused(), false)
    }

    /// The ids as a read-only array of numpy.
    fn encode_to_numpy<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        threads: usize,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
        frame: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let policy = Policy::new(allowed, disallowed);
        self.array_of(py, text, &policy.special(), frame, threads)
    }

    /// As `encode_refusing`.
    fn encode_refusing_to_numpy<'py>(
        &self,
        py: Python<'py>,
        text: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.array_of(py, text, &Special::refused(), false, 1)
    }

    /// As `encode_ordinary`.
    fn encode_ordinary_to_numpy<'py>(
        &self,
        py: Python<'py>,
        text: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.array_of(py, text, &Special::ordinary(), false, 1)
    }

    /// The ids of all texts and where those of each start, as arrays; ids of 16 bits if `is_short`.
    #[expect(clippy::too_many_arguments, reason = "they are Python's")]
    fn encode_flat(
        &self,
        py: Python<'_>,
        texts: Vec<PyBackedStr>,
        threads: usize,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
        frame: bool,
        is_short: bool,
    ) -> PyResult<(Array, Array)> {
        let policy = Policy::new(allowed, disallowed);
        let special = policy.special();
        if is_short {
            flat_in_parts::<u16>(py, &self.tokenizer, &texts, &special, frame, threads)
                .map(|flat| (flat.ids.into(), flat.offsets.into()))
        } else {
            flat_in_parts::<u32>(py, &self.tokenizer, &texts, &special, frame, threads)
                .map(|flat| (flat.ids.into(), flat.offsets.into()))
        }
    }

    /// The ids of the texts in an Arrow array, a stream of them, or a table of one column.
    #[expect(clippy::too_many_arguments, reason = "they are Python's")]
    fn encode_arrow(
        &self,
        py: Python<'_>,
        texts: &Bound<'_, PyAny>,
        threads: usize,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
        frame: bool,
        is_short: bool,
    ) -> PyResult<ArrowArray> {
        let arrays = arrow::arrays_of(texts)?;
        let texts = Texts::of(&arrays)?;
        let policy = Policy::new(allowed, disallowed);
        let special = policy.special();
        let (tokenizer, held) = (&self.tokenizer, &texts.held);
        if is_short {
            let flat = flat_in_parts::<u16>(py, tokenizer, held, &special, frame, threads)?;
            texts.lists::<UInt16Type>(flat.ids, &flat.offsets)
        } else {
            let flat = flat_in_parts::<u32>(py, tokenizer, held, &special, frame, threads)?;
            texts.lists::<UInt32Type>(flat.ids, &flat.offsets)
        }
    }

    /// Whole files, into a file or an array.
    fn encode_file(
        &self,
        py: Python<'_>,
        paths: Vec<PathBuf>,
        arguments: &Bound<'_, PyDict>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<(Option<Array>, Facts)> {
        encode_file(py, &self.tokenizer, &paths, arguments, progress)
    }

    fn count_batch(
        &self,
        py: Python<'_>,
        texts: Vec<PyBackedStr>,
        threads: usize,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
        frame: bool,
    ) -> PyResult<Vec<usize>> {
        let policy = Policy::new(allowed, disallowed);
        let special = policy.special();
        let around = self.frame_len(frame);
        in_parts(
            py,
            &texts,
            threads,
            |text| text.len(),
            |part| self.tokenizer.count_batch(part, &special, threads),
            |count| Ok(count + around),
        )
    }

    fn count(
        &self,
        py: Python<'_>,
        text: &str,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
        frame: bool,
    ) -> PyResult<usize> {
        let policy = Policy::new(allowed, disallowed);
        let around = self.frame_len(frame);
        let special = policy.special();
        let count = released(py, text.len(), || self.tokenizer.count(text, &special))?;
        Ok(count + around)
    }

    /// As `encode_refusing`.
    fn count_refusing(&self, py: Python<'_>, text: &str) -> PyResult<usize> {
        let special = Special::refused();
        released(py, text.len(), || self.tokenizer.count(text, &special))
    }

    fn count_till_limit(
        &self,
        py: Python<'_>,
        text: &str,
        limit: usize,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
        frame: bool,
    ) -> PyResult<Option<usize>> {
        let policy = Policy::new(allowed, disallowed);
        let special = policy.special();
        let around = self.frame_len(frame);
        let room = limit.checked_sub(around);
        let count = released(py, text.len(), || {
            let tokenizer = &self.tokenizer;
            tokenizer.count_till_limit(text, &special, room.unwrap_or(0))
        })?;
        Ok(room.and(count).map(|count| count + around))
    }

    /// The ids, and how many characters of the text they stand for.
    fn truncate<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        limit: usize,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
        frame: bool,
    ) -> PyResult<(Bound<'py, PyList>, usize)> {
        let policy = Policy::new(allowed, disallowed);
        let special = policy.special();
        let around = self.frame_len(frame);
        let Some(room) = limit.checked_sub(around) else {
            return Err(PyValueError::new_err(format!(
                "limit is {limit}, which the {around} special tokens around a text exceed"
            )));
        };
        let (ids, count) = released(py, text.len(), || {
            let (ids, len) = self.tokenizer.truncate(text, &special, room)?;
            let covered = text.get(..len).unwrap_or(text);
            let ids = framed(&self.tokenizer, ids, frame);
            Ok((ids, covered.chars().count()))
        })?;
        Ok((self.integers.list(py, &ids)?, count))
    }

    fn encode_batch<'py>(
        &self,
        py: Python<'py>,
        texts: Vec<PyBackedStr>,
        threads: usize,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
        frame: bool,
    ) -> PyResult<Vec<Bound<'py, PyList>>> {
        let policy = Policy::new(allowed, disallowed);
        let special = policy.special();
        in_parts(
            py,
            &texts,
            threads,
            |text| text.len(),
            |part| self.tokenizer.encode_batch(part, &special, threads),
            |ids| self.integers.list(py, &framed(&self.tokenizer, ids, frame)),
        )
    }

    fn encode_with_unstable<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
    ) -> PyResult<(Bound<'py, PyList>, Vec<Bound<'py, PyList>>)> {
        let policy = Policy::new(allowed, disallowed);
        let (stable, completions) = py
            .detach(|| self.tokenizer.encode_with_unstable(text, &policy.special()))
            .map_err(python_error)?;
        let completions = completions
            .iter()
            .map(|ids| self.integers.list(py, ids))
            .collect::<PyResult<_>>()?;
        Ok((self.integers.list(py, &stable)?, completions))
    }

    fn encode_bytes<'py>(&self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyList>> {
        let ids = released(py, data.len(), || self.tokenizer.encode_bytes(data))?;
        self.integers.list(py, &ids)
    }

    fn encode_single_pretoken<'py>(
        &self,
        py: Python<'py>,
        data: &[u8],
    ) -> PyResult<Bound<'py, PyList>> {
        let ids = released(py, data.len(), || {
            self.tokenizer.encode_single_pretoken(data)
        })?;
        self.integers.list(py, &ids)
    }

    fn encode_single_token(&self, data: &[u8]) -> PyResult<u32> {
        self.tokenizer.token_id(data).ok_or_else(|| {
            python_error(bpekit::Error::new(bpekit::ErrorKind::UnknownToken(
                data.to_vec(),
            )))
        })
    }

    // Decoding.

    fn decode<'py>(
        &self,
        py: Python<'py>,
        ids: Ids,
        errors: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyString>> {
        self.decoded(py, &ids, |bytes| text::decoded(py, bytes, errors))
    }

    fn decode_bytes<'py>(&self, py: Python<'py>, ids: Ids) -> PyResult<Bound<'py, PyBytes>> {
        self.decoded(py, &ids, |bytes| Ok(PyBytes::new(py, bytes)))
    }

    fn decode_token<'py>(&self, py: Python<'py>, id: u32) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.tokenizer.decode_token(id).map_err(unknown_id)?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn decode_pieces<'py>(&self, py: Python<'py>, ids: Ids) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let decode = || Ok(self.tokenizer.decode_with_ends(&ids));
        let (bytes, ends) = released(py, ids.len() * 4, decode)?.map_err(unknown_id)?;
        let mut start = 0;
        let pieces = ends.into_iter().map(|end| {
            let piece = bytes.get(start..end).unwrap_or_default();
            start = end;
            PyBytes::new(py, piece)
        });
        Ok(pieces.collect())
    }

    fn decode_with_offsets(&self, py: Python<'_>, ids: Ids) -> PyResult<(String, Vec<usize>)> {
        let decode = || Ok(self.tokenizer.decode_with_offsets(&ids));
        released(py, ids.len() * 4, decode)?.map_err(unknown_id)
    }

    /// The tokens of ids to look at, as lines for a terminal.
    fn show(&self, ids: Vec<u32>, has_color: bool, width: usize) -> PyResult<String> {
        let shown = Shown::of(&self.tokenizer, &ids).map_err(python_error)?;
        Ok(shown.to_terminal(&TerminalOptions { has_color, width }))
    }

    /// A page about the tokenizer; texts are pairs of what they are called and themselves.
    #[pyo3(signature = (title, texts, other_title, other))]
    fn report_html(
        &self,
        py: Python<'_>,
        title: Option<&str>,
        texts: Vec<(String, String)>,
        other_title: &str,
        other: Option<&Self>,
    ) -> PyResult<String> {
        let texts = texts.into_iter();
        let texts: Vec<_> = texts
            .map(|(label, text)| LabelledText { label, text })
            .collect();
        let options = ReportOptions {
            title,
            texts: &texts,
            other: other.map(|other| (other_title, &other.tokenizer)),
        };
        let report = py.detach(|| Report::of(&self.tokenizer, &options));
        Ok(report.map_err(python_error)?.to_html())
    }

    /// The same as HTML.
    fn show_html(&self, ids: Vec<u32>) -> PyResult<String> {
        let shown = Shown::of(&self.tokenizer, &ids).map_err(python_error)?;
        Ok(shown.to_html())
    }

    fn decode_batch<'py>(
        &self,
        py: Python<'py>,
        batch: Vec<Ids>,
        errors: &Bound<'py, PyString>,
        threads: usize,
    ) -> PyResult<Vec<Bound<'py, PyString>>> {
        self.decoded_batch(py, &batch, threads, |bytes| {
            text::decoded(py, &bytes, errors)
        })
    }

    fn decode_bytes_batch<'py>(
        &self,
        py: Python<'py>,
        batch: Vec<Ids>,
        threads: usize,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        self.decoded_batch(py, &batch, threads, |bytes| Ok(PyBytes::new(py, &bytes)))
    }

    /// A decoder for ids that come bit by bit.
    fn stream(&self) -> PyResult<Stream> {
        let decoder = self.tokenizer.stream_decoder().map_err(python_error)?;
        Ok(decoder.into())
    }

    // What it is made of.

    #[getter]
    fn name(&self) -> &str {
        self.tokenizer.name()
    }

    #[getter]
    fn n_vocab(&self) -> u64 {
        self.tokenizer.n_vocab()
    }

    #[getter]
    fn n_tokens(&self) -> usize {
        self.tokenizer.definition().vocab.len()
    }

    /// The format it was loaded from.
    #[getter]
    fn format(&self) -> Option<&'static str> {
        self.tokenizer.definition().provenance.format
    }

    /// What a lenient read let pass.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.tokenizer.definition().provenance.warnings.clone()
    }

    #[getter]
    fn pattern(&self) -> Option<String> {
        facts::pattern(&self.tokenizer)
    }

    #[getter]
    fn special_tokens<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        facts::special_tokens(py, &self.tokenizer)
    }

    fn mergeable_ranks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        facts::mergeable_ranks(py, &self.tokenizer)
    }

    fn token_byte_values<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        facts::token_byte_values(py, &self.tokenizer)
    }
}
