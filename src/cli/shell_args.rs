//! What can be written on the command line for the shell and for `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::args::TEMPLATE;

/// Write what completes commands in a shell
///
/// The script is written to standard output.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit completions bash >~/.local/share/bash-completion/completions/bpekit\n  \
        bpekit completions zsh >~/.zfunc/_bpekit     with ~/.zfunc in $fpath\n  \
        bpekit completions fish >~/.config/fish/completions/bpekit.fish"
)]
pub(super) struct CompletionsArgs {
    /// The shell
    pub(super) shell: Shell,
}

/// Write the manual pages
///
/// One for the program and one for each subcommand, as `bpekit.1` and `bpekit-encode.1`.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit man ~/.local/share/man/man1     then: man bpekit-encode"
)]
pub(super) struct ManArgs {
    /// The directory for them; it is made if there is none
    pub(super) directory: PathBuf,
}
