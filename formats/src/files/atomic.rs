//! Writing so that a file is the old one or the new one, whole.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::registry;

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

/// A file that is written piece by piece, as [`write_atomic`] writes one at once: nothing is at its
/// place before [`Self::persist`]. What is dropped before leaves nothing behind.
///
/// # Examples
///
/// ```
/// use bpekit_formats::files::AtomicFile;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("a");
/// let mut file = AtomicFile::create(&path)?;
/// file.append(b"one ")?;
/// file.append(b"two")?;
/// file.sync()?;
/// assert!(!path.exists());
/// file.persist()?;
/// assert_eq!(std::fs::read(&path)?, b"one two");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AtomicFile {
    place: Place,
    file: Begun,
}

enum Begun {
    Aside(tempfile::NamedTempFile),
    /// A device or a pipe, which gets what is written at once.
    Through(File),
}

impl AtomicFile {
    /// Makes the file beside its place, where there must be room for it.
    ///
    /// # Errors
    ///
    /// `Io`, with the path.
    pub fn create(path: &Path) -> Result<Self> {
        let place = Place::of(path)?;
        let file = if place.is_device() {
            Begun::Through(place.open_device()?)
        } else {
            Begun::Aside(place.aside()?)
        };
        Ok(Self { place, file })
    }

    /// Writes behind what was written.
    ///
    /// # Errors
    ///
    /// `Io`, with the path.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let written = match &mut self.file {
            Begun::Aside(aside) => aside.as_file_mut().write_all(bytes),
            Begun::Through(file) => file.write_all(bytes),
        };
        written.map_err(|error| io_at(&self.place.path, &error))
    }

    /// Waits until what was written is on disk. It takes as long as the disk does.
    ///
    /// # Errors
    ///
    /// `Io`, with the path.
    pub fn sync(&mut self) -> Result<()> {
        match &self.file {
            Begun::Aside(aside) => self.place.is_whole(aside),
            Begun::Through(_) => Ok(()),
        }
    }

    /// Renames the file into its place. Without a [`Self::sync`] before it, a computer that stops
    /// may find it empty there.
    ///
    /// # Errors
    ///
    /// `Io`, with the path; the old file is then as it was.
    pub fn persist(self) -> Result<()> {
        match self.file {
            Begun::Aside(aside) => persist_all(vec![Prepared {
                place: self.place,
                aside,
            }]),
            Begun::Through(_) => Ok(()),
        }
    }
}

/// Where a file goes, and what is there.
pub(super) struct Place {
    /// As the caller named it, for messages.
    path: PathBuf,
    /// Where its links end.
    pub(super) target: PathBuf,
    pub(super) existing: Option<fs::Metadata>,
}

impl Place {
    /// Fails for a folder, which no file can replace.
    pub(super) fn of(path: &Path) -> Result<Self> {
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
    pub(super) fn is_device(&self) -> bool {
        self.existing.as_ref().is_some_and(|found| !found.is_file())
    }

    pub(super) fn holds_sidecar(&self) -> Result<bool> {
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

    fn open_device(&self) -> Result<File> {
        let opened = File::options().write(true).open(&self.target);
        opened.map_err(|error| io_at(&self.path, &error))
    }

    pub(super) fn write_through(&self, bytes: &[u8]) -> Result<()> {
        let mut file = self.open_device()?;
        file.write_all(bytes)
            .map_err(|error| io_at(&self.path, &error))
    }

    /// Writes the bytes aside, in the folder of the target, until they are on disk.
    pub(super) fn prepare(self, bytes: &[u8]) -> Result<Prepared> {
        let mut aside = self.aside()?;
        // Not through `aside` itself, whose errors name the temporary file.
        aside
            .as_file_mut()
            .write_all(bytes)
            .map_err(|error| io_at(&self.path, &error))?;
        self.is_whole(&aside)?;
        Ok(Prepared { place: self, aside })
    }

    /// An empty file in the folder of the target.
    fn aside(&self) -> Result<tempfile::NamedTempFile> {
        // Not `tempfile_in`: the umask shall decide the mode of a new file.
        tempfile::Builder::new()
            .prefix(".bpekit-")
            .suffix(".tmp")
            .make_in(folder_of(&self.target), |path| {
                File::options().write(true).create_new(true).open(path)
            })
            .map_err(|error| io_at(&self.path, &error))
    }

    /// Gives a file that was written aside its mode, and waits until it is on disk.
    fn is_whole(&self, aside: &tempfile::NamedTempFile) -> Result<()> {
        let finish = || {
            if let Some(metadata) = &self.existing {
                aside.as_file().set_permissions(metadata.permissions())?;
            }
            aside.as_file().sync_all()
        };
        finish().map_err(|error| io_at(&self.path, &error))
    }
}

/// A file that only has to be renamed.
pub(super) struct Prepared {
    place: Place,
    aside: tempfile::NamedTempFile,
}

/// Renames files into place. Where one fails, those before it are put back.
pub(super) fn persist_all(files: Vec<Prepared>) -> Result<()> {
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
pub(super) fn follow_links(path: &Path) -> std::io::Result<PathBuf> {
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
    fn nothing_is_there_before_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, b"old").unwrap();
        let begun = |bytes: &[u8]| {
            let mut file = AtomicFile::create(&path).unwrap();
            file.append(bytes).unwrap();
            file
        };
        drop(begun(b"one"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut file = begun(b"one");
        file.append(b" two").unwrap();
        file.sync().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.persist().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one two");
        assert!(AtomicFile::create(&folder.path().join("none/a")).is_err());
        assert!(AtomicFile::create(folder.path()).is_err());
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
}
