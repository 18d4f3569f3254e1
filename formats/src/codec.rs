//! `Codec`: what a format must do to be read and written.

use crate::bundle::Bundle;
use crate::definition::Definition;
use crate::error::Result;
use crate::limits::ReadOptions;
use crate::loss::Loss;

/// Facts about a format, for lists and messages.
#[derive(Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct FormatInfo {
    /// The name in commands and arguments, as `hf-json`.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// File names that say it: a whole name, or an ending that starts with a dot. For a directory,
    /// the file that makes it one of this format, first.
    pub file_names: &'static [&'static str],
    /// Whether it is a file or a directory.
    pub layout: Layout,
    /// What a file of it carries.
    pub carries: Carries,
    /// In whose terms a definition has to be before it is written; `None` for a format that is
    /// read alone.
    pub writes: Option<Terms>,
}

/// What a tokenizer of a format is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Layout {
    /// A file, and perhaps others beside it.
    File,
    /// A directory of files with fixed names.
    Directory,
}

/// The two ways of speaking in which a tokenizer can be put. Conversions restate a definition in
/// the terms of the target, so that a codec has to know its own alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Terms {
    /// How merges are told.
    pub merges: MergeTerms,
    /// How the steps around them are told.
    pub steps: StepTerms,
}

/// How a format tells the order of merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum MergeTerms {
    /// By the ids of the tokens, which are their ranks.
    Ranks,
    /// By a list, and with or without a lookup of whole pretokens before it.
    Listed,
    /// By a list alone.
    PlainList,
    /// By a list in the order of ids, one merge for each token that is no byte.
    IdOrder,
    /// By scores, which a definition has or has not: none are made.
    Scores,
}

/// How a format tells what happens around the merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum StepTerms {
    /// One pattern whose matches are the pretokens, in tiktoken's dialect.
    Pattern,
    /// The steps of a tokenizer.json, with the byte alphabet.
    Steps,
    /// The same, each pattern in the spelling it was published in: the format names patterns, and
    /// knows them by their text.
    NamedSteps,
    /// The same with patterns in tiktoken's dialect, and published ones in the classic spelling:
    /// tokenizers 1.0 knows them by their text.
    FancySteps,
    /// Steps that no other format has: they are written as they are, or refused.
    Own,
}

/// What a format can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, clippy::struct_excessive_bools)]
pub struct Carries {
    /// The split pattern.
    pub pattern: bool,
    /// Special and other added tokens.
    pub added_tokens: bool,
    /// A normalizer.
    pub normalizer: bool,
    /// A list of merges.
    pub merges: bool,
    /// A post-processor.
    pub post_processor: bool,
    /// What the special tokens are for.
    pub roles: bool,
    /// The template by which a talk is written out.
    pub chat_template: bool,
}

/// How sure a codec is that a file is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::exhaustive_enums)]
pub enum Confidence {
    /// It is not.
    No,
    /// Nothing speaks against it.
    Maybe,
    /// Its start can be nothing else.
    Sure,
}

/// How much of a file is read, as its start tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Extent {
    /// All of it.
    Whole,
    /// More than is there: this many bytes from its start, at least.
    More {
        /// In bytes.
        needed: u64,
    },
    /// No more than is there.
    Enough,
}

/// Reader and writer of one format: bytes in, bytes out, no file system.
pub trait Codec: Sync {
    /// Facts about the format.
    fn info(&self) -> &'static FormatInfo;

    /// The names of files to read beside the main one, where they exist. In a directory they are
    /// paths below it, with `/`; `FOLDER/*ENDING` is every file of that ending in a folder.
    fn companions(&self, main: &Bundle) -> Vec<String> {
        let _ = main;
        Vec::new()
    }

    /// How much is read of a file that starts so. A format whose files hold more than a tokenizer,
    /// as the weights of a model, ends the reading where the tokenizer does.
    fn extent(&self, start: &[u8]) -> Extent {
        let _ = start;
        Extent::Whole
    }

    /// Whether the content is of this format. Cheap: looks at the start alone.
    fn sniff(&self, input: &Bundle) -> Confidence;

    /// What the file says.
    ///
    /// # Errors
    ///
    /// Of any category but `Loss`, with the place in the file.
    fn read(&self, input: &Bundle, options: &ReadOptions) -> Result<Definition>;

    /// Whether pretokens are looked up whole, where the format ties that to another part of the
    /// definition in place of saying it.
    fn implied_ignore_merges(&self, definition: &Definition) -> Option<bool> {
        let _ = definition;
        None
    }

    /// What [`Self::write`] would drop or change, given a definition in this format's terms.
    fn losses(&self, definition: &Definition) -> Vec<Loss>;

    /// The files, under the given name, which is that of the main file, or of the directory: the
    /// same definition gives the same bytes. Called for a format that [`FormatInfo::writes`].
    ///
    /// # Errors
    ///
    /// `Data` if the definition lacks a part that the format needs, as merges;
    /// `Unsupported` if it has something that the format cannot say.
    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle>;
}
