//! The check of a conversion: what was written is read back, and both tokenizers encode the same
//! texts.
//!
//! The texts are every token's own bytes, strings at which patterns and special tokens are known
//! to go wrong, all code points in contexts, and random text from a fixed seed. Where the caller
//! allowed a loss, both sides are compared without the part that is lost: what is promised is
//! equality on that condition.

use bpekit_formats::{
    Bundle, Codec, Definition, Error as FileError, Loss, LossPart, Severity, show_text,
};

use super::read_back;
use crate::diff::Part;
use crate::error::{Error, Result};
use crate::threads;
use crate::tokenizer::{Special, Tokenizer};
use crate::verify::{
    Counterexample, Kind, Side, Verdict, VerifyOptions, boundary_texts, code_point_texts,
    outcome_words, random_texts, verify,
};

/// Compares; gives the number of texts that were encoded on both sides, and what is shown of all
/// texts.
pub(super) fn check(
    source: &Tokenizer,
    written: &Bundle,
    codec: &dyn Codec,
    losses: &[Loss],
) -> Result<(usize, Verdict)> {
    let target = read_back(written, codec)?;
    let lost: Vec<LossPart> = losses
        .iter()
        .filter(|loss| loss.severity == Severity::Refused || changes_policy(loss.part))
        .map(|loss| loss.part)
        .collect();
    let target = without(target, &lost);
    let reduced;
    let source = if lost.is_empty() {
        source
    } else {
        let mut definition = without(source.definition().clone(), &lost);
        let looks_for_more = |loss: &Loss| {
            loss.severity == Severity::Refused && loss.part == LossPart::NonSpecialTokens
        };
        if losses.iter().any(looks_for_more) {
            look_for_as(&mut definition, &target);
        }
        reduced = Tokenizer::from_definition(definition)?;
        &reduced
    };
    let target = Tokenizer::from_definition(target)?;
    // How text is cut cannot be compared where that is what is lost.
    let splits_alike = !lost.contains(&LossPart::Pretokenizer);
    let sides = Sides {
        source,
        target: &target,
    };
    let mut count = sides.tokens(splits_alike)?;
    let options = VerifyOptions {
        ignore: left_out(losses),
        ..VerifyOptions::default()
    };
    let verdict = verify(source, &target, &options)?;
    if let Some(found) = &verdict.counterexample {
        return Err(refuted(found));
    }
    count += verdict.texts;
    if verdict.kind == Kind::Undecided && splits_alike {
        count += sides.texts()?;
    }
    Ok((count, verdict))
}

/// The parts that cannot be compared, as the target is without them.
fn left_out(losses: &[Loss]) -> Vec<Part> {
    let part_of = |loss: &Loss| match loss.part {
        LossPart::Pretokenizer => Some(Part::Pretokenizer),
        LossPart::PostProcessor => Some(Part::PostProcessor),
        LossPart::Decoder => Some(Part::Decoder),
        _ => None,
    };
    let mut parts: Vec<Part> = losses.iter().filter_map(part_of).collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// The error for a text that differs.
fn refuted(found: &Counterexample) -> Error {
    let outcome = |side: &Side| match (&side.ids, &side.note) {
        (Some(ids), None) => Ok(ids.clone()),
        (Some(ids), Some(note)) => Err(format!("{ids:?}, {note}")),
        (None, note) => Err(note.clone().unwrap_or_default()),
    };
    let text = format!("`{}`", show_text(&found.text));
    differs(&text, &outcome(&found.a), &outcome(&found.b))
}

/// Whether a loss that is only reported shows in the ids of some special token's text.
fn changes_policy(part: LossPart) -> bool {
    matches!(part, LossPart::SecondTexts | LossPart::NonSpecialTokens)
}

/// The definition without the parts that are lost.
fn without(mut definition: Definition, lost: &[LossPart]) -> Definition {
    for part in lost {
        match part {
            LossPart::Normalizer => definition.normalizer = None,
            LossPart::AddedTokenFlags => {
                for token in &mut definition.added_tokens {
                    token.lstrip = false;
                    token.rstrip = false;
                    token.single_word = false;
                }
            }
            LossPart::NonSpecialTokens => {
                for token in &mut definition.added_tokens {
                    token.is_special = true;
                }
            }
            LossPart::SecondTexts => {
                let mut seen = rustc_hash::FxHashSet::default();
                definition
                    .added_tokens
                    .retain(|token| seen.insert(token.id));
            }
            _ => {}
        }
    }
    if lost.contains(&LossPart::Normalizer) {
        // Without a normalizer there is no normalized text to find them in.
        for token in &mut definition.added_tokens {
            token.normalized = false;
        }
    }
    definition
}

/// Makes added tokens of those that the target looks for by their text and the source has by merges
/// alone: a target may take a token for special whatever is written.
fn look_for_as(source: &mut Definition, target: &Definition) {
    for token in &target.added_tokens {
        let is_same = source.vocab.bytes(token.id) == Some(token.content.as_bytes());
        if is_same && source.added_tokens.iter().all(|own| own.id != token.id) {
            source.added_tokens.push(token.clone());
        }
    }
}

/// The two tokenizers.
#[derive(Clone, Copy)]
struct Sides<'a> {
    source: &'a Tokenizer,
    target: &'a Tokenizer,
}

impl Sides<'_> {
    /// Every token on its own, as a pretoken and as bytes to decode, and as text.
    fn tokens(self, splits_alike: bool) -> Result<usize> {
        let definition = self.source.definition();
        let vocab = &definition.vocab;
        let added: rustc_hash::FxHashSet<u32> = definition
            .added_tokens
            .iter()
            .map(|token| token.id)
            .collect();
        let count = vocab.len();
        in_parts(count, |range| {
            for position in range {
                let token = vocab.at(position);
                if let Some(bytes) = self.target.token_bytes(token.id)
                    && Some(bytes) != self.source.token_bytes(token.id)
                {
                    return Err(FileError::unsupported(format!(
                        "check failed: token id {} decodes to {} here and to {} in what was written",
                        token.id,
                        shown(self.source, token.id),
                        shown(self.target, token.id)
                    ))
                    .into());
                }
                // An added token that stands in the vocab too is found by its text, not as a
                // pretoken.
                let is_pretoken = definition.atoms == bpekit_formats::Atoms::Bytes
                    && !token.bytes.is_empty()
                    && !added.contains(&token.id);
                if is_pretoken {
                    let [one, other] = [self.source, self.target]
                        .map(|side| outcome(side.encode_single_pretoken(token.bytes)));
                    if one != other {
                        let text = bpekit_formats::show_bytes(token.bytes);
                        return Err(differs(&text, &one, &other));
                    }
                }
                if splits_alike && let Ok(text) = std::str::from_utf8(token.bytes) {
                    self.compare(text)?;
                }
            }
            Ok(())
        })?;
        for token in &definition.added_tokens {
            if self.target.token_bytes(token.id) != self.source.token_bytes(token.id) {
                return Err(FileError::unsupported(format!(
                    "check failed: special token id {} is {} here and {} in what was written",
                    token.id,
                    shown(self.source, token.id),
                    shown(self.target, token.id)
                ))
                .into());
            }
        }
        Ok(count)
    }

    fn texts(self) -> Result<usize> {
        let texts = self.verification_texts();
        in_parts(texts.len(), |range| {
            texts[range].iter().try_for_each(|text| self.compare(text))
        })?;
        Ok(texts.len())
    }

    fn verification_texts(self) -> Vec<String> {
        let mut texts = boundary_texts();
        let added = &self.source.definition().added_tokens;
        for token in added {
            for (before, after) in [("", ""), ("a", "b"), ("a \n", " \n b"), ("  ", "  ")] {
                texts.push(format!("{before}{}{after}", token.content));
            }
        }
        for pair in added.windows(2) {
            texts.push(format!("{}{}", pair[0].content, pair[1].content));
        }
        texts.extend(code_point_texts());
        texts.extend(random_texts(self.source.definition(), 2000));
        texts
    }

    /// Encodes on both sides, with and without special tokens.
    fn compare(self, text: &str) -> Result<()> {
        // In a text without any added token, allowing them makes no difference.
        let has_added = self.source.has_added_token(text) || self.target.has_added_token(text);
        let allowed = has_added.then(Special::allowed);
        for special in std::iter::once(Special::ordinary()).chain(allowed) {
            let [one, other] =
                [self.source, self.target].map(|side| outcome(side.encode(text, &special)));
            if one != other {
                return Err(self.smallest_difference(text, &special));
            }
        }
        Ok(())
    }

    /// The error for a text that differs, made as short as dropping characters makes it.
    fn smallest_difference(self, text: &str, special: &Special<'_>) -> Error {
        let both =
            |text: &str| [self.source, self.target].map(|side| outcome(side.encode(text, special)));
        let mut text: Vec<char> = text.chars().collect();
        let mut size = (text.len() / 2).max(1);
        loop {
            let mut start = 0;
            let mut is_shorter = false;
            while start < text.len() {
                let end = (start + size).min(text.len());
                let rest: String = text[..start].iter().chain(&text[end..]).collect();
                let [one, other] = both(&rest);
                if one == other {
                    start = end;
                } else {
                    text.drain(start..end);
                    is_shorter = true;
                }
            }
            if size == 1 && !is_shorter {
                break;
            }
            size = (size / 2).max(1);
        }
        let text: String = text.into_iter().collect();
        let [one, other] = both(&text);
        differs(&format!("`{}`", show_text(&text)), &one, &other)
    }
}

/// What encoding gave: ids, or the kind of error. Two sides may fail alike.
type Outcome = std::result::Result<Vec<u32>, String>;

fn outcome(result: Result<Vec<u32>>) -> Outcome {
    result.map_err(|error| outcome_words(&error))
}

fn differs(text: &str, one: &Outcome, other: &Outcome) -> Error {
    let shown = |outcome: &Outcome| match outcome {
        Ok(ids) => format!("{:?}", &ids[..ids.len().min(12)]),
        Err(error) => error.clone(),
    };
    FileError::unsupported(format!(
        "check failed, nothing was written: {text} encodes to {} in the source and to {} in the \
         target",
        shown(one),
        shown(other)
    ))
    .into()
}

fn shown(tokenizer: &Tokenizer, id: u32) -> String {
    tokenizer
        .token_bytes(id)
        .map_or_else(|| "nothing".to_owned(), bpekit_formats::show_bytes)
}

/// Does the work for the ranges of `0..count` on all cores; of several failures the first counts.
fn in_parts(
    count: usize,
    work: impl Fn(std::ops::Range<usize>) -> Result<()> + Sync,
) -> Result<()> {
    const PART: usize = 512;
    threads::in_order(threads::available(), count.div_ceil(PART), |number| {
        let start = number * PART;
        work(start..(start + PART).min(count))
    })
    .map(drop)
}
