//! `Definition`: everything a file says about a tokenizer, in no file's terms.
//!
//! It is data without algorithms: what text becomes under it is the engine's business. Codecs
//! make it and write it; conversions change it from one format's way of speaking to another's.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::added_token::AddedToken;
use crate::extra::Extra;
use crate::pipeline::{Decoder, Normalizer, PostProcessor, Pretokenizer};
use crate::vocab::{TokenId, Vocab};

/// What the smallest tokens are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)]
pub enum Atoms {
    /// Bytes: tiktoken, and byte-level tokenizer.json.
    Bytes,
    /// Characters: SentencePiece's kind of BPE, with byte fallback or an unknown token.
    Characters,
}

/// One merge of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs)]
pub struct Merge {
    /// The left token.
    pub left: TokenId,
    /// The right token.
    pub right: TokenId,
    /// What the two become.
    pub product: TokenId,
}

/// How neighbouring tokens become one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Merges {
    /// The pair whose joined bytes have the lowest id merges first, leftmost first: the id is the
    /// rank (tiktoken `src/lib.rs`, `_byte_pair_merge`). A pretoken that is a token as a whole is
    /// that token, before any merge.
    ByRank,
    /// Listed pairs, the earliest of the list first, leftmost first (tokenizers
    /// `models/bpe/word.rs`, `merge_all`).
    Listed(Vec<Merge>),
    /// The pair whose joined text is the token of the highest score merges first, leftmost first
    /// of all pairs with that score (SentencePiece `bpe_model.cc`, `SampleEncode`).
    ByScore(Scores),
}

/// The order of merges of a SentencePiece model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Scores {
    /// The score of each token of the vocab, in the order of ids; none for a token that merges
    /// neither make nor start from.
    pub of_tokens: Vec<Option<Score>>,
    /// Tokens, in the order of ids, that merges pass through alone: what is left of them in the
    /// end is taken apart again into the two that it was made of.
    pub unused: Vec<TokenId>,
}

/// A score: a number, and an order of all of them. Of two zeros the negative one is the lower, as
/// SentencePiece has it, which compares the bits.
#[derive(Clone, Copy, Debug)]
pub struct Score(f32);

impl Score {
    /// The score, unless it is not a number.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit_formats::Score;
    /// assert!(Score::new(-1.0) > Score::new(-2.0));
    /// assert_eq!(Score::new(f32::NAN), None);
    /// ```
    pub fn new(value: f32) -> Option<Self> {
        (!value.is_nan()).then_some(Self(value))
    }

    /// The number.
    pub fn value(self) -> f32 {
        self.0
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Score {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Score {}

/// Settings of a BPE model beside vocab and merges; the names are those of tokenizer.json.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(clippy::exhaustive_structs)]
pub struct ModelOptions {
    /// The chance that a merge is left out: makes encoding random.
    pub dropout: Option<f64>,
    /// The token for what the vocab lacks.
    pub unk_token: Option<String>,
    /// Put before every token that does not start a pretoken; empty for none.
    pub continuing_subword_prefix: String,
    /// Put behind the last token of a pretoken; empty for none.
    pub end_of_word_suffix: String,
    /// Neighbouring unknown characters become one unknown token.
    pub fuse_unk: bool,
    /// Unknown characters become `<0x0A>` tokens.
    pub byte_fallback: bool,
    /// A pretoken that is a token as a whole is that token, before any merge. Rank files always
    /// mean this, whatever stands here.
    pub ignore_merges: bool,
}

/// A part which a file of this kind does not carry, so that nothing is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// How text is cut.
    Pattern,
    /// Which special tokens there are.
    SpecialTokens,
}

/// What a token is for, as models and their files know it. No ids of any text hang on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Role {
    /// Begins a text.
    Bos,
    /// Ends a text.
    Eos,
    /// Stands for what the vocab lacks.
    Unk,
    /// Separates two texts.
    Sep,
    /// Fills a batch.
    Pad,
    /// Stands for the whole text.
    Cls,
    /// Stands for a token to be guessed.
    Mask,
    /// Ends a turn of a talk.
    Eot,
    /// Ends a message.
    Eom,
    /// Before the text in front of a gap.
    FimPrefix,
    /// Before the text behind a gap.
    FimSuffix,
    /// Before the text of a gap.
    FimMiddle,
    /// Fills a text with a gap.
    FimPad,
    /// Before the name of a repository.
    FimRepository,
    /// Between files.
    FimSeparator,
}

impl Role {
    /// Every role, in a fixed order.
    pub const ALL: &'static [Self] = &[
        Self::Bos,
        Self::Eos,
        Self::Unk,
        Self::Sep,
        Self::Pad,
        Self::Cls,
        Self::Mask,
        Self::Eot,
        Self::Eom,
        Self::FimPrefix,
        Self::FimSuffix,
        Self::FimMiddle,
        Self::FimPad,
        Self::FimRepository,
        Self::FimSeparator,
    ];

    /// The name, as `bos`.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit_formats::Role;
    /// assert_eq!(Role::FimPrefix.name(), "fim-prefix");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Bos => "bos",
            Self::Eos => "eos",
            Self::Unk => "unk",
            Self::Sep => "sep",
            Self::Pad => "pad",
            Self::Cls => "cls",
            Self::Mask => "mask",
            Self::Eot => "eot",
            Self::Eom => "eom",
            Self::FimPrefix => "fim-prefix",
            Self::FimSuffix => "fim-suffix",
            Self::FimMiddle => "fim-middle",
            Self::FimPad => "fim-pad",
            Self::FimRepository => "fim-repository",
            Self::FimSeparator => "fim-separator",
        }
    }
}

/// Where a definition comes from. Not part of what it means.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Provenance {
    /// The format's name.
    pub format: Option<&'static str>,
    /// The file.
    pub path: Option<PathBuf>,
    /// The sha256, in lower-case hex, of the rank file this vocab is written to: LF line ends,
    /// sorted by rank. It names the ranks themselves, whatever the file looked like.
    pub ranks_sha256: Option<String>,
    /// The files read beside the main one, as a sidecar.
    pub companions: Vec<PathBuf>,
    /// What is odd about the file, though accepted: CRLF line ends, ranks out of order.
    pub remarks: Vec<String>,
    /// What a lenient read let pass.
    pub warnings: Vec<String>,
}

/// Everything a file says about a tokenizer.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct Definition {
    /// The encoding's name, if the file or the caller gave one.
    pub name: Option<String>,
    /// Token id ⇄ bytes of the model.
    pub vocab: Vocab,
    /// What the smallest tokens are.
    pub atoms: Atoms,
    /// How tokens merge.
    pub merges: Merges,
    /// Settings of the model.
    pub options: ModelOptions,
    /// Tokens found by their text, in the order of the file.
    pub added_tokens: Vec<AddedToken>,
    /// Rewrites text first.
    pub normalizer: Option<Normalizer>,
    /// Cuts text into pretokens; `None` leaves it whole.
    pub pretokenizer: Option<Pretokenizer>,
    /// Puts tokens around a text.
    pub post_processor: Option<PostProcessor>,
    /// Tokens back to text; `None` joins their bytes.
    pub decoder: Option<Decoder>,
    /// The tokens that models know by what they are for.
    pub roles: BTreeMap<Role, TokenId>,
    /// How a talk is written out as one text: a template of Jinja, carried and never run.
    pub chat_template: Option<String>,
    /// Parts the file cannot speak of.
    pub missing: Vec<Part>,
    /// Parts the file has and this crate carries without reading.
    pub extra: Extra,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl Definition {
    /// A definition by ranks, as a rank file gives it: no pattern, no special tokens known.
    pub fn from_ranks(vocab: Vocab) -> Self {
        Self {
            name: None,
            vocab,
            atoms: Atoms::Bytes,
            merges: Merges::ByRank,
            options: ModelOptions {
                ignore_merges: true,
                ..ModelOptions::default()
            },
            added_tokens: Vec::new(),
            normalizer: None,
            pretokenizer: None,
            post_processor: None,
            decoder: None,
            roles: BTreeMap::new(),
            chat_template: None,
            missing: vec![Part::Pattern, Part::SpecialTokens],
            extra: Extra::default(),
            provenance: Provenance::default(),
        }
    }

    /// The added token of that id.
    pub fn added_token(&self, id: TokenId) -> Option<&AddedToken> {
        self.added_tokens.iter().find(|token| token.id == id)
    }

    /// One more than the largest id in use, added tokens included; 0 without tokens. This is
    /// tiktoken's `n_vocab`: holes count.
    pub fn id_bound(&self) -> u64 {
        let added = self.added_tokens.iter().map(|token| token.id).max();
        self.vocab
            .max_id()
            .max(added)
            .map_or(0, |id| u64::from(id) + 1)
    }

    /// Whether the two mean the same tokenizer, part by part: everything but name, provenance
    /// and the writing of the file.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.vocab == other.vocab
            && self.atoms == other.atoms
            && self.merges == other.merges
            && self.options == other.options
            && self.added_tokens == other.added_tokens
            && self.normalizer == other.normalizer
            && self.pretokenizer == other.pretokenizer
            && self.post_processor == other.post_processor
            && self.decoder == other.decoder
            && self.roles == other.roles
            && self.chat_template == other.chat_template
            && self.missing == other.missing
    }
}
