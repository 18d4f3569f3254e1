//! The command line: one function over arguments and streams, the same for the binary and for
//! Python's entry point.
//!
//! `args` and the other files of that name say what can be written, each subcommand
//! has a file of its own, `source` loads tokenizers, `text` reads what is encoded or decoded, `walk`
//! finds the files of directories, and `corpus` reads what is trained on, with `progress` to look
//! at. What goes to standard output is data; errors and warnings go to standard error.

mod args;
mod cache;
mod cache_args;
mod convert;
mod corpus;
mod count;
mod counts;
mod decode;
mod demo;
mod diff;
mod edit;
mod edit_args;
mod encode;
mod formats;
mod id_file;
mod id_file_args;
mod inspect;
mod inspect_json;
mod inspect_print;
mod look_args;
mod manual;
mod output;
mod patterns;
mod progress;
mod report;
mod serve;
mod shell_args;
mod show;
mod source;
mod text;
mod train;
mod train_args;
mod verify;
mod walk;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use bpekit_formats::{Category, Error as FileError};
use clap::Parser;
use clap::error::ErrorKind as ClapKind;

use crate::error::{Error, ErrorKind};
use args::{Cli, Command};

/// Done, or "yes".
const YES: u8 = 0;
/// "No": the tokenizers differ, or something would be lost.
const NO: u8 = 1;
/// Something went wrong.
const TROUBLE: u8 = 2;

/// Neither "yes" nor "no" was shown; for a script that is as if something had gone wrong.
const UNDECIDED: u8 = 2;
/// The user stopped it: what a shell reports for SIGINT.
const INTERRUPTED: u8 = 130;

/// Runs the command line and gives the exit status: 0 done or yes, 1 no, 2 trouble, 130
/// interrupted.
///
/// The first argument is the name of the program. A reader that closes standard output early, as
/// `head` does, is no trouble. Output is flushed before it returns.
///
/// # Examples
///
/// ```
/// let mut stdout = Vec::new();
/// let arguments = ["bpekit", "encode", "-t", "demo"].map(std::ffi::OsString::from);
/// let status = bpekit::cli::run(arguments, &mut "the cat".as_bytes(), &mut stdout, &mut Vec::new());
/// assert_eq!((status, stdout.as_slice()), (0, b"1169 269 265\n".as_slice()));
/// ```
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    stdin: &mut dyn Read,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> u8 {
    run_beside(&[], args, stdin, stdout, stderr)
}

/// As [`run`], for a program that knows in which folders Python packages are installed: some of
/// them ship the ranks of a published encoding ([`Places::packages`](crate::find::Places)).
pub fn run_beside(
    packages: &[PathBuf],
    args: impl IntoIterator<Item = OsString>,
    stdin: &mut dyn Read,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> u8 {
    let mut streams = Streams {
        packages,
        stdin,
        stdout,
        stderr,
    };
    let outcome = match Cli::try_parse_from(args) {
        Ok(cli) => dispatch(&cli.command, &mut streams),
        Err(error) => print_usage(&error, &mut streams),
    };
    let outcome = outcome.and_then(|status| {
        streams.stdout.flush()?;
        Ok(status)
    });
    match outcome {
        Ok(status) => status,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => YES,
        Err(failure) => {
            // Nobody is left to tell if standard error is closed.
            let _ = streams.stdout.flush();
            let _ = writeln!(streams.stderr, "bpekit: {failure}");
            failure.status()
        }
    }
}

fn dispatch(command: &Command, streams: &mut Streams<'_>) -> Outcome {
    match command {
        Command::Inspect(args) => inspect::run(args, streams),
        Command::Convert(args) => convert::run(args, streams),
        Command::Cache(args) => cache::run(args, streams),
        Command::Completions(args) => manual::completions(args, streams),
        Command::Man(args) => manual::run(args),
        Command::Edit(args) => edit::run(args, streams),
        Command::Verify(args) => verify::run(args, streams),
        Command::Diff(args) => diff::run(args, streams),
        Command::Encode(args) => encode::run(args, streams),
        Command::Decode(args) => decode::run(args, streams),
        Command::Count(args) => count::run(args, streams),
        Command::Show(args) => show::run(args, streams),
        Command::Report(args) => report::run(args, streams),
        Command::Serve(args) => serve::run(args, streams),
        Command::Train(args) => train::run(args, streams),
        Command::Counts(args) => counts::run(args, streams),
        Command::Formats(args) => formats::run(args, streams),
        Command::Patterns(args) => patterns::run(args, streams),
        Command::Demo(_) => demo::run(streams),
    }
}

/// Help and version go to standard output, wrong usage to standard error.
fn print_usage(error: &clap::Error, streams: &mut Streams<'_>) -> Outcome {
    let is_asked_for = matches!(
        error.kind(),
        ClapKind::DisplayHelp | ClapKind::DisplayVersion
    );
    let text = error.render();
    let is_colorful = if error.use_stderr() {
        output::is_colorful(&io::stderr())
    } else {
        output::is_colorful(&io::stdout())
    };
    let text = if is_colorful {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    if is_asked_for {
        streams.stdout.write_all(text.as_bytes())?;
        return Ok(YES);
    }
    streams.stderr.write_all(text.as_bytes())?;
    Ok(TROUBLE)
}

/// What a subcommand reads and writes, and where else it may look.
struct Streams<'a> {
    /// Folders of installed Python packages.
    packages: &'a [PathBuf],
    stdin: &'a mut dyn Read,
    stdout: &'a mut dyn Write,
    stderr: &'a mut dyn Write,
}

/// What a subcommand ends with: an exit status, or why there is none.
type Outcome = Result<u8, Failure>;

/// Why a subcommand stopped.
enum Failure {
    /// The toolkit refused, perhaps at a place in the input.
    Refused {
        /// The input and the place in it, escaped.
        place: Option<String>,
        error: Error,
    },
    /// Standard output could not be written.
    Output(io::Error),
}

impl Failure {
    /// An error about a place in the input.
    fn at(place: String, error: impl Into<Error>) -> Self {
        Self::Refused {
            place: Some(place),
            error: error.into(),
        }
    }

    /// What the toolkit says, if that is why.
    fn file_error(&self) -> Option<&FileError> {
        match self {
            Self::Refused { error, .. } => error.file(),
            Self::Output(_) => None,
        }
    }

    fn status(&self) -> u8 {
        if let Self::Refused { error, .. } = self
            && matches!(error.kind(), ErrorKind::Interrupted)
        {
            return INTERRUPTED;
        }
        match self.file_error().map(FileError::category) {
            Some(Category::Loss) => NO,
            _ => TROUBLE,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused { place: None, error }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Error::from(error).into()
    }
}

/// Errors of writing: reading has its own way, with the name of what is read.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused {
                place: Some(place),
                error,
            } => write!(f, "{place}: {error}"),
            Self::Refused { place: None, error } => write!(f, "{error}"),
            Self::Output(error) => write!(f, "standard output: {error}"),
        }
    }
}
