//! What can be written behind `cache`: definitions alone, no work.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::TEMPLATE;

/// Fill and check the cache of tiktoken, which then needs no network
///
/// tiktoken names what it downloads by the sha1 of the URL, and looks into the cache first. The
/// folder is that of `TIKTOKEN_CACHE_DIR`, else of `DATA_GYM_CACHE_DIR`, else `data-gym-cache` among
/// the temporary files.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit cache put cl100k_base.tiktoken o200k_base.tiktoken --dir cache\n  \
        bpekit cache put mine.tiktoken --url https://example.com/mine.tiktoken\n  \
        bpekit cache list\n  \
        bpekit cache check cl100k_base --dir cache",
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    pub(super) command: CacheCommand,
}

/// The subcommands of `cache`.
#[derive(Debug, Subcommand)]
pub(super) enum CacheCommand {
    Put(PutArgs),
    List(ListArgs),
    Check(CheckArgs),
}

/// Which folder, and how it is told.
#[derive(Args, Debug)]
pub(super) struct FolderArgs {
    /// Folder of the cache, if not that of the environment
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,

    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Put files into the cache
///
/// The files tiktoken downloads for its own encodings are known by their sha256; any other needs
/// its URL. Compressed files are unpacked.
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE)]
pub(super) struct PutArgs {
    /// Files, as they are downloaded
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,

    /// The URL from which tiktoken would load the file; for one file
    #[arg(long)]
    pub(super) url: Option<String>,

    #[command(flatten)]
    pub(super) folder: FolderArgs,
}

/// List what is in the cache, and what could be
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE)]
pub(super) struct ListArgs {
    #[command(flatten)]
    pub(super) folder: FolderArgs,
}

/// Check the files of the cache: exit status 1 if one is not what tiktoken expects
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE)]
pub(super) struct CheckArgs {
    /// Encodings whose files have to be there; without any, those that are there are checked
    #[arg(value_name = "ENCODING")]
    pub(super) encodings: Vec<String>,

    #[command(flatten)]
    pub(super) folder: FolderArgs,
}
