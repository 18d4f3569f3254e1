//! One arm of a pattern: what it is to a family.

use std::num::NonZeroU8;
use std::sync::OnceLock;

use regex_syntax::hir::{Class as HirClass, ClassUnicode, ClassUnicodeRange, HirKind};

use super::contractions::{endings_of, texts_of};
use super::tree::{Kind, Node};
use crate::pretokenize::scanner::{Digits, Endings, Prefix, Tail};

/// What an arm of a pattern is.
pub(super) enum Role {
    /// `\p{Han}+`
    Han,
    /// What contractions it matches, in order.
    Contractions(Vec<String>),
    Word(Word),
    Digits(Digits),
    /// Punctuation, whether without marks, and its tail.
    Punctuation(bool, Tail),
    Space(SpaceArm),
}

/// An arm of words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) letters: Letters,
    pub(super) prefix: Option<Prefix>,
    pub(super) has_marks: bool,
    pub(super) is_han_apart: bool,
    pub(super) suffix: Option<Endings>,
}

/// The letters of an arm of words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    /// `\p{L}+`
    Any,
    /// `U*L+`
    EndSmall,
    /// `U+L*`
    StartCapital,
}

/// An arm of white space.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SpaceArm {
    /// `\s+$`
    End,
    /// `\s*[\r\n]` or `\s*[\r\n]+`
    Breaks,
    /// `\s+(?!\S)`
    BeforeLast,
    /// `\s+` or `\s`
    Rest,
}

/// A repetition of one class, or one character of it.
#[derive(Clone, Copy)]
pub(super) struct Run<'n> {
    pub(super) class: &'n ClassUnicode,
    pub(super) least: u32,
    most: Option<u32>,
}

/// The classes that the arms of a family are made of.
pub(super) struct Classes {
    letters: ClassUnicode,
    capitals: ClassUnicode,
    smalls: ClassUnicode,
    marks: ClassUnicode,
    numbers: ClassUnicode,
    spaces: ClassUnicode,
    breaks: ClassUnicode,
    breaks_and_slashes: ClassUnicode,
    blank: ClassUnicode,
    han: ClassUnicode,
    prefixes: ClassUnicode,
    signs: ClassUnicode,
    signs_without_marks: ClassUnicode,
}

impl Role {
    /// Its place in the order of a family. Arms of one rank stay as they are.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Han => 0,
            Self::Contractions(_) => 1,
            Self::Word(_) => 2,
            Self::Digits(_) => 3,
            Self::Punctuation(..) => 4,
            Self::Space(_) => 5,
        }
    }
}

impl Classes {
    /// What an arm is; none if it is nothing that families have.
    pub(super) fn role(&self, arm: &[Node]) -> Option<Role> {
        if let Some(texts) = texts_of(arm)
            && texts.iter().all(|text| text.starts_with('\''))
        {
            return Some(Role::Contractions(texts));
        }
        if let Some(space) = self.space(arm) {
            return Some(Role::Space(space));
        }
        let (suffix, runs) = match arm {
            [runs @ .., last] if run(last).is_none() => (Some(suffix(last)?), runs),
            runs => (None, runs),
        };
        let runs: Vec<Run> = runs.iter().map(run).collect::<Option<_>>()?;
        if let [only] = runs[..]
            && only.is_some()
            && *only.class == self.han
            && suffix.is_none()
        {
            return Some(Role::Han);
        }
        if let Some(word) = self.word(&runs, suffix) {
            return Some(Role::Word(word));
        }
        if suffix.is_some() {
            return None;
        }
        let (has_space, runs) = match &runs[..] {
            [first, rest @ ..] if first.is_optional() && *first.class == self.blank => (true, rest),
            runs => (false, runs),
        };
        match runs {
            [only] if *only.class == self.numbers && only.least == 1 => {
                let max = match only.most {
                    None => None,
                    Some(most) => Some(NonZeroU8::new(u8::try_from(most).ok()?)?),
                };
                Some(Role::Digits(Digits { has_space, max }))
            }
            [first, rest @ ..] if first.is_some() && has_space => {
                let is_without_marks = *first.class == self.signs_without_marks;
                if !is_without_marks && *first.class != self.signs {
                    return None;
                }
                let tail = match rest {
                    [] => Tail::None,
                    [tail] if tail.is_any_count() && *tail.class == self.breaks => Tail::Breaks,
                    [tail] if tail.is_any_count() && *tail.class == self.breaks_and_slashes => {
                        Tail::BreaksAndSlashes
                    }
                    _ => return None,
                };
                Some(Role::Punctuation(is_without_marks, tail))
            }
            _ => None,
        }
    }

    fn word(&self, runs: &[Run], suffix: Option<Endings>) -> Option<Word> {
        let (before, letters, has_marks, is_han_apart) = match runs {
            [before @ .., upper, lower] if upper.is_any_count() && lower.is_some() => {
                let (has_marks, is_apart) = self.cased(upper.class, lower.class)?;
                (before, Letters::EndSmall, has_marks, is_apart)
            }
            [before @ .., upper, lower] if upper.is_some() && lower.is_any_count() => {
                let (has_marks, is_apart) = self.cased(upper.class, lower.class)?;
                (before, Letters::StartCapital, has_marks, is_apart)
            }
            [before @ .., only] if only.is_some() => {
                let (has_marks, is_apart) = self.variation(only.class, &self.letters)?;
                (before, Letters::Any, has_marks, is_apart)
            }
            _ => return None,
        };
        let prefix = match before {
            [] => None,
            [before] if before.is_optional() => Some(self.prefix(before.class, has_marks)?),
            _ => return None,
        };
        Some(Word {
            letters,
            prefix,
            has_marks,
            is_han_apart,
            suffix,
        })
    }

    fn prefix(&self, class: &ClassUnicode, has_marks: bool) -> Option<Prefix> {
        if *class == self.blank {
            return Some(Prefix::Space);
        }
        let (mut found, mut expected) = (class.clone(), self.prefixes.clone());
        if has_marks {
            // A mark that belongs to words may be a prefix or a letter: the word ends alike.
            found.union(&self.marks);
            expected.union(&self.marks);
        }
        (found == expected).then_some(Prefix::Any)
    }

    /// Whether a class is `base` with marks and whether it is without Han; none if it is neither
    /// that nor `base` itself.
    fn variation(&self, class: &ClassUnicode, base: &ClassUnicode) -> Option<(bool, bool)> {
        let kinds = [(false, false), (false, true), (true, false), (true, true)];
        kinds.into_iter().find(|&(has_marks, is_han_apart)| {
            let mut expected = base.clone();
            if has_marks {
                expected.union(&self.marks);
            }
            if is_han_apart {
                expected.difference(&self.han);
            }
            *class == expected
        })
    }

    fn cased(&self, upper: &ClassUnicode, lower: &ClassUnicode) -> Option<(bool, bool)> {
        let found = self.variation(upper, &self.capitals)?;
        (self.variation(lower, &self.smalls)? == found).then_some(found)
    }

    fn space(&self, arm: &[Node]) -> Option<SpaceArm> {
        let is_space = |run: Run| *run.class == self.spaces;
        match arm {
            [only] => {
                let run = run(only).filter(|run| is_space(*run))?;
                (run.is_some() || run.is_one()).then_some(SpaceArm::Rest)
            }
            [first, Node::Border(ahead)] => {
                run(first).filter(|run| is_space(*run) && run.is_some())?;
                if ahead.ranges().is_empty() {
                    Some(SpaceArm::End)
                } else {
                    (*ahead == self.spaces).then_some(SpaceArm::BeforeLast)
                }
            }
            [first, second] => {
                run(first).filter(|run| is_space(*run) && run.is_any_count())?;
                let second = run(second).filter(|run| *run.class == self.breaks)?;
                (second.is_some() || second.is_one()).then_some(SpaceArm::Breaks)
            }
            _ => None,
        }
    }
}

impl Run<'_> {
    /// `+`
    fn is_some(&self) -> bool {
        (self.least, self.most) == (1, None)
    }

    /// `*`
    fn is_any_count(&self) -> bool {
        (self.least, self.most) == (0, None)
    }

    /// `?`
    pub(super) fn is_optional(&self) -> bool {
        (self.least, self.most) == (0, Some(1))
    }

    fn is_one(&self) -> bool {
        (self.least, self.most) == (1, Some(1))
    }
}

pub(super) fn run(node: &Node) -> Option<Run<'_>> {
    match node {
        Node::Class(class) => Some(Run {
            class,
            least: 1,
            most: Some(1),
        }),
        Node::Repeat {
            body,
            least,
            most,
            kind: Kind::Greedy,
        } => match body.as_ref() {
            Node::Class(class) => Some(Run {
                class,
                least: *least,
                most: *most,
            }),
            _ => None,
        },
        _ => None,
    }
}

/// The contractions that may stand behind a word: `(?:'s|'t)?`.
fn suffix(node: &Node) -> Option<Endings> {
    let mut texts = texts_of(std::slice::from_ref(node))?;
    // Nothing at all, which is tried last.
    let nothing = texts.pop()?;
    if !nothing.is_empty() {
        return None;
    }
    endings_of(&texts)
}

pub(super) fn classes() -> Option<&'static Classes> {
    static CLASSES: OnceLock<Option<Classes>> = OnceLock::new();
    CLASSES.get_or_init(Classes::new).as_ref()
}

impl Classes {
    /// None if one of the sources is no class, which the tests rule out.
    fn new() -> Option<Self> {
        let class = |source: &str| match regex_syntax::parse(source).ok()?.into_kind() {
            HirKind::Class(HirClass::Unicode(class)) => Some(class),
            HirKind::Literal(literal) => {
                let letter = char::from(*literal.0.first()?);
                let range = ClassUnicodeRange::new(letter, letter);
                Some(ClassUnicode::new([range]))
            }
            _ => None,
        };
        Some(Self {
            letters: class(r"\p{L}")?,
            capitals: class(r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}]")?,
            smalls: class(r"[\p{Ll}\p{Lm}\p{Lo}]")?,
            marks: class(r"\p{M}")?,
            numbers: class(r"\p{N}")?,
            spaces: class(r"\s")?,
            breaks: class(r"[\r\n]")?,
            breaks_and_slashes: class(r"[\r\n/]")?,
            blank: class(" ")?,
            han: class(r"\p{Han}")?,
            prefixes: class(r"[^\r\n\p{L}\p{N}]")?,
            signs: class(r"[^\s\p{L}\p{N}]")?,
            signs_without_marks: class(r"[^\s\p{L}\p{M}\p{N}]")?,
        })
    }
}
