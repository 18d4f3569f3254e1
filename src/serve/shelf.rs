//! The tokenizers that are open.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::report::facts;
use crate::tokenizer::Tokenizer;

/// How many are held: a large one takes some 100 MB. Beyond that the one that was used longest ago
/// is closed.
const MOST: usize = 8;

/// An open tokenizer.
#[derive(Debug)]
pub(super) struct Entry {
    /// What the page calls it.
    pub(super) key: u64,
    /// What people call it: the name of a file or of an encoding.
    pub(super) title: String,
    pub(super) tokenizer: Tokenizer,
}

impl Entry {
    /// What the page says of it.
    pub(super) fn to_json(&self) -> Value {
        let definition = self.tokenizer.definition();
        json!({
            "key": self.key,
            "title": self.title,
            "tokens": definition.vocab.len(),
            "added_tokens": definition.added_tokens.len(),
            "n_vocab": self.tokenizer.n_vocab(),
            "facts": facts(definition),
            "warnings": definition.provenance.warnings,
        })
    }
}

/// The open tokenizers, the one that was used last at the end.
#[derive(Debug, Default)]
pub(super) struct Shelf(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    entries: Vec<Arc<Entry>>,
    last_key: u64,
}

impl Shelf {
    pub(super) fn put(&self, title: &str, tokenizer: Tokenizer) -> Arc<Entry> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.last_key += 1;
        let entry = Arc::new(Entry {
            key: held.last_key,
            title: title.to_owned(),
            tokenizer,
        });
        held.entries.push(Arc::clone(&entry));
        if held.entries.len() > MOST {
            held.entries.remove(0);
        }
        entry
    }

    pub(super) fn get(&self, key: u64) -> Option<Arc<Entry>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = held.entries.iter().position(|entry| entry.key == key)?;
        held.entries[at..].rotate_left(1);
        held.entries.last().cloned()
    }
}
