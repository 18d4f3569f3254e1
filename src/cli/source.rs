//! Tokenizers by what the user calls them: a file, `demo`, or a published encoding.

use std::path::Path;
use std::sync::Arc;

use bpekit_formats::{Definition, Error as FileError, ErrorKind as FileKind, Part, files};

use super::args::{LoadArgs, TokenizerArgs};
use super::output;
use super::{Failure, Streams};
use crate::error::{Error, ErrorKind};
use crate::find;
use crate::load::load_definition;
use crate::tokenizer::Tokenizer;

/// The name of the tokenizer that is built in.
pub(super) const DEMO: &str = "demo";

/// The tokenizer that `-t` names.
pub(super) fn tokenizer(
    args: &TokenizerArgs,
    load: &LoadArgs,
    streams: &mut Streams<'_>,
) -> Result<Tokenizer, Failure> {
    let Some(path) = &args.tokenizer else {
        return Err(FileError::missing("no tokenizer is given")
            .with_hint("name its file, as a .tiktoken or a tokenizer.json, with `-t FILE`")
            .with_hint("or try the small one that is built in with `-t demo`")
            .into());
    };
    open(path, load, streams)
}

/// A tokenizer that can be run.
pub(super) fn open(
    path: &Path,
    load: &LoadArgs,
    streams: &mut Streams<'_>,
) -> Result<Tokenizer, Failure> {
    if is_demo(path) {
        return Ok(Tokenizer::demo()?);
    }
    let definition = match named(path, load, streams) {
        Some(found) => found?,
        None => load_definition(path, &load.options()).map_err(|error| teach(error, path))?,
    };
    warn(&definition, path, streams);
    Tokenizer::from_definition(definition).map_err(|error| in_file(error, path))
}

/// Whether the user means the tokenizer that is built in; a file of that name is `./demo`.
pub(super) fn is_demo(path: &Path) -> bool {
    path == Path::new(DEMO)
}

/// What a file says, and why the rest is not known if it is a rank file of no known encoding.
pub(super) fn definition(
    path: &Path,
    load: &LoadArgs,
    streams: &mut Streams<'_>,
) -> Result<(Arc<Definition>, Option<FileError>), Failure> {
    if is_demo(path) {
        return Ok((Tokenizer::demo()?.definition_arc(), None));
    }
    if let Some(found) = named(path, load, streams) {
        return Ok((Arc::new(found?), None));
    }
    let options = load.options();
    let (definition, unknown) = match load_definition(path, &options) {
        Ok(definition) => (definition, None),
        Err(error) => match error.into_kind() {
            ErrorKind::File(error) if matches!(error.kind(), FileKind::Missing(_)) => {
                let definition = files::load(path, options.format.as_deref(), &options.read)?;
                if !definition.missing.contains(&Part::Pattern) {
                    return Err(error.into());
                }
                (definition, Some(error))
            }
            kind => return Err(teach(Error::new(kind), path)),
        },
    };
    warn(&definition, path, streams);
    Ok((Arc::new(definition), unknown))
}

/// A published encoding, or a file of the user's in `BPEKIT_HOME`, by its name; a file of that
/// name in the working folder is meant first.
fn named(
    path: &Path,
    load: &LoadArgs,
    streams: &Streams<'_>,
) -> Option<Result<Definition, Failure>> {
    let name = path.to_str()?;
    if path.exists() || name.contains(['/', '\\']) || !load.says_nothing() {
        return None;
    }
    let mut places = find::Places::of_environment();
    places.packages = streams.packages.to_vec();
    match find::definition(name, &places) {
        Ok((_, definition)) => Some(Ok(definition)),
        // No name, so that it was meant as a path.
        Err(error) if matches!(error.kind(), ErrorKind::Argument(_)) => None,
        Err(error) => Some(Err(error.into())),
    }
}

/// What stands where a file should be may have been meant as a name.
fn teach(error: Error, path: &Path) -> Failure {
    let kind = match error.into_kind() {
        ErrorKind::File(error) => {
            let is_not_there = error
                .io_error()
                .is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound);
            let is_bare = path.extension().is_none() && path.file_name() == Some(path.as_os_str());
            ErrorKind::File(if is_not_there && is_bare {
                error.with_hint(
                    "nor is it the name of a published encoding, which `bpekit formats --encodings` \
                     lists",
                )
            } else {
                error
            })
        }
        kind => kind,
    };
    Error::new(kind).into()
}

fn in_file(error: Error, path: &Path) -> Failure {
    match error.into_kind() {
        ErrorKind::File(error) => error.with_path(path).into(),
        kind => Failure::at(output::path(path), Error::new(kind)),
    }
}

/// What a lenient read let pass.
fn warn(definition: &Definition, path: &Path, streams: &mut Streams<'_>) {
    for warning in &definition.provenance.warnings {
        let (path, warning) = (output::path(path), output::full_text(warning));
        // An unwritten warning must not keep the work from being done.
        let _ = writeln!(streams.stderr, "bpekit: {path}: warning: {warning}");
    }
}
