//! Which variation of the GPT-2 pattern: plain data, and what it says of classes.
//!
//! The arms of a family stand in a fixed order: Han, contractions, words, digits, punctuation,
//! white space. What varies is what each arm takes. A family is not tied to a published pattern;
//! those that are published have theirs in [`Family::of_known`].

use std::num::NonZeroU8;

use super::classes::{BREAK, Class, HAN, LETTER, MARK, NUMBER, SPACE};
use super::endings::{Case, Endings, List};
use crate::known::KnownPattern;

/// A pattern of the GPT-2 family, arm by arm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Family {
    pub(crate) contractions: Contractions,
    pub(crate) words: Words,
    pub(crate) digits: Digits,
    pub(crate) tail: Tail,
    pub(crate) space: Space,
}

/// Where contractions such as `'s`, `'re` and `'ll` stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Contractions {
    /// Nowhere.
    None,
    /// A first arm, `'(?:[sdmt]|ll|ve|re)`.
    First(Endings),
    /// Behind a word, `(?:'s|'t|'re|'ve|'m|'ll|'d)?`.
    Suffix(Endings),
}

/// The arm, or arms, of letters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Words {
    /// What may stand before the letters of a word, if anything may.
    pub(crate) prefix: Option<Prefix>,
    pub(crate) marks: Marks,
    /// Whether a word ends where a capital follows a small letter: `U*L+|U+L*`, where `U` is
    /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}]` and `L` is `[\p{Ll}\p{Lm}\p{Lo}]`, both with `\p{M}` if marks
    /// belong to words.
    pub(crate) is_cased: bool,
    /// Whether `\p{Han}+` is an arm of its own before all others, and words have no Han.
    pub(crate) is_han_apart: bool,
}

/// What may stand before the letters of a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Prefix {
    /// ` ?`
    Space,
    /// `[^\r\n\p{L}\p{N}]?`
    Any,
}

/// Where marks belong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Marks {
    /// Words are `\p{L}+`, punctuation is `[^\s\p{L}\p{N}]+`.
    Punctuation,
    /// Words are `[\p{L}\p{M}]+`, punctuation is `[^\s\p{L}\p{M}\p{N}]+`.
    Words,
    /// Words are `[\p{L}\p{M}]+`, punctuation is `[^\s\p{L}\p{N}]+`.
    Both,
}

/// The arm of digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Digits {
    /// ` ?` before them.
    pub(crate) has_space: bool,
    /// `\p{N}{1,max}`, or `\p{N}+`.
    pub(crate) max: Option<NonZeroU8>,
}

/// What punctuation, ` ?[^\s\p{L}\p{N}]+`, takes along behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tail {
    /// Nothing.
    None,
    /// `[\r\n]*`
    Breaks,
    /// `[\r\n/]*`
    BreaksAndSlashes,
}

/// The arms of white space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Space {
    /// `\s+(?!\S)|\s+`
    Plain,
    /// `\s*[\r\n]+|\s+(?!\S)|\s+`
    Breaks,
    /// `\s++$|\s*[\r\n]+|\s+(?!\S)|\s+`
    EndThenBreaks,
}

impl Family {
    /// The published ones that have a scanner of their own, made for them at compile time.
    pub(super) const PUBLISHED: [Self; 8] = [
        Self::GPT2,
        Self::CL100K,
        Self::LLAMA3,
        Self::O200K,
        Self::QWEN2,
        Self::QWEN3_5,
        Self::TEKKEN,
        Self::KIMI_K2,
    ];

    const GPT2: Self = Self {
        contractions: Contractions::First(Self::english(Case::Exact)),
        words: Words {
            prefix: Some(Prefix::Space),
            marks: Marks::Punctuation,
            is_cased: false,
            is_han_apart: false,
        },
        digits: Digits {
            has_space: true,
            max: None,
        },
        tail: Tail::None,
        space: Space::Plain,
    };

    const LLAMA3: Self = Self {
        contractions: Contractions::First(Self::english(Case::Any)),
        words: Words {
            prefix: Some(Prefix::Any),
            ..Self::GPT2.words
        },
        digits: Self::digits_to(3),
        tail: Tail::Breaks,
        space: Space::Breaks,
    };

    const CL100K: Self = Self {
        space: Space::EndThenBreaks,
        ..Self::LLAMA3
    };

    const QWEN2: Self = Self {
        digits: Self::digits_to(1),
        ..Self::LLAMA3
    };

    const QWEN3_5: Self = Self {
        words: Words {
            marks: Marks::Words,
            ..Self::QWEN2.words
        },
        ..Self::QWEN2
    };

    const O200K: Self = Self {
        contractions: Contractions::Suffix(Self::english(Case::Any)),
        words: Words {
            marks: Marks::Both,
            is_cased: true,
            ..Self::LLAMA3.words
        },
        tail: Tail::BreaksAndSlashes,
        ..Self::LLAMA3
    };

    const TEKKEN: Self = Self {
        contractions: Contractions::None,
        digits: Self::digits_to(1),
        ..Self::O200K
    };

    const KIMI_K2: Self = Self {
        words: Words {
            is_han_apart: true,
            ..Self::O200K.words
        },
        tail: Tail::Breaks,
        ..Self::O200K
    };

    const fn english(case: Case) -> Endings {
        let list = List::English;
        Endings { list, case }
    }

    const fn digits_to(max: u8) -> Digits {
        Digits {
            has_space: false,
            max: NonZeroU8::new(max),
        }
    }

    /// The family of a published pattern; none if it is of another kind.
    ///
    /// By name, which takes no time: compiling the pattern gives the same in about a millisecond.
    pub(crate) fn of_known(known: &KnownPattern) -> Option<Self> {
        Some(match known.name {
            "gpt2" => Self::GPT2,
            "cl100k" => Self::CL100K,
            "llama3" => Self::LLAMA3,
            "o200k" => Self::O200K,
            "qwen2" => Self::QWEN2,
            "qwen3.5" => Self::QWEN3_5,
            "tekken" => Self::TEKKEN,
            "kimi-k2" => Self::KIMI_K2,
            _ => return None,
        })
    }

    /// Whether a character of this class belongs to words.
    #[inline]
    pub(super) fn is_in_words(&self, class: Class) -> bool {
        let taken = match self.words.marks {
            Marks::Punctuation => LETTER,
            Marks::Words | Marks::Both => LETTER | MARK,
        };
        class & taken != 0 && !(self.words.is_han_apart && class & HAN != 0)
    }

    /// Whether a character of this class is punctuation.
    #[inline]
    pub(super) fn is_punctuation(&self, class: Class) -> bool {
        let left = match self.words.marks {
            Marks::Words => LETTER | NUMBER | SPACE | MARK,
            Marks::Punctuation | Marks::Both => LETTER | NUMBER | SPACE,
        };
        class & left == 0
    }

    /// Whether a character, its class given and its first byte, may stand before a word.
    #[inline]
    pub(super) fn is_prefix(&self, class: Class, byte: u8) -> bool {
        match self.words.prefix {
            None => false,
            Some(Prefix::Space) => byte == b' ',
            Some(Prefix::Any) => class & (LETTER | NUMBER | BREAK) == 0,
        }
    }

    /// How long the contraction is that starts at the apostrophe `text` starts with, if
    /// contractions are a first arm; zero if none does.
    #[inline]
    pub(super) fn first_contraction_len(&self, text: &[u8]) -> usize {
        match &self.contractions {
            Contractions::First(endings) => endings.contraction_len(text),
            Contractions::None | Contractions::Suffix(_) => 0,
        }
    }

    /// Whether a byte belongs to the tail of punctuation.
    #[inline]
    pub(super) fn is_tail(&self, byte: u8) -> bool {
        match self.tail {
            Tail::None => false,
            Tail::Breaks => matches!(byte, b'\r' | b'\n'),
            Tail::BreaksAndSlashes => matches!(byte, b'\r' | b'\n' | b'/'),
        }
    }
}
