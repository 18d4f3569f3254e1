//! The only file of this crate that touches the file system: reading within limits, and writing
//! so that a file is the old one or the new one, whole.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::bundle::Bundle;
use crate::codec::Codec;
use crate::compression::{self, Compression};
use crate::definition::Definition;
use crate::error::{Error, Result};
use crate::limits::{Limits, ReadOptions};
use crate::registry;

/// The bytes of a file, at most [`Limits::file_len`] of them.
///
/// # Errors
///
/// `Io`, with the path; `Limit` before more than the limit is read.
pub fn read_bytes(path: &Path, limits: &Limits) -> Result<Vec<u8>> {
    let read = || -> Result<Vec<u8>> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory).into());
        }
        if metadata.len() > limits.file_len {
            return Err(file_too_long(metadata.len(), limits));
        }
        let mut bytes = Vec::with_capacity(metadata.len() as usize + 1);
        // A pipe or a growing file is longer than its metadata says.
        file.take(limits.file_len.saturating_add(1))
            .read_to_end(&mut bytes)?;
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

/// Reads a tokenizer file with what stands beside it. Without a format, the content tells it.
///
/// # Errors
///
/// Of any category but `Loss`, with the path.
pub fn load(path: &Path, format: Option<&str>, options: &ReadOptions) -> Result<Definition> {
    load_bytes(path, read_bytes(path, &options.limits)?, format, options)
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
    let bundle = unpack(&file_name(path), read_bytes(path, limits)?, limits)
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
    for companion in codec.companions(&name) {
        let mut places = vec![path.with_file_name(&companion)];
        // `save` writes there.
        if let Some(target) = follow_links(path).ok().filter(|target| target != path) {
            let name_there = renamed(&companion, &name, &file_name(&target));
            places.push(target.with_file_name(name_there));
        }
        for place in places {
            match read_bytes(&place, &options.limits) {
                Ok(bytes) => {
                    bundle.add(companion, bytes);
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
///
/// # Errors
///
/// `Io`, with the path; `Data` where a sidecar would replace a file of another kind, or the main
/// file a sidecar. The old files are then as they were, and no temporary file is left behind.
pub fn save(bundle: &Bundle, path: &Path) -> Result<()> {
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
            Error::data("is the sidecar of a rank file; save under another name").with_path(path),
        );
    }
    let mut places = Vec::new();
    for (name, bytes) in bundle.companions() {
        let beside =
            place
                .target
                .with_file_name(renamed(name, bundle.name(), &file_name(&place.target)));
        let companion = Place::of(&beside)?;
        if companion.existing.is_some() && !companion.holds_sidecar()? {
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

/// Writes a file aside and renames it into place, after its bytes are on disk. A symbolic link
/// is followed: what it points to is replaced. The mode of an existing file is kept; a new one
/// gets what the umask leaves.
///
/// # Errors
///
/// `Io`, with the path; the old file is then as it was.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let place = Place::of(path)?;
    if place.is_device() {
        return place.write_through(bytes);
    }
    persist_all(vec![place.prepare(bytes)?])
}

/// Where a file goes, and what is there.
struct Place {
    /// As the caller named it, for messages.
    path: PathBuf,
    /// Where its links end.
    target: PathBuf,
    existing: Option<fs::Metadata>,
}

impl Place {
    /// Fails for a folder, which no file can replace.
    fn of(path: &Path) -> Result<Self> {
        let look = || {
            // Through the system, as the text of a link in `/proc/self/fd` need not be a path.
            let existing = match fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => {
                    return Err(std::io::ErrorKind::IsADirectory.into());
                }
                Ok(metadata) => Some(metadata),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            let is_device = existing.as_ref().is_some_and(|found| !found.is_file());
            let target = if is_device {
                path.to_path_buf()
            } else {
                follow_links(path)?
            };
            Ok(Self {
                path: path.to_path_buf(),
                target,
                existing,
            })
        };
        look().map_err(|error| io_at(path, &error))
    }

    /// A device or a pipe (`/dev/stdout`) cannot be renamed onto.
    fn is_device(&self) -> bool {
        self.existing.as_ref().is_some_and(|found| !found.is_file())
    }

    fn holds_sidecar(&self) -> Result<bool> {
        if !self.existing.as_ref().is_some_and(fs::Metadata::is_file) {
            return Ok(false);
        }
        let mut start = Vec::new();
        File::open(&self.target)
            .and_then(|file| {
                file.take(registry::SIDECAR_START as u64)
                    .read_to_end(&mut start)
            })
            .map_err(|error| io_at(&self.path, &error))?;
        Ok(registry::looks_like_sidecar(&start))
    }

    fn write_through(&self, bytes: &[u8]) -> Result<()> {
        File::options()
            .write(true)
            .open(&self.target)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(|error| io_at(&self.path, &error))
    }

    /// Writes the bytes aside, in the folder of the target, until they are on disk.
    fn prepare(self, bytes: &[u8]) -> Result<Prepared> {
        let write = || {
            // Not `tempfile_in`: the umask shall decide the mode of a new file.
            let mut aside = tempfile::Builder::new()
                .prefix(".bpekit-")
                .suffix(".tmp")
                .make_in(folder_of(&self.target), |path| {
                    File::options().write(true).create_new(true).open(path)
                })?;
            // Not through `aside` itself, whose errors name the temporary file.
            aside.as_file_mut().write_all(bytes)?;
            if let Some(metadata) = &self.existing {
                aside.as_file().set_permissions(metadata.permissions())?;
            }
            aside.as_file().sync_all()?;
            Ok(aside)
        };
        match write() {
            Ok(aside) => Ok(Prepared { place: self, aside }),
            Err(error) => Err(io_at(&self.path, &error)),
        }
    }
}

/// A file that only has to be renamed.
struct Prepared {
    place: Place,
    aside: tempfile::NamedTempFile,
}

/// Renames files into place. Where one fails, those before it are put back.
fn persist_all(files: Vec<Prepared>) -> Result<()> {
    let last = files.len().saturating_sub(1);
    let mut done: Vec<(Place, Option<Vec<u8>>)> = Vec::new();
    for (index, Prepared { place, aside }) in files.into_iter().enumerate() {
        // Only what a later failure could undo; the last file is the large one.
        let old = if index < last && place.existing.is_some() {
            fs::read(&place.target).map(Some)
        } else {
            Ok(None)
        };
        let outcome = old.and_then(|old| match aside.persist(&place.target) {
            Ok(_) => Ok(old),
            Err(error) => Err(error.error),
        });
        match outcome {
            Ok(old) => done.push((place, old)),
            Err(error) => {
                put_back(done);
                return Err(io_at(&place.path, &error));
            }
        }
    }
    for (place, _) in &done {
        sync_folder(folder_of(&place.target)).map_err(|error| io_at(&place.path, &error))?;
    }
    Ok(())
}

/// The failure that led here is the one to report, so a second one is not.
fn put_back(files: Vec<(Place, Option<Vec<u8>>)>) {
    for (place, old) in files {
        let _ = match old {
            Some(bytes) => place
                .prepare(&bytes)
                .and_then(|file| persist_all(vec![file])),
            None => fs::remove_file(&place.target).map_err(Error::from),
        };
    }
}

/// An error about the file the caller named: the text of another may name a temporary file.
fn io_at(path: &Path, error: &std::io::Error) -> Error {
    let bare = match error.raw_os_error() {
        Some(code) => std::io::Error::from_raw_os_error(code),
        None => error.kind().into(),
    };
    Error::from(bare).with_path(path)
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Where a chain of links ends, also if nothing is there yet.
fn follow_links(path: &Path) -> std::io::Result<PathBuf> {
    let mut target = path.to_path_buf();
    // As many as Linux follows (path_resolution(7)).
    for _ in 0..40 {
        match fs::read_link(&target) {
            Ok(next) => target = target.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(target),
        }
    }
    Err(std::io::Error::other("too many levels of symbolic links"))
}

/// Makes the rename itself durable.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some network file systems cannot sync a folder; the file itself is safe by then.
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        outcome => outcome,
    }
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_whole_files_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(write_atomic(&folder.path().join("none/a"), b"x").is_err());
        assert!(write_atomic(folder.path(), b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn puts_back_what_was_renamed_before_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new, main] = ["old", "new", "main"].map(|name| folder.path().join(name));
        fs::write(&old, b"one").unwrap();
        let prepared = [&old, &new, &main]
            .map(|path| Place::of(path).unwrap().prepare(b"two").unwrap())
            .into();
        fs::create_dir(&main).unwrap();
        assert_eq!(persist_all(prepared).unwrap_err().path(), Some(&*main));
        assert_eq!(fs::read(&old).unwrap(), b"one");
        assert!(!new.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn keeps_the_mode_and_follows_links() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a"), folder.path().join("link"));
        write_atomic(&path, b"one").unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o600,
            0o600
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("a", &link).unwrap();
        write_atomic(&link, b"two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o640
        );
    }

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
