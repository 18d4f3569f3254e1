//! The steps of a tokenizer.json's decoder, run on the tokens one by one so that each token's share
//! of the text is known.

use bpekit_formats::{Atoms, Decoder as Spec, Definition, PrependScheme, TextStart, byte_alphabet};

use crate::error::Result;
use crate::pretokenize::Matcher;

/// A chain of steps; without any, the text is the bytes of the tokens.
#[derive(Default)]
pub(super) struct Chain(Vec<Step>);

enum Step {
    /// The byte alphabet in a vocab of characters.
    ByteLevel,
    Replace {
        matcher: Matcher,
        content: String,
    },
    ByteFallback,
    Fuse,
    Strip {
        content: char,
        start: usize,
        stop: usize,
    },
    Metaspace {
        replacement: char,
        drops_first: bool,
    },
    /// Marks to spaces and `<0x0A>` to bytes, as SentencePiece does. Special tokens and the unknown
    /// one come as what they become.
    Marks {
        start: TextStart,
        has_bytes: bool,
    },
}

/// The mark of a space.
const MARK: &str = "\u{2581}";

/// How far a chain is in a text of which it has seen a part.
#[derive(Clone, Debug, Default)]
pub(in crate::tokenizer) struct Progress {
    has_started: bool,
    /// Whether the text has gone so far that its marks are spaces like others.
    is_inside: bool,
    /// How many characters each step `Strip` after `Fuse` may still take off the start of the
    /// text; `None` once the text has one which stays.
    strips: Vec<Option<usize>>,
}

impl Chain {
    pub(super) fn new(definition: &Definition) -> Result<Self> {
        let mut steps = Vec::new();
        if let Some(spec) = &definition.decoder {
            compile(spec, "decoder", definition, &mut steps)?;
        }
        Ok(Self(steps))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The start of a text.
    pub(super) fn start(&self) -> Progress {
        let strips = self.0.iter().filter_map(|step| match step {
            Step::Strip { start, .. } => Some(Some(*start)),
            _ => None,
        });
        Progress {
            has_started: false,
            is_inside: false,
            strips: strips.collect(),
        }
    }

    /// The name of a step that needs the end of the text, or all of it at once, so that no part
    /// of the text is certain before.
    pub(super) fn step_that_waits(&self) -> Option<&'static str> {
        let mut is_fused = false;
        self.0.iter().find_map(|step| match step {
            Step::Fuse => {
                is_fused = true;
                None
            }
            Step::Strip { stop: 0, .. } => None,
            _ if !is_fused => None,
            Step::ByteLevel => Some("ByteLevel"),
            Step::Replace { .. } => Some("Replace"),
            Step::ByteFallback => Some("ByteFallback"),
            Step::Strip { .. } => Some("Strip"),
            Step::Metaspace { .. } => Some("Metaspace"),
            Step::Marks { .. } => Some("SentencePiece"),
        })
    }

    /// Each token's share of a whole text.
    pub(super) fn run(&self, pieces: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        self.run_on(pieces, &mut self.start())
    }

    /// Each token's share of the next part of a text. In parts, a chain with a step that waits
    /// gives something else than on the whole.
    pub(super) fn run_on(
        &self,
        mut pieces: Vec<Vec<u8>>,
        progress: &mut Progress,
    ) -> Result<Vec<Vec<u8>>> {
        let is_start = !progress.has_started;
        progress.has_started |= !pieces.is_empty();
        let mut strips = progress.strips.iter_mut();
        let mut is_fused = false;
        for step in &self.0 {
            if is_fused && !matches!(step, Step::Fuse | Step::Strip { .. }) {
                // The step sees all tokens as one, whose share cannot be told apart any more.
                let joined = pieces.concat();
                pieces.iter_mut().for_each(Vec::clear);
                if let Some(first) = pieces.first_mut() {
                    *first = joined;
                }
            }
            match step {
                Step::Fuse => is_fused = true,
                Step::Strip {
                    content,
                    start,
                    stop,
                } => {
                    let left = strips.next();
                    if is_fused {
                        if let Some(left) = left {
                            strip_start(&mut pieces, *content, left);
                        }
                        strip_end(&mut pieces, *content, *stop);
                        continue;
                    }
                    for piece in &mut pieces {
                        let piece = std::slice::from_mut(piece);
                        strip_start(piece, *content, &mut Some(*start));
                        strip_end(piece, *content, *stop);
                    }
                }
                Step::Replace { matcher, content } => {
                    for piece in &mut pieces {
                        let Ok(text) = std::str::from_utf8(piece) else {
                            continue;
                        };
                        if let Some(text) = matcher.replace_all(text, content)? {
                            *piece = text.into_bytes();
                        }
                    }
                }
                Step::Marks { start, has_bytes } => {
                    for piece in &mut pieces {
                        let byte = byte_alphabet::fallback_byte(piece).filter(|_| *has_bytes);
                        *piece = match byte {
                            Some(byte) => vec![byte],
                            None => without_marks(piece, *start, &mut progress.is_inside),
                        };
                        progress.is_inside |= !piece.is_empty();
                    }
                }
                Step::ByteFallback => {
                    for piece in &mut pieces {
                        if let Some(byte) = byte_alphabet::fallback_byte(piece) {
                            *piece = vec![byte];
                        }
                    }
                }
                Step::ByteLevel => {
                    for piece in &mut pieces {
                        let mut bytes = Vec::with_capacity(piece.len());
                        let is_mapped = std::str::from_utf8(piece)
                            .is_ok_and(|text| byte_alphabet::decode_into(text, &mut bytes));
                        if is_mapped {
                            *piece = bytes;
                        }
                    }
                }
                Step::Metaspace {
                    replacement,
                    drops_first,
                } => {
                    for (index, piece) in pieces.iter_mut().enumerate() {
                        let Ok(text) = std::str::from_utf8(piece) else {
                            continue;
                        };
                        let is_first = is_start && index == 0;
                        let with = if is_first && *drops_first { "" } else { " " };
                        *piece = text.replace(*replacement, with).into_bytes();
                    }
                }
            }
        }
        Ok(pieces)
    }
}

/// A token whose marks become spaces, but for those that the start of a text loses.
fn without_marks(mut piece: &[u8], start: TextStart, is_inside: &mut bool) -> Vec<u8> {
    if !*is_inside
        && start != TextStart::Kept
        && let Some(rest) = piece.strip_prefix(MARK.as_bytes())
    {
        piece = rest;
        *is_inside = start == TextStart::OneMark;
    }
    match std::str::from_utf8(piece) {
        Ok(text) => text.replace(MARK, " ").into_bytes(),
        Err(_) => piece.to_vec(),
    }
}

/// Takes up to `left` of a character off the start of the joined pieces; `None` once something
/// else stands there.
fn strip_start(pieces: &mut [Vec<u8>], content: char, left: &mut Option<usize>) {
    let mut buffer = [0; 4];
    let content = content.encode_utf8(&mut buffer).as_bytes();
    for piece in pieces {
        let Some(count) = left else { return };
        while *count > 0 && piece.starts_with(content) {
            piece.drain(..content.len());
            *count -= 1;
        }
        if !piece.is_empty() {
            *left = None;
        }
    }
}

/// Takes up to `count` of a character off the end of the joined pieces.
fn strip_end(pieces: &mut [Vec<u8>], content: char, mut count: usize) {
    let mut buffer = [0; 4];
    let content = content.encode_utf8(&mut buffer).as_bytes();
    for piece in pieces.iter_mut().rev() {
        while count > 0 && piece.ends_with(content) {
            piece.truncate(piece.len() - content.len());
            count -= 1;
        }
        if !piece.is_empty() {
            return;
        }
    }
}

fn compile(spec: &Spec, path: &str, definition: &Definition, steps: &mut Vec<Step>) -> Result<()> {
    match spec {
        // Tokens of bytes are bytes already.
        Spec::ByteLevel { .. } if definition.atoms == Atoms::Bytes => {}
        Spec::ByteLevel { .. } => steps.push(Step::ByteLevel),
        Spec::Replace { needle, content } => steps.push(Step::Replace {
            matcher: Matcher::for_replacement(needle)?,
            content: content.clone(),
        }),
        Spec::ByteFallback => steps.push(Step::ByteFallback),
        Spec::Fuse => steps.push(Step::Fuse),
        Spec::Strip {
            content,
            start,
            stop,
        } => {
            steps.push(Step::Strip {
                content: *content,
                start: *start,
                stop: *stop,
            });
        }
        Spec::Metaspace {
            replacement,
            prepend,
            ..
        } => steps.push(Step::Metaspace {
            replacement: *replacement,
            drops_first: *prepend != PrependScheme::Never,
        }),
        Spec::Sequence(inner) => {
            for (index, spec) in inner.iter().enumerate() {
                compile(
                    spec,
                    &format!("{path}.decoders[{index}]"),
                    definition,
                    steps,
                )?;
            }
        }
        Spec::SentencePiece { start, .. } => steps.push(Step::Marks {
            start: *start,
            has_bytes: definition.options.byte_fallback,
        }),
        Spec::Other(kind) => return Err(crate::pretokenize::unknown_step(kind, path)),
        _ => return Err(crate::pretokenize::unknown_step("?", path)),
    }
    Ok(())
}
