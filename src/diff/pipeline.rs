//! The steps around the merges of two definitions.

use bpekit_formats::{
    Atoms, Decoder, Definition, Dialect, Needle, Normalizer, Part as FilePart, Pattern,
    PostProcessor, Pretokenizer, SplitBehavior,
};

use super::{Difference, Part, describe};
use crate::known::{self, KnownPattern};
use crate::pretokenize::{as_isolating_stage, dialect, keeps_matches, known_pattern};
use crate::sentencepiece;

pub(super) fn normalizer(a: &Definition, b: &Definition, difference: &mut Difference) {
    let restated = [a, b].map(|definition| definition.normalizer.as_ref().map(in_steps));
    let [in_a, in_b] = [0, 1].map(|side| {
        let mut steps = Vec::new();
        if let Some(normalizer) = &restated[side] {
            flatten_normalizer(normalizer, &mut steps);
        }
        steps
    });
    if in_a != in_b {
        let [in_a, in_b] =
            [in_a, in_b].map(|steps| words(&steps, |step| describe::normalizer(step)));
        difference.find(Part::Normalizer, format!("{in_a} in A, {in_b} in B"));
    }
}

pub(super) fn pretokenizer(a: &Definition, b: &Definition, difference: &mut Difference) {
    let [unknown_in_a, unknown_in_b] = [a, b].map(|one| one.missing.contains(&FilePart::Pattern));
    match (unknown_in_a, unknown_in_b) {
        (false, false) => {}
        (true, true) => {
            return difference.note(Part::Pretokenizer, "not known on either side");
        }
        (true, false) => return difference.find(Part::Pretokenizer, "not known in A"),
        (false, true) => return difference.find(Part::Pretokenizer, "not known in B"),
    }
    if a.pretokenizer == b.pretokenizer {
        return;
    }
    let [in_a, in_b] = [a, b].map(Cut::of);
    if in_a == in_b {
        // The byte alphabet and other steps without effect are nothing to speak of.
        let texts = [a, b].map(|one| one.pretokenizer.as_ref().map(pattern_texts));
        if texts[0] != texts[1] {
            let detail = match in_a {
                Cut::Known(known) => format!("pattern {} in two spellings", known.name),
                Cut::Steps(_) => "the same pattern in two spellings".to_owned(),
            };
            difference.note(Part::Pretokenizer, detail);
        }
        return;
    }
    difference.find(
        Part::Pretokenizer,
        format!("{} in A, {} in B", in_a.words(), in_b.words()),
    );
}

pub(super) fn post_processor(a: &Definition, b: &Definition, difference: &mut Difference) {
    let [in_a, in_b] = [a, b].map(|definition| {
        let mut steps = Vec::new();
        if let Some(processor) = &definition.post_processor {
            flatten_post_processor(processor, &mut steps);
        }
        steps
    });
    if in_a != in_b {
        let [in_a, in_b] =
            [in_a, in_b].map(|steps| words(&steps, |step| describe::post_processor(step)));
        difference.find(Part::PostProcessor, format!("{in_a} in A, {in_b} in B"));
    }
}

pub(super) fn decoder(a: &Definition, b: &Definition, difference: &mut Difference) {
    let [in_a, in_b] = [a, b].map(|definition| {
        let mut steps = Vec::new();
        if let Some(decoder) = &definition.decoder {
            flatten_decoder(decoder, definition.atoms, &mut steps);
        }
        // Tokens are joined at the end in any case.
        while steps.last() == Some(&&Decoder::Fuse) {
            steps.pop();
        }
        steps
    });
    if in_a != in_b {
        let [in_a, in_b] = [in_a, in_b].map(|steps| words(&steps, |step| describe::decoder(step)));
        difference.find(Part::Decoder, format!("{in_a} in A, {in_b} in B"));
    }
}

/// How a definition cuts text.
pub(crate) fn cut_of(definition: &Definition) -> Cut {
    Cut::of(definition)
}

/// How text is cut, whatever format said it.
pub(crate) enum Cut {
    /// By a published pattern and nothing else.
    Known(&'static KnownPattern),
    /// By these steps, in the terms of tokenizer.json.
    Steps(Vec<Pretokenizer>),
}

impl PartialEq for Cut {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Known(one), Self::Known(other)) => one.name == other.name,
            (Self::Steps(one), Self::Steps(other)) => one == other,
            _ => false,
        }
    }
}

impl Cut {
    fn of(definition: &Definition) -> Self {
        let mut steps = Vec::new();
        if let Some(pretokenizer) = &definition.pretokenizer {
            flatten_pretokenizer(pretokenizer, &mut steps);
        }
        if definition.atoms == Atoms::Bytes {
            // Tokens are bytes here, so that the byte alphabet at the end says nothing.
            while matches!(
                steps.last(),
                Some(Pretokenizer::ByteLevel {
                    add_prefix_space: false,
                    use_regex: false,
                    ..
                })
            ) {
                steps.pop();
            }
        }
        let stages: Option<Vec<&str>> = steps.iter().map(as_isolating_stage).collect();
        match stages.as_deref().and_then(known::pattern_by_stages) {
            Some(known) => Self::Known(known),
            None => Self::Steps(steps),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Known(known) => format!("pattern {}", known.name),
            Self::Steps(steps) => words(steps, describe::pretokenizer),
        }
    }
}

/// The steps in a row, each in the terms of tokenizer.json where it has other terms.
fn flatten_pretokenizer(step: &Pretokenizer, steps: &mut Vec<Pretokenizer>) {
    match step {
        Pretokenizer::Sequence(inner) => {
            for step in inner {
                flatten_pretokenizer(step, steps);
            }
        }
        Pretokenizer::ByteLevel {
            add_prefix_space,
            use_regex,
            ..
        } => {
            let byte_level = |add_prefix_space| Pretokenizer::ByteLevel {
                add_prefix_space,
                trim_offsets: true,
                use_regex: false,
            };
            let gpt2 = known::pattern_by_name("gpt2").filter(|_| *use_regex);
            if let Some(gpt2) = gpt2 {
                if *add_prefix_space {
                    steps.push(byte_level(true));
                }
                steps.extend(isolated_stages(gpt2));
            }
            steps.push(byte_level(*add_prefix_space && gpt2.is_none()));
        }
        Pretokenizer::Split {
            needle: Needle::Regex(pattern),
            behavior,
            invert,
        } => {
            match known_pattern(pattern) {
                // A published pattern leaves no text out: keeping its matches and isolating them
                // come to the same.
                Some(known) if keeps_matches(*behavior, *invert) => {
                    steps.extend(isolated_stages(known));
                }
                _ => {
                    let pattern = match dialect::translate(pattern, Dialect::Oniguruma) {
                        Ok(text) => Pattern::oniguruma(text),
                        Err(_) => pattern.clone(),
                    };
                    steps.push(Pretokenizer::Split {
                        needle: Needle::Regex(pattern),
                        behavior: *behavior,
                        invert: *invert && *behavior != SplitBehavior::Isolated,
                    });
                }
            }
        }
        step => steps.push(step.clone()),
    }
}

fn isolated_stages(known: &'static KnownPattern) -> impl Iterator<Item = Pretokenizer> {
    known.tokenizers.iter().map(|stage| Pretokenizer::Split {
        needle: Needle::Regex(Pattern::oniguruma(*stage)),
        behavior: SplitBehavior::Isolated,
        invert: false,
    })
}

/// The patterns of all splits, as they are written.
pub(crate) fn pattern_texts(step: &Pretokenizer) -> Vec<&str> {
    match step {
        Pretokenizer::Sequence(inner) => inner.iter().flat_map(pattern_texts).collect(),
        Pretokenizer::Split {
            needle: Needle::Regex(pattern),
            ..
        } => vec![&pattern.text],
        _ => Vec::new(),
    }
}

/// What SentencePiece does in the steps of a tokenizer.json, where these do the same.
fn in_steps(normalizer: &Normalizer) -> Normalizer {
    if let Normalizer::SentencePiece(spec) = normalizer
        && let Some(steps) = sentencepiece::equal_steps(spec)
    {
        return Normalizer::Sequence(steps);
    }
    normalizer.clone()
}

fn flatten_normalizer<'s>(step: &'s Normalizer, steps: &mut Vec<&'s Normalizer>) {
    match step {
        Normalizer::Sequence(inner) => {
            for step in inner {
                flatten_normalizer(step, steps);
            }
        }
        step if step.is_neutral() => {}
        step => steps.push(step),
    }
}

fn flatten_post_processor<'s>(step: &'s PostProcessor, steps: &mut Vec<&'s PostProcessor>) {
    match step {
        PostProcessor::Sequence(inner) => {
            for step in inner {
                flatten_post_processor(step, steps);
            }
        }
        step if step.adds_nothing() => {}
        step => steps.push(step),
    }
}

fn flatten_decoder<'s>(step: &'s Decoder, atoms: Atoms, steps: &mut Vec<&'s Decoder>) {
    match step {
        Decoder::Sequence(inner) => {
            for step in inner {
                flatten_decoder(step, atoms, steps);
            }
        }
        Decoder::ByteLevel { .. } if atoms == Atoms::Bytes => {}
        step => steps.push(step),
    }
}

fn words<T>(steps: &[T], describe: impl Fn(&T) -> String) -> String {
    if steps.is_empty() {
        return "none".to_owned();
    }
    steps
        .iter()
        .map(describe)
        .collect::<Vec<_>>()
        .join(", then ")
}

/// The published pattern, if text is cut by it and nothing else.
pub(crate) fn published_pattern(definition: &Definition) -> Option<&'static KnownPattern> {
    match Cut::of(definition) {
        Cut::Known(known) => Some(known),
        Cut::Steps(_) => None,
    }
}
