//! `bpekit completions` and `bpekit man`: what a shell and `man` know of the command line.

use std::fs;
use std::io;
use std::path::Path;

use bpekit_formats::Error as FileError;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Cli;
use super::shell_args::{CompletionsArgs, ManArgs};
use super::{Failure, Outcome, Streams, YES};

/// Writes the completion script of a shell.
pub(super) fn completions(args: &CompletionsArgs, streams: &mut Streams<'_>) -> Outcome {
    // It panics where it cannot write; memory takes all.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "bpekit", &mut script);
    streams.stdout.write_all(&script)?;
    Ok(YES)
}

/// Writes a manual page for the program and for each subcommand.
pub(super) fn run(args: &ManArgs) -> Outcome {
    let directory = &args.directory;
    fs::create_dir_all(directory).map_err(|error| failure(directory, error))?;
    let mut command = Cli::command();
    command.build();
    write(command, directory)?;
    Ok(YES)
}

/// The page of a command and those of its subcommands.
fn write(command: Command, directory: &Path) -> Result<(), Failure> {
    let subcommands: Vec<Command> = command.get_subcommands().cloned().collect();
    let examples = command.get_before_help().map(ToString::to_string);
    let man = Man::new(command);
    let path = directory.join(man.get_filename());
    let page = page(&man, examples.as_deref(), !subcommands.is_empty());
    page.and_then(|page| fs::write(&path, page))
        .map_err(|error| failure(&path, error))?;
    subcommands
        .into_iter()
        .try_for_each(|subcommand| write(subcommand, directory))
}

/// As `Man::render`, with the examples: it leaves out what stands before the help.
fn page(man: &Man, examples: Option<&str>, has_subcommands: bool) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    if let Some(examples) = examples {
        example_section(examples).to_writer(&mut page)?;
    }
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if has_subcommands {
        man.render_subcommands_section(&mut page)?;
    }
    man.render_extra_section(&mut page)?;
    Ok(page)
}

/// The lines of the examples as they stand in the help, without their indentation.
fn example_section(examples: &str) -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["EXAMPLES"]);
    section.control("nf", []);
    for line in examples.lines().skip(1) {
        let line = line.trim();
        // Blanks in a row divide a command from what it does.
        match line.split_once("   ") {
            Some((command, what)) => {
                section.text([bold(command), roman(format!("   {}", what.trim()))]);
            }
            None => {
                section.text([bold(line)]);
            }
        }
    }
    section.control("fi", []);
    section
}

fn failure(path: &Path, error: io::Error) -> Failure {
    FileError::from(error).with_path(path).into()
}
