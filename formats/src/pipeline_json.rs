//! Normalizers, pretokenizers, post-processors and decoders as the JSON of tokenizer.json.
//!
//! `read_*` turns a member into data, `write_*` gives the form that `tokenizers` 0.23 writes.
//! Reading is strict about the members it needs and silent about members it does not know: those
//! stay in the document and are written back with it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::charsmap::Charsmap;
use crate::error::{Error, Result, show_text};
use crate::json::member_path;
use crate::pipeline::{
    Decoder, Needle, Normalizer, Pattern, PostProcessor, PrependScheme, Pretokenizer,
    SplitBehavior, TemplatePart,
};

/// An object of the document and where it stands.
pub(crate) struct Node<'a> {
    members: &'a Map<String, Value>,
    path: String,
}

impl<'a> Node<'a> {
    /// The object, or an error that it is not one.
    pub(crate) fn of(value: &'a Value, path: &str) -> Result<Self> {
        match value {
            Value::Object(members) => Ok(Self {
                members,
                path: path.to_owned(),
            }),
            _ => Err(wrong_type(value, path, "an object")),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    /// The names of its members.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.members.keys().map(String::as_str)
    }

    pub(crate) fn path_of(&self, name: &str) -> String {
        format!("{}{}", self.path, member_path(self.path.is_empty(), name))
    }

    pub(crate) fn need(&self, name: &str) -> Result<&'a Value> {
        self.get(name).ok_or_else(|| {
            let path = if self.path.is_empty() {
                "document"
            } else {
                &self.path
            };
            Error::data(format!("member `{name}` is not there")).at_json(path)
        })
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str> {
        let value = self.need(name)?;
        value
            .as_str()
            .ok_or_else(|| wrong_type(value, &self.path_of(name), "a string"))
    }

    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&'a str>> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.text(name).map(Some),
        }
    }

    pub(crate) fn flag(&self, name: &str, default: Option<bool>) -> Result<bool> {
        if let (None | Some(Value::Null), Some(default)) = (self.get(name), default) {
            return Ok(default);
        }
        let value = self.need(name)?;
        value
            .as_bool()
            .ok_or_else(|| wrong_type(value, &self.path_of(name), "true or false"))
    }

    pub(crate) fn id(&self, name: &str) -> Result<u32> {
        as_id(self.need(name)?, &self.path_of(name))
    }

    /// A number of 64 bits.
    pub(crate) fn number(&self, name: &str) -> Result<u64> {
        let value = self.need(name)?;
        let expected = "a number from 0 to 2^64 - 1";
        value
            .as_u64()
            .ok_or_else(|| wrong_type(value, &self.path_of(name), expected))
    }

    pub(crate) fn count(&self, name: &str) -> Result<usize> {
        let value = self.need(name)?;
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| wrong_type(value, &self.path_of(name), "a number from 0"))
    }

    pub(crate) fn list(&self, name: &str) -> Result<&'a [Value]> {
        let value = self.need(name)?;
        value
            .as_array()
            .map(Vec::as_slice)
            .ok_or_else(|| wrong_type(value, &self.path_of(name), "an array"))
    }

    pub(crate) fn character(&self, name: &str) -> Result<char> {
        let text = self.text(name)?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => Err(
                Error::data(format!("`{}` is not one character", show_text(text)))
                    .at_json(self.path_of(name)),
            ),
        }
    }

    pub(crate) fn needle(&self, name: &str) -> Result<Needle> {
        let path = self.path_of(name);
        let node = Node::of(self.need(name)?, &path)?;
        match (node.get("String"), node.get("Regex")) {
            (Some(_), None) => Ok(Needle::Literal(node.text("String")?.to_owned())),
            (None, Some(_)) => Ok(Needle::Regex(Pattern::oniguruma(node.text("Regex")?))),
            _ => Err(Error::data("expected either `String` or `Regex`").at_json(path)),
        }
    }

    fn charsmap(&self, name: &str) -> Result<Charsmap> {
        let bytes = STANDARD.decode(self.text(name)?);
        let bytes = bytes.map_err(|_| "is not base64".to_owned());
        let map = bytes.and_then(|bytes| Charsmap::new(bytes).map_err(str::to_owned));
        map.map_err(|what| Error::data(what).at_json(self.path_of(name)))
    }

    pub(crate) fn steps<T>(
        &self,
        name: &str,
        read: impl Fn(&Value, &str) -> Result<T>,
    ) -> Result<Vec<T>> {
        let path = self.path_of(name);
        self.list(name)?
            .iter()
            .enumerate()
            .map(|(index, step)| read(step, &format!("{path}[{index}]")))
            .collect()
    }

    fn byte_level_flags(&self) -> Result<(bool, bool, bool)> {
        // `use_regex` came with tokenizers 0.12; files without it mean true.
        Ok((
            self.flag("add_prefix_space", None)?,
            self.flag("trim_offsets", None)?,
            self.flag("use_regex", Some(true))?,
        ))
    }

    /// `add_prefix_space` is what `prepend_scheme` was before tokenizers 0.15.
    fn prepend_scheme(&self) -> Result<PrependScheme> {
        match self.optional_text("prepend_scheme")? {
            Some("never") => Ok(PrependScheme::Never),
            Some("always" | "first") if !self.flag("add_prefix_space", Some(true))? => {
                Err(Error::data("is false, which contradicts `prepend_scheme`")
                    .at_json(self.path_of("add_prefix_space")))
            }
            Some("always") => Ok(PrependScheme::Always),
            Some("first") => Ok(PrependScheme::First),
            Some(other) => Err(Error::data(format!(
                "`{}` is not a prepend scheme; expected `always`, `first` or `never`",
                show_text(other)
            ))
            .at_json(self.path_of("prepend_scheme"))),
            None if self.flag("add_prefix_space", Some(true))? => Ok(PrependScheme::Always),
            None => Ok(PrependScheme::Never),
        }
    }
}

pub(crate) fn wrong_type(value: &Value, path: &str, expected: &str) -> Error {
    let found = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => show_text(&number.to_string()),
        Value::String(text) => format!("the string `{}`", show_text(text)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    let path = if path.is_empty() { "document" } else { path };
    Error::data(format!("found {found}; expected {expected}")).at_json(path)
}

/// A token id of the document.
pub(crate) fn as_id(value: &Value, path: &str) -> Result<u32> {
    value
        .as_u64()
        .and_then(|id| u32::try_from(id).ok())
        .filter(|&id| id != u32::MAX)
        .ok_or_else(|| wrong_type(value, path, "a token id (0 to 4294967294)"))
}

fn needle_json(needle: &Needle) -> Value {
    match needle {
        Needle::Literal(text) => json!({ "String": text }),
        Needle::Regex(pattern) => json!({ "Regex": pattern.text }),
    }
}

fn steps_json<T>(
    kind: &str,
    name: &str,
    steps: &[T],
    write: impl Fn(&T) -> Result<Value>,
) -> Result<Value> {
    let steps: Vec<Value> = steps.iter().map(write).collect::<Result<_>>()?;
    Ok(json!({ "type": kind, name: steps }))
}

pub(crate) fn cannot_write(kind: &str) -> Error {
    Error::unsupported(format!(
        "step `{}` is carried but not known",
        show_text(kind)
    ))
}

const BEHAVIORS: &[(&str, SplitBehavior)] = &[
    ("Removed", SplitBehavior::Removed),
    ("Isolated", SplitBehavior::Isolated),
    ("MergedWithPrevious", SplitBehavior::MergedWithPrevious),
    ("MergedWithNext", SplitBehavior::MergedWithNext),
    ("Contiguous", SplitBehavior::Contiguous),
];

pub(crate) fn read_behavior(node: &Node<'_>) -> Result<SplitBehavior> {
    let text = node.text("behavior")?;
    BEHAVIORS
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, behavior)| *behavior)
        .ok_or_else(|| {
            Error::data(format!("`{}` is not a split behavior", show_text(text)))
                .at_json(node.path_of("behavior"))
        })
}

fn behavior_name(behavior: SplitBehavior) -> &'static str {
    BEHAVIORS
        .iter()
        .find(|(_, known)| *known == behavior)
        .map_or("", |(name, _)| name)
}

/// Reads a `normalizer`.
pub(crate) fn read_normalizer(value: &Value, path: &str) -> Result<Normalizer> {
    let node = Node::of(value, path)?;
    Ok(match node.text("type")? {
        "NFC" => Normalizer::Nfc,
        "NFD" => Normalizer::Nfd,
        "NFKC" => Normalizer::Nfkc,
        "NFKD" => Normalizer::Nfkd,
        "Lowercase" => Normalizer::Lowercase,
        "Strip" => Normalizer::Strip {
            left: node.flag("strip_left", None)?,
            right: node.flag("strip_right", None)?,
        },
        "Replace" => Normalizer::Replace {
            needle: node.needle("pattern")?,
            content: node.text("content")?.to_owned(),
        },
        "Prepend" => Normalizer::Prepend(node.text("prepend")?.to_owned()),
        "Precompiled" => Normalizer::Precompiled(node.charsmap("precompiled_charsmap")?),
        "Sequence" => Normalizer::Sequence(node.steps("normalizers", read_normalizer)?),
        other => Normalizer::Other(other.to_owned()),
    })
}

/// Writes a `normalizer`.
pub(crate) fn write_normalizer(normalizer: &Normalizer) -> Result<Value> {
    Ok(match normalizer {
        Normalizer::Nfc => json!({ "type": "NFC" }),
        Normalizer::Nfd => json!({ "type": "NFD" }),
        Normalizer::Nfkc => json!({ "type": "NFKC" }),
        Normalizer::Nfkd => json!({ "type": "NFKD" }),
        Normalizer::Lowercase => json!({ "type": "Lowercase" }),
        Normalizer::Strip { left, right } => {
            json!({ "type": "Strip", "strip_left": left, "strip_right": right })
        }
        Normalizer::Replace { needle, content } => {
            json!({ "type": "Replace", "pattern": needle_json(needle), "content": content })
        }
        Normalizer::Prepend(text) => json!({ "type": "Prepend", "prepend": text }),
        Normalizer::Precompiled(map) => {
            json!({ "type": "Precompiled", "precompiled_charsmap": STANDARD.encode(map.bytes()) })
        }
        Normalizer::Sequence(steps) => {
            steps_json("Sequence", "normalizers", steps, write_normalizer)?
        }
        Normalizer::SentencePiece(_) => return Err(cannot_write("SentencePiece")),
        Normalizer::Other(kind) => return Err(cannot_write(kind)),
    })
}

/// Reads a `pre_tokenizer`.
pub(crate) fn read_pretokenizer(value: &Value, path: &str) -> Result<Pretokenizer> {
    let node = Node::of(value, path)?;
    Ok(match node.text("type")? {
        "Split" => Pretokenizer::Split {
            needle: node.needle("pattern")?,
            behavior: read_behavior(&node)?,
            invert: node.flag("invert", None)?,
        },
        "ByteLevel" => {
            let (add_prefix_space, trim_offsets, use_regex) = node.byte_level_flags()?;
            Pretokenizer::ByteLevel {
                add_prefix_space,
                trim_offsets,
                use_regex,
            }
        }
        "Digits" => Pretokenizer::Digits {
            individual: node.flag("individual_digits", None)?,
        },
        "Metaspace" => Pretokenizer::Metaspace {
            replacement: node.character("replacement")?,
            prepend: node.prepend_scheme()?,
            split: node.flag("split", Some(true))?,
        },
        "Whitespace" => Pretokenizer::Whitespace,
        "WhitespaceSplit" => Pretokenizer::WhitespaceSplit,
        "Punctuation" => Pretokenizer::Punctuation(match node.get("behavior") {
            None => SplitBehavior::Isolated,
            Some(_) => read_behavior(&node)?,
        }),
        "Sequence" => Pretokenizer::Sequence(node.steps("pretokenizers", read_pretokenizer)?),
        other => Pretokenizer::Other(other.to_owned()),
    })
}

/// Writes a `pre_tokenizer`.
pub(crate) fn write_pretokenizer(pretokenizer: &Pretokenizer) -> Result<Value> {
    Ok(match pretokenizer {
        Pretokenizer::Split {
            needle,
            behavior,
            invert,
        } => json!({
            "type": "Split",
            "pattern": needle_json(needle),
            "behavior": behavior_name(*behavior),
            "invert": invert,
        }),
        Pretokenizer::ByteLevel {
            add_prefix_space,
            trim_offsets,
            use_regex,
        } => byte_level_json(*add_prefix_space, *trim_offsets, *use_regex),
        Pretokenizer::Digits { individual } => {
            json!({ "type": "Digits", "individual_digits": individual })
        }
        Pretokenizer::Metaspace {
            replacement,
            prepend,
            split,
        } => metaspace_json(*replacement, *prepend, *split),
        Pretokenizer::Whitespace => json!({ "type": "Whitespace" }),
        Pretokenizer::WhitespaceSplit => json!({ "type": "WhitespaceSplit" }),
        Pretokenizer::Punctuation(behavior) => {
            json!({ "type": "Punctuation", "behavior": behavior_name(*behavior) })
        }
        Pretokenizer::Sequence(steps) => {
            steps_json("Sequence", "pretokenizers", steps, write_pretokenizer)?
        }
        Pretokenizer::Other(kind) => return Err(cannot_write(kind)),
    })
}

fn byte_level_json(add_prefix_space: bool, trim_offsets: bool, use_regex: bool) -> Value {
    json!({
        "type": "ByteLevel",
        "add_prefix_space": add_prefix_space,
        "trim_offsets": trim_offsets,
        "use_regex": use_regex,
    })
}

fn metaspace_json(replacement: char, prepend: PrependScheme, split: bool) -> Value {
    let prepend = match prepend {
        PrependScheme::Always => "always",
        PrependScheme::Never => "never",
        PrependScheme::First => "first",
    };
    json!({
        "type": "Metaspace",
        "replacement": replacement,
        "prepend_scheme": prepend,
        "split": split,
    })
}

/// Reads a `post_processor`.
pub(crate) fn read_post_processor(value: &Value, path: &str) -> Result<PostProcessor> {
    let node = Node::of(value, path)?;
    Ok(match node.text("type")? {
        "ByteLevel" => {
            let (add_prefix_space, trim_offsets, use_regex) = node.byte_level_flags()?;
            PostProcessor::ByteLevel {
                add_prefix_space,
                trim_offsets,
                use_regex,
            }
        }
        "TemplateProcessing" => {
            let read = |part: &Value, path: &str| read_template_part(&node, part, path);
            let (single, pair) = (node.steps("single", read)?, node.steps("pair", read)?);
            PostProcessor::Template { single, pair }
        }
        "BertProcessing" | "RobertaProcessing" => PostProcessor::ClsSep {
            cls: read_edge(&node, "cls")?,
            sep: read_edge(&node, "sep")?,
        },
        "Sequence" => PostProcessor::Sequence(node.steps("processors", read_post_processor)?),
        other => PostProcessor::Other(other.to_owned()),
    })
}

fn read_edge(node: &Node<'_>, name: &str) -> Result<(String, u32)> {
    match node.list(name)? {
        [Value::String(text), id] => Ok((text.clone(), as_id(id, &node.path_of(name))?)),
        _ => Err(Error::data("expected `[token, id]`").at_json(node.path_of(name))),
    }
}

/// How many ids a special token of a template may have. Each part that names the token has a copy
/// of them; without a limit, a small file would ask for memory in proportion to its square.
const TEMPLATE_IDS_LIMIT: usize = 64;

fn read_template_part(template: &Node<'_>, part: &Value, path: &str) -> Result<TemplatePart> {
    let node = Node::of(part, path)?;
    if let Some(sequence) = node.get("Sequence") {
        let node = Node::of(sequence, &node.path_of("Sequence"))?;
        let is_second = match node.text("id")? {
            "A" => false,
            "B" => true,
            other => {
                return Err(
                    Error::data(format!("sequence `{}` is not there", show_text(other)))
                        .at_json(node.path_of("id")),
                );
            }
        };
        return Ok(TemplatePart::Sequence {
            is_second,
            type_id: node.id("type_id")?,
        });
    }
    let node = Node::of(node.need("SpecialToken")?, &node.path_of("SpecialToken"))?;
    let name = node.text("id")?;
    let path = template.path_of("special_tokens");
    let tokens = Node::of(template.need("special_tokens")?, &path)?;
    let token = tokens.get(name).ok_or_else(|| {
        Error::data(format!(
            "`{}` is not among the special tokens of the template",
            show_text(name)
        ))
        .at_json(node.path_of("id"))
    })?;
    let token = Node::of(token, &tokens.path_of(name))?;
    if token.list("ids")?.len() > TEMPLATE_IDS_LIMIT {
        return Err(
            Error::unsupported(format!("more than {TEMPLATE_IDS_LIMIT} ids"))
                .at_json(token.path_of("ids")),
        );
    }
    let ids = token.steps("ids", as_id)?;
    Ok(TemplatePart::Special {
        name: name.to_owned(),
        ids,
        type_id: node.id("type_id")?,
    })
}

/// Writes a `post_processor`.
pub(crate) fn write_post_processor(processor: &PostProcessor) -> Result<Value> {
    Ok(match processor {
        PostProcessor::ByteLevel {
            add_prefix_space,
            trim_offsets,
            use_regex,
        } => byte_level_json(*add_prefix_space, *trim_offsets, *use_regex),
        PostProcessor::Template { single, pair } => template_json(single, pair),
        PostProcessor::ClsSep { cls, sep } => {
            json!({ "type": "BertProcessing", "sep": [sep.0, sep.1], "cls": [cls.0, cls.1] })
        }
        PostProcessor::Sequence(steps) => {
            steps_json("Sequence", "processors", steps, write_post_processor)?
        }
        PostProcessor::Other(kind) => return Err(cannot_write(kind)),
    })
}

fn template_json(single: &[TemplatePart], pair: &[TemplatePart]) -> Value {
    let part_json = |part: &TemplatePart| match part {
        TemplatePart::Sequence { is_second, type_id } => {
            let id = if *is_second { "B" } else { "A" };
            json!({ "Sequence": { "id": id, "type_id": type_id } })
        }
        TemplatePart::Special { name, type_id, .. } => {
            json!({ "SpecialToken": { "id": name, "type_id": type_id } })
        }
    };
    // tokenizers keeps the special tokens sorted by name.
    let mut tokens = std::collections::BTreeMap::new();
    for part in single.iter().chain(pair) {
        if let TemplatePart::Special { name, ids, .. } = part {
            let names: Vec<&String> = ids.iter().map(|_| name).collect();
            tokens.insert(name, json!({ "id": name, "ids": ids, "tokens": names }));
        }
    }
    json!({
        "type": "TemplateProcessing",
        "single": single.iter().map(part_json).collect::<Vec<_>>(),
        "pair": pair.iter().map(part_json).collect::<Vec<_>>(),
        "special_tokens": tokens,
    })
}

/// Reads a `decoder`.
pub(crate) fn read_decoder(value: &Value, path: &str) -> Result<Decoder> {
    let node = Node::of(value, path)?;
    Ok(match node.text("type")? {
        "ByteLevel" => {
            let (add_prefix_space, trim_offsets, use_regex) = node.byte_level_flags()?;
            Decoder::ByteLevel {
                add_prefix_space,
                trim_offsets,
                use_regex,
            }
        }
        "Replace" => Decoder::Replace {
            needle: node.needle("pattern")?,
            content: node.text("content")?.to_owned(),
        },
        "ByteFallback" => Decoder::ByteFallback,
        "Fuse" => Decoder::Fuse,
        "Strip" => Decoder::Strip {
            content: node.character("content")?,
            start: node.count("start")?,
            stop: node.count("stop")?,
        },
        "Metaspace" => Decoder::Metaspace {
            replacement: node.character("replacement")?,
            prepend: node.prepend_scheme()?,
            split: node.flag("split", Some(true))?,
        },
        "Sequence" => Decoder::Sequence(node.steps("decoders", read_decoder)?),
        other => Decoder::Other(other.to_owned()),
    })
}

/// Writes a `decoder`.
pub(crate) fn write_decoder(decoder: &Decoder) -> Result<Value> {
    Ok(match decoder {
        Decoder::ByteLevel {
            add_prefix_space,
            trim_offsets,
            use_regex,
        } => byte_level_json(*add_prefix_space, *trim_offsets, *use_regex),
        Decoder::Replace { needle, content } => {
            json!({ "type": "Replace", "pattern": needle_json(needle), "content": content })
        }
        Decoder::ByteFallback => json!({ "type": "ByteFallback" }),
        Decoder::Fuse => json!({ "type": "Fuse" }),
        Decoder::Strip {
            content,
            start,
            stop,
        } => {
            json!({ "type": "Strip", "content": content, "start": start, "stop": stop })
        }
        Decoder::Metaspace {
            replacement,
            prepend,
            split,
        } => metaspace_json(*replacement, *prepend, *split),
        Decoder::Sequence(steps) => steps_json("Sequence", "decoders", steps, write_decoder)?,
        Decoder::SentencePiece { .. } => return Err(cannot_write("SentencePiece")),
        Decoder::Other(kind) => return Err(cannot_write(kind)),
    })
}
