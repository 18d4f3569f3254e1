//! The parts of a definition in the words of version 2.0.

use serde_json::{Map, Value, json};

use super::{GPT2, cannot_say};
use crate::definition::Definition;
use crate::error::Result;
use crate::extra::JsonDocument;
use crate::pipeline::{
    Decoder, Needle, Normalizer, Pattern, PostProcessor, PrependScheme, Pretokenizer,
    SplitBehavior, TemplatePart,
};
use crate::pipeline_json::{write_decoder, write_normalizer, write_pretokenizer};
use crate::vocab::TokenId;

/// `normalizer`, `pre_tokenizer`, and the flag `byte_level` of the model.
pub(super) struct Steps {
    pub(super) normalizer: Value,
    pub(super) pretokenizer: Value,
    pub(super) is_byte_level: bool,
}

/// What happens to text before the merges.
pub(super) fn steps(definition: &Definition) -> Result<Steps> {
    let mut rewrites = Vec::new();
    if let Some(normalizer) = &definition.normalizer {
        flatten_normalizer(normalizer, &mut rewrites)?;
    }
    let mut cuts = Vec::new();
    let mut is_sequence = false;
    if let Some(pretokenizer) = &definition.pretokenizer {
        is_sequence = matches!(pretokenizer, Pretokenizer::Sequence(_));
        flatten(pretokenizer, &mut cuts);
    }
    let mut is_byte_level = false;
    if let Some(Pretokenizer::ByteLevel { use_regex, .. }) = cuts.last() {
        is_byte_level = true;
        let use_regex = *use_regex;
        cuts.pop();
        if use_regex {
            cuts.push(Pretokenizer::Split {
                needle: Needle::Regex(Pattern::fancy(GPT2)),
                behavior: SplitBehavior::Isolated,
                invert: false,
            });
        }
    }
    if let Some((rewrite, cut)) = metaspace(&cuts)? {
        if is_byte_level {
            return Err(cannot_say("a `Metaspace` stands before a `ByteLevel`"));
        }
        rewrites.push(rewrite);
        cuts = cut.into_iter().collect();
        is_sequence = false;
    }
    if cuts
        .iter()
        .any(|cut| matches!(cut, Pretokenizer::ByteLevel { .. }))
    {
        return Err(cannot_say("a `ByteLevel` stands before another step"));
    }
    let cuts: Vec<Value> = cuts.iter().map(write_pretokenizer).collect::<Result<_>>()?;
    Ok(Steps {
        normalizer: joined("normalizers", rewrites, false),
        pretokenizer: joined("pretokenizers", cuts, is_sequence),
        is_byte_level,
    })
}

/// Nothing, the one step, or a `Sequence`. One step stays in its `Sequence`, as tokenizers leaves
/// it there.
fn joined(name: &str, mut steps: Vec<Value>, is_sequence: bool) -> Value {
    match steps.len() {
        0 => Value::Null,
        1 if !is_sequence => steps.swap_remove(0),
        _ => json!({ "type": "Sequence", name: steps }),
    }
}

fn flatten(step: &Pretokenizer, flat: &mut Vec<Pretokenizer>) {
    match step {
        Pretokenizer::Sequence(steps) => steps.iter().for_each(|step| flatten(step, flat)),
        step => flat.push(step.clone()),
    }
}

fn flatten_normalizer(step: &Normalizer, flat: &mut Vec<Value>) -> Result<()> {
    match step {
        Normalizer::Sequence(steps) => steps
            .iter()
            .try_for_each(|step| flatten_normalizer(step, flat)),
        step => {
            flat.push(write_normalizer(step)?);
            Ok(())
        }
    }
}

/// A `Metaspace` is two steps here: one rewrites, one cuts.
fn metaspace(cuts: &[Pretokenizer]) -> Result<Option<(Value, Option<Pretokenizer>)>> {
    let is_one = |cut: &Pretokenizer| matches!(cut, Pretokenizer::Metaspace { .. });
    if !cuts.iter().any(is_one) {
        return Ok(None);
    }
    let (step, drops_white_space) = match cuts {
        [step] => (step, false),
        [Pretokenizer::WhitespaceSplit, step] => (step, true),
        _ => {
            return Err(cannot_say(
                "a `Metaspace` stands among other steps that cut",
            ));
        }
    };
    let Pretokenizer::Metaspace {
        replacement,
        prepend,
        split,
    } = step
    else {
        return Ok(None);
    };
    if drops_white_space && (*prepend, *split) != (PrependScheme::Always, true) {
        return Err(cannot_say(
            "a `Metaspace` behind a `WhitespaceSplit` does not cut, or does not always prepend",
        ));
    }
    let prepend = match prepend {
        PrependScheme::Always => "always",
        PrependScheme::First => "first",
        PrependScheme::Never => "never",
    };
    let rewrite = json!({
        "type": "MetaspaceNormalizer",
        "replacement": replacement,
        "prepend": prepend,
        "drop_whitespace": drops_white_space,
    });
    let cut = split.then(|| Pretokenizer::Split {
        needle: Needle::Literal(replacement.to_string()),
        behavior: SplitBehavior::MergedWithNext,
        invert: false,
    });
    Ok(Some((rewrite, cut)))
}

/// The template that tokens are put around a text by, or null if none are.
pub(super) fn post_processor(definition: &Definition) -> Result<Value> {
    let Some(processor) = &definition.post_processor else {
        return Ok(Value::Null);
    };
    let mut adding = Vec::new();
    flatten_processors(processor, &mut adding);
    let (single, pair) = match adding.as_slice() {
        [] => return Ok(Value::Null),
        [PostProcessor::Template { single, pair }] => (pieces(single)?, pieces(pair)?),
        [PostProcessor::ClsSep { cls, sep }] => {
            cls_sep(cls.1, sep.1, is_roberta(definition.extra.json.as_ref()))
        }
        [_] => return Err(cannot_say("the post-processor is of a kind of its own")),
        _ => {
            return Err(cannot_say(
                "several post-processors put tokens around a text",
            ));
        }
    };
    for (pieces, sequences) in [(&single, ["A"].as_slice()), (&pair, &["A", "B"])] {
        let found: Vec<&str> = pieces
            .iter()
            .filter_map(|piece| piece.get("seq")?.as_str())
            .collect();
        if found != sequences {
            return Err(cannot_say(
                "a template has a sequence twice, not at all, or in another order",
            ));
        }
    }
    Ok(json!({ "type": "TemplateProcessing", "single": single, "pair": pair }))
}

/// Without those that are about offsets alone.
fn flatten_processors<'p>(step: &'p PostProcessor, adding: &mut Vec<&'p PostProcessor>) {
    match step {
        PostProcessor::Sequence(steps) => {
            for step in steps {
                flatten_processors(step, adding);
            }
        }
        PostProcessor::ByteLevel { .. } => {}
        step => adding.push(step),
    }
}

/// The parts of a template, with the tokens of a run together.
fn pieces(parts: &[TemplatePart]) -> Result<Vec<Value>> {
    let mut pieces: Vec<(Vec<TokenId>, Option<&str>, u32)> = Vec::new();
    for part in parts {
        match part {
            TemplatePart::Sequence { is_second, type_id } => {
                let name = if *is_second { "B" } else { "A" };
                pieces.push((Vec::new(), Some(name), *type_id));
            }
            TemplatePart::Special { ids, type_id, .. } => match pieces.last_mut() {
                Some((run, None, held)) if held == type_id => run.extend(ids),
                _ => pieces.push((ids.clone(), None, *type_id)),
            },
        }
    }
    let piece = |(ids, sequence, type_id): (Vec<TokenId>, Option<&str>, u32)| {
        if type_id > 255 {
            return Err(cannot_say("a template has a type id over 255"));
        }
        let mut piece = Map::new();
        match sequence {
            Some(name) => piece.insert("seq".to_owned(), json!(name)),
            None => piece.insert("ids".to_owned(), json!(ids)),
        };
        if type_id != 0 {
            piece.insert("type_id".to_owned(), json!(type_id));
        }
        Ok(Value::Object(piece))
    };
    pieces.into_iter().map(piece).collect()
}

/// BERT's template, or `RoBERTa`'s, which differ for pairs.
fn cls_sep(cls: TokenId, sep: TokenId, is_roberta: bool) -> (Vec<Value>, Vec<Value>) {
    let single = vec![
        json!({ "ids": [cls] }),
        json!({ "seq": "A" }),
        json!({ "ids": [sep] }),
    ];
    let pair = if is_roberta {
        vec![
            json!({ "ids": [cls] }),
            json!({ "seq": "A" }),
            json!({ "ids": [sep, sep] }),
            json!({ "seq": "B" }),
            json!({ "ids": [sep] }),
        ]
    } else {
        vec![
            json!({ "ids": [cls] }),
            json!({ "seq": "A" }),
            json!({ "ids": [sep] }),
            json!({ "seq": "B", "type_id": 1 }),
            json!({ "ids": [sep], "type_id": 1 }),
        ]
    };
    (single, pair)
}

fn is_roberta(document: Option<&JsonDocument>) -> bool {
    fn names_it(value: &Value) -> bool {
        value
            .get("type")
            .is_some_and(|kind| kind == "RobertaProcessing")
            || value
                .get("processors")
                .and_then(Value::as_array)
                .is_some_and(|steps| steps.iter().any(names_it))
    }
    document
        .and_then(|document| document.members.get("post_processor"))
        .is_some_and(names_it)
}

/// As version 1.0 has it, less what is without effect.
pub(super) fn decoder(decoder: &Decoder) -> Result<Value> {
    Ok(match decoder {
        Decoder::ByteLevel { .. } => json!({ "type": "ByteLevel" }),
        Decoder::Sequence(steps) => {
            let steps: Vec<Value> = steps.iter().map(self::decoder).collect::<Result<_>>()?;
            json!({ "type": "Sequence", "decoders": steps })
        }
        Decoder::Metaspace { .. } => {
            let mut value = write_decoder(decoder)?;
            if let Value::Object(members) = &mut value {
                members.remove("split");
            }
            value
        }
        step => write_decoder(step)?,
    })
}
