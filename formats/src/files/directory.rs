//! Tokenizers that are a directory: which file is the main one, and writing all of them.

use std::fs;
use std::path::{Path, PathBuf};

use super::atomic::{Place, persist_all};
use super::file_name;
use crate::bundle::Bundle;
use crate::codec::{Codec, Layout};
use crate::error::{Error, Result, show_text};
use crate::registry;

/// The file to begin with.
pub(super) struct Main {
    pub(super) path: PathBuf,
    /// The format, where the directory says it; else the file itself does.
    pub(super) codec: Option<&'static dyn Codec>,
}

/// The main file of a directory; `None` for what is none.
///
/// # Errors
///
/// `Syntax` if no file or several could be meant; `Unsupported` for a format of files that is
/// asked of a directory, and the other way.
pub(super) fn main_file(path: &Path, format: Option<&str>) -> Result<Option<Main>> {
    let named = format.map(registry::by_name).transpose()?;
    let wants_directory = named.filter(|codec| codec.info().layout == Layout::Directory);
    if !path.is_dir() {
        return match wants_directory {
            Some(codec) if path.exists() => Err(Error::unsupported(format!(
                "a tokenizer of format `{}` is a directory, and this is a file",
                codec.info().name
            ))
            .with_hint("pass the directory the file is in")
            .with_path(path)),
            _ => Ok(None),
        };
    }
    let has = |name: &str| path.join(name).is_file();
    let codec = match named {
        Some(_) => wants_directory,
        None => registry::by_directory(has).map_err(|error| error.with_path(path))?,
    };
    if let Some(codec) = codec {
        let name = codec.info().file_names.first().copied().unwrap_or_default();
        return Ok(Some(Main {
            path: path.join(name),
            codec: Some(codec),
        }));
    }
    let path = only_tokenizer(path, named).map_err(|error| error.with_path(path))?;
    Ok(Some(Main { path, codec: None }))
}

/// The one file in a directory whose name is that of a tokenizer.
fn only_tokenizer(folder: &Path, named: Option<&'static dyn Codec>) -> Result<PathBuf> {
    let is_whole_name = |codec: &dyn Codec, name: &str| {
        let known = codec.info().file_names;
        known
            .iter()
            .any(|known| !known.starts_with('.') && *known == name)
    };
    let mut found: Vec<String> = fs::read_dir(folder)?
        .filter_map(std::result::Result::ok)
        .map(|entry| file_name(&entry.path()))
        .filter(|name| match named {
            Some(codec) => is_whole_name(codec, name),
            None => registry::CODECS
                .iter()
                .any(|codec| is_whole_name(*codec, name)),
        })
        .collect();
    found.sort_unstable();
    match found.as_slice() {
        [only] => Ok(folder.join(only)),
        [] => Err(
            Error::syntax("a directory without a tokenizer file that has a known name")
                .with_hint("name the file itself"),
        ),
        several => {
            let shown: Vec<String> = several
                .iter()
                .map(|name| format!("`{}`", show_text(name)))
                .collect();
            Err(Error::syntax(format!(
                "a directory with several tokenizer files: {}",
                shown.join(", ")
            ))
            .with_hint("name the one that is meant"))
        }
    }
}

/// How many files a name with a `*` may stand for.
const EXPANDED_LIMIT: usize = 256;

/// The names of companions, with every `FOLDER/*ENDING` replaced by the files there are, in order.
pub(super) fn expand(main: &Path, names: Vec<String>) -> Result<Vec<String>> {
    let mut expanded = Vec::with_capacity(names.len());
    for name in names {
        let Some((folder, ending)) = name.split_once("/*") else {
            expanded.push(name);
            continue;
        };
        let Ok(entries) = fs::read_dir(main.with_file_name(folder)) else {
            // Most directories have no such folder, and a file in its place is nobody's part.
            continue;
        };
        let mut found: Vec<String> = entries
            .filter_map(std::result::Result::ok)
            .map(|entry| file_name(&entry.path()))
            .filter(|found| found.ends_with(ending))
            .take(EXPANDED_LIMIT + 1)
            .collect();
        if found.len() > EXPANDED_LIMIT {
            return Err(Error::unsupported(format!(
                "more than {EXPANDED_LIMIT} files `{name}`"
            )));
        }
        found.sort_unstable();
        expanded.extend(found.into_iter().map(|found| format!("{folder}/{found}")));
    }
    Ok(expanded)
}

/// Writes the files of a directory, all or none; the directory is made if it is not there.
pub(super) fn save(bundle: &Bundle, path: &Path) -> Result<()> {
    for name in bundle.absent() {
        let place = path.join(name);
        if place.exists() {
            return Err(Error::data(
                "belongs to another tokenizer, and would be read as a part of this one; remove it, \
                 or save to another directory",
            )
            .with_path(place));
        }
    }
    let others = bundle.companions();
    // Last, so that the directory is a tokenizer only when it is whole.
    let files = others.chain(std::iter::once((bundle.name(), bundle.bytes())));
    let mut prepared = Vec::new();
    for (name, bytes) in files {
        let place = path.join(name);
        let folder = place.parent().unwrap_or(path);
        fs::create_dir_all(folder).map_err(|error| Error::from(error).with_path(folder))?;
        prepared.push(Place::of(&place)?.prepare(bytes)?);
    }
    persist_all(prepared)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_files() -> Bundle {
        let mut bundle = Bundle::in_directory("main", b"1".to_vec());
        bundle.add_part("deep/other", b"2".to_vec());
        bundle.must_not_have("stale");
        bundle
    }

    #[test]
    fn makes_the_directory_and_replaces_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        save(&two_files(), &path).unwrap();
        save(&two_files(), &path).unwrap();
        assert_eq!(fs::read(path.join("main")).unwrap(), b"1");
        assert_eq!(fs::read(path.join("deep/other")).unwrap(), b"2");
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2);
    }

    #[test]
    fn refuses_parts_of_another_tokenizer() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("stale"), b"").unwrap();
        let error = save(&two_files(), folder.path()).unwrap_err();
        assert_eq!(error.path(), Some(&*folder.path().join("stale")));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn stands_for_the_only_tokenizer_file_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let main = |format| main_file(folder.path(), format).map(|main| main.unwrap().path);
        assert!(main(None).is_err());
        fs::write(folder.path().join("notes.txt"), b"").unwrap();
        fs::write(folder.path().join("tiktoken.model"), b"").unwrap();
        assert_eq!(main(None).unwrap(), folder.path().join("tiktoken.model"));
        fs::write(folder.path().join("tokenizer.model"), b"").unwrap();
        assert!(main(None).unwrap_err().to_string().contains("several"));
        assert!(main(Some("hf-json")).is_err());
        assert!(
            main_file(&folder.path().join("notes.txt"), None)
                .unwrap()
                .is_none()
        );
    }
}
