//! What can be written behind `train`, `counts` and `patterns`: definitions alone, no work.

use std::path::PathBuf;

use bpekit_formats::{LossPart, Normalizer};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, value_parser};

use super::args::{TEMPLATE, loss_parts};
use crate::train::{ByteOrder, CountOptions, FileForm, Invalid, Order};

/// The pattern without an argument that says another: llama.cpp, tiktoken and tokenizers know it,
/// and it cuts text of any script.
pub(super) const DEFAULT_PATTERN: &str = "o200k";

/// Train a tokenizer on texts, or on counts of pretokens
///
/// Exact BPE: each merge is the most frequent pair there is. The tokenizer is written as `convert`
/// writes it, checked, in the format that the name of OUT says. What cannot be is refused before
/// anything is read. If the texts have too few pairs for the size that was asked for, the
/// tokenizer is smaller, with a note, and the status is 0.
///
/// Files are plain text, gzip or Zstandard, each of them one text; a `.jsonl` or `.ndjson` has an
/// object each line with the text in `text`. Files of counts, made by `bpekit counts make`, are
/// known by their content and added up.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit train *.txt --vocab-size 32000 -o mine.tiktoken\n  \
        bpekit train data.jsonl.zst --vocab-size 50000 --special '<|endoftext|>' -o tokenizer.json\n  \
        bpekit train en.bpecounts de.bpecounts --vocab-size 32000 -o mine.tiktoken\n  \
        bpekit train big.txt --vocab-size 200000 -o mine.tiktoken --checkpoint run1 --resume\n  \
        bpekit train code.txt --base mine.tiktoken --vocab-size 40000 -o more.tiktoken"
)]
pub(super) struct TrainArgs {
    /// Files of text, or of counts; `-` or none for standard input as one text
    pub(super) files: Vec<PathBuf>,

    /// Size of the whole vocab: the 256 bytes, the merges and the special tokens
    #[arg(short = 'n', long, value_name = "N")]
    pub(super) vocab_size: u64,

    #[command(flatten)]
    pub(super) target: TargetArgs,

    /// Print the report as one JSON object
    #[arg(long)]
    pub(super) json: bool,

    /// Show no progress; without a terminal there is none either
    #[arg(short, long)]
    pub(super) quiet: bool,

    #[command(flatten)]
    pub(super) cut: CutArgs,

    #[command(flatten)]
    pub(super) merge: MergeArgs,

    #[command(flatten)]
    pub(super) texts: TextArgs,

    #[command(flatten)]
    pub(super) keep: KeepArgs,
}

/// Where the tokenizer goes.
#[derive(Args, Debug)]
pub(super) struct TargetArgs {
    /// File to write, or directory (format hf-dir); `-` for standard output
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: PathBuf,

    /// Format to write, if the name of OUT does not say it [see: bpekit formats]
    #[arg(long, value_name = "FORMAT")]
    pub(super) to: Option<String>,

    /// Parts that may be lost, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = loss_parts())]
    pub(super) allow_loss: Vec<LossPart>,
}

/// How text becomes pretokens.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Cutting texts")]
pub(super) struct CutArgs {
    /// Split pattern: a published name or a regular expression [default: o200k]
    ///
    /// The names are listed by `bpekit patterns`, with the tools that know each; an expression is
    /// in the dialect of tiktoken (fancy-regex). With --base, the default is that of the base.
    #[arg(long, value_name = "NAME|REGEX")]
    pub(super) pattern: Option<String>,

    /// A special token; may be given several times, in the order of the ids
    ///
    /// It gets an id behind all others, and is cut out of the texts.
    #[arg(long, value_name = "TOKEN")]
    pub(super) special: Vec<String>,

    /// How text is rewritten first; may be given several times, for one after the other
    #[arg(long, value_name = "HOW", value_parser = normalizers())]
    pub(super) normalizer: Vec<Normalizer>,
}

/// How pairs are merged.
#[derive(Args, Debug)]
#[command(next_help_heading = "Merging")]
pub(super) struct MergeArgs {
    /// Which of two equally frequent pairs merges first: as in rustbpe, or as in tokenizers
    #[arg(long, value_name = "ORDER", default_value = "bytes", value_parser = orders())]
    pub(super) order: Order,

    /// Ids of the 256 bytes [default: identity, and gpt2 with --order hf]
    #[arg(long, value_name = "ORDER", value_parser = byte_orders())]
    pub(super) byte_order: Option<ByteOrder>,

    /// How often a pair must occur to merge
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) min_frequency: u64,

    /// The most bytes of a token; with --order hf one fewer, as in tokenizers
    #[arg(long, value_name = "N")]
    pub(super) max_token_length: Option<u64>,

    /// Tokenizer to go on from: its tokens keep their ids
    #[arg(long, value_name = "FILE")]
    pub(super) base: Option<PathBuf>,
}

impl MergeArgs {
    /// The defaults, with a base.
    pub(super) fn going_on_from(base: PathBuf) -> Self {
        Self {
            order: Order::default(),
            byte_order: None,
            min_frequency: 1,
            max_token_length: None,
            base: Some(base),
        }
    }
}

/// How texts are read and counted.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Reading texts")]
pub(super) struct TextArgs {
    /// Each line is a text, with its line end
    #[arg(long, conflicts_with = "field")]
    pub(super) lines: bool,

    /// Each line is a JSON object with the text in this member
    #[arg(long, value_name = "NAME")]
    pub(super) field: Option<String>,

    /// Bytes that are not UTF-8: an error, U+FFFD in their place, or nothing
    #[arg(long, value_name = "HOW", value_parser = invalids())]
    pub(super) errors: Option<Invalid>,

    /// Leave out pretokens that occur less often in all
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u64).range(1..))]
    pub(super) min_count: u64,

    /// Memory for counting, as 512M or 2G; what exceeds it goes to disk
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) max_memory: Option<u64>,

    /// The most threads [default: as many as the machine runs at once]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..))]
    pub(super) threads: Option<u16>,
}

impl TextArgs {
    /// The same for the engine.
    pub(super) fn options(&self) -> CountOptions {
        let mut options = CountOptions {
            invalid: self.errors.unwrap_or_default(),
            max_memory: self.max_memory,
            min_count: self.min_count,
            ..CountOptions::default()
        };
        if let Some(count) = self.threads {
            options.thread_count = usize::from(count);
        }
        options
    }

    /// What the files hold, if it is not for their names to say.
    pub(super) fn form(&self) -> Option<FileForm> {
        match &self.field {
            Some(field) => Some(FileForm::JsonLines {
                field: field.clone(),
            }),
            None => self.lines.then_some(FileForm::Lines),
        }
    }
}

/// What is kept beside the tokenizer.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Measuring and keeping")]
pub(super) struct KeepArgs {
    /// Text that is not trained on, to measure the tokenizer with
    #[arg(long, value_name = "FILE")]
    pub(super) held_out: Option<PathBuf>,

    /// Write the report, with the bytes per token at each size, as JSON
    #[arg(long, value_name = "FILE.json")]
    pub(super) report: Option<PathBuf>,

    /// Draw bytes per token against the size of the vocab
    #[arg(long, value_name = "FILE.svg")]
    pub(super) curve: Option<PathBuf>,

    /// Folder that keeps what was done, for going on after an interruption
    #[arg(long, value_name = "DIR")]
    pub(super) checkpoint: Option<PathBuf>,

    /// Go on with what the checkpoint has, if it has anything
    #[arg(long, requires = "checkpoint")]
    pub(super) resume: bool,
}

/// Count pretokens once, to train on them often
///
/// Counts are all that training needs of texts. Those of parts of a corpus, on one machine or on
/// several, add up to those of the whole.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit counts make en/*.txt -o en.bpecounts\n  \
        bpekit counts merge en.bpecounts de.bpecounts -o all.bpecounts\n  \
        bpekit counts show all.bpecounts\n  \
        bpekit train all.bpecounts --vocab-size 32000 -o mine.tiktoken",
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(super) struct CountsArgs {
    #[command(subcommand)]
    pub(super) command: CountsCommand,
}

/// The subcommands of `counts`.
#[derive(Debug, Subcommand)]
pub(super) enum CountsCommand {
    Make(CountsMakeArgs),
    Merge(CountsMergeArgs),
    Show(CountsShowArgs),
}

/// Count the pretokens of texts
///
/// Files are read as `bpekit train` reads them.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit counts make *.txt -o corpus.bpecounts\n  \
        bpekit counts make data.jsonl.gz --pattern gpt2 --max-memory 2G -o data.bpecounts"
)]
pub(super) struct CountsMakeArgs {
    /// Files of text; `-` or none for standard input as one text
    pub(super) files: Vec<PathBuf>,

    /// File to write
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: PathBuf,

    /// Show no progress; without a terminal there is none either
    #[arg(short, long)]
    pub(super) quiet: bool,

    #[command(flatten)]
    pub(super) cut: CutArgs,

    #[command(flatten)]
    pub(super) texts: TextArgs,
}

/// Add up counts of several texts
///
/// They must be made with the same pattern, normalizer and special tokens.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit counts merge part-*.bpecounts -o all.bpecounts\n  \
        bpekit counts merge a.bpecounts b.bpecounts --min-count 2 -o ab.bpecounts"
)]
pub(super) struct CountsMergeArgs {
    /// Files of counts
    #[arg(required = true)]
    pub(super) files: Vec<PathBuf>,

    /// File to write
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: PathBuf,

    /// Leave out pretokens that occur less often in all
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u64).range(1..))]
    pub(super) min_count: u64,
}

/// Show what was counted, and the most frequent pretokens
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit counts show corpus.bpecounts\n  \
        bpekit counts show corpus.bpecounts -n 1000 --json"
)]
pub(super) struct CountsShowArgs {
    /// File of counts
    pub(super) file: PathBuf,

    /// How many pretokens to show
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub(super) top: usize,

    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// List the published split patterns and the tools that know them
///
/// With a name, the pattern itself is printed too: as one expression for tiktoken (fancy-regex),
/// and as tokenizer.json has it (Oniguruma), where it may be several splits.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit patterns\n  \
        bpekit patterns llama3"
)]
pub(super) struct PatternsArgs {
    /// Name of a pattern
    pub(super) name: Option<String>,

    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

fn normalizers() -> impl TypedValueParser<Value = Normalizer> {
    named(
        ["nfc", "nfd", "nfkc", "nfkd", "lowercase"],
        Normalizer::by_name,
    )
}

fn orders() -> impl TypedValueParser<Value = Order> {
    named(["bytes", "hf"], Order::by_name)
}

fn byte_orders() -> impl TypedValueParser<Value = ByteOrder> {
    named(["identity", "gpt2"], ByteOrder::by_name)
}

pub(super) fn invalids() -> impl TypedValueParser<Value = Invalid> {
    named(["strict", "replace", "ignore"], Invalid::by_name)
}

/// One of some names, as what it stands for.
pub(super) fn named<T: Clone + Send + Sync + 'static, const N: usize>(
    names: [&'static str; N],
    find: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(names)
        .try_map(move |name| find(&name).ok_or_else(|| format!("`{name}` is not known")))
}

/// A number of bytes: `1000000`, `512M`, `2G`, `2GiB`, `2gb`. A letter means a power of 1024.
fn size(argument: &str) -> Result<u64, String> {
    let expected = || "expected a number of bytes, as 500000000, 512M or 2G".to_owned();
    let digits = argument.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = argument.split_at(digits);
    let unit = unit.to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let shift = match unit.strip_suffix('i').unwrap_or(unit) {
        "" if unit.is_empty() => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return Err(expected()),
    };
    let number: u64 = number.parse().map_err(|_| expected())?;
    number.checked_mul(1 << shift).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_or_powers_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("1000", 1000),
            ("10b", 10),
            ("1k", 1 << 10),
            ("512M", 512 << 20),
            ("2G", 2 << 30),
            ("2GB", 2 << 30),
            ("2GiB", 2 << 30),
            ("1t", 1 << 40),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "G",
            "-1",
            "+1",
            "1.5G",
            "1ib",
            "1x",
            "1 G",
            "99999999999T",
        ] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
