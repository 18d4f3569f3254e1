//! `Pretokenizer`: the steps of a definition, compiled and run.

use std::borrow::Cow;
use std::ops::Range;

use bpekit_formats::{
    Error as FileError, Needle, Pattern, PrependScheme, Pretokenizer as Spec, SplitBehavior,
    byte_alphabet,
};

use super::matcher::{EMPTY_MATCH, Matcher};
use super::split::{Split, keeps_matches};
use crate::error::{Error, Result};
use crate::known::{KnownPattern, pattern_by_name, pattern_by_stages};

/// Text to pretokens.
pub(crate) struct Pretokenizer {
    steps: Vec<Step>,
    /// Whether a step maps to the byte alphabet, so that pretokens come out as its text and are
    /// mapped back to bytes at the end. A last step that maps is left out instead.
    is_mapped: bool,
}

enum Step {
    Split(Split),
    /// Puts a space before text that does not start with one.
    PrefixSpace,
    /// Bytes to the byte alphabet, with steps behind it that see its text.
    MapBytes,
    Metaspace {
        replacement: char,
        prepend: PrependScheme,
    },
}

/// A part of the text on its way through the steps.
struct Piece<'t> {
    text: Cow<'t, str>,
    /// Whether it starts where the text as a whole does.
    is_first: bool,
}

impl Pretokenizer {
    /// Compiles the steps; `None` leaves text whole.
    ///
    /// # Errors
    ///
    /// `Pattern` or `File` (unsupported, with the place) for a step that cannot be run.
    pub(crate) fn new(spec: Option<&Spec>) -> Result<Self> {
        let mut flat = Vec::new();
        if let Some(spec) = spec {
            flatten(spec, "pre_tokenizer", &mut flat);
        }
        let mut steps = Vec::new();
        let mut rest = flat.as_slice();
        while let [(spec, path), after @ ..] = rest {
            if let Some((known, count)) = known_stages(rest) {
                steps.push(Step::Split(isolated(Matcher::known(known)?)));
                rest = &rest[count..];
                continue;
            }
            compile(spec, path, after.is_empty(), &mut steps)?;
            rest = after;
        }
        let map_at = steps.iter().position(|step| matches!(step, Step::MapBytes));
        if let Some(map_at) = map_at {
            // These put characters into the text that stand for no byte, or map it twice.
            let leaves_alphabet = |step: &Step| !matches!(step, Step::Split(_));
            let byte_levels = flat
                .iter()
                .filter(|(spec, _)| matches!(spec, Spec::ByteLevel { .. }))
                .count();
            if byte_levels > 1 || steps[map_at + 1..].iter().any(leaves_alphabet) {
                return Err(FileError::unsupported(
                    "a step behind `ByteLevel` changes the text; only splits are supported there",
                )
                .at_json("pre_tokenizer")
                .into());
            }
        }
        let is_mapped = map_at.is_some();
        Ok(Self { steps, is_mapped })
    }

    /// The published pattern, if splitting by it is all there is.
    pub(crate) fn known(&self) -> Option<&'static KnownPattern> {
        self.only_matcher().and_then(Matcher::as_known)
    }

    /// What the text is split by, if each match is a pretoken and that is all there is.
    pub(super) fn only_matcher(&self) -> Option<&Matcher> {
        match self.steps.as_slice() {
            [Step::Split(split)] if keeps_matches(split.behavior, split.invert) => {
                Some(&split.matcher)
            }
            _ => None,
        }
    }

    /// Whether each text comes out whole: pretokens joined give the text again, byte for byte.
    /// tiktoken drops what its pattern does not match, and so does a split that removes matches.
    pub(crate) fn covers(&self, text: &str) -> Result<bool> {
        let mut len = 0;
        self.for_each(text, true, |pretoken| {
            len += pretoken.len();
            Ok(())
        })?;
        Ok(len == text.len())
    }

    /// Calls `sink` with the bytes of each pretoken, none of them empty. `is_first` says whether
    /// the text starts where the whole text does.
    #[inline]
    pub(crate) fn for_each(
        &self,
        text: &str,
        is_first: bool,
        mut sink: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        self.for_each_in(text, is_first, |source, part| sink(&source[part]))
    }

    /// The same, but `sink` gets each pretoken as a part of some bytes, those of the text where
    /// no step changes it: what stands behind a pretoken can be loaded along with it.
    #[inline]
    pub(crate) fn for_each_in(
        &self,
        text: &str,
        is_first: bool,
        mut sink: impl FnMut(&[u8], Range<usize>) -> Result<()>,
    ) -> Result<()> {
        let bytes = text.as_bytes();
        match self.steps.as_slice() {
            [] if text.is_empty() => Ok(()),
            [] => sink(bytes, 0..bytes.len()),
            [Step::Split(split)] => split.for_each(text, |part| sink(bytes, part)),
            steps => self.run(steps, text, is_first, &mut |pretoken: &[u8]| {
                sink(pretoken, 0..pretoken.len())
            }),
        }
    }

    /// The same, but `sink` gets runs of pretokens that follow one another: some bytes, where in
    /// them the first one starts, and where each ends and the next one starts.
    #[inline]
    pub(crate) fn for_each_run(
        &self,
        text: &str,
        is_first: bool,
        mut sink: impl FnMut(&[u8], usize, &[usize]) -> Result<()>,
    ) -> Result<()> {
        if let Some(scanner) = self.only_matcher().and_then(Matcher::scanner) {
            return scanner.for_each_run(text, |start, ends| sink(text.as_bytes(), start, ends));
        }
        self.for_each_in(text, is_first, |source, part| {
            sink(source, part.start, &[part.end])
        })
    }

    fn run(
        &self,
        steps: &[Step],
        text: &str,
        is_first: bool,
        sink: &mut impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut pieces = vec![Piece {
            text: Cow::Borrowed(text),
            is_first,
        }];
        for step in steps {
            let mut next = Vec::with_capacity(pieces.len());
            for piece in pieces {
                if !piece.text.is_empty() {
                    step.apply(piece, &mut next)?;
                }
            }
            pieces = next;
        }
        let mut bytes = Vec::new();
        for piece in pieces.iter().filter(|piece| !piece.text.is_empty()) {
            if self.is_mapped {
                bytes.clear();
                if !byte_alphabet::decode_into(&piece.text, &mut bytes) {
                    return Err(Error::argument("a step left the byte alphabet"));
                }
                sink(&bytes)?;
            } else {
                sink(piece.text.as_bytes())?;
            }
        }
        Ok(())
    }
}

impl Step {
    fn apply<'t>(&self, mut piece: Piece<'t>, next: &mut Vec<Piece<'t>>) -> Result<()> {
        match self {
            Self::Split(split) => return split_piece(split, &piece, next),
            Self::PrefixSpace => {
                if !piece.text.starts_with(' ') {
                    piece.text.to_mut().insert(0, ' ');
                }
            }
            Self::MapBytes => {
                piece.text = Cow::Owned(byte_alphabet::encode(piece.text.as_bytes()));
            }
            Self::Metaspace {
                replacement,
                prepend,
            } => {
                if piece.text.contains(' ') {
                    piece.text = Cow::Owned(
                        piece
                            .text
                            .replace(' ', replacement.encode_utf8(&mut [0; 4])),
                    );
                }
                let is_due = match prepend {
                    PrependScheme::Always => true,
                    PrependScheme::First => piece.is_first,
                    PrependScheme::Never => false,
                };
                if is_due && !piece.text.starts_with(*replacement) {
                    piece.text.to_mut().insert(0, *replacement);
                }
            }
        }
        next.push(piece);
        Ok(())
    }
}

fn split_piece<'t>(split: &Split, piece: &Piece<'t>, next: &mut Vec<Piece<'t>>) -> Result<()> {
    split.for_each(&piece.text, |part| {
        let is_first = piece.is_first && part.start == 0;
        let text = match &piece.text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[part]),
            Cow::Owned(text) => Cow::Owned(text[part].to_owned()),
        };
        next.push(Piece { text, is_first });
        Ok(())
    })
}

fn isolated(matcher: Matcher) -> Split {
    Split {
        matcher,
        behavior: SplitBehavior::Isolated,
        invert: false,
    }
}

/// The steps in a row, each with its place in the document.
fn flatten<'s>(spec: &'s Spec, path: &str, flat: &mut Vec<(&'s Spec, String)>) {
    match spec {
        Spec::Sequence(steps) => {
            for (index, step) in steps.iter().enumerate() {
                flatten(step, &format!("{path}.pretokenizers[{index}]"), flat);
            }
        }
        step => flat.push((step, path.to_owned())),
    }
}

/// The longest run of splits from here that is a published pattern, and its length.
fn known_stages(rest: &[(&Spec, String)]) -> Option<(&'static KnownPattern, usize)> {
    let stages: Vec<&str> = rest
        .iter()
        .map_while(|(spec, _)| as_isolating_stage(spec))
        .collect();
    (1..=stages.len())
        .rev()
        .find_map(|count| pattern_by_stages(&stages[..count]).map(|known| (known, count)))
}

/// A split that isolates its matches: the text of its pattern.
pub(crate) fn as_isolating_stage(spec: &Spec) -> Option<&str> {
    match spec {
        Spec::Split {
            needle: Needle::Regex(Pattern { text, .. }),
            behavior: SplitBehavior::Isolated,
            ..
        } => Some(text),
        _ => None,
    }
}

fn compile(spec: &Spec, path: &str, is_last: bool, steps: &mut Vec<Step>) -> Result<()> {
    match spec {
        Spec::Split {
            needle,
            behavior,
            invert,
        } => {
            let matcher = Matcher::new(needle).map_err(|error| at(error, path))?;
            // tiktoken's kind: there an empty match is no cut but a pattern that stands still.
            let is_alone = spec.as_matches_of();
            if let Some(pattern) = is_alone.filter(|_| matcher.matches_nothing()) {
                return Err(Error::pattern(&pattern.text, EMPTY_MATCH));
            }
            steps.push(Step::Split(Split {
                matcher,
                behavior: *behavior,
                invert: *invert,
            }));
        }
        Spec::ByteLevel {
            add_prefix_space,
            use_regex,
            ..
        } => {
            if *add_prefix_space {
                steps.push(Step::PrefixSpace);
            }
            if *use_regex {
                let known = pattern_by_name("gpt2")
                    .ok_or_else(|| Error::argument("no pattern `gpt2` in the table"))?;
                steps.push(Step::Split(isolated(Matcher::known(known)?)));
            }
            if !is_last {
                steps.push(Step::MapBytes);
            }
        }
        Spec::Digits { individual } => {
            let is_digit: fn(char) -> bool = char::is_numeric;
            let matcher = if *individual {
                Matcher::Class(is_digit)
            } else {
                Matcher::Run(is_digit)
            };
            steps.push(Step::Split(isolated(matcher)));
        }
        Spec::Metaspace {
            replacement,
            prepend,
            split,
        } => {
            steps.push(Step::Metaspace {
                replacement: *replacement,
                prepend: *prepend,
            });
            if *split {
                steps.push(Step::Split(Split {
                    matcher: Matcher::Literal(replacement.to_string()),
                    behavior: SplitBehavior::MergedWithNext,
                    invert: false,
                }));
            }
        }
        Spec::Whitespace => steps.push(Step::Split(Split {
            // Rust's syntax, not Oniguruma's: tokenizers runs this one on the regex crate.
            matcher: Matcher::of_pattern(&Pattern::fancy(r"\w+|[^\w\s]+"))?,
            behavior: SplitBehavior::Removed,
            invert: true,
        })),
        Spec::WhitespaceSplit => steps.push(Step::Split(Split {
            matcher: Matcher::Class(char::is_whitespace),
            behavior: SplitBehavior::Removed,
            invert: false,
        })),
        Spec::Punctuation(behavior) => steps.push(Step::Split(Split {
            matcher: Matcher::of_pattern(&Pattern::fancy(r"[\p{P}!-/:-@\[-`{-~]"))?,
            behavior: *behavior,
            invert: false,
        })),
        Spec::Other(kind) => return Err(unknown_step(kind, path)),
        // `Sequence` is flattened away; the enum may grow in the other crate.
        _ => return Err(unknown_step("?", path)),
    }
    Ok(())
}

/// The error for a step that is carried but not known.
pub(crate) fn unknown_step(kind: &str, path: &str) -> Error {
    bpekit_formats::Error::unsupported(format!(
        "`{}` is not supported",
        bpekit_formats::show_text(kind)
    ))
    .at_json(format!("{path}.type"))
    .into()
}

/// An error of a file gets its place; others are about the pattern itself.
fn at(error: Error, path: &str) -> Error {
    match error.into_kind() {
        crate::ErrorKind::File(inner) if inner.location().is_none() => {
            inner.at_json(format!("{path}.pattern")).into()
        }
        kind => Error::new(kind),
    }
}
