//! `Core`: a tokenizer of the engine, with methods that take and give plain data.

use std::collections::HashSet;
use std::path::PathBuf;

use bpekit::formats::{Dialect, Duplicate, Merges, TokenKind, VocabBuilder, registry};
use bpekit::{Special, Tokenizer};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyDict, PyDictMethods, PyList};

use crate::arguments::{LoadArguments, Policy, convert_options};
use crate::array::Array;
use crate::batch::{flat_in_parts, in_parts};
use crate::error::{python_error, unknown_id};
use crate::files::report_dict;
use crate::ids::Integers;
use crate::state::{self, State};

/// A tokenizer. Nothing changes after it is made, so that threads share it freely.
#[pyclass(frozen, module = "bpekit._bpekit")]
pub(crate) struct Core {
    tokenizer: Tokenizer,
    integers: Integers,
}

impl From<Tokenizer> for Core {
    fn from(tokenizer: Tokenizer) -> Self {
        Self {
            tokenizer,
            integers: Integers::default(),
        }
    }
}

/// The ids with what the post-processor puts around them, if asked for.
fn framed(tokenizer: &Tokenizer, ids: Vec<u32>, frame: bool) -> Vec<u32> {
    if frame {
        tokenizer.with_frame(ids)
    } else {
        ids
    }
}

impl Core {
    pub(crate) fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    fn list<'py>(&self, py: Python<'py>, ids: &[u32]) -> PyResult<Bound<'py, PyList>> {
        self.integers.list(py, ids, self.tokenizer.n_vocab())
    }

    fn encode_released(
        &self,
        py: Python<'_>,
        text: &str,
        policy: &Policy,
        frame: bool,
    ) -> PyResult<Vec<u32>> {
        py.detach(|| {
            let ids = self.tokenizer.encode(text, &policy.special())?;
            Ok(framed(&self.tokenizer, ids, frame))
        })
        .map_err(python_error)
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
    ) -> PyResult<Bound<'py, PyDict>> {
        let options = convert_options(format, &allow_loss)?;
        let report = py
            .detach(|| bpekit::convert::save(&self.tokenizer, &path, &options))
            .map_err(python_error)?;
        report_dict(py, &report)
    }

    /// The bytes of the main file of a format.
    fn dumps<'py>(
        &self,
        py: Python<'py>,
        format: String,
        allow_loss: Vec<String>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let options = convert_options(Some(format), &allow_loss)?;
        let (bundle, _) = py
            .detach(|| bpekit::convert::to_bundle(&self.tokenizer, "tokenizer", &options))
            .map_err(python_error)?;
        Ok(PyBytes::new(py, bundle.bytes()))
    }

    // Encoding.

    fn encode_ordinary<'py>(&self, py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyList>> {
        let ids = py
            .detach(|| self.tokenizer.encode_ordinary(text))
            .map_err(python_error)?;
        self.list(py, &ids)
    }

    fn encode<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
        frame: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let ids = self.encode_released(py, text, &Policy::new(allowed, disallowed), frame)?;
        self.list(py, &ids)
    }

    /// `encode` with no special token allowed and all refused, the default, without arguments to
    /// convert.
    fn encode_refusing<'py>(&self, py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyList>> {
        let ids = py
            .detach(|| self.tokenizer.encode(text, &Special::refused()))
            .map_err(python_error)?;
        self.list(py, &ids)
    }

    /// The ids as a read-only array of 32-bit integers.
    fn encode_to_array(
        &self,
        py: Python<'_>,
        text: &str,
        threads: usize,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
        frame: bool,
    ) -> PyResult<Array> {
        let policy = Policy::new(allowed, disallowed);
        let special = policy.special();
        py.detach(|| {
            self.tokenizer
                .encode_batch_flat::<u32>(&[text], &special, frame, threads)
        })
        .map(|flat| Array::from(flat.ids).read_only())
        .map_err(python_error)
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
        } else {
            flat_in_parts::<u32>(py, &self.tokenizer, &texts, &special, frame, threads)
        }
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
        let around = if frame {
            self.tokenizer.with_frame(Vec::new()).len()
        } else {
            0
        };
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
        let around = if frame {
            self.tokenizer.with_frame(Vec::new()).len()
        } else {
            0
        };
        py.detach(|| self.tokenizer.count(text, &policy.special()))
            .map(|count| count + around)
            .map_err(python_error)
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
            |ids| self.list(py, &framed(&self.tokenizer, ids, frame)),
        )
    }

    fn encode_with_unstable(
        &self,
        py: Python<'_>,
        text: &str,
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
    ) -> PyResult<(Vec<u32>, Vec<Vec<u32>>)> {
        let policy = Policy::new(allowed, disallowed);
        py.detach(|| self.tokenizer.encode_with_unstable(text, &policy.special()))
            .map_err(python_error)
    }

    fn encode_bytes(&self, py: Python<'_>, data: &[u8]) -> PyResult<Vec<u32>> {
        py.detach(|| self.tokenizer.encode_bytes(data))
            .map_err(python_error)
    }

    fn encode_single_pretoken(&self, py: Python<'_>, data: &[u8]) -> PyResult<Vec<u32>> {
        py.detach(|| self.tokenizer.encode_single_pretoken(data))
            .map_err(python_error)
    }

    fn encode_single_token(&self, data: &[u8]) -> PyResult<u32> {
        self.tokenizer.token_id(data).ok_or_else(|| {
            python_error(bpekit::Error::new(bpekit::ErrorKind::UnknownToken(
                data.to_vec(),
            )))
        })
    }

    // Decoding.

    fn decode_bytes<'py>(&self, py: Python<'py>, ids: Vec<u32>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py
            .detach(|| self.tokenizer.decode_bytes(&ids))
            .map_err(python_error)?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn decode_token<'py>(&self, py: Python<'py>, id: u32) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.tokenizer.decode_token(id).map_err(unknown_id)?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn decode_pieces<'py>(
        &self,
        py: Python<'py>,
        ids: Vec<u32>,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let pieces = py
            .detach(|| self.tokenizer.decode_pieces(&ids))
            .map_err(unknown_id)?;
        Ok(pieces.iter().map(|piece| PyBytes::new(py, piece)).collect())
    }

    fn decode_with_offsets(&self, py: Python<'_>, ids: Vec<u32>) -> PyResult<(String, Vec<usize>)> {
        py.detach(|| self.tokenizer.decode_with_offsets(&ids))
            .map_err(unknown_id)
    }

    fn decode_bytes_batch<'py>(
        &self,
        py: Python<'py>,
        batch: Vec<Vec<u32>>,
        threads: usize,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        in_parts(
            py,
            &batch,
            threads,
            |ids| ids.len() * 4,
            |part| self.tokenizer.decode_bytes_batch(part, threads),
            |bytes| Ok(PyBytes::new(py, &bytes)),
        )
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

    /// The pattern in tiktoken's dialect, if one pattern is all that splits: as it was given, or
    /// as tiktoken has it where it comes from another dialect.
    #[getter]
    fn pattern(&self) -> Option<String> {
        let pretokenizer = self.tokenizer.definition().pretokenizer.as_ref()?;
        let given = pretokenizer.as_matches_of();
        if let Some(pattern) = given.filter(|given| given.dialect == Dialect::FancyRegex) {
            return Some(pattern.text.clone());
        }
        let known = self.tokenizer.known_pattern();
        let known = known.map(|known| known.tiktoken.to_owned());
        known.or_else(|| given.map(|pattern| pattern.text.clone()))
    }

    /// Text and id of each special token.
    #[getter]
    fn special_tokens<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for token in &self.tokenizer.definition().added_tokens {
            if token.is_special {
                dict.set_item(&token.content, token.id)?;
            }
        }
        Ok(dict)
    }

    /// The tokens as ranks, in the order of ranks; restated, if merges are listed.
    fn mergeable_ranks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let definition = self.tokenizer.definition();
        let restated;
        let vocab = if definition.merges == Merges::ByRank {
            &definition.vocab
        } else {
            restated = py
                .detach(|| bpekit::convert::prepare(definition, registry::by_name("tiktoken")?))
                .map_err(python_error)?
                .0;
            &restated.vocab
        };
        let dict = PyDict::new(py);
        for token in vocab.iter() {
            dict.set_item(PyBytes::new(py, token.bytes), token.id)?;
        }
        Ok(dict)
    }

    /// The bytes of all tokens of the vocab, sorted.
    fn token_byte_values<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        let vocab = &self.tokenizer.definition().vocab;
        self.tokenizer
            .ids_by_bytes()
            .iter()
            .map(|id| PyBytes::new(py, vocab.bytes(*id).unwrap_or_default()))
            .collect()
    }
}
