//! What the files beside a tokenizer.json say, compared with it.
//!
//! transformers makes one tokenizer of all of them, and where they contradict one another it does
//! not say so: the settings change what tokenizer.json has, or are passed over. Which it is was
//! tried with transformers 4.57.6 and 5.23.0; a strict read refuses whatever would change the ids.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use serde_json::{Map, Value};

use super::{ADDED_TOKENS, CONFIG, MAIN, ROLES, SPECIAL_TOKENS, TEMPLATE, TEMPLATES};
use crate::added_token::AddedToken;
use crate::bundle::Bundle;
use crate::definition::{Definition, Role};
use crate::error::{Error, Result, show_text};
use crate::json::{self, member_path};
use crate::limits::ReadOptions;
use crate::pipeline::{PostProcessor, Pretokenizer, TemplatePart};
use crate::pipeline_json::{Node, as_id, wrong_type};
use crate::vocab::TokenId;

/// What they say together.
pub(super) struct Settings {
    pub(super) roles: BTreeMap<Role, TokenId>,
    pub(super) chat_template: Option<String>,
    /// Those of tokenizer.json; after a lenient read, with the flags that transformers gives them.
    pub(super) added_tokens: Vec<AddedToken>,
    /// The members of the configuration that are carried alone.
    pub(super) unread: Vec<String>,
    pub(super) remarks: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// Members of the configuration that are read here, or that say how transformers itself works.
const READ: &[&str] = &[
    "add_bos_token",
    "add_eos_token",
    "add_prefix_space",
    "added_tokens_decoder",
    "additional_special_tokens",
    "chat_template",
    "clean_up_tokenization_spaces",
    "extra_special_tokens",
    "fast_tokenizer_files",
    "split_special_tokens",
    "tokenizer_class",
];

/// Whether a member is none of those that a definition takes up.
fn is_unread(name: &str) -> bool {
    !READ.contains(&name) && !ROLES.iter().any(|(role, _)| *role == name)
}

/// Reads the files beside the main one.
pub(super) fn read(
    input: &Bundle,
    definition: &Definition,
    options: &ReadOptions,
) -> Result<Settings> {
    let mut reader = Reader::new(definition, options);
    let config = object(input, CONFIG, options)?;
    let has_config = config.is_some();
    let config = config.unwrap_or_default();
    let in_config = |error: Error| error.with_path(CONFIG);
    check_other_files(&config).map_err(in_config)?;
    reader.decoder(&config).map_err(in_config)?;
    let roles = reader.tokens(&config).map_err(in_config)?;
    if let Some(added) = object(input, ADDED_TOKENS, options)? {
        reader.file = ADDED_TOKENS;
        let checked = reader.added_tokens_file(&added);
        checked.map_err(|error| error.with_path(ADDED_TOKENS))?;
    }
    let named = match object(input, SPECIAL_TOKENS, options)? {
        None => roles,
        Some(map) => {
            reader.file = SPECIAL_TOKENS;
            let of_map = reader.tokens(&map);
            let of_map = of_map.map_err(|error| error.with_path(SPECIAL_TOKENS))?;
            // Without this member transformers goes by the map (4.57 and 5.23).
            let is_ignored = config
                .get("added_tokens_decoder")
                .is_some_and(|value| !value.is_null());
            reader.joined(roles, of_map, is_ignored)?
        }
    };
    if has_config {
        reader.file = CONFIG;
        reader.prefix_space(&config).map_err(in_config)?;
        reader.frame(&config, &named).map_err(in_config)?;
    }
    let chat_template = reader.chat_template(input, &config)?;
    let mut roles = BTreeMap::new();
    for (role, text) in named {
        if let Some(token) = reader.token(&text) {
            roles.insert(role, token.id);
        }
    }
    let unread = config.keys().filter(|name| is_unread(name));
    Ok(Settings {
        roles,
        chat_template,
        unread: unread.cloned().collect(),
        added_tokens: reader.added_tokens,
        remarks: reader.remarks,
        warnings: reader.warnings,
    })
}

/// An object in a file, if there is the file.
fn object(input: &Bundle, name: &str, options: &ReadOptions) -> Result<Option<Map<String, Value>>> {
    let Some(bytes) = input.get(name) else {
        return Ok(None);
    };
    let read = || match json::parse_value(bytes, options.limits.nesting)? {
        Value::Object(members) => Ok(members),
        other => Err(wrong_type(&other, "", "an object")),
    };
    let members = read().map_err(|error: Error| error.with_path(name))?;
    Ok(Some(members))
}

/// The roles that a file names, with the texts of their tokens.
type Named = BTreeMap<Role, String>;

struct Reader<'a> {
    definition: &'a Definition,
    is_lenient: bool,
    /// The file that is being read.
    file: &'static str,
    by_text: HashMap<&'a str, usize, RandomState>,
    added_tokens: Vec<AddedToken>,
    remarks: Vec<String>,
    warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(definition: &'a Definition, options: &ReadOptions) -> Self {
        let tokens = definition.added_tokens.iter().enumerate();
        Self {
            definition,
            is_lenient: options.lenient,
            file: CONFIG,
            by_text: tokens
                .map(|(position, token)| (token.content.as_str(), position))
                .collect(),
            added_tokens: definition.added_tokens.clone(),
            remarks: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn token(&self, text: &str) -> Option<&'a AddedToken> {
        let position = self.by_text.get(text)?;
        self.definition.added_tokens.get(*position)
    }

    /// A contradiction, which a lenient read lets pass.
    fn contradiction(&mut self, error: Error, lenient: &str) -> Result<()> {
        if self.is_lenient {
            let error = error.with_path(self.file);
            self.warnings.push(format!("{error}; {lenient}"));
            return Ok(());
        }
        Err(alone(error.with_hint(format!(
            "a lenient read (`--lenient`, `lenient=True`) goes on: {lenient}"
        ))))
    }

    /// The added tokens once more, by their ids.
    fn decoder(&mut self, config: &Map<String, Value>) -> Result<()> {
        let name = "added_tokens_decoder";
        let tokens = match config.get(name) {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::Object(tokens)) => tokens,
            Some(value) => return Err(wrong_type(value, name, "an object")),
        };
        for (key, value) in tokens {
            let path = format!("{name}{}", member_path(false, key));
            let id = key_id(key, &path)?;
            let node = Node::of(value, &path)?;
            let is_special = node.flag("special", Some(false))?;
            let given = AddedToken {
                content: node.text("content")?.to_owned(),
                id,
                is_special,
                single_word: node.flag("single_word", Some(false))?,
                lstrip: node.flag("lstrip", Some(false))?,
                rstrip: node.flag("rstrip", Some(false))?,
                normalized: node.flag("normalized", Some(!is_special))?,
            };
            self.same_token(given, &path)?;
        }
        Ok(())
    }

    fn same_token(&mut self, given: AddedToken, path: &str) -> Result<()> {
        let Some(&position) = self.by_text.get(given.content.as_str()) else {
            return self.absent(&given.content, path);
        };
        let held = &self.definition.added_tokens[position];
        if held.id != given.id {
            return Err(other_id(&given.content, given.id, held.id, path));
        }
        if *held == given {
            return Ok(());
        }
        let differing = [
            ("special", given.is_special, held.is_special),
            ("single_word", given.single_word, held.single_word),
            ("lstrip", given.lstrip, held.lstrip),
            ("rstrip", given.rstrip, held.rstrip),
            ("normalized", given.normalized, held.normalized),
        ]
        .into_iter()
        .filter(|(_, one, other)| one != other)
        .map(|(flag, one, _)| format!("`{flag}` is {one} here"))
        .collect::<Vec<_>>();
        let error = Error::data(format!(
            "the flags of `{}` are not those in {MAIN}: {}",
            show_text(&given.content),
            differing.join(", ")
        ));
        self.contradiction(
            error.at_json(path),
            "the flags here count, as in transformers",
        )?;
        self.added_tokens[position] = given;
        Ok(())
    }

    /// transformers adds such a token, with the next id there is, whatever is said here.
    fn absent(&mut self, text: &str, path: &str) -> Result<()> {
        let error = Error::data(format!(
            "`{}` is not among the added tokens of {MAIN}",
            show_text(text)
        ));
        self.contradiction(error.at_json(path), "it is left out; transformers adds it")
    }

    /// `added_tokens.json`: text to id.
    fn added_tokens_file(&mut self, members: &Map<String, Value>) -> Result<()> {
        for (text, value) in members {
            let path = member_path(true, text);
            let id = as_id(value, &path)?;
            match self.token(text) {
                None => self.absent(text, &path)?,
                Some(held) if held.id != id => return Err(other_id(text, id, held.id, &path)),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// The roles in a file; every token that it names must be an added token.
    fn tokens(&mut self, members: &Map<String, Value>) -> Result<Named> {
        let mut named = Named::new();
        for (name, value) in members {
            let is_list = matches!(
                name.as_str(),
                "additional_special_tokens" | "extra_special_tokens"
            );
            match value {
                Value::Array(items) if is_list => {
                    for (index, item) in items.iter().enumerate() {
                        self.listed(item, &format!("{name}[{index}]"))?;
                    }
                }
                Value::Object(items) if is_list => {
                    for (key, item) in items {
                        self.listed(item, &format!("{name}{}", member_path(false, key)))?;
                    }
                }
                Value::String(_) | Value::Object(_) if name.ends_with("_token") => {
                    let path = member_path(true, name);
                    let Some(text) = token_text(value, &path)? else {
                        continue;
                    };
                    if self.token(text).is_none() {
                        self.absent(text, &path)?;
                    } else if let Some((_, role)) = ROLES.iter().find(|(known, _)| known == name) {
                        named.insert(*role, text.to_owned());
                    }
                }
                Value::Null => {}
                _ if ROLES.iter().any(|(known, _)| known == name) => {
                    return Err(wrong_type(value, name, "a token"));
                }
                _ if is_list => return Err(wrong_type(value, name, "an array of tokens")),
                _ => {}
            }
        }
        Ok(named)
    }

    fn listed(&mut self, value: &Value, path: &str) -> Result<()> {
        match token_text(value, path)? {
            Some(text) if self.token(text).is_none() => self.absent(text, path),
            _ => Ok(()),
        }
    }

    /// The roles of both files.
    fn joined(&mut self, config: Named, map: Named, is_map_ignored: bool) -> Result<Named> {
        let mut joined = config;
        for (role, text) in map {
            let name = ROLES.iter().find(|(_, known)| *known == role);
            let name = name.map_or("", |(name, _)| name);
            match joined.get(&role) {
                Some(held) if *held == text => {}
                Some(held) => {
                    let error = Error::data(format!(
                        "is `{}`, and `{}` in {CONFIG}",
                        show_text(&text),
                        show_text(held)
                    ))
                    .at_json(name);
                    let counts = if is_map_ignored {
                        CONFIG
                    } else {
                        SPECIAL_TOKENS
                    };
                    self.contradiction(
                        error.with_path(SPECIAL_TOKENS),
                        &format!("{counts} counts, as in transformers"),
                    )?;
                    if !is_map_ignored {
                        joined.insert(role, text);
                    }
                }
                None if is_map_ignored => self.remarks.push(format!(
                    "{name} is `{}` in {SPECIAL_TOKENS} alone, where transformers does not look",
                    show_text(&text)
                )),
                None => {
                    joined.insert(role, text);
                }
            }
        }
        Ok(joined)
    }

    /// `add_prefix_space` says what a `ByteLevel` that stands alone says too. transformers 4 goes
    /// by the setting, also by its default; transformers 5 does not.
    fn prefix_space(&mut self, config: &Map<String, Value>) -> Result<()> {
        let name = "add_prefix_space";
        let Some(Pretokenizer::ByteLevel {
            add_prefix_space, ..
        }) = self.definition.pretokenizer
        else {
            return Ok(());
        };
        match config.get(name) {
            None | Some(Value::Null) if add_prefix_space => {
                self.remarks.push(format!(
                    "{name} is true in {MAIN} and not in {CONFIG}: transformers 4 takes it for false"
                ));
                Ok(())
            }
            Some(Value::Bool(given)) if *given != add_prefix_space => {
                let error = Error::data(format!("is {given}, and {add_prefix_space} in {MAIN}"));
                self.contradiction(error.at_json(name), &format!("{MAIN} counts"))
            }
            _ => Ok(()),
        }
    }

    /// Settings that change what some versions or some methods of transformers do.
    fn frame(&mut self, config: &Map<String, Value>, named: &Named) -> Result<()> {
        let value = Value::Object(config.clone());
        let node = Node::of(&value, "")?;
        let (before, behind) = frame_of(self.definition.post_processor.as_ref());
        for (name, role, put) in [
            ("add_bos_token", Role::Bos, before),
            ("add_eos_token", Role::Eos, behind),
        ] {
            let Some(token) = named.get(&role).and_then(|text| self.token(text)) else {
                continue;
            };
            let is_put = put.contains(&token.id);
            if config.get(name).is_some_and(|value| !value.is_null())
                && node.flag(name, None)? != is_put
            {
                let does = if is_put { "puts" } else { "does not put" };
                self.remarks.push(format!(
                    "{name} is {}, and the post-processor {does} `{}` around a text; the \
                     post-processor counts",
                    !is_put,
                    show_text(&token.content)
                ));
            }
        }
        if node.flag("split_special_tokens", Some(false))? {
            self.remarks.push(
                "split_special_tokens is true: transformers takes special tokens for ordinary text"
                    .to_owned(),
            );
        }
        if node.flag("clean_up_tokenization_spaces", Some(false))? {
            self.remarks.push(
                "clean_up_tokenization_spaces is true: transformers takes spaces out of what it \
                 decodes"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// The template in a file of its own goes before that of the configuration.
    fn chat_template(
        &mut self,
        input: &Bundle,
        config: &Map<String, Value>,
    ) -> Result<Option<String>> {
        for (name, bytes) in input.companions() {
            if name.starts_with(TEMPLATES) {
                template(name, bytes)?;
            }
        }
        let of_config = config_template(config).map_err(|error| error.with_path(CONFIG))?;
        let Some(bytes) = input.get(TEMPLATE) else {
            return Ok(of_config);
        };
        let of_file = template(TEMPLATE, bytes)?;
        if of_config.is_some_and(|text| text != of_file) {
            self.remarks.push(format!(
                "{TEMPLATE} and chat_template of {CONFIG} differ; the first counts"
            ));
        }
        Ok(Some(of_file))
    }
}

fn template(name: &str, bytes: &[u8]) -> Result<String> {
    let text = std::str::from_utf8(bytes);
    let text = text.map_err(|_| Error::syntax("is not UTF-8").with_path(name))?;
    Ok(text.to_owned())
}

/// The template named `default`, or the only one.
fn config_template(config: &Map<String, Value>) -> Result<Option<String>> {
    let name = "chat_template";
    match config.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Array(items)) => {
            let mut found = None;
            for (index, item) in items.iter().enumerate() {
                let path = format!("{name}[{index}]");
                let node = Node::of(item, &path)?;
                let text = node.text("template")?;
                if node.text("name")? == "default" {
                    found = Some(text.to_owned());
                }
            }
            Ok(found)
        }
        Some(value) => Err(wrong_type(value, name, "a string or an array of templates")),
    }
}

/// The ids in front of a single text and behind it.
fn frame_of(processor: Option<&PostProcessor>) -> (Vec<TokenId>, Vec<TokenId>) {
    let mut found = (Vec::new(), Vec::new());
    match processor {
        Some(PostProcessor::Template { single, .. }) => {
            let mut is_behind = false;
            for part in single {
                match part {
                    TemplatePart::Sequence { .. } => is_behind = true,
                    TemplatePart::Special { ids, .. } if is_behind => found.1.extend(ids),
                    TemplatePart::Special { ids, .. } => found.0.extend(ids),
                }
            }
        }
        Some(PostProcessor::ClsSep { cls, sep }) => found = (vec![cls.1], vec![sep.1]),
        Some(PostProcessor::Sequence(steps)) => {
            for step in steps {
                let (before, behind) = frame_of(Some(step));
                found.0.extend(before);
                found.1.extend(behind);
            }
        }
        _ => {}
    }
    found
}

/// transformers would load another file than tokenizer.json.
fn check_other_files(config: &Map<String, Value>) -> Result<()> {
    let name = "fast_tokenizer_files";
    match config.get(name) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Array(files)) => match files.iter().find(|file| **file != MAIN) {
            None => Ok(()),
            Some(file) => Err(Error::unsupported(format!(
                "names other files, which transformers loads instead of {MAIN}: `{}`",
                show_text(file.as_str().unwrap_or_default())
            ))
            .at_json(name)),
        },
        Some(value) => Err(wrong_type(value, name, "an array")),
    }
}

/// A token that is written as its text, or as an object with its flags.
fn token_text<'v>(value: &'v Value, path: &str) -> Result<Option<&'v str>> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        Value::Object(_) => Node::of(value, path)?.text("content")?,
        _ => return Err(wrong_type(value, path, "a token")),
    };
    // transformers passes over the empty text.
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn key_id(key: &str, path: &str) -> Result<TokenId> {
    let is_decimal = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
    let id = key.parse().ok().filter(|&id| is_decimal && id != u32::MAX);
    id.ok_or_else(|| {
        Error::data(format!(
            "`{}` is not a token id (0 to 4294967294)",
            show_text(key)
        ))
        .at_json(path)
    })
}

fn other_id(text: &str, here: TokenId, there: TokenId, path: &str) -> Error {
    let error = Error::data(format!(
        "`{}` has id {here} here and {there} in {MAIN}",
        show_text(text)
    ));
    alone(error.at_json(path))
}

/// What always helps.
fn alone(error: Error) -> Error {
    error.with_hint(format!(
        "name {MAIN} in place of the directory, and no other file is read"
    ))
}
