//! What can be written behind `encode --out`: definitions alone, no work.

use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::{Args, value_parser};

use super::train_args::{invalids, named};
use crate::encode_file::IdType;
use crate::source::Invalid;

/// How files become a file of ids.
#[derive(Args, Debug)]
#[command(next_help_heading = "Writing a file of ids")]
pub(super) struct IdFileArgs {
    /// File of ids to write; it appears whole, or not at all
    #[arg(
        short,
        long,
        value_name = "OUT",
        visible_alias = "output",
        conflicts_with = "lines"
    )]
    pub(super) out: Option<PathBuf>,

    /// Text between documents; a special token is written as its id behind each of them
    ///
    /// It is taken as it is, without escapes: in bash, $'\n\n' is two line ends. Without it, each
    /// file is one document. The end of a file ends a document too.
    #[arg(long, value_name = "TEXT", requires = "out")]
    pub(super) separator: Option<String>,

    /// Special token to write before each document, and not that of the separator behind it
    #[arg(long, value_name = "TOKEN", requires = "out")]
    pub(super) prepend: Option<String>,

    /// Special token to write behind each document in place of the separator's
    #[arg(long, value_name = "TOKEN", requires = "out")]
    pub(super) append: Option<String>,

    /// Bits of an id [default: 16 if that holds all ids of the tokenizer, or else 32]
    #[arg(long, value_name = "TYPE", value_parser = id_types(), requires = "out")]
    pub(super) dtype: Option<IdType>,

    /// Each line is a JSON object with the text in this member
    #[arg(
        long,
        value_name = "NAME",
        requires = "out",
        conflicts_with = "separator"
    )]
    pub(super) field: Option<String>,

    /// Bytes that are not UTF-8: an error, U+FFFD in their place, or nothing
    #[arg(long, value_name = "HOW", value_parser = invalids(), requires = "out")]
    pub(super) errors: Option<Invalid>,

    /// The most threads [default: as many as the machine runs at once]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..), requires = "out")]
    pub(super) threads: Option<u16>,

    /// Show no progress; without a terminal there is none either
    #[arg(short, long, requires = "out")]
    pub(super) quiet: bool,
}

fn id_types() -> impl TypedValueParser<Value = IdType> {
    named(["u16", "u32"], IdType::by_name)
}
