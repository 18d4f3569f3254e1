//! The files below directories, as ripgrep finds them.

use std::path::{Path, PathBuf};

use bpekit_formats::Error as FileError;
use ignore::WalkBuilder;

use super::args::WalkArgs;
use super::text::Input;
use super::{Failure, output};

/// An input, and whether the user named it.
pub(super) struct Found<'a> {
    pub(super) input: FoundInput<'a>,
    /// Of a named file, what cannot be read is an error; a directory may well hold pictures.
    pub(super) is_named: bool,
}

/// An input that may be a file of a directory.
pub(super) enum FoundInput<'a> {
    Named(Input<'a>),
    InDirectory(PathBuf),
}

impl FoundInput<'_> {
    pub(super) fn as_input(&self) -> Input<'_> {
        match self {
            Self::Named(input) => *input,
            Self::InDirectory(path) => Input::File(path),
        }
    }
}

/// The inputs with each directory replaced by its files, in the order of their names. What cannot
/// be walked is told to `fail`.
pub(super) fn expanded<'a>(
    inputs: Vec<Input<'a>>,
    args: &WalkArgs,
    mut fail: impl FnMut(Failure),
) -> Vec<Found<'a>> {
    let mut found = Vec::with_capacity(inputs.len());
    for input in inputs {
        match input {
            Input::File(path) if path.is_dir() => {
                for file in files(path, args) {
                    match file {
                        Ok(path) => found.push(Found {
                            input: FoundInput::InDirectory(path),
                            is_named: false,
                        }),
                        Err(failure) => fail(failure),
                    }
                }
            }
            input => found.push(Found {
                input: FoundInput::Named(input),
                is_named: true,
            }),
        }
    }
    found
}

/// The files below a directory. Links are not followed: they could lead in a circle.
fn files<'a>(
    directory: &'a Path,
    args: &WalkArgs,
) -> impl Iterator<Item = Result<PathBuf, Failure>> + 'a {
    let is_asked = !args.no_ignore;
    let walk = WalkBuilder::new(directory)
        .hidden(!args.hidden)
        .parents(is_asked)
        .ignore(is_asked)
        .git_ignore(is_asked)
        .git_global(is_asked)
        .git_exclude(is_asked)
        .sort_by_file_name(std::ffi::OsStr::cmp)
        .build();
    walk.filter_map(move |entry| match entry {
        Ok(entry) => {
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            is_file.then(|| Ok(entry.into_path()))
        }
        Err(error) => {
            let message = output::full_text(&error.to_string());
            Some(Err(Failure::at(
                output::path(directory),
                FileError::data(message),
            )))
        }
    })
}
