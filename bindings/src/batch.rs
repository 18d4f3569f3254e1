//! Work that Python is released for; batches in parts, so that Ctrl-C is heard between them.

use bpekit::{FlatIds, OutputId, Special, Tokenizer};
use pyo3::prelude::*;

use crate::error::python_error;

/// Work on up to so many bytes is over before another thread could do anything with the
/// interpreter: about ten microseconds.
pub(crate) const SHORT: usize = 4096;

/// Does the work on `len` bytes; for more than a few, without Python.
pub(crate) fn released<T: Send>(
    py: Python<'_>,
    len: usize,
    work: impl FnOnce() -> bpekit::Result<T> + Send,
) -> PyResult<T> {
    if len <= SHORT {
        work()
    } else {
        py.detach(work)
    }
    .map_err(python_error)
}

/// The work of one part for one thread: about a tenth of a second.
const PART_LEN: usize = 1 << 20;

/// Does the work on items in parts of bounded length and appends what `finish` makes of each
/// result. Python is released during `work` alone.
pub(crate) fn in_parts<T: Sync, R: Send, P>(
    py: Python<'_>,
    items: &[T],
    threads: usize,
    len: impl Fn(&T) -> usize,
    work: impl Fn(&[T]) -> bpekit::Result<Vec<R>> + Sync,
    finish: impl Fn(R) -> PyResult<P>,
) -> PyResult<Vec<P>> {
    let limit = PART_LEN.saturating_mul(threads.clamp(1, 64));
    let mut finished = Vec::with_capacity(items.len());
    let mut rest = items;
    while !rest.is_empty() {
        let (part, others) = rest.split_at(count_of_part(rest, limit, &len));
        let results = py.detach(|| work(part)).map_err(python_error)?;
        for result in results {
            finished.push(finish(result)?);
        }
        py.check_signals()?;
        rest = others;
    }
    Ok(finished)
}

/// How many items make a part of this many bytes.
fn count_of_part<T>(items: &[T], limit: usize, len: impl Fn(&T) -> usize) -> usize {
    let mut total = 0;
    items
        .iter()
        .take_while(|item| {
            let is_room = total < limit;
            // Empty items are work too.
            total += len(item) + 64;
            is_room
        })
        .count()
}

/// As much more as ids of an array are made faster than lists; putting parts together costs a copy.
const FLAT_PART_LEN: usize = 32 * PART_LEN;

/// The ids of all texts, and where those of each start, in parts as [`in_parts`].
pub(crate) fn flat_in_parts<T: OutputId>(
    py: Python<'_>,
    tokenizer: &Tokenizer,
    texts: &[impl AsRef<str> + Sync],
    special: &Special<'_>,
    frame: bool,
    threads: usize,
) -> PyResult<FlatIds<T>> {
    let limit = FLAT_PART_LEN.saturating_mul(threads.clamp(1, 64));
    let mut all = FlatIds::<T>::default();
    let mut rest = texts;
    loop {
        let count = count_of_part(rest, limit, |text| text.as_ref().len());
        let (part, others) = rest.split_at(count);
        let flat = py
            .detach(|| tokenizer.encode_batch_flat(part, special, frame, threads))
            .map_err(python_error)?;
        if all.offsets.is_empty() {
            all = flat;
        } else {
            let before = all.ids.len() as u64;
            all.ids.extend_from_slice(&flat.ids);
            let offsets = flat.offsets.iter().skip(1);
            all.offsets.extend(offsets.map(|offset| offset + before));
        }
        py.check_signals()?;
        rest = others;
        if rest.is_empty() {
            return Ok(all);
        }
    }
}
