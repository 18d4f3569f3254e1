//! What can be written on the command line: definitions alone, no work.
//!
//! The texts here are the help of the program. `docs/cli.md` holds them as they are printed, and
//! a test compares the two.

use std::path::PathBuf;

use bpekit_formats::{LossPart, ReadOptions};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::cache_args::CacheArgs;
use super::edit_args::EditArgs;
use super::id_file_args::IdFileArgs;
use super::look_args::{ReportArgs, ServeArgs, ShowArgs};
use super::shell_args::{CompletionsArgs, ManArgs};
use super::train_args::{CountsArgs, PatternsArgs, TrainArgs};
use crate::load::LoadOptions;
use crate::tokenizer::Special;

/// Examples come before the list of options: most visits to a help text are for one of them.
pub(super) const TEMPLATE: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}\
                        {after-help}";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "bpekit",
    // Whatever started it: Python does it by another name.
    bin_name = "bpekit",
    version,
    about = "Train byte-level BPE tokenizers; look into, convert, compare and use their files",
    before_help = "Examples:\n  \
        bpekit demo                                       see it work, with no files\n  \
        bpekit inspect cl100k_base.tiktoken               what is in a file\n  \
        bpekit convert cl100k_base.tiktoken tokenizer.json\n  \
        bpekit diff cl100k_base.tiktoken tokenizer.json   are they the same tokenizer?\n  \
        bpekit encode -t tokenizer.json text.txt          text to token ids\n  \
        bpekit count -t tokenizer.json *.txt              how many tokens, as wc does\n  \
        bpekit serve tokenizer.json                       the tokens of what is typed, in the browser\n  \
        bpekit train *.txt --vocab-size 32000 -o mine.tiktoken",
    after_help = "Exit status: 0 done, or yes; 1 no (they differ, something would be lost); \
        2 trouble.",
    help_template = TEMPLATE,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Inspect(InspectArgs),
    Convert(ConvertArgs),
    Edit(EditArgs),
    Verify(VerifyArgs),
    Diff(DiffArgs),
    Encode(EncodeArgs),
    Decode(DecodeArgs),
    Count(CountArgs),
    Show(ShowArgs),
    Report(ReportArgs),
    Serve(ServeArgs),
    Train(TrainArgs),
    Counts(CountsArgs),
    Formats(FormatsArgs),
    Patterns(PatternsArgs),
    Cache(CacheArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
    Demo(DemoArgs),
}

/// How a tokenizer file is read, and what to fill in.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reading the tokenizer")]
pub(super) struct LoadArgs {
    /// Format of the file, if its content should not decide [see: bpekit formats]
    #[arg(long, visible_alias = "from", value_name = "FORMAT")]
    pub(super) format: Option<String>,

    /// Which published encoding a rank file is, where several share their ranks
    ///
    /// With --pattern, or for a file that carries its pattern, it may be a name of your own.
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,

    /// Split pattern of a rank file: a published name (gpt2, cl100k, …) or a regular expression
    ///
    /// A rank file carries none. It is filled in where the ranks are those of a published
    /// encoding. The names are listed by `bpekit formats --patterns`; an expression is in the
    /// dialect of tiktoken (fancy-regex).
    #[arg(long, value_name = "NAME|REGEX")]
    pub(super) pattern: Option<String>,

    /// A special token of a rank file; may be given several times
    #[arg(long, value_name = "TEXT=ID", value_parser = special_token)]
    pub(super) special_token: Vec<(String, u32)>,

    /// Accept harmless oddities of the file with a warning
    #[arg(long)]
    pub(super) lenient: bool,

    /// Accept a rank file without a token for each of the 256 bytes
    #[arg(long)]
    pub(super) allow_missing_bytes: bool,
}

impl LoadArgs {
    /// Whether nothing is said about the file.
    pub(super) fn says_nothing(&self) -> bool {
        let texts = [&self.format, &self.name, &self.pattern];
        let switches = [self.lenient, self.allow_missing_bytes];
        texts.iter().all(|text| text.is_none())
            && self.special_token.is_empty()
            && switches == [false; 2]
    }

    /// The same for the engine.
    pub(super) fn options(&self) -> LoadOptions {
        LoadOptions {
            format: self.format.clone(),
            pattern: self.pattern.clone(),
            special_tokens: (!self.special_token.is_empty()).then(|| self.special_token.clone()),
            name: self.name.clone(),
            read: ReadOptions {
                lenient: self.lenient,
                allow_missing_bytes: self.allow_missing_bytes,
                ..ReadOptions::default()
            },
            ..LoadOptions::default()
        }
    }
}

/// The tokenizer to work with.
#[derive(Args, Debug)]
pub(super) struct TokenizerArgs {
    /// Tokenizer file, or name of a published encoding; `demo` is a small one that is built in
    ///
    /// The file of a name is looked for in the folder that `BPEKIT_HOME` names, in tiktoken's cache
    /// and in installed Python packages. Nothing is downloaded.
    #[arg(short, long, value_name = "FILE|NAME")]
    pub(super) tokenizer: Option<PathBuf>,
}

/// What becomes of special tokens.
#[derive(Args, Debug)]
pub(super) struct SpecialArgs {
    /// Let special tokens in the text become their ids
    #[arg(long, conflicts_with = "ordinary")]
    special: bool,

    /// Take special tokens in the text for ordinary text
    #[arg(long)]
    ordinary: bool,

    /// Put the tokens around each text that the file's post-processor asks for
    #[arg(long)]
    pub(super) add_special_tokens: bool,
}

impl SpecialArgs {
    /// The same for the engine.
    pub(super) fn policy(&self) -> Special<'static> {
        match (self.special, self.ordinary) {
            (true, _) => Special::allowed(),
            (_, true) => Special::ordinary(),
            _ => Special::refused(),
        }
    }
}

/// Show what is in a tokenizer file
///
/// Works for files that cannot be encoded with, too: it says which part is missing or not
/// supported.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit inspect cl100k_base.tiktoken\n  \
        bpekit inspect --json tokenizer.json\n  \
        bpekit inspect mine.tiktoken --pattern gpt2"
)]
pub(super) struct InspectArgs {
    /// Tokenizer file
    pub(super) file: PathBuf,

    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) load: LoadArgs,
}

/// Convert a tokenizer file to another format, checked
///
/// What is written is read back, and both tokenizers encode many thousand texts. The target
/// appears whole and checked, or not at all. If the target cannot carry a part that encoding
/// depends on, nothing is written and the status is 1, unless --allow-loss names the part.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit convert cl100k_base.tiktoken tokenizer.json\n  \
        bpekit convert cl100k_base.tiktoken folder/     what transformers loads\n  \
        bpekit convert tokenizer.json mine.tiktoken --allow-loss normalizer\n  \
        bpekit convert mine.tiktoken tokenizer.json --pattern gpt2 --special-token '<|end|>=50000'\n  \
        bpekit convert demo - --to hf-json | head -c 300"
)]
pub(super) struct ConvertArgs {
    /// Tokenizer file, or directory of one tokenizer
    pub(super) source: PathBuf,

    /// File to write, or directory (format hf-dir); `-` for standard output
    pub(super) target: PathBuf,

    /// Format to write, if the name of the target does not say it [see: bpekit formats]
    #[arg(long, value_name = "FORMAT")]
    pub(super) to: Option<String>,

    /// Parts that may be lost, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = loss_parts())]
    pub(super) allow_loss: Vec<LossPart>,

    /// Write the merges of a tokenizer.json as strings, for tokenizers before 0.20
    #[arg(long)]
    pub(super) string_merges: bool,

    /// Print the report as one JSON object
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) load: LoadArgs,
}

/// Compare two tokenizers, whatever their formats
///
/// Part by part: vocab, merges, options, added tokens, normalizer, pretokenizer, post-processor,
/// decoder. Ranks are compared with the merges they stand for, and a published pattern with its
/// other spellings. The status is 0 if they are the same, 1 if they differ.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit diff cl100k_base.tiktoken tokenizer.json\n  \
        bpekit diff --json old/tokenizer.json new/tokenizer.json"
)]
pub(super) struct DiffArgs {
    /// One tokenizer file
    pub(super) a: PathBuf,

    /// The other
    pub(super) b: PathBuf,

    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) load: LoadArgs,
}

/// Find out whether two files make the same of every text
///
/// Each part is compared by what it means: ranks with the merges they stand for, patterns by the
/// automata that cut text. Where that leaves a part open, texts are searched for one that the two
/// tokenize differently, and the first is shortened and shown. Exit code 0 says equal, 1
/// different, 2 that it was not decided, or that something went wrong.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit verify cl100k_base.tiktoken tokenizer.json\n  \
        bpekit verify --ignore post-processor llama3.tiktoken llama3/tokenizer.json\n  \
        bpekit verify --json old/tokenizer.json new/tokenizer.json"
)]
pub(super) struct VerifyArgs {
    /// One tokenizer file
    pub(super) a: PathBuf,

    /// The other
    pub(super) b: PathBuf,

    /// Parts to leave out on both sides: normalizer, pretokenizer, added-tokens, post-processor,
    /// decoder
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,

    /// JSON object from ids of A to ids of B, where the two number tokens differently
    #[arg(long, value_name = "FILE")]
    pub(super) id_map: Option<PathBuf>,

    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) load: LoadArgs,
}

/// Turn text into token ids
///
/// The ids of each file stand on a line, separated by spaces. Text is UTF-8. A special token in
/// the text is an error unless --special or --ordinary says what is meant.
///
/// With --out, the ids of all files go to one file of integers, the lowest byte first, as training
/// programs map it into memory. Files may be longer than memory, and may be in gzip or Zstandard;
/// a `.jsonl` or `.ndjson` has an object each line with the text in `text`.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        echo 'hello world' | bpekit encode -t cl100k_base.tiktoken\n  \
        bpekit encode -t tokenizer.json a.txt b.txt\n  \
        bpekit encode -t demo --lines --json <questions.txt\n  \
        bpekit encode -t gpt2.tiktoken corpus.txt.zst --separator '<|endoftext|>' --out train.bin"
)]
pub(super) struct EncodeArgs {
    /// Text files; `-` or none for standard input
    pub(super) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) tokenizer: TokenizerArgs,

    /// Each line of the input is a text; its line end is not part of it
    #[arg(long)]
    pub(super) lines: bool,

    /// Print a JSON array for each text; with --out, the report as one JSON object
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) special: SpecialArgs,

    #[command(flatten)]
    pub(super) id_file: IdFileArgs,

    #[command(flatten)]
    pub(super) load: LoadArgs,
}

/// Turn token ids into text
///
/// Reads decimal ids between white space, commas or brackets: what encode prints, with or
/// without --json. Writes the bytes of the tokens exactly and nothing else, no line end either.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        echo 15339 1917 | bpekit decode -t cl100k_base.tiktoken\n  \
        bpekit encode -t demo a.txt | bpekit decode -t demo | cmp - a.txt"
)]
pub(super) struct DecodeArgs {
    /// Files of ids; `-` or none for standard input
    pub(super) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) tokenizer: TokenizerArgs,

    /// What to do with bytes that are not UTF-8
    #[arg(long, value_name = "HOW", default_value = "keep")]
    pub(super) errors: Errors,

    #[command(flatten)]
    pub(super) load: LoadArgs,
}

/// What to do with bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Errors {
    /// Write them as they are
    Keep,
    /// Stop with an error
    Strict,
    /// Write U+FFFD in their place
    Replace,
}

/// Count tokens, as wc counts words
///
/// Prints tokens, bytes and the name for each file, and a total for several. Of a directory, all
/// files below it are counted that are UTF-8 text, except hidden ones and those that `.gitignore`
/// and `.ignore` leave out, in the order of their names. What cannot be counted is told, and the rest
/// goes on; the status is then 2.
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit count -t cl100k_base.tiktoken *.md\n  \
        bpekit count -t o200k_base --ordinary src tests\n  \
        git diff | bpekit count -t tokenizer.json --ordinary"
)]
pub(super) struct CountArgs {
    /// Text files and directories; `-` or none for standard input
    pub(super) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) tokenizer: TokenizerArgs,

    #[command(flatten)]
    pub(super) walk: WalkArgs,

    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) special: SpecialArgs,

    #[command(flatten)]
    pub(super) load: LoadArgs,
}

/// Which files of a directory are meant.
#[derive(Args, Debug)]
pub(super) struct WalkArgs {
    /// Of directories, count hidden files too
    #[arg(long)]
    pub(super) hidden: bool,

    /// Of directories, count what `.gitignore` and its like leave out
    #[arg(long)]
    pub(super) no_ignore: bool,
}

/// List the formats and what each can carry
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_help = "Examples:\n  \
        bpekit formats\n  \
        bpekit formats --patterns     the names that --pattern takes\n  \
        bpekit formats --encodings    the names that --name takes"
)]
pub(super) struct FormatsArgs {
    /// List the published split patterns instead
    #[arg(long, conflicts_with = "encodings")]
    pub(super) patterns: bool,

    /// List the published encodings instead
    #[arg(long)]
    pub(super) encodings: bool,

    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Encode, convert and check a small built-in tokenizer
///
/// Needs no files and writes none.
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE)]
pub(super) struct DemoArgs {}

pub(super) fn loss_parts() -> impl TypedValueParser<Value = LossPart> {
    PossibleValuesParser::new(LossPart::ALL.iter().map(|part| part.name()))
        .try_map(|name| LossPart::from_name(&name).ok_or_else(|| format!("`{name}` is not a part")))
}

/// The text may contain `=`, the id cannot.
fn special_token(argument: &str) -> Result<(String, u32), String> {
    let (text, id) = argument
        .rsplit_once('=')
        .ok_or("expected TEXT=ID, as `<|end|>=50000`")?;
    if text.is_empty() {
        return Err("the text before `=` is empty".to_owned());
    }
    match id.parse() {
        // `parse` takes a sign, too.
        Ok(number) if id.starts_with(|first: char| first.is_ascii_digit()) => {
            Ok((text.to_owned(), number))
        }
        _ => Err("the id after `=` is not a decimal integer below 4294967296".to_owned()),
    }
}
