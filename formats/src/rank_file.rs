//! A rank file and its sidecar, for the formats that have them.

mod lane;
mod read;

use self::read::{Outcome, Reader};

use crate::bundle::Bundle;
use crate::compression;
use crate::definition::Definition;
use crate::error::Result;
use crate::foreign;
use crate::limits::ReadOptions;
use crate::ranks::{self, sha256_hex, write_ranks};
use crate::sidecar;

/// The sidecar's file name: that of the rank file, without the ending of a compression.
pub(crate) fn name_beside(name: &str) -> String {
    format!("{}.json", compression::strip_suffix(name))
}

/// What the main file of a bundle says, and the sidecar beside it, if there is one.
pub(crate) fn read(
    input: &Bundle,
    format: &'static str,
    options: &ReadOptions,
) -> Result<Definition> {
    let bytes = input.bytes();
    let foreign = foreign::recognise(bytes);
    if let Some(error) = foreign.or_else(|| foreign::recognise_sentencepiece(bytes)) {
        return Err(error);
    }
    let (outcome, of_file) = beside_sha256(bytes, || {
        let mut reader = Reader::new(bytes, options)?;
        reader.read_lines()?;
        reader.finish()
    });
    let Outcome {
        vocab,
        is_canonical,
        remarks,
        warnings,
    } = outcome?;
    let mut definition = Definition::from_ranks(vocab);
    let sha256 = if is_canonical {
        of_file.clone()
    } else {
        sha256_hex(&write_ranks(&definition.vocab))
    };
    let sidecar_name = name_beside(input.name());
    if let Some(bytes) = input.get(&sidecar_name) {
        sidecar::apply(bytes, &of_file, &mut definition, &options.limits)
            .map_err(|error| error.with_path(sidecar_name).with_format(format))?;
    }
    definition.provenance.format = Some(format);
    definition.provenance.ranks_sha256 = Some(sha256);
    definition.provenance.remarks = remarks;
    definition.provenance.warnings = warnings;
    Ok(definition)
}

/// The rank file of a definition, and its sidecar, if there is something for it to say.
pub(crate) fn write(definition: &Definition) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
    ranks::check_by_rank(definition)?;
    let bytes = write_ranks(&definition.vocab);
    let beside = sidecar::write(definition, &sha256_hex(&bytes))?;
    Ok((bytes, beside))
}

/// Does some work, and beside it the sha256 of a file: on a second thread where that takes longer
/// than starting one, about 0.05 ms.
fn beside_sha256<T>(bytes: &[u8], work: impl FnOnce() -> T) -> (T, String) {
    if bytes.len() < 1 << 18 {
        return (work(), sha256_hex(bytes));
    }
    std::thread::scope(|scope| {
        let hash = std::thread::Builder::new().spawn_scoped(scope, || sha256_hex(bytes));
        let done = work();
        let hash = hash.ok().and_then(|thread| thread.join().ok());
        (done, hash.unwrap_or_else(|| sha256_hex(bytes)))
    })
}
