//! Files that come in, and files that are made of them. They are held in memory: none is written.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bpekit_formats::{Bundle, Error as FileError, FormatInfo, Layout, files, registry};

use crate::error::{Error, Result};
use crate::load::{LoadOptions, read_bundle};
use crate::tokenizer::Tokenizer;

/// A file's name and bytes.
pub(super) type NamedBytes = (String, Vec<u8>);

/// How many conversions can still be fetched.
const MOST: usize = 4;

/// The tokenizer that files make, and the name of its main one: a directory of a known format, or
/// one file with those that belong to it, in any order.
pub(super) fn load(files: Vec<NamedBytes>, options: &LoadOptions) -> Result<(String, Tokenizer)> {
    let limits = &options.read.limits;
    let unpacked = files
        .into_iter()
        .map(|(name, bytes)| files::unpack(&name, bytes, limits));
    let files: Vec<Bundle> = unpacked.collect::<bpekit_formats::Result<_>>()?;
    let has = |wanted: &str| files.iter().any(|file| file.name() == wanted);
    let directory = match files.len() {
        0 => return Err(Error::argument("no file was given")),
        1 => None,
        _ => registry::by_directory(has)?,
    };
    if let Some(codec) = directory {
        let info = codec.info();
        let main = info.file_names.first().copied().unwrap_or_default();
        let options = LoadOptions {
            format: Some(info.name.to_owned()),
            ..options.clone()
        };
        let at = files.iter().position(|file| file.name() == main);
        return load_with_main(&files, at.unwrap_or(0), true, &options);
    }
    let mut first_error = None;
    for at in 0..files.len() {
        match load_with_main(&files, at, false, options) {
            Ok(loaded) => return Ok(loaded),
            // A file that is part of another says less than the one that is wrong.
            Err(error) => drop(first_error.get_or_insert(error)),
        }
    }
    Err(first_error.unwrap_or_else(|| Error::argument("no file was given")))
}

fn load_with_main(
    files: &[Bundle],
    main: usize,
    is_directory: bool,
    options: &LoadOptions,
) -> Result<(String, Tokenizer)> {
    let name = files[main].name();
    let bytes = files[main].bytes().to_vec();
    let mut bundle = if is_directory {
        Bundle::in_directory(name, bytes)
    } else {
        Bundle::new(name, bytes)
    };
    for (at, file) in files.iter().enumerate() {
        if at != main {
            bundle.add_part(file.name(), file.bytes().to_vec());
        }
    }
    let definition = read_bundle(&bundle, options).map_err(|error| in_file(error, name))?;
    Ok((name.to_owned(), Tokenizer::from_definition(definition)?))
}

/// The error with the name of the file, where it is about one.
pub(super) fn in_file(error: Error, name: &str) -> Error {
    match error.into_kind() {
        crate::ErrorKind::File(inner) => inner.with_path(name).into(),
        kind => Error::new(kind),
    }
}

/// What a file of the format is called that is made of a tokenizer with this title.
pub(super) fn target_name(title: &str, info: &FormatInfo) -> String {
    let first = info.file_names.first().copied().unwrap_or_default();
    let stem = title.split('.').next().filter(|stem| !stem.is_empty());
    let stem = stem.unwrap_or("tokenizer");
    if info.layout == Layout::Directory {
        stem.to_owned()
    } else if first.starts_with('.') {
        format!("{stem}{first}")
    } else {
        first.to_owned()
    }
}

/// The files of the last conversions.
#[derive(Debug, Default)]
pub(super) struct Outbox(Mutex<Conversions>);

#[derive(Debug, Default)]
struct Conversions {
    last_number: u64,
    held: VecDeque<(u64, Arc<Bundle>)>,
}

impl Outbox {
    /// Holds the files and gives the number under which they can be fetched.
    pub(super) fn put(&self, bundle: Arc<Bundle>) -> u64 {
        let mut conversions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        conversions.last_number += 1;
        let number = conversions.last_number;
        conversions.held.push_back((number, bundle));
        if conversions.held.len() > MOST {
            conversions.held.pop_front();
        }
        number
    }

    /// The bytes of a file.
    pub(super) fn get(&self, number: u64, name: &str) -> Option<Vec<u8>> {
        let conversions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, bundle) = conversions.held.iter().find(|(held, _)| *held == number)?;
        let bundle = Arc::clone(bundle);
        drop(conversions);
        let mut files = all_files(&bundle);
        files
            .find(|(held, _)| *held == name)
            .map(|(_, bytes)| bytes.to_vec())
    }
}

/// All files of a bundle, the main one first.
pub(super) fn all_files(bundle: &Bundle) -> impl Iterator<Item = (&str, &[u8])> {
    std::iter::once((bundle.name(), bundle.bytes())).chain(bundle.companions())
}

/// The names and bytes that lie in a body one after the other.
pub(super) fn split(names: &[(String, usize)], mut body: Vec<u8>) -> Result<Vec<NamedBytes>> {
    let wanted = names
        .iter()
        .try_fold(0_usize, |all, (_, len)| all.checked_add(*len));
    if wanted != Some(body.len()) {
        return Err(FileError::data(format!(
            "{} bytes of files came; their lengths say otherwise",
            body.len()
        ))
        .into());
    }
    // From the end, so that one file alone is not copied.
    let mut files: Vec<NamedBytes> = Vec::new();
    for (name, len) in names.iter().rev() {
        files.push((name.clone(), body.split_off(body.len() - len)));
    }
    files.reverse();
    Ok(files)
}
