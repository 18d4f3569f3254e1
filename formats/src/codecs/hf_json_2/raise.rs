//! The members of version 2.0 as a definition says them, which is in the words of version 1.0: the
//! flag `byte_level` is a `ByteLevel` behind all other steps, and a `MetaspaceNormalizer` with its
//! `Split` is a `Metaspace`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{GPT2, ROLES, given, shown};
use crate::definition::{Atoms, Definition, Role};
use crate::error::{Error, Result, show_text};
use crate::json::member_path;
use crate::limits::Limits;
use crate::pipeline::{
    Decoder, Dialect, Needle, Normalizer, PostProcessor, PrependScheme, Pretokenizer,
    SplitBehavior, TemplatePart,
};
use crate::pipeline_json::{
    Node, as_id, read_behavior, read_decoder, read_normalizer, read_pretokenizer, wrong_type,
};
use crate::tokenizer_json::{Parts, Texts, read_added_tokens, read_options};
use crate::vocab::TokenId;

/// All but the two arrays.
pub(super) fn parts(
    members: &Map<String, Value>,
    model: &Map<String, Value>,
    limits: &Limits,
) -> Result<Parts> {
    let model_value = Value::Object(model.clone());
    let model_node = Node::of(&model_value, "model")?;
    model_node.text("type")?;
    let is_byte_level = model_node.flag("byte_level", None)?;
    let part = |name: &str| given(members.get(name));
    let normalizer = part("normalizer")
        .map(|value| normalizer(value, "normalizer"))
        .transpose()?;
    let pretokenizer = part("pre_tokenizer")
        .map(|value| pretokenizer(value, "pre_tokenizer", false))
        .transpose()?;
    let (normalizer, pretokenizer) = with_metaspace(normalizer, pretokenizer);
    let mut parts = Parts {
        added_tokens: read_added_tokens(part("added_tokens"), limits)?,
        normalizer,
        pretokenizer: if is_byte_level {
            Some(with_byte_level(pretokenizer))
        } else {
            pretokenizer
        },
        post_processor: part("post_processor")
            .map(|value| post_processor(value, "post_processor"))
            .transpose()?,
        decoder: part("decoder")
            .map(|value| decoder(value, "decoder"))
            .transpose()?,
        options: read_options(model)?,
        atoms: if is_byte_level {
            Atoms::Bytes
        } else {
            Atoms::Characters
        },
    };
    // tokenizers 1.0 has no other engine.
    let steps = parts
        .normalizer
        .iter_mut()
        .flat_map(Normalizer::patterns_mut);
    let steps = steps.chain(parts.decoder.iter_mut().flat_map(Decoder::patterns_mut));
    let cuts = parts.pretokenizer.iter_mut();
    for pattern in steps.chain(cuts.flat_map(Pretokenizer::patterns_mut)) {
        pattern.dialect = Dialect::FancyRegex;
    }
    Ok(parts)
}

/// A step that rewrites text; a `MetaspaceNormalizer` is known by its place alone.
enum Step {
    Plain(Normalizer),
    Metaspace(Metaspace),
}

struct Metaspace {
    replacement: char,
    prepend: PrependScheme,
    drops_white_space: bool,
}

/// The steps one after the other, and whether they stand in a `Sequence`.
struct Steps {
    steps: Vec<Step>,
    is_sequence: bool,
}

fn normalizer(value: &Value, path: &str) -> Result<Steps> {
    let node = Node::of(value, path)?;
    if node.text("type")? == "Sequence" {
        return Ok(Steps {
            steps: node.steps("normalizers", step)?,
            is_sequence: true,
        });
    }
    Ok(Steps {
        steps: vec![step(value, path)?],
        is_sequence: false,
    })
}

fn step(value: &Value, path: &str) -> Result<Step> {
    let node = Node::of(value, path)?;
    if node.text("type")? != "MetaspaceNormalizer" {
        return Ok(Step::Plain(read_normalizer(value, path)?));
    }
    let prepend = match node.text("prepend")? {
        "always" => PrependScheme::Always,
        "first" => PrependScheme::First,
        "never" => PrependScheme::Never,
        other => {
            return Err(Error::data(format!(
                "{} is not one of `always`, `first` and `never`",
                shown(other)
            ))
            .at_json(node.path_of("prepend")));
        }
    };
    Ok(Step::Metaspace(Metaspace {
        replacement: node.character("replacement")?,
        prepend,
        drops_white_space: node.flag("drop_whitespace", None)?,
    }))
}

/// The normalizer without its last step, where that and the pretokenizer are a `Metaspace`. Any
/// other is a kind that is carried and not known.
fn with_metaspace(
    normalizer: Option<Steps>,
    pretokenizer: Option<Pretokenizer>,
) -> (Option<Normalizer>, Option<Pretokenizer>) {
    let Some(Steps {
        mut steps,
        is_sequence,
    }) = normalizer
    else {
        return (None, pretokenizer);
    };
    let mut cut = pretokenizer;
    let mut was_raised = false;
    if let Some(Step::Metaspace(last)) = steps.last()
        && let Some(raised) = metaspace(last, cut.as_ref())
    {
        cut = Some(raised);
        was_raised = true;
        steps.pop();
    }
    let plain = |step| match step {
        Step::Plain(step) => step,
        Step::Metaspace(_) => Normalizer::Other("MetaspaceNormalizer".to_owned()),
    };
    let mut steps: Vec<Normalizer> = steps.into_iter().map(plain).collect();
    let normalizer = match steps.len() {
        0 if was_raised => None,
        1 if was_raised || !is_sequence => steps.pop(),
        _ => Some(Normalizer::Sequence(steps)),
    };
    (normalizer, cut)
}

fn metaspace(found: &Metaspace, cut: Option<&Pretokenizer>) -> Option<Pretokenizer> {
    let split = match cut {
        None => false,
        Some(Pretokenizer::Split {
            needle: Needle::Literal(text),
            behavior: SplitBehavior::MergedWithNext,
            invert: false,
        }) if text.chars().eq([found.replacement]) => true,
        Some(_) => return None,
    };
    let step = Pretokenizer::Metaspace {
        replacement: found.replacement,
        prepend: found.prepend,
        split,
    };
    match (found.drops_white_space, found.prepend, split) {
        (false, ..) => Some(step),
        (true, PrependScheme::Always, true) => Some(Pretokenizer::Sequence(vec![
            Pretokenizer::WhitespaceSplit,
            step,
        ])),
        _ => None,
    }
}

fn pretokenizer(value: &Value, path: &str, is_inside: bool) -> Result<Pretokenizer> {
    let node = Node::of(value, path)?;
    match node.text("type")? {
        "Sequence" if is_inside => {
            Err(Error::data("a `Sequence` in a `Sequence`; version 2.0 has none").at_json(path))
        }
        "Sequence" => {
            let read = |value: &Value, path: &str| pretokenizer(value, path, true);
            Ok(Pretokenizer::Sequence(node.steps("pretokenizers", read)?))
        }
        "Split" => Ok(Pretokenizer::Split {
            needle: node.needle("pattern")?,
            // What tokenizers converts from version 1.0 may leave both out.
            behavior: match given(node.get("behavior")) {
                None => SplitBehavior::Isolated,
                Some(_) => read_behavior(&node)?,
            },
            invert: node.flag("invert", Some(false))?,
        }),
        "Digits" => Ok(Pretokenizer::Digits {
            individual: node.flag("individual_digits", Some(false))?,
        }),
        kind @ ("ByteLevel" | "Metaspace") => Err(Error::data(format!(
            "{} is a step of version 1.0; version 2.0 has none",
            shown(kind)
        ))
        .at_json(path)),
        _ => read_pretokenizer(value, path),
    }
}

/// The pretokenizer with the byte alphabet behind it.
fn with_byte_level(pretokenizer: Option<Pretokenizer>) -> Pretokenizer {
    let byte_level = |use_regex| Pretokenizer::ByteLevel {
        add_prefix_space: false,
        trim_offsets: true,
        use_regex,
    };
    let mut steps = match pretokenizer {
        None => return byte_level(false),
        Some(step) if is_gpt2(&step) => return byte_level(true),
        Some(Pretokenizer::Sequence(steps)) => steps,
        Some(step) => vec![step],
    };
    let has_gpt2 = steps.last().is_some_and(is_gpt2);
    if has_gpt2 {
        steps.pop();
    }
    steps.push(byte_level(has_gpt2));
    Pretokenizer::Sequence(steps)
}

fn is_gpt2(step: &Pretokenizer) -> bool {
    matches!(
        step,
        Pretokenizer::Split {
            needle: Needle::Regex(pattern),
            behavior: SplitBehavior::Isolated,
            invert: false,
        } if pattern.text == GPT2
    )
}

/// The one kind there is. The tokens have no names here; `name_specials` gives them.
fn post_processor(value: &Value, path: &str) -> Result<PostProcessor> {
    let node = Node::of(value, path)?;
    match node.text("type")? {
        "TemplateProcessing" => Ok(PostProcessor::Template {
            single: template(&node, "single", 1)?,
            pair: template(&node, "pair", 2)?,
        }),
        kind => Err(Error::data(format!(
            "{} is no post-processor of version 2.0; expected `TemplateProcessing`",
            shown(kind)
        ))
        .at_json(node.path_of("type"))),
    }
}

/// The pieces of a template, in which each sequence stands once and in order.
fn template(node: &Node<'_>, name: &str, sequence_count: usize) -> Result<Vec<TemplatePart>> {
    let pieces = node.steps(name, piece)?;
    let parts: Vec<TemplatePart> = pieces.into_iter().flatten().collect();
    let sequences: Vec<bool> = parts
        .iter()
        .filter_map(|part| match part {
            TemplatePart::Sequence { is_second, .. } => Some(*is_second),
            TemplatePart::Special { .. } => None,
        })
        .collect();
    if sequences == [false, true][..sequence_count] {
        return Ok(parts);
    }
    let expected = ["`A`", "`A`, then `B`"][sequence_count - 1];
    Err(Error::data(format!("expected each sequence once: {expected}")).at_json(node.path_of(name)))
}

/// A sequence, or a run of tokens: a part for each.
fn piece(value: &Value, path: &str) -> Result<Vec<TemplatePart>> {
    let node = Node::of(value, path)?;
    let type_id = match given(node.get("type_id")) {
        None => 0,
        Some(value) => {
            let number = value.as_u64().and_then(|number| u8::try_from(number).ok());
            let number = number
                .ok_or_else(|| wrong_type(value, &node.path_of("type_id"), "a number to 255"));
            u32::from(number?)
        }
    };
    match (node.get("seq"), node.get("ids")) {
        (Some(_), None) => {
            let is_second = match node.text("seq")? {
                "A" => false,
                "B" => true,
                other => {
                    let error = Error::data(format!("sequence {} is not there", shown(other)));
                    return Err(error.at_json(node.path_of("seq")));
                }
            };
            Ok(vec![TemplatePart::Sequence { is_second, type_id }])
        }
        (None, Some(_)) => {
            let part = |id| TemplatePart::Special {
                name: String::new(),
                ids: vec![id],
                type_id,
            };
            Ok(node.steps("ids", as_id)?.into_iter().map(part).collect())
        }
        _ => Err(Error::data("expected either `seq` or `ids`").at_json(path)),
    }
}

/// Names the tokens of a template after their texts.
pub(super) fn name_specials(definition: &mut Definition) -> Result<()> {
    let mut processor = definition.post_processor.take();
    if let Some(PostProcessor::Template { single, pair }) = &mut processor {
        for (member, parts) in [("single", single), ("pair", pair)] {
            for part in parts {
                if let TemplatePart::Special { name, ids, .. } = part {
                    let id = ids.first().copied().unwrap_or_default();
                    *name = text_of(id, definition).ok_or_else(|| {
                        Error::data(format!("no token has the id {id}"))
                            .at_json(format!("post_processor.{member}"))
                    })?;
                }
            }
        }
    }
    definition.post_processor = processor;
    Ok(())
}

/// The text of a token: of an added one, or its name in the vocab.
pub(super) fn text_of(id: TokenId, definition: &Definition) -> Option<String> {
    if let Some(token) = definition.added_token(id) {
        return Some(token.content.clone());
    }
    let texts = Texts {
        vocab: &definition.vocab,
        atoms: definition.atoms,
    };
    let text = texts.text_of(definition.vocab.token(id)?).ok()?;
    Some(text.into_owned())
}

fn decoder(value: &Value, path: &str) -> Result<Decoder> {
    let node = Node::of(value, path)?;
    match node.text("type")? {
        // The flags are without effect; the published files of version 1.0 have them so.
        "ByteLevel" => Ok(Decoder::ByteLevel {
            add_prefix_space: true,
            trim_offsets: true,
            use_regex: true,
        }),
        "Sequence" => Ok(Decoder::Sequence(node.steps("decoders", decoder)?)),
        _ => read_decoder(value, path),
    }
}

/// The roles that a definition knows; others stay in the document.
pub(super) fn roles(value: &Value, definition: &Definition) -> Result<BTreeMap<Role, TokenId>> {
    let name = "role_to_token";
    let mut roles = BTreeMap::new();
    let Some(value) = given(Some(value)) else {
        return Ok(roles);
    };
    let node = Node::of(value, name)?;
    let texts = Texts {
        vocab: &definition.vocab,
        atoms: definition.atoms,
    };
    for role in node.names() {
        let text = node.text(role)?;
        let added = definition
            .added_tokens
            .iter()
            .find(|token| token.content == text);
        let id = added.map(|token| token.id);
        let Some(id) = id.or_else(|| texts.id_of(text, &mut Vec::new())) else {
            return Err(Error::data(format!("`{}` is no token", show_text(text)))
                .at_json(format!("{name}{}", member_path(false, role))));
        };
        if let Some((_, role)) = ROLES.iter().find(|(known, _)| *known == role) {
            roles.insert(*role, id);
        }
    }
    Ok(roles)
}
