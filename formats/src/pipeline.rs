//! What happens to text around the merges, as data: normalizer, pretokenizer, post-processor,
//! decoder. The engine compiles these; a codec reads and writes them.
//!
//! The vocabulary is that of HuggingFace's tokenizer.json, which is the richest of the formats.
//! A kind this crate does not know is kept by name (`Other`), so that a file can be carried whole
//! and the engine can refuse it with its name.

use crate::charsmap::Charsmap;

/// The syntax a pattern is written in. The same text means different things in the two: `{1,3}+`
/// is possessive in one and a nested quantifier in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// fancy-regex 0.19, the engine of tiktoken 0.14.
    FancyRegex,
    /// Oniguruma in its Ruby syntax, the engine of tokenizers 0.x.
    Oniguruma,
}

/// A regular expression and the syntax it is written in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs)]
pub struct Pattern {
    /// The expression.
    pub text: String,
    /// Its syntax.
    pub dialect: Dialect,
}

/// What is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Needle {
    /// A fixed text.
    Literal(String),
    /// A regular expression.
    Regex(Pattern),
}

/// A step that rewrites text before it is pretokenized.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Normalizer {
    /// Unicode normalization form C.
    Nfc,
    /// Unicode normalization form D.
    Nfd,
    /// Unicode normalization form KC.
    Nfkc,
    /// Unicode normalization form KD.
    Nfkd,
    /// Lower case, character by character.
    Lowercase,
    /// White space removed at the ends.
    Strip {
        /// At the start.
        left: bool,
        /// At the end.
        right: bool,
    },
    /// Every match replaced.
    Replace {
        /// What is replaced.
        needle: Needle,
        /// By what.
        content: String,
    },
    /// A text put in front, unless the text is empty.
    Prepend(String),
    /// Grapheme clusters of fewer than six bytes replaced, and characters of others, if a key of
    /// the map is a prefix of them: tokenizers' way with the maps of SentencePiece, which is
    /// not that of SentencePiece itself.
    Precompiled(Charsmap),
    /// All that SentencePiece does to a text. It leaves added tokens that are looked for in
    /// normalized text as they stand.
    SentencePiece(SentencePieceNormalizer),
    /// One after the other.
    Sequence(Vec<Self>),
    /// A kind that is carried but not known.
    Other(String),
}

/// What SentencePiece does to a text (`normalizer.cc`, `Normalizer::Normalize`). The members
/// have the names of its `NormalizerSpec`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, clippy::struct_excessive_bools)]
pub struct SentencePieceNormalizer {
    /// The longest key of it at a place is replaced.
    pub charsmap: Option<Charsmap>,
    /// A space in front of the text, or behind it with `treat_whitespace_as_suffix`.
    pub add_dummy_prefix: bool,
    /// Spaces at the ends of the text, and all but one of several, are left out.
    pub remove_extra_whitespaces: bool,
    /// Spaces become `▁`.
    pub escape_whitespaces: bool,
    /// Whether the space of `add_dummy_prefix` stands behind the text.
    pub treat_whitespace_as_suffix: bool,
}

impl Normalizer {
    /// The step with this name: `nfc`, `nfd`, `nfkc`, `nfkd` or `lowercase`.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit_formats::Normalizer;
    ///
    /// assert_eq!(Normalizer::by_name("nfc"), Some(Normalizer::Nfc));
    /// assert_eq!(Normalizer::by_name("bert"), None);
    /// ```
    pub fn by_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "nfc" => Some(Self::Nfc),
            "nfd" => Some(Self::Nfd),
            "nfkc" => Some(Self::Nfkc),
            "nfkd" => Some(Self::Nfkd),
            "lowercase" => Some(Self::Lowercase),
            _ => None,
        }
    }
}

/// What becomes of the matches of a [`Pretokenizer::Split`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum SplitBehavior {
    /// Dropped.
    Removed,
    /// A pretoken each.
    Isolated,
    /// Joined to the text before.
    MergedWithPrevious,
    /// Joined to the text after.
    MergedWithNext,
    /// Neighbouring matches joined.
    Contiguous,
}

/// When [`Pretokenizer::Metaspace`] puts its mark in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum PrependScheme {
    /// Before every part of the text.
    Always,
    /// Never.
    Never,
    /// Only at the start of the text.
    First,
}

/// A step that cuts text into pretokens.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Pretokenizer {
    /// Cut at the matches of a pattern. `Removed` with `invert` keeps the matches alone, which is
    /// what tiktoken does.
    Split {
        /// What is looked for.
        needle: Needle,
        /// What becomes of a match.
        behavior: SplitBehavior,
        /// Matches and gaps change places.
        invert: bool,
    },
    /// GPT-2's: its pattern, then the byte alphabet.
    ByteLevel {
        /// Put a space before text that does not start with one.
        add_prefix_space: bool,
        /// Only about offsets.
        trim_offsets: bool,
        /// Cut by GPT-2's pattern.
        use_regex: bool,
    },
    /// Cut at numeric characters.
    Digits {
        /// Each digit for itself.
        individual: bool,
    },
    /// SentencePiece's: spaces become a mark.
    Metaspace {
        /// The mark.
        replacement: char,
        /// Where one is put in front.
        prepend: PrependScheme,
        /// Cut before each mark.
        split: bool,
    },
    /// `\w+|[^\w\s]+`, the rest dropped.
    Whitespace,
    /// Cut at white space, which is dropped.
    WhitespaceSplit,
    /// Cut at punctuation.
    Punctuation(SplitBehavior),
    /// One after the other.
    Sequence(Vec<Self>),
    /// A kind that is carried but not known.
    Other(String),
}

/// A part of a [`PostProcessor::Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum TemplatePart {
    /// The text itself: `A` is the first, `B` the second of a pair.
    Sequence {
        /// Whether it is the second.
        is_second: bool,
        /// The type id of its tokens.
        type_id: u32,
    },
    /// Special tokens.
    Special {
        /// The name under which the template knows them.
        name: String,
        /// Their ids.
        ids: Vec<u32>,
        /// Their type id.
        type_id: u32,
    },
}

/// A step that puts tokens around those of a text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PostProcessor {
    /// Only about offsets.
    ByteLevel {
        /// Only about offsets.
        add_prefix_space: bool,
        /// Only about offsets.
        trim_offsets: bool,
        /// Has no effect here.
        use_regex: bool,
    },
    /// Tokens in fixed places.
    Template {
        /// For one text.
        single: Vec<TemplatePart>,
        /// For a pair of texts.
        pair: Vec<TemplatePart>,
    },
    /// `cls A sep`: BERT's, and `RoBERTa`'s.
    ClsSep {
        /// The token in front and its id.
        cls: (String, u32),
        /// The token behind and its id.
        sep: (String, u32),
    },
    /// One after the other.
    Sequence(Vec<Self>),
    /// A kind that is carried but not known.
    Other(String),
}

/// A step that turns tokens back into text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Decoder {
    /// The byte alphabet back to bytes.
    ByteLevel {
        /// Has no effect here.
        add_prefix_space: bool,
        /// Only about offsets.
        trim_offsets: bool,
        /// Has no effect here.
        use_regex: bool,
    },
    /// Every match replaced.
    Replace {
        /// What is replaced.
        needle: Needle,
        /// By what.
        content: String,
    },
    /// `<0x0A>` tokens back to bytes.
    ByteFallback,
    /// All tokens joined to one.
    Fuse,
    /// A character removed at the ends of each token.
    Strip {
        /// The character.
        content: char,
        /// How many at the start, at most.
        start: usize,
        /// How many at the end, at most.
        stop: usize,
    },
    /// SentencePiece's mark back to spaces.
    Metaspace {
        /// The mark.
        replacement: char,
        /// Where one was put in front.
        prepend: PrependScheme,
        /// Has no effect here.
        split: bool,
    },
    /// All that SentencePiece does (`sentencepiece_processor.cc`, `DecodeOptimized`): special
    /// tokens become nothing, `▁` a space, `<0x0A>` tokens bytes.
    SentencePiece {
        /// What becomes of the `▁` that tokens at the start of the text start with.
        start: TextStart,
        /// What the unknown token becomes.
        unknown: String,
    },
    /// One after the other.
    Sequence(Vec<Self>),
    /// A kind that is carried but not known.
    Other(String),
}

/// What becomes of the mark of spaces in front of a text that is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum TextStart {
    /// It is a space like others.
    Kept,
    /// The first token that is more than nothing loses one.
    OneMark,
    /// Each token loses one, as long as there is no text before it.
    OneMarkEach,
}

impl Pattern {
    /// A pattern in tiktoken's dialect.
    pub fn fancy(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            dialect: Dialect::FancyRegex,
        }
    }

    /// A pattern in the dialect of tokenizers.
    pub fn oniguruma(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            dialect: Dialect::Oniguruma,
        }
    }
}

impl Pretokenizer {
    /// tiktoken's: the matches of one pattern, and nothing between them.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit_formats::{Pattern, Pretokenizer};
    /// let pretokenizer = Pretokenizer::matches_of(Pattern::fancy(r"\w+|\W"));
    /// assert_eq!(pretokenizer.as_matches_of().map(|pattern| pattern.text.as_str()), Some(r"\w+|\W"));
    /// ```
    pub fn matches_of(pattern: Pattern) -> Self {
        Self::Split {
            needle: Needle::Regex(pattern),
            behavior: SplitBehavior::Removed,
            invert: true,
        }
    }

    /// The pattern, if this is tiktoken's kind of pretokenizer.
    pub fn as_matches_of(&self) -> Option<&Pattern> {
        match self {
            Self::Split {
                needle: Needle::Regex(pattern),
                behavior: SplitBehavior::Removed,
                invert: true,
            } => Some(pattern),
            _ => None,
        }
    }

    /// Every pattern in it, in order.
    pub fn patterns_mut(&mut self) -> Vec<&mut Pattern> {
        match self {
            Self::Split {
                needle: Needle::Regex(pattern),
                ..
            } => vec![pattern],
            Self::Sequence(steps) => steps.iter_mut().flat_map(Self::patterns_mut).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the byte alphabet is part of it.
    pub fn has_byte_level(&self) -> bool {
        match self {
            Self::ByteLevel { .. } => true,
            Self::Sequence(steps) => steps.iter().any(Self::has_byte_level),
            _ => false,
        }
    }
}

impl Normalizer {
    /// Every pattern in it, in order.
    pub fn patterns_mut(&mut self) -> Vec<&mut Pattern> {
        match self {
            Self::Replace {
                needle: Needle::Regex(pattern),
                ..
            } => vec![pattern],
            Self::Sequence(steps) => steps.iter_mut().flat_map(Self::patterns_mut).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it changes no text: an empty sequence (DeepSeek's files have one).
    pub fn is_neutral(&self) -> bool {
        match self {
            Self::Sequence(steps) => steps.iter().all(Self::is_neutral),
            Self::Strip { left, right } => !left && !right,
            Self::Prepend(text) => text.is_empty(),
            Self::SentencePiece(all) => {
                all.charsmap.is_none()
                    && !all.add_dummy_prefix
                    && !all.remove_extra_whitespaces
                    && !all.escape_whitespaces
            }
            _ => false,
        }
    }
}

impl Decoder {
    /// Every pattern in it, in order.
    pub fn patterns_mut(&mut self) -> Vec<&mut Pattern> {
        match self {
            Self::Replace {
                needle: Needle::Regex(pattern),
                ..
            } => vec![pattern],
            Self::Sequence(steps) => steps.iter_mut().flat_map(Self::patterns_mut).collect(),
            _ => Vec::new(),
        }
    }
}

impl PostProcessor {
    /// Whether it adds no token to a single text.
    pub fn adds_nothing(&self) -> bool {
        match self {
            Self::ByteLevel { .. } => true,
            Self::Sequence(steps) => steps.iter().all(Self::adds_nothing),
            Self::Template { single, .. } => single
                .iter()
                .all(|part| matches!(part, TemplatePart::Sequence { .. })),
            Self::ClsSep { .. } | Self::Other(_) => false,
        }
    }
}
