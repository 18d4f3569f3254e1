//! tokenizer.json to a definition.
//!
//! What the two arrays hold does not depend on the version of the document; what stands around
//! them does, and is read by a [`Form`].

use std::collections::HashSet;
use std::fmt;

use foldhash::fast::RandomState;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::arrays::{build_vocab, resolve_merges};
use super::model::{ModelMember, ModelSeed, RawModel};
use super::scan;
use super::texts::Texts;
use crate::added_token::{self, AddedToken};
use crate::byte_alphabet;
use crate::definition::{Atoms, Definition, Merge, Merges, ModelOptions, Provenance};
use crate::error::{Error, Result, show_text};
use crate::extra::{Extra, JsonDocument};
use crate::json::{self, Context, StrictValue, given_twice};
use crate::limits::{Limits, ReadOptions};
use crate::pipeline::{Decoder, Normalizer, PostProcessor, Pretokenizer};
use crate::pipeline_json::{
    Node, read_decoder, read_normalizer, read_post_processor, read_pretokenizer, wrong_type,
};
use crate::vocab::{TokenId, TokenKind, Vocab, VocabBuilder};

type ReadParts = fn(&Map<String, Value>, &Map<String, Value>, &Limits) -> Result<Parts>;

/// A version of the document.
pub(crate) struct Form {
    /// What its member `version` says.
    pub(crate) version: &'static str,
    /// Whether a document without that member is of this version.
    pub(crate) is_default: bool,
    /// Reads all but the two arrays: of the document, with `null` for a model, and of the model.
    pub(crate) read_parts: ReadParts,
    /// Whether a lenient read takes an added token that stands in the vocab under the byte
    /// alphabet's name for its text, as tokenizers 1.0.0rc3 writes it.
    pub(crate) may_rename: bool,
}

/// Version 1.0, of tokenizers 0.x.
const FIRST: Form = Form {
    version: "1.0",
    is_default: true,
    read_parts: Parts::read,
    may_rename: false,
};

/// Reads a document of version 1.0.
pub(crate) fn read(bytes: &[u8], options: &ReadOptions) -> Result<Definition> {
    match read_scanned(bytes, options) {
        Some(definition) => Ok(definition),
        None => read_streamed(bytes, options),
    }
}

/// Reads a document of another form. Its document is kept under `extra.json`.
pub(crate) fn read_as(form: &Form, bytes: &[u8], options: &ReadOptions) -> Result<Definition> {
    read_streamed_as(form, bytes, options)
}

/// As [`read_streamed`], with the two arrays scanned. None if there is anything unusual about the
/// document, as whatever is wrong with it.
pub(super) fn read_scanned(bytes: &[u8], options: &ReadOptions) -> Option<Definition> {
    let scanned = scan::scan(bytes, &options.limits)?;
    let (members, model) = parse(&FIRST, &scanned.rest, options, true).ok()?;
    let model = model?;
    let parts = read_parts(&FIRST, &members, &model, &options.limits).ok()?;
    if parts.atoms != scanned.atoms || !parts.options.continuing_subword_prefix.is_empty() {
        return None;
    }
    parts.check_added_tokens(&scanned.vocab).ok()?;
    let document = document(bytes, members, model.members, scanned.has_merge_pairs);
    Some(parts.define(scanned.vocab, scanned.merges, document, Vec::new()))
}

/// Reads the document with `serde_json`, its arrays too.
pub(super) fn read_streamed(bytes: &[u8], options: &ReadOptions) -> Result<Definition> {
    read_streamed_as(&FIRST, bytes, options)
}

fn read_streamed_as(form: &Form, bytes: &[u8], options: &ReadOptions) -> Result<Definition> {
    let (members, model) = parse(form, bytes, options, false)?;
    let Some(model) = model else {
        return Err(not_a_tokenizer(&members));
    };
    let parts = read_parts(form, &members, &model, &options.limits)?;
    let mut vocab = build_vocab(&model.vocab, parts.atoms, &options.limits, "model.vocab")?;
    let mut warnings = Vec::new();
    let renamed = if form.may_rename {
        parts.renamed(&vocab)
    } else {
        HashSet::default()
    };
    if !renamed.is_empty() && options.lenient {
        vocab = with_literals(&vocab, &renamed)?;
        let count = renamed.len();
        warnings.push(format!(
            "{count} added tokens stand in model.vocab under other names; their ids are kept"
        ));
    }
    parts.check_added_tokens(&vocab).map_err(|error| {
        if renamed.is_empty() {
            return error;
        }
        error.with_hint(
            "a lenient read (`--lenient`, `lenient=True`) keeps the id; tokenizers 1.0.0rc3, which \
             writes such names, gives the token another id when it reads them",
        )
    })?;
    let texts = Texts {
        vocab: &vocab,
        atoms: parts.atoms,
    };
    let resolved = resolve_merges(&*model, texts, &parts.options, options.lenient)?;
    if !model.passed_over.is_empty() {
        warnings.push("a `#version` line among the merges was passed over".to_owned());
    }
    if resolved.repeated > 0 {
        let count = resolved.repeated;
        warnings.push(format!(
            "{count} repeated merges; the first of each was kept"
        ));
    }
    let document = document(bytes, members, model.members, model.has_merge_pairs);
    Ok(parts.define(vocab, resolved.merges, document, warnings))
}

/// Parses the document; with the two arrays taken out, `null` stands in their places.
fn parse(
    form: &Form,
    bytes: &[u8],
    options: &ReadOptions,
    without_arrays: bool,
) -> Result<Document> {
    let context = Context::new(options.limits.nesting);
    let seed = DocumentSeed {
        form,
        context: &context,
        limits: &options.limits,
        lenient: options.lenient,
        without_arrays,
    };
    json::parse(bytes, &context, seed)
}

/// Reads all but the two arrays, and checks that they were there.
fn read_parts(
    form: &Form,
    members: &Map<String, Value>,
    model: &RawModel,
    limits: &Limits,
) -> Result<Parts> {
    match members.get("version") {
        Some(version) => check_version(form, version)?,
        None if form.is_default => {}
        None => {
            let expected = form.version;
            return Err(Error::data(format!(
                "no member `version`; expected version `{expected}`"
            )));
        }
    }
    check_model_type(model)?;
    (form.read_parts)(members, &model.members, limits)
}

/// All of the document but the two arrays.
pub(crate) struct Parts {
    pub(crate) added_tokens: Vec<AddedToken>,
    pub(crate) normalizer: Option<Normalizer>,
    pub(crate) pretokenizer: Option<Pretokenizer>,
    pub(crate) post_processor: Option<PostProcessor>,
    pub(crate) decoder: Option<Decoder>,
    pub(crate) options: ModelOptions,
    pub(crate) atoms: Atoms,
}

impl Parts {
    /// Those of version 1.0.
    fn read(
        members: &Map<String, Value>,
        model: &Map<String, Value>,
        limits: &Limits,
    ) -> Result<Self> {
        let part = |name: &str| members.get(name).filter(|value| !value.is_null());
        let added_tokens = read_added_tokens(part("added_tokens"), limits)?;
        let normalizer = part("normalizer")
            .map(|value| read_normalizer(value, "normalizer"))
            .transpose()?;
        let pretokenizer = part("pre_tokenizer")
            .map(|value| read_pretokenizer(value, "pre_tokenizer"))
            .transpose()?;
        let post_processor = part("post_processor")
            .map(|value| read_post_processor(value, "post_processor"))
            .transpose()?;
        let decoder = part("decoder")
            .map(|value| read_decoder(value, "decoder"))
            .transpose()?;
        let options = read_options(model)?;
        let atoms = atoms_of(pretokenizer.as_ref());
        Ok(Self {
            added_tokens,
            normalizer,
            pretokenizer,
            post_processor,
            decoder,
            options,
            atoms,
        })
    }

    fn check_added_tokens(&self, vocab: &Vocab) -> Result<()> {
        let texts = Texts {
            vocab,
            atoms: self.atoms,
        };
        added_token::check(&self.added_tokens, &texts, |position| {
            format!("added_tokens[{position}]")
        })
    }

    /// The added tokens that stand in the vocab as their bytes, where their text is no name in the
    /// byte alphabet.
    fn renamed(&self, vocab: &Vocab) -> HashSet<TokenId, RandomState> {
        let is_renamed = |token: &&AddedToken| {
            let held = vocab.token(token.id);
            self.atoms == Atoms::Bytes
                && held.is_some_and(|held| {
                    held.kind == TokenKind::Ordinary
                        && held.bytes == token.content.as_bytes()
                        && !byte_alphabet::decode_into(&token.content, &mut Vec::new())
                })
        };
        let renamed = self.added_tokens.iter().filter(is_renamed);
        renamed.map(|token| token.id).collect()
    }

    fn define(
        self,
        vocab: Vocab,
        merges: Vec<Merge>,
        document: JsonDocument,
        warnings: Vec<String>,
    ) -> Definition {
        Definition {
            name: None,
            vocab,
            atoms: self.atoms,
            merges: Merges::Listed(merges),
            options: self.options,
            added_tokens: self.added_tokens,
            normalizer: self.normalizer,
            pretokenizer: self.pretokenizer,
            post_processor: self.post_processor,
            decoder: self.decoder,
            roles: std::collections::BTreeMap::new(),
            chat_template: None,
            missing: Vec::new(),
            extra: Extra {
                json: Some(document),
                ..Extra::default()
            },
            provenance: Provenance {
                warnings,
                ..Provenance::default()
            },
        }
    }
}

/// The vocab with some tokens under their own texts.
fn with_literals(vocab: &Vocab, ids: &HashSet<TokenId, RandomState>) -> Result<Vocab> {
    let mut builder = VocabBuilder::with_capacity(vocab.len(), vocab.len() * 8);
    for token in vocab.iter() {
        let kind = if ids.contains(&token.id) {
            TokenKind::Literal
        } else {
            token.kind
        };
        builder.push(token.id, token.bytes, kind);
    }
    builder
        .finish()
        .map_err(|_| Error::data("a token or an id is given twice").at_json("model.vocab"))
}

/// What the smallest tokens are.
pub(super) fn atoms_of(pretokenizer: Option<&Pretokenizer>) -> Atoms {
    if pretokenizer.is_some_and(Pretokenizer::has_byte_level) {
        Atoms::Bytes
    } else {
        Atoms::Characters
    }
}

fn document(
    bytes: &[u8],
    mut members: Map<String, Value>,
    model: Map<String, Value>,
    has_merge_pairs: bool,
) -> JsonDocument {
    members.insert("model".to_owned(), Value::Object(model));
    JsonDocument {
        members,
        is_pretty: json::is_pretty(bytes),
        has_merge_pairs,
        has_final_newline: bytes.ends_with(b"\n"),
    }
}

/// The members, with null for a model, and the model.
type Document = (Map<String, Value>, Option<Box<RawModel>>);

struct DocumentSeed<'a> {
    form: &'a Form,
    context: &'a Context,
    limits: &'a Limits,
    lenient: bool,
    without_arrays: bool,
}

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = Document;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_> {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let Self {
            form,
            context,
            limits,
            lenient,
            without_arrays,
        } = self;
        let mut members = Map::new();
        let mut model = None;
        context.deeper(|| {
            while let Some(name) = access.next_key::<String>()? {
                let value = context.member(&name, || {
                    if members.contains_key(&name) {
                        return Err(context.fail(given_twice()));
                    }
                    if name == "model" {
                        let seed = ModelSeed {
                            context,
                            limits,
                            lenient,
                            without_arrays,
                        };
                        return Ok(match access.next_value_seed(seed)? {
                            ModelMember::Model(read) => {
                                model = Some(read);
                                Value::Null
                            }
                            ModelMember::Number(number) => number.into(),
                        });
                    }
                    let value = access.next_value_seed(StrictValue(context))?;
                    if name == "version" && value.is_string() {
                        // Another version may have another layout, so this comes before all else.
                        check_version(form, &value).map_err(|error| context.fail(error))?;
                    }
                    Ok(value)
                })?;
                members.insert(name, value);
            }
            Ok((members, model))
        })
    }
}

fn not_a_tokenizer(members: &Map<String, Value>) -> Error {
    let has = |name| members.contains_key(name);
    // First: any of the words below may be a token of a vocab.
    let kind = if !members.is_empty() && members.values().all(Value::is_u64) {
        "looks like GPT-2's vocab.json, which this version cannot read"
    } else if has("bpe_ranks") {
        "looks like the rank JSON of npm `tiktoken`, which this version cannot read"
    } else if has("config") && has("vocab") {
        "looks like Mistral's tekken.json, which this version cannot read"
    } else if has("bpekit_sidecar") {
        "is the sidecar of a tokenizer; load the file beside it"
    } else if has("tokenizer_class") || has("added_tokens_decoder") {
        "looks like tokenizer_config.json; the tokenizer is in tokenizer.json beside it"
    } else if let Some(value) = members.get("model") {
        return wrong_type(value, "model", "an object");
    } else {
        return Error::data("no member `model`; expected a tokenizer.json");
    };
    Error::unsupported(kind)
}

/// Which format a version is, for who asked for another.
const OTHER_FORMATS: &[(&str, &str)] = &[("1.0", "hf-json"), ("2.0", "hf-json-2")];

fn check_version(form: &Form, version: &Value) -> Result<()> {
    let expected = form.version;
    match version {
        Value::String(version) if version == expected => Ok(()),
        Value::String(version) => {
            let error = Error::unsupported(format!(
                "is `{}`; only `{expected}` can be read",
                show_text(version)
            ))
            .at_json("version");
            Err(
                match OTHER_FORMATS.iter().find(|(held, _)| held == version) {
                    Some((_, format)) => error.with_hint(format!(
                        "a document of this version is of format `{format}` (`--format {format}`, \
                     `format=\"{format}\"`)"
                    )),
                    None => error,
                },
            )
        }
        value => Err(wrong_type(
            value,
            "version",
            &format!("the string `{expected}`"),
        )),
    }
}

/// Files before tokenizers 0.10 name no type; a list of merges says BPE.
fn check_model_type(model: &RawModel) -> Result<()> {
    match model.members.get("type") {
        Some(Value::String(kind)) if kind == "BPE" => {}
        Some(Value::String(kind)) => {
            return Err(Error::unsupported(format!(
                "is `{}`; only `BPE` can be read",
                show_text(kind)
            ))
            .at_json("model.type"));
        }
        None | Some(Value::Null) if model.members.contains_key("merges") => {}
        None | Some(Value::Null) => {
            return Err(
                Error::unsupported("no `type` and no `merges`; only BPE can be read")
                    .at_json("model"),
            );
        }
        Some(value) => return Err(wrong_type(value, "model.type", "a string")),
    }
    for name in ["vocab", "merges"] {
        if !model.members.contains_key(name) {
            return Err(Error::data(format!("member `{name}` is not there")).at_json("model"));
        }
    }
    if model.is_without_arrays {
        // They were scanned, and found right.
        return Ok(());
    }
    if !model.has_vocab_object {
        return Err(
            Error::data("is an array; expected an object of token to id").at_json("model.vocab"),
        );
    }
    if model.vocab.tokens.len() == 0 {
        return Err(Error::data("no tokens").at_json("model.vocab"));
    }
    Ok(())
}

/// Reads `added_tokens`.
pub(crate) fn read_added_tokens(value: Option<&Value>, limits: &Limits) -> Result<Vec<AddedToken>> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let Value::Array(items) = value else {
        return Err(wrong_type(value, "added_tokens", "an array"));
    };
    if items.len() as u64 > limits.added_token_count {
        return Err(Error::limit(
            "number of added tokens",
            items.len() as u64,
            limits.added_token_count,
            "added_token_count",
        )
        .at_json("added_tokens"));
    }
    items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let path = format!("added_tokens[{index}]");
            let node = Node::of(item, &path)?;
            Ok(AddedToken {
                content: node.text("content")?.to_owned(),
                id: node.id("id")?,
                is_special: node.flag("special", None)?,
                single_word: node.flag("single_word", None)?,
                lstrip: node.flag("lstrip", None)?,
                rstrip: node.flag("rstrip", None)?,
                normalized: node.flag("normalized", None)?,
            })
        })
        .collect()
}

/// Reads the settings of the model.
pub(crate) fn read_options(members: &Map<String, Value>) -> Result<ModelOptions> {
    let value = Value::Object(members.clone());
    let node = Node::of(&value, "model")?;
    let dropout = match node.get("dropout") {
        None | Some(Value::Null) => None,
        Some(Value::Number(number)) => number.as_f64(),
        Some(other) => return Err(wrong_type(other, "model.dropout", "a number or null")),
    };
    Ok(ModelOptions {
        dropout,
        unk_token: node.optional_text("unk_token")?.map(str::to_owned),
        // `""` and null mean the same (Qwen writes the one, Llama the other).
        continuing_subword_prefix: text_or_empty(&node, "continuing_subword_prefix")?,
        end_of_word_suffix: text_or_empty(&node, "end_of_word_suffix")?,
        fuse_unk: node.flag("fuse_unk", Some(false))?,
        byte_fallback: node.flag("byte_fallback", Some(false))?,
        ignore_merges: node.flag("ignore_merges", Some(false))?,
    })
}

fn text_or_empty(node: &Node<'_>, name: &str) -> Result<String> {
    Ok(node.optional_text(name)?.unwrap_or_default().to_owned())
}
