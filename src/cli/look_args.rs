//! What can be written on the command line of the subcommands that show something to people.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::{LoadArgs, SpecialArgs, TEMPLATE, TokenizerArgs};

/// Show the tokens of a text
///
/// On a terminal they are told apart by colours, elsewhere by bars. A line end is shown as ↵, a tab
/// as →; bytes that are half a character, and what cannot be seen, by their numbers.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit show -t demo 'the cat sat'\n  \
        bpekit show -t o200k_base --file README.md | less -R\n  \
        bpekit show -t demo --ids 'the cat'\n  \
        bpekit show -t demo --html 'the cat' >cat.html"
)]
pub(super) struct ShowArgs {
    /// The text; without it, that of --file, or standard input
    #[arg(conflicts_with = "file")]
    pub(super) text: Option<String>,

    /// A file with the text; `-` for standard input
    #[arg(short, long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,

    #[command(flatten)]
    pub(super) tokenizer: TokenizerArgs,

    /// One line for each token: its id, its bytes in hexadecimal, and itself
    #[arg(long, conflicts_with = "html")]
    pub(super) ids: bool,

    /// A piece of HTML, with its own style
    #[arg(long)]
    pub(super) html: bool,

    /// When to use colours; `auto` obeys `NO_COLOR`
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: When,

    /// Columns after which a line is broken; 0 for none [default: those of the terminal]
    #[arg(long, value_name = "COLUMNS")]
    pub(super) width: Option<usize>,

    #[command(flatten)]
    pub(super) special: SpecialArgs,

    #[command(flatten)]
    pub(super) load: LoadArgs,
}

/// When to do what is for people alone.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum When {
    /// On a terminal
    Auto,
    Always,
    Never,
}

/// Write a page about a tokenizer
///
/// One file of HTML, with all that it needs: what the tokens are, how much text one holds in each
/// of the given texts, which are never used, what fewer merges would give, and how it stands to
/// another tokenizer. Without texts, Article 1 of the Universal Declaration of Human Rights in 18
/// languages stands in. Special tokens in a text are taken for ordinary text.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit report tokenizer.json -o report.html\n  \
        bpekit report mine.tiktoken --text en=en.txt --text code=src.txt -o report.html\n  \
        bpekit report o200k_base --with cl100k_base -o report.html\n  \
        bpekit report demo --json | head -c 300"
)]
pub(super) struct ReportArgs {
    /// Tokenizer file, or name of a published encoding
    pub(super) file: PathBuf,

    /// A text, and what to call it; may be given several times
    ///
    /// By default it is called by the name of the file.
    #[arg(short = 'x', long = "text", value_name = "[LABEL=]FILE")]
    pub(super) texts: Vec<OsString>,

    /// A tokenizer to compare it with
    #[arg(short, long, value_name = "FILE|NAME")]
    pub(super) with: Option<PathBuf>,

    /// What to call the tokenizer [default: its file or name]
    #[arg(long, value_name = "TEXT")]
    pub(super) title: Option<String>,

    /// File to write; `-` for standard output
    #[arg(short, long, value_name = "FILE", required_unless_present = "json")]
    pub(super) out: Option<PathBuf>,

    /// Print the facts as one JSON object instead of the page
    #[arg(long, conflicts_with = "out")]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) load: LoadArgs,
}

/// Show the tokens of what is typed, on a page
///
/// The page is for the browser on this machine, and for no other: it shows the tokens of a text as
/// it is typed, by one tokenizer or by two side by side, opens tokenizers whose files are dropped
/// on it, and writes them in other formats. No file is written but those the browser saves.
/// Ctrl-C ends it.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit serve\n  \
        bpekit serve tokenizer.json\n  \
        bpekit serve cl100k_base o200k_base --port 9000"
)]
pub(super) struct ServeArgs {
    /// Tokenizer file, or name of a published encoding; one or two [default: demo]
    #[arg(value_name = "FILE|NAME", num_args = 0..=2)]
    pub(super) files: Vec<PathBuf>,

    /// Port to listen on; 0 for any that is free [default: 8642, or any if that is taken]
    #[arg(long, value_name = "PORT")]
    pub(super) port: Option<u16>,

    #[command(flatten)]
    pub(super) load: LoadArgs,
}
