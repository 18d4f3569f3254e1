//! What can be written behind `edit`: definitions alone, no work.

use std::path::PathBuf;

use bpekit_formats::LossPart;
use clap::{Args, Subcommand, value_parser};

use super::args::{LoadArgs, TEMPLATE, loss_parts};
use super::train_args::TextArgs;

/// Change a tokenizer and keep it right: tokens, size, merges, ids
///
/// Each subcommand reads a tokenizer, changes one thing, and writes it as `convert` writes it, in
/// the format that the name of the target says. What it promises is verified before anything is
/// written: that all other text keeps its ids, or that only the numbers differ.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit edit add tokenizer.json out.json --special '<|user|>' --special '<|bot|>'\n  \
        bpekit edit remove tokenizer.json out.json --token '<|reserved_*|>'\n  \
        bpekit edit resize mine.tiktoken padded.tiktoken --multiple-of 128\n  \
        bpekit edit truncate mine.tiktoken small.tiktoken --merges 16000 --compact\n  \
        bpekit edit reorder tokenizer.json out.json --map ids.json\n  \
        bpekit edit extend mine.tiktoken more.tiktoken code/*.txt --vocab-size 40000",
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(super) struct EditArgs {
    #[command(subcommand)]
    pub(super) command: EditCommand,
}

/// The subcommands of `edit`.
#[derive(Debug, Subcommand)]
pub(super) enum EditCommand {
    Add(AddArgs),
    Remove(RemoveArgs),
    Resize(ResizeArgs),
    Truncate(TruncateArgs),
    Compact(CompactArgs),
    Reorder(ReorderArgs),
    Extend(ExtendArgs),
}

/// From where to where.
#[derive(Args, Debug)]
pub(super) struct Files {
    /// Tokenizer file, or directory of one tokenizer
    pub(super) source: PathBuf,

    /// File to write, or directory (format hf-dir); `-` for standard output
    pub(super) target: PathBuf,
}

/// How it is read and written.
#[derive(Args, Debug)]
pub(super) struct HowArgs {
    /// Format to write, if the name of the target does not say it [see: bpekit formats]
    #[arg(long, value_name = "FORMAT")]
    pub(super) to: Option<String>,

    /// Parts that may be lost, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = loss_parts())]
    pub(super) allow_loss: Vec<LossPart>,

    /// Print the report as one JSON object
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) load: LoadArgs,
}

/// Add tokens, special or not
///
/// They get the ids behind all others, in the order in which they are given, the special ones
/// first. Where the vocab has a token of the same text, in plain ASCII, it keeps its id, as in
/// tokenizers.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit edit add tokenizer.json out.json --special '<|user|>' --special '<|bot|>'\n  \
        bpekit edit add mine.tiktoken out.tiktoken --special '<|eot|>' --first-id 32000"
)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct AddArgs {
    #[command(flatten)]
    pub(super) files: Files,

    /// A special token: ordinary text becomes it only where that is allowed; may be given several times
    #[arg(long, value_name = "TEXT")]
    pub(super) special: Vec<String>,

    /// A token that is found in any text; may be given several times
    #[arg(long, value_name = "TEXT", required_unless_present = "special")]
    pub(super) token: Vec<String>,

    /// Id of the first; the others follow
    #[arg(long, value_name = "ID")]
    pub(super) first_id: Option<u32>,

    /// They take the white space before them
    #[arg(long)]
    pub(super) lstrip: bool,

    /// They take the white space after them
    #[arg(long)]
    pub(super) rstrip: bool,

    /// They match only where no word character stands beside them
    #[arg(long)]
    pub(super) single_word: bool,

    /// They are looked for in the normalized text
    #[arg(long)]
    pub(super) normalized: bool,

    #[command(flatten)]
    pub(super) how: HowArgs,
}

/// Remove added tokens that are not used
///
/// A token that the tokenizer itself refers to stays: what it puts around a text, what has a role
/// (as the end of a text), what stands in the chat template.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit edit remove tokenizer.json out.json --token '<|reserved_*|>'\n  \
        bpekit edit remove tokenizer.json out.json --unused"
)]
pub(super) struct RemoveArgs {
    #[command(flatten)]
    pub(super) files: Files,

    /// Text of an added token, with `*` for any text; may be given several times
    #[arg(long, value_name = "TEXT", required_unless_present = "unused")]
    pub(super) token: Vec<String>,

    /// All that nothing in the tokenizer refers to
    #[arg(long, conflicts_with = "token")]
    pub(super) unused: bool,

    #[command(flatten)]
    pub(super) how: HowArgs,
}

/// Fill the vocab up to a size with special tokens that stand for nothing
///
/// For embeddings whose number of rows is padded.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit edit resize mine.tiktoken padded.tiktoken --multiple-of 128\n  \
        bpekit edit resize tokenizer.json out.json --size 151936 --text '[PAD{}]'"
)]
pub(super) struct ResizeArgs {
    #[command(flatten)]
    pub(super) files: Files,

    /// Number of ids: the largest plus one
    #[arg(long, value_name = "N", required_unless_present = "multiple_of")]
    pub(super) size: Option<u64>,

    /// The next multiple of this number
    #[arg(long, value_name = "N", conflicts_with = "size", value_parser = value_parser!(u64).range(1..))]
    pub(super) multiple_of: Option<u64>,

    /// Text of the tokens, with `{}` for a number
    #[arg(long, value_name = "TEXT", default_value = "<|reserved_{}|>")]
    pub(super) text: String,

    #[command(flatten)]
    pub(super) how: HowArgs,
}

/// Keep the first merges
///
/// The result is what training to that many merges gives. Ids stay as they are; added tokens keep
/// theirs, which leaves a hole before them unless --compact closes it.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit edit truncate mine.tiktoken small.tiktoken --merges 16000\n  \
        bpekit edit truncate tokenizer.json out.json --merges 16000 --compact"
)]
pub(super) struct TruncateArgs {
    #[command(flatten)]
    pub(super) files: Files,

    /// How many merges to keep
    #[arg(long, value_name = "K")]
    pub(super) merges: usize,

    /// Close the holes between ids
    #[arg(long)]
    pub(super) compact: bool,

    #[command(flatten)]
    pub(super) how: HowArgs,
}

/// Close the holes between ids
///
/// Tokens keep their order, and the ids are 0, 1, 2 and so on.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit edit compact tokenizer.json out.json\n  \
        bpekit edit compact mine.tiktoken dense.tiktoken"
)]
pub(super) struct CompactArgs {
    #[command(flatten)]
    pub(super) files: Files,

    #[command(flatten)]
    pub(super) how: HowArgs,
}

/// Give tokens other ids
///
/// Every text becomes the same tokens. A rank file has its order in its ids; where that changes, the
/// target has to list merges.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit edit reorder tokenizer.json out.json --map ids.json\n  \
        echo '{\"100257\": 5}' | bpekit edit reorder tokenizer.json out.json --map /dev/stdin"
)]
pub(super) struct ReorderArgs {
    #[command(flatten)]
    pub(super) files: Files,

    /// JSON object of old id to new id; ids that are not in it stay
    #[arg(long, value_name = "FILE")]
    pub(super) map: PathBuf,

    #[command(flatten)]
    pub(super) how: HowArgs,
}

/// Extend the vocab by training on texts
///
/// All tokens keep their ids, and their merges come first. `bpekit train --base` has more to choose.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit edit extend mine.tiktoken more.tiktoken code/*.txt --vocab-size 40000\n  \
        bpekit edit extend tokenizer.json out.json data.jsonl.zst --vocab-size 60000"
)]
pub(super) struct ExtendArgs {
    #[command(flatten)]
    pub(super) files: Files,

    /// Files of text, read as `bpekit train` reads them
    #[arg(required = true)]
    pub(super) texts: Vec<PathBuf>,

    /// Size of the whole vocab
    #[arg(short = 'n', long, value_name = "N")]
    pub(super) vocab_size: u64,

    /// Show no progress; without a terminal there is none either
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// Format to write, if the name of the target does not say it [see: bpekit formats]
    #[arg(long, value_name = "FORMAT")]
    pub(super) to: Option<String>,

    /// Parts that may be lost, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = loss_parts())]
    pub(super) allow_loss: Vec<LossPart>,

    /// Split pattern of a rank file: a published name or a regular expression
    #[arg(long, value_name = "NAME|REGEX")]
    pub(super) pattern: Option<String>,

    /// Print the report as one JSON object
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) reading: TextArgs,
}
