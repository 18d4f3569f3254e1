//! What `tokenizer.ggml.pre` stands for: a file has the name of its split alone, and llama.cpp knows
//! what to do (`src/llama-vocab.cpp` of build 11549, `llama_vocab::impl::load` and
//! `llm_tokenizer_bpe`).
//!
//! The steps cut as llama.cpp does, which is not always as the model's own tokenizer:
//! `src/unicode.cpp` has hand-written splits for some patterns, and for others replaces each
//! character by its category before it runs `std::regex`. Hence:
//!
//! 1. `(?i:'s)` is `'[sS]`, so U+017F behind an apostrophe is a letter like any other.
//! 2. `\p{Lu}` and the like are all `\p{L}` in a pattern that is run so; where a pattern tells cases
//!    apart (`gpt-4o`), it does by `[a-z]` and `[A-Z]`, and every other letter counts as both.
//! 3. A range of characters has no white space beyond ASCII in it.
//! 4. Text between matches is a piece too, as with `Isolated` in a tokenizer.json.
//!
//! Its tables of categories are those of Unicode 15.1.

mod table;

use self::table::GROUPS;
use crate::pipeline::{Needle, Pattern, Pretokenizer, SplitBehavior};

pub(super) use self::table::{DEFAULT, GPT2, OF_CHARACTERS, PRES};

/// Names that mean the same.
#[derive(Debug)]
pub(super) struct Pre {
    /// The first is the one to write.
    pub(super) names: &'static [&'static str],
    /// The splits one after the other, each isolating its matches, but for [`GROUPS`].
    pub(super) stages: &'static [&'static str],
    /// Whether a pretoken that is a token is looked up whole.
    pub(super) ignore_merges: bool,
    /// Whether a text begins with the token for that if the file does not say.
    pub(super) add_bos: bool,
    /// What llama.cpp cuts otherwise than the model's own tokenizer, where that is known.
    pub(super) differs: Option<&'static str>,
    /// The splits of the model's own tokenizer.json, where they are others and published.
    pub(super) original: &'static [&'static str],
}

/// What a name stands for.
pub(super) fn by_name(name: &str) -> Option<&'static Pre> {
    PRES.iter().find(|pre| pre.names.contains(&name))
}

/// Every name, in the order of the table.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PRES.iter().flat_map(|pre| pre.names).copied()
}

impl Pre {
    /// The steps of a tokenizer.json that cut as llama.cpp does.
    pub(super) fn pretokenizer(&self) -> Pretokenizer {
        let splits = self.stages.iter().map(|stage| Pretokenizer::Split {
            needle: Needle::Regex(Pattern::oniguruma(*stage)),
            behavior: behavior_of(stage),
            invert: false,
        });
        let byte_level = Pretokenizer::ByteLevel {
            add_prefix_space: false,
            trim_offsets: true,
            use_regex: false,
        };
        Pretokenizer::Sequence(splits.chain([byte_level]).collect())
    }
}

fn behavior_of(stage: &str) -> SplitBehavior {
    if stage == GROUPS {
        SplitBehavior::MergedWithNext
    } else {
        SplitBehavior::Isolated
    }
}

/// The patterns by which a pretokenizer splits, one after the other; `None` if it does anything
/// else, or maps no bytes.
pub(super) fn stages_of(pretokenizer: &Pretokenizer) -> Option<Vec<&str>> {
    let mut steps = Vec::new();
    flatten(pretokenizer, &mut steps);
    let (last, before) = steps.split_last()?;
    let mut stages = before
        .iter()
        .map(|step| stage_of(step))
        .collect::<Option<Vec<&str>>>()?;
    match last {
        Pretokenizer::ByteLevel {
            add_prefix_space: false,
            use_regex,
            ..
        } => stages.extend(use_regex.then_some(GPT2)),
        _ => return None,
    }
    Some(stages)
}

fn stage_of(step: &Pretokenizer) -> Option<&str> {
    match step {
        Pretokenizer::Split {
            needle: Needle::Regex(pattern),
            behavior,
            invert: false,
        } if *behavior == behavior_of(&pattern.text) => Some(&pattern.text),
        Pretokenizer::Digits { individual: true } => Some(r"\p{N}"),
        Pretokenizer::Digits { individual: false } => Some(r"\p{N}+"),
        _ => None,
    }
}

fn flatten<'s>(step: &'s Pretokenizer, steps: &mut Vec<&'s Pretokenizer>) {
    match step {
        Pretokenizer::Sequence(inner) => inner.iter().for_each(|step| flatten(step, steps)),
        step => steps.push(step),
    }
}

/// Whether two lists of patterns are the same, a raw line break counting as its escape: DeepSeek's
/// files have it raw.
pub(super) fn same_stages(one: &[&str], other: &[&str]) -> bool {
    let escaped = |text: &str| text.replace('\r', r"\r").replace('\n', r"\n");
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| one == other || escaped(one) == escaped(other))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_steps_are_recognised() {
        let mut seen = HashSet::new();
        for pre in PRES {
            assert!(!pre.names.is_empty() && !pre.stages.is_empty());
            assert!(pre.differs.is_some() || pre.original.is_empty());
            for name in pre.names {
                assert!(seen.insert(name), "{name} twice");
                assert!(!OF_CHARACTERS.contains(name), "{name}");
            }
            let pretokenizer = pre.pretokenizer();
            let stages = stages_of(&pretokenizer).unwrap();
            assert!(same_stages(&stages, pre.stages));
        }
    }

    #[test]
    fn no_two_say_the_same() {
        for (index, pre) in PRES.iter().enumerate() {
            for other in &PRES[..index] {
                let says = |pre: &Pre| (pre.stages, pre.ignore_merges, pre.add_bos);
                assert_ne!(says(pre), says(other), "{:?}", pre.names);
            }
        }
    }
}
