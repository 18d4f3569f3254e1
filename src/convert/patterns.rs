//! One pattern of tiktoken's kind to the splits of a tokenizer.json, and back.

use bpekit_formats::{
    Decoder, Definition, Dialect, Error as FileError, Loss, LossPart, Needle, Normalizer, Pattern,
    Pretokenizer, SplitBehavior,
};

use crate::error::{Error, Result};
use crate::known::{self, KnownPattern};
use crate::pretokenize::{EMPTY_MATCH, Matcher, as_isolating_stage, dialect, keeps_matches};

/// The steps of a tokenizer.json which cut as the pretokenizer does.
///
/// A published pattern is written in the spelling that is published for tokenizer.json, each
/// match isolated, because it leaves no text out. Any other keeps tiktoken's way, the matches
/// alone: `Removed` and `invert`.
pub(super) fn to_tokenizers(
    pretokenizer: Option<&Pretokenizer>,
    dialect: Dialect,
) -> Result<Vec<Pretokenizer>> {
    let Some(pretokenizer) = pretokenizer else {
        return Ok(Vec::new());
    };
    let Some(pattern) = pretokenizer.as_matches_of() else {
        return Ok(vec![pretokenizer.clone()]);
    };
    if let Some(known) = Matcher::of_pattern(pattern)?.as_known() {
        return Ok(known
            .tokenizers
            .iter()
            .map(|stage| isolated(stage, dialect))
            .collect());
    }
    if dialect::can_match_empty(pattern)? {
        return Err(Error::pattern(&pattern.text, EMPTY_MATCH));
    }
    let text = dialect::translate(pattern, dialect)?;
    Ok(vec![Pretokenizer::matches_of(Pattern { text, dialect })])
}

/// The splits of a byte-level tokenizer.json in their published spelling, if together they are a
/// published pattern.
pub(super) fn published_steps(pretokenizer: &Pretokenizer) -> Option<Pretokenizer> {
    let mut steps = Vec::new();
    flatten(pretokenizer, &mut steps);
    let (byte_level, splits) = steps.split_last()?;
    let Pretokenizer::ByteLevel {
        use_regex: false, ..
    } = byte_level
    else {
        return None;
    };
    let stages: Option<Vec<&str>> = splits.iter().map(|step| as_isolating_stage(step)).collect();
    let known = match (stages, splits) {
        (Some(stages), _) => known::pattern_by_stages(&stages)?,
        (None, [only]) => Matcher::of_pattern(only.as_matches_of()?)
            .ok()?
            .as_known()?,
        _ => return None,
    };
    let published = known
        .tokenizers
        .iter()
        .map(|stage| isolated(stage, Dialect::Oniguruma));
    let steps = published.chain([(*byte_level).clone()]).collect();
    Some(Pretokenizer::Sequence(steps))
}

/// Puts every pattern of a definition in one dialect. The spelling of a published pattern for
/// tokenizer.json means the same in both; tokenizers 1.0 knows it by its text.
///
/// # Errors
///
/// `Pattern` if one cannot be translated.
pub(super) fn restate(target: &mut Definition, dialect: Dialect) -> Result<()> {
    let normalizer = target.normalizer.iter_mut();
    let decoder = target.decoder.iter_mut();
    let cuts = target.pretokenizer.iter_mut();
    let patterns = normalizer
        .flat_map(Normalizer::patterns_mut)
        .chain(decoder.flat_map(Decoder::patterns_mut))
        .chain(cuts.flat_map(Pretokenizer::patterns_mut));
    for pattern in patterns {
        match (known::published_stage(&pattern.text), dialect) {
            (Some(text), Dialect::FancyRegex) => text.clone_into(&mut pattern.text),
            (Some(_), Dialect::Oniguruma) => {}
            (None, _) => pattern.text = dialect::translate(pattern, dialect)?,
        }
        pattern.dialect = dialect;
    }
    Ok(())
}

/// A word about patterns that tokenizers 1.0 has no engine for: its wheel loads them, and fails
/// to encode.
pub(super) fn report_unknown(pretokenizer: Option<&Pretokenizer>, losses: &mut Vec<Loss>) {
    const TOOL: &str = "tokenizers 1.0";
    let mut steps = Vec::new();
    if let Some(pretokenizer) = pretokenizer {
        flatten(pretokenizer, &mut steps);
    }
    let has_regex = |step: &&&Pretokenizer| {
        matches!(
            step,
            Pretokenizer::Split {
                needle: Needle::Regex(_),
                ..
            }
        )
    };
    let splits: Vec<_> = steps.iter().filter(has_regex).collect();
    let stages: Option<Vec<&str>> = splits.iter().map(|step| as_isolating_stage(step)).collect();
    let known = stages.as_deref().and_then(known::pattern_by_stages);
    let is_known = known.is_some_and(|known| known.known_by.iter().any(|by| by.tool == TOOL));
    if !splits.is_empty() && !is_known {
        losses.push(Loss::reported(
            LossPart::Pretokenizer,
            "tokenizers 1.0.0rc3 cuts by published patterns alone, and fails to encode by this one",
        ));
    }
}

fn isolated(stage: &str, dialect: Dialect) -> Pretokenizer {
    Pretokenizer::Split {
        needle: Needle::Regex(Pattern {
            text: stage.to_owned(),
            dialect,
        }),
        behavior: SplitBehavior::Isolated,
        invert: false,
    }
}

/// One pattern whose matches are the pretokens, in tiktoken's dialect.
///
/// # Errors
///
/// `Pattern` if a pattern cannot be translated. What cannot be composed into one pattern is a
/// loss, and the pattern given back then is the nearest there is.
pub(super) fn to_tiktoken(
    pretokenizer: Option<&Pretokenizer>,
    losses: &mut Vec<Loss>,
) -> Result<Pattern> {
    let mut steps = Vec::new();
    if let Some(pretokenizer) = pretokenizer {
        flatten(pretokenizer, &mut steps);
    }
    let mut lose = |detail: &str| {
        losses.push(Loss::refused(LossPart::Pretokenizer, detail));
    };
    let mut splits: Vec<&Pretokenizer> = Vec::new();
    let mut gpt2 = None;
    let mut is_mapped = false;
    for step in steps {
        if is_mapped {
            lose("a step behind `ByteLevel` works on the byte alphabet, which tiktoken has not");
        }
        is_mapped |= matches!(step, Pretokenizer::ByteLevel { .. });
        match step {
            Pretokenizer::ByteLevel {
                add_prefix_space,
                use_regex,
                ..
            } => {
                if *add_prefix_space {
                    lose("a space is put before the text, which tiktoken does not do");
                }
                if *use_regex {
                    gpt2 = known::pattern_by_name("gpt2");
                }
            }
            step => splits.push(step),
        }
    }
    match (splits.as_slice(), gpt2) {
        // The whole text is one pretoken.
        ([], None) => Ok(Pattern::fancy(r"(?s:.+)")),
        ([], Some(gpt2)) => Ok(published(gpt2)),
        ([only], None) => compose(only, &mut lose),
        (several, gpt2) => {
            let stages: Option<Vec<&str>> = several
                .iter()
                .map(|step| as_isolating_stage(step))
                .collect();
            if let (Some(known), None) =
                (stages.as_deref().and_then(known::pattern_by_stages), gpt2)
            {
                return Ok(published(known));
            }
            lose("several steps split one after the other, and one pattern cannot do the same");
            nearest(several, gpt2)
        }
    }
}

fn published(known: &KnownPattern) -> Pattern {
    Pattern::fancy(known.tiktoken)
}

/// The pattern of one split, such that its matches are the pretokens.
fn compose(step: &Pretokenizer, lose: &mut impl FnMut(&str)) -> Result<Pattern> {
    let Pretokenizer::Split {
        needle,
        behavior,
        invert,
    } = step
    else {
        return match step {
            Pretokenizer::Digits { individual: true } => Ok(Pattern::fancy(r"\p{N}|\P{N}+")),
            Pretokenizer::Digits { individual: false } => Ok(Pattern::fancy(r"\p{N}+|\P{N}+")),
            _ => {
                lose("the pretokenizer is not a split by a pattern");
                Ok(Pattern::fancy(r"(?s:.+)"))
            }
        };
    };
    let text = match needle {
        Needle::Literal(text) => escaped(text),
        Needle::Regex(pattern) => {
            let stages = [pattern.text.as_str()];
            let known = known::pattern_by_stages(&stages);
            // Published patterns leave no text out, so that isolating their matches or keeping
            // the matches alone comes to the same.
            let keeps_all = keeps_matches(*behavior, *invert);
            if let (Some(known), true) = (known, keeps_all) {
                return Ok(published(known));
            }
            let is_own = pattern.dialect == Dialect::FancyRegex
                && (*behavior, *invert) == (SplitBehavior::Removed, true);
            match dialect::can_match_empty(pattern) {
                Ok(false) => {}
                Ok(true) => {
                    lose("the pattern matches the empty text, at which tiktoken cannot cut");
                }
                // What is tiktoken's own form already need not be understood.
                Err(_) if is_own => {}
                Err(error) => return Err(error),
            }
            dialect::translate(pattern, Dialect::FancyRegex)?
        }
    };
    // What no match covers, up to the next match.
    let gap = format!("(?:(?!{text})(?s:.))++");
    match (behavior, invert) {
        (SplitBehavior::Isolated, _) => Ok(Pattern::fancy(format!("(?:{text})|{gap}"))),
        (SplitBehavior::Removed, true) => Ok(Pattern::fancy(text)),
        (SplitBehavior::Removed, false) => {
            // The gaps alone: a search goes on behind a gap, inside the match that ends it.
            lose("matches are left out of the text, which one pattern cannot do");
            Ok(Pattern::fancy(format!("(?:{text})|{gap}")))
        }
        _ => {
            lose("matches are joined to their neighbours, which one pattern cannot do");
            Ok(Pattern::fancy(format!("(?:{text})|{gap}")))
        }
    }
}

/// The arms of all steps, the earlier first: the nearest that one pattern comes to them.
fn nearest(steps: &[&Pretokenizer], gpt2: Option<&KnownPattern>) -> Result<Pattern> {
    let mut arms = Vec::new();
    for step in steps {
        match step {
            Pretokenizer::Split {
                needle: Needle::Regex(pattern),
                ..
            } => {
                arms.push(format!(
                    "(?:{})",
                    dialect::translate(pattern, Dialect::FancyRegex)?
                ));
            }
            Pretokenizer::Split {
                needle: Needle::Literal(text),
                ..
            } => arms.push(escaped(text)),
            Pretokenizer::Digits { individual } => {
                arms.push(if *individual { r"\p{N}" } else { r"\p{N}+" }.to_owned());
            }
            _ => {}
        }
    }
    arms.extend(gpt2.map(|known| known.tiktoken.to_owned()));
    arms.push("(?s:.)".to_owned());
    Ok(Pattern::fancy(arms.join("|")))
}

fn escaped(text: &str) -> String {
    fancy_regex::escape(text).into_owned()
}

fn flatten<'s>(step: &'s Pretokenizer, steps: &mut Vec<&'s Pretokenizer>) {
    match step {
        Pretokenizer::Sequence(inner) => inner.iter().for_each(|step| flatten(step, steps)),
        step => steps.push(step),
    }
}

/// The error for a vocab whose tokens are not made of bytes.
pub(super) fn not_bytes() -> FileError {
    FileError::unsupported(
        "the tokens are made of characters, not bytes; no format of bytes encodes the same",
    )
    .with_hint("write hf-json, which holds tokens of either, or the format they came from: `--to` names it")
}
