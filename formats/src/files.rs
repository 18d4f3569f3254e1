//! The only module of this crate that touches the file system: reading within limits, and, in
//! `atomic`, writing so that a file is the old one or the new one, whole.

mod atomic;
mod directory;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::bundle::Bundle;
use crate::codec::{Codec, Extent, Layout};
use crate::compression::{self, Compression};
use crate::definition::Definition;
use crate::error::{Error, Result};
use crate::limits::{Limits, ReadOptions};
use crate::registry;
use atomic::{Place, follow_links, persist_all};

pub use atomic::{AtomicFile, write_atomic};

/// The bytes of a file, at most [`Limits::file_len`] of them.
///
/// # Errors
///
/// `Io`, with the path; `Limit` before more than the limit is read.
pub fn read_bytes(path: &Path, limits: &Limits) -> Result<Vec<u8>> {
    read_extent(path, limits, |_| Extent::Whole)
}

/// As [`read_bytes`], and no more of a file than a format of its kind has use for: a GGUF file of
/// any length is read to the end of its metadata.
///
/// # Errors
///
/// As [`read_bytes`].
///
/// # Examples
///
/// ```
/// use bpekit_formats::{Limits, files};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("model.gguf");
/// let mut bytes = b"GGUF\x03\0\0\0".to_vec();
/// bytes.resize(1 << 20, 0); // no metadata, and much behind it
/// std::fs::write(&path, &bytes)?;
/// assert!(files::read_needed(&path, &Limits::default())?.len() < 1 << 16);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_needed(path: &Path, limits: &Limits) -> Result<Vec<u8>> {
    read_extent(path, limits, registry::extent)
}

/// How much of a file is read before it is asked how much more there is to read.
const START: u64 = 1 << 12;

fn read_extent(path: &Path, limits: &Limits, extent: fn(&[u8]) -> Extent) -> Result<Vec<u8>> {
    let read = || -> Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory).into());
        }
        let mut bytes = Vec::new();
        let mut wanted = START.min(metadata.len().max(1));
        loop {
            let missing = wanted - bytes.len() as u64;
            if (&mut file).take(missing).read_to_end(&mut bytes)? as u64 != missing {
                break;
            }
            match extent(&bytes) {
                Extent::Enough => break,
                // The file contradicts itself, which its codec says.
                Extent::More { needed } if metadata.is_file() && needed > metadata.len() => break,
                Extent::More { needed } if needed > limits.file_len => {
                    return Err(Error::limit(
                        "length of the part of the file to read, in bytes",
                        needed,
                        limits.file_len,
                        "file_len",
                    ));
                }
                // Twice as much each time, so that what is gone over again is no more than that.
                Extent::More { needed } => {
                    wanted = needed
                        .max(2 * wanted)
                        .min(limits.file_len.saturating_add(1));
                }
                Extent::Whole => {
                    if metadata.len() > limits.file_len {
                        return Err(file_too_long(metadata.len(), limits));
                    }
                    bytes.reserve_exact(metadata.len().saturating_sub(START) as usize + 1);
                    // A pipe or a growing file is longer than its metadata says.
                    let rest = limits.file_len.saturating_add(1).saturating_sub(wanted);
                    (&mut file).take(rest).read_to_end(&mut bytes)?;
                    break;
                }
            }
            if bytes.len() as u64 > limits.file_len {
                break;
            }
        }
        if bytes.len() as u64 > limits.file_len {
            return Err(file_too_long(bytes.len() as u64, limits));
        }
        Ok(bytes)
    };
    read().map_err(|error| error.with_path(path))
}

fn file_too_long(found: u64, limits: &Limits) -> Error {
    Error::limit(
        "length of the file, in bytes",
        found,
        limits.file_len,
        "file_len",
    )
}

/// The last part of a path as text; what is not UTF-8 in it is replaced.
pub fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Reads a tokenizer: a file with what stands beside it, or a directory. Without a format, the
/// content tells it; a directory of no format that has a single tokenizer file stands for that.
///
/// # Errors
///
/// Of any category but `Loss`, with the path.
pub fn load(path: &Path, format: Option<&str>, options: &ReadOptions) -> Result<Definition> {
    let Some(main) = directory::main_file(path, format)? else {
        return load_bytes(path, read_needed(path, &options.limits)?, format, options);
    };
    let bytes = read_needed(&main.path, &options.limits)?;
    let format = main.codec.map(|codec| codec.info().name).or(format);
    let mut definition = load_bytes(&main.path, bytes, format, options)?;
    definition.provenance.path = Some(path.to_path_buf());
    Ok(definition)
}

/// As [`load`], for a file whose bytes were read from that path before, so that what was checked
/// of them is true of what is loaded.
///
/// # Errors
///
/// As [`load`].
///
/// # Examples
///
/// ```
/// use bpekit_formats::{Limits, ReadOptions, files};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("a.tiktoken");
/// std::fs::write(&path, "IQ== 0\n")?;
/// let bytes = files::read_bytes(&path, &Limits::default())?;
/// assert!(bytes.starts_with(b"IQ== "));
/// let options = ReadOptions { allow_missing_bytes: true, ..ReadOptions::default() };
/// let definition = files::load_bytes(&path, bytes, None, &options)?;
/// assert_eq!(definition.vocab.id_of(b"!"), Some(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load_bytes(
    path: &Path,
    bytes: Vec<u8>,
    format: Option<&str>,
    options: &ReadOptions,
) -> Result<Definition> {
    let Opened {
        codec,
        bundle,
        companions,
    } = open(path, bytes, format, options)?;
    let mut definition = codec
        .read(&bundle, options)
        .map_err(|error| at_file(error, path, &bundle, &companions, codec))?;
    definition.provenance.path = Some(path.to_path_buf());
    definition.provenance.companions = companions;
    Ok(definition)
}

/// Says which format a file is of, by its content.
///
/// # Errors
///
/// As [`registry::detect`].
pub fn detect(path: &Path, limits: &Limits) -> Result<&'static dyn Codec> {
    let main = directory::main_file(path, None)?;
    if let Some(codec) = main.as_ref().and_then(|main| main.codec) {
        return Ok(codec);
    }
    let path = main.as_ref().map_or(path, |main| &main.path);
    let bundle = unpack(&file_name(path), read_needed(path, limits)?, limits)
        .map_err(|error| error.with_path(path))?;
    registry::detect(&bundle).map_err(|error| error.with_path(path))
}

/// A file and what belongs to it.
struct Opened {
    codec: &'static dyn Codec,
    bundle: Bundle,
    /// Where the bundle's companions were found, in its order.
    companions: Vec<PathBuf>,
}

fn open(
    path: &Path,
    bytes: Vec<u8>,
    format: Option<&str>,
    options: &ReadOptions,
) -> Result<Opened> {
    let name = file_name(path);
    let mut bundle =
        unpack(&name, bytes, &options.limits).map_err(|error| error.with_path(path))?;
    let codec = match format {
        Some(format) => registry::by_name(format)?,
        None => registry::detect(&bundle).map_err(|error| error.with_path(path))?,
    };
    let mut companions = Vec::new();
    if codec.info().layout == Layout::Directory {
        bundle = Bundle::in_directory(name.clone(), bundle.into_bytes());
    }
    let names = codec.companions(&bundle);
    let names = directory::expand(path, names).map_err(|error| error.with_path(path))?;
    for companion in names {
        let mut places = vec![path.with_file_name(&companion)];
        // `save` writes there.
        if let Some(target) = follow_links(path).ok().filter(|target| target != path) {
            let name_there = renamed(&companion, &name, &file_name(&target));
            places.push(target.with_file_name(name_there));
        }
        for place in places {
            match read_bytes(&place, &options.limits) {
                Ok(bytes) => {
                    bundle.add_part(companion, bytes);
                    companions.push(place);
                    break;
                }
                Err(error) if is_not_found(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(Opened {
        codec,
        bundle,
        companions,
    })
}

fn is_not_found(error: &Error) -> bool {
    error
        .io_error()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// An error of a codec may be about a companion, which it then has named itself.
fn at_file(
    error: Error,
    path: &Path,
    bundle: &Bundle,
    companions: &[PathBuf],
    codec: &dyn Codec,
) -> Error {
    let Some(named) = error.path() else {
        return error.with_path(path).with_format(codec.info().name);
    };
    let found = bundle
        .companions()
        .zip(companions)
        .find(|((name, _), _)| Path::new(name) == named)
        .map(|(_, place)| place.clone());
    let place = found.unwrap_or_else(|| path.with_file_name(named));
    error.replace_path(place)
}

/// A bundle of one file's bytes, out of its compression.
///
/// # Errors
///
/// As [`compression::decompress`].
pub fn unpack(name: &str, bytes: Vec<u8>, limits: &Limits) -> Result<Bundle> {
    let content = match compression::decompress(name, &bytes, limits)? {
        std::borrow::Cow::Borrowed(_) => None,
        std::borrow::Cow::Owned(content) => Some(content),
    };
    Ok(Bundle::new(name, content.unwrap_or(bytes)))
}

/// Writes a bundle: the main file at `path` (compressed if the name says so), the others beside
/// it, all or none. Where `path` is a symbolic link, what it points to is replaced, and the
/// others are named after that and stand beside it. A device or a pipe gets the main file alone.
/// For a bundle of a directory, `path` is the directory, which is made if it is not there.
///
/// # Errors
///
/// `Io`, with the path; `Data` where a sidecar would replace a file of another kind, or the main
/// file a sidecar, or a part of another tokenizer stands there. The old files are then as they
/// were, and no temporary file is left behind.
pub fn save(bundle: &Bundle, path: &Path) -> Result<()> {
    if bundle.is_directory() {
        return directory::save(bundle, path);
    }
    let place = Place::of(path)?;
    let kind = Compression::of_name(&file_name(&place.target))
        .or_else(|| Compression::of_name(&file_name(path)));
    let compressed = kind
        .map(|kind| compression::compress(kind, bundle.bytes()))
        .transpose()
        .map_err(|error| error.with_path(path))?;
    let bytes = compressed.as_deref().unwrap_or(bundle.bytes());
    if place.is_device() {
        return place.write_through(bytes);
    }
    if place.holds_sidecar()? {
        return Err(
            Error::data("is the sidecar of a tokenizer; save under another name").with_path(path),
        );
    }
    let mut places = Vec::new();
    for (name, bytes) in bundle.companions() {
        let beside =
            place
                .target
                .with_file_name(renamed(name, bundle.name(), &file_name(&place.target)));
        let companion = Place::of(&beside)?;
        let is_kept = bundle.is_sidecar(name) && companion.existing.is_some();
        if is_kept && !companion.holds_sidecar()? {
            return Err(Error::data(
                "a file that is no sidecar stands where the sidecar goes; move it, or save under \
                 another name",
            )
            .with_path(beside));
        }
        places.push((companion, bytes));
    }
    // Last, so that a new main file never stands beside an old companion that contradicts it.
    places.push((place, bytes));
    let prepared = places
        .into_iter()
        .map(|(place, bytes)| place.prepare(bytes))
        .collect::<Result<Vec<_>>>()?;
    persist_all(prepared)
}

/// The name of a companion of `from` as one of `to`: the part they share follows the main file.
fn renamed(companion: &str, from: &str, to: &str) -> String {
    match companion.strip_prefix(compression::strip_suffix(from)) {
        Some(rest) => format!("{}{rest}", compression::strip_suffix(to)),
        None => companion.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn stops_at_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, b"12345").unwrap();
        let limits = Limits {
            file_len: 4,
            ..Limits::default()
        };
        let error = read_bytes(&path, &limits).unwrap_err();
        assert_eq!(error.category(), crate::Category::Limit);
        assert!(error.to_string().contains("`file_len`"));
    }
}
