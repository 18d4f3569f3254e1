//! What the page can ask for.

use std::sync::{Arc, OnceLock};

use bpekit_formats::{Error as FileError, ErrorKind as FileKind, LossPart, registry};
use serde_json::{Value, json};

use super::files::{self, NamedBytes, Outbox};
use super::shelf::{Entry, Shelf};
use super::view::{ViewOptions, view};
use crate::convert::{ConvertOptions, losses_to_json, to_bundle};
use crate::error::{Error, ErrorKind};
use crate::find::Places;
use crate::known;
use crate::load::LoadOptions;
use crate::tokenizer::Tokenizer;

/// The name of the tokenizer that is built in.
const DEMO: &str = "demo";

/// An answer for the page, or why there is none.
pub(super) type Answer = Result<Value, Refusal>;

/// The page's side of the toolkit.
#[derive(Debug)]
pub(crate) struct App {
    places: Places,
    shelf: Shelf,
    outbox: Outbox,
    /// What the page shows first, left and right.
    first: Vec<Arc<Entry>>,
    /// The names of which a file is found: looked for once, as each is read and checked.
    names: OnceLock<Vec<&'static str>>,
}

/// Why a wish was not granted.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl App {
    /// A page that begins with these tokenizers, at most two, and finds published encodings in
    /// these places.
    pub(crate) fn new(first: Vec<(String, Tokenizer)>, places: Places) -> Self {
        let shelf = Shelf::default();
        let first = first.into_iter();
        let first = first.map(|(title, tokenizer)| shelf.put(&title, tokenizer));
        Self {
            first: first.collect(),
            places,
            shelf,
            outbox: Outbox::default(),
            names: OnceLock::new(),
        }
    }

    /// What the page must know to begin.
    pub(super) fn start(&self) -> Value {
        let names = self.names.get_or_init(|| self.find_names());
        let written = registry::formats().filter(|info| info.writes.is_some());
        let formats: Vec<Value> = written
            .map(|info| json!({ "name": info.name, "title": info.title }))
            .collect();
        let patterns: Vec<&str> = known::patterns().iter().map(|known| known.name).collect();
        let first: Vec<Value> = self.first.iter().map(|entry| entry.to_json()).collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "names": names,
            "formats": formats,
            "patterns": patterns,
            "first": first,
        })
    }

    /// The built-in tokenizer and the published encodings whose files are here.
    fn find_names(&self) -> Vec<&'static str> {
        let published = known::encodings().iter().map(|encoding| encoding.name);
        let is_here = |name: &&str| crate::find::path(name, &self.places).is_ok();
        [DEMO]
            .into_iter()
            .chain(published.filter(is_here))
            .collect()
    }

    /// Opens the tokenizer of a name.
    pub(super) fn open_named(&self, name: &str) -> Answer {
        let tokenizer = if name == DEMO {
            Tokenizer::demo()?
        } else {
            Tokenizer::named(name, &self.places)?
        };
        Ok(self.shelf.put(name, tokenizer).to_json())
    }

    /// Opens the tokenizer that files make; a rank file may need to be told its pattern.
    pub(super) fn open_files(&self, files: Vec<NamedBytes>, pattern: Option<&str>) -> Answer {
        let options = LoadOptions {
            pattern: pattern.map(str::to_owned),
            ..LoadOptions::default()
        };
        let (title, tokenizer) = files::load(files, &options)?;
        Ok(self.shelf.put(&title, tokenizer).to_json())
    }

    /// What open tokenizers make of a text.
    pub(super) fn show(&self, keys: &[u64], text: &str, options: ViewOptions) -> Answer {
        let entries = keys.iter().map(|key| self.entry(*key));
        let entries: Vec<Arc<Entry>> = entries.collect::<Result<_, _>>()?;
        let tokenizers: Vec<&Tokenizer> = entries.iter().map(|entry| &entry.tokenizer).collect();
        Ok(view(&tokenizers, text, options))
    }

    /// Writes an open tokenizer in a format, checked as [`crate::convert::save`] checks, and holds
    /// the files until they are fetched.
    pub(super) fn convert(&self, key: u64, to: &str, allow_loss: Vec<LossPart>) -> Answer {
        let entry = self.entry(key)?;
        let info = registry::by_name(to)?.info();
        let options = ConvertOptions {
            to: Some(info.name.to_owned()),
            allow_loss,
            string_merges: false,
        };
        let name = files::target_name(&entry.title, info);
        let (bundle, report) = to_bundle(&entry.tokenizer, &name, &options)
            .map_err(|error| files::in_file(error, &name))?;
        let bundle = Arc::new(bundle);
        let number = self.outbox.put(Arc::clone(&bundle));
        let files: Vec<Value> = files::all_files(&bundle)
            .map(|(name, bytes)| json!({ "name": name, "bytes": bytes.len() }))
            .collect();
        let mut answer = report.to_json();
        answer["number"] = number.into();
        answer["files"] = files.into();
        Ok(answer)
    }

    /// A file of a conversion.
    pub(super) fn file(&self, number: u64, name: &str) -> Option<Vec<u8>> {
        self.outbox.get(number, name)
    }

    fn entry(&self, key: u64) -> Result<Arc<Entry>, Refusal> {
        self.shelf
            .get(key)
            .ok_or_else(|| Refusal::new(404, "this tokenizer is no longer open; open it again"))
    }
}

impl Refusal {
    pub(super) fn new(status: u16, message: &str) -> Self {
        Self {
            status,
            body: json!({ "error": message }),
        }
    }
}

impl From<Error> for Refusal {
    /// With what the page can do about it: name a pattern, or allow a loss.
    fn from(error: Error) -> Self {
        let mut body = json!({ "error": error.to_string() });
        if let ErrorKind::File(file) = error.kind() {
            if matches!(file.kind(), FileKind::Missing(_)) {
                body["needs_pattern"] = true.into();
            }
            let losses = file.losses();
            if !losses.is_empty() {
                body["losses"] = losses_to_json(losses).into();
            }
        }
        Self { status: 422, body }
    }
}

impl From<FileError> for Refusal {
    fn from(error: FileError) -> Self {
        Error::from(error).into()
    }
}
