//! The fast way through a document: its two huge arrays are taken from the bytes as they stand.
//!
//! What is scanned here is well-formed and without fault, or nothing comes of it: then the
//! document is read as a stream, which knows the words for what is wrong. Everything but the two
//! arrays is left to `serde_json`, with `null` in their places.

mod cursor;
mod merges;
#[cfg(test)]
mod tests;
mod vocab;

use self::cursor::Cursor;
use super::read::atoms_of;

use crate::definition::{Atoms, Merge};
use crate::json;
use crate::limits::Limits;
use crate::pipeline_json::read_pretokenizer;
use crate::vocab::Vocab;

/// The two arrays of a model, and the rest of the document.
pub(super) struct Scanned {
    pub(super) vocab: Vocab,
    pub(super) merges: Vec<Merge>,
    /// Whether merges are pairs; the first decides.
    pub(super) has_merge_pairs: bool,
    /// How the texts of the vocab were understood.
    pub(super) atoms: Atoms,
    /// The document with `null` in the places of the two arrays. It may be no JSON; where it is,
    /// the document is.
    pub(super) rest: Vec<u8>,
}

/// Scans a document. None if there is anything unusual about it.
pub(super) fn scan(bytes: &[u8], limits: &Limits) -> Option<Scanned> {
    let mut cursor = Cursor { bytes, at: 0 };
    let mut found = atoms_of(None);
    let mut arrays = None;
    cursor.members(|cursor, name| {
        let start = cursor.at;
        match name {
            b"model" if arrays.is_none() => {
                arrays = Some(Arrays::scan(cursor, found, limits)?);
            }
            // The arrays were read without knowing what this says.
            b"model" | b"pre_tokenizer" if arrays.is_some() => return None,
            b"pre_tokenizer" => {
                cursor.skip_value()?;
                found = atoms(&bytes[start..cursor.at], limits)?;
            }
            _ => cursor.skip_value()?,
        }
        Some(())
    })?;
    let Arrays {
        vocab,
        vocab_place,
        merges,
        merges_place,
    } = arrays?;
    let rest = [
        &bytes[..vocab_place.start],
        b"null",
        &bytes[vocab_place.end..merges_place.start],
        b"null",
        &bytes[merges_place.end..],
    ]
    .concat();
    Some(Scanned {
        vocab,
        merges: merges.merges,
        has_merge_pairs: merges.are_pairs,
        atoms: found,
        rest,
    })
}

/// What the smallest tokens are, given the text of the pretokenizer.
fn atoms(pretokenizer: &[u8], limits: &Limits) -> Option<Atoms> {
    let value = json::parse_value(pretokenizer, limits.nesting).ok()?;
    if value.is_null() {
        return Some(atoms_of(None));
    }
    let pretokenizer = read_pretokenizer(&value, "pre_tokenizer").ok()?;
    Some(atoms_of(Some(&pretokenizer)))
}

type Place = std::ops::Range<usize>;

struct Arrays {
    vocab: Vocab,
    vocab_place: Place,
    merges: merges::Scanned,
    merges_place: Place,
}

impl Arrays {
    /// Scans a model; the vocab stands before the merges, as merges are looked up in it.
    fn scan(cursor: &mut Cursor<'_>, atoms: Atoms, limits: &Limits) -> Option<Self> {
        let mut vocab = None;
        let mut merges = None;
        cursor.members(|cursor, name| {
            let start = cursor.at;
            match (name, &vocab) {
                (b"vocab", None) => {
                    let scanned = vocab::scan(cursor, atoms, limits)?;
                    vocab = Some((scanned, start..cursor.at));
                }
                (b"merges", Some((vocab, _))) if merges.is_none() => {
                    let scanned = merges::scan(cursor, vocab, atoms, limits)?;
                    merges = Some((scanned, start..cursor.at));
                }
                (b"vocab" | b"merges", _) => return None,
                _ => cursor.skip_value()?,
            }
            Some(())
        })?;
        let ((vocab, vocab_place), (merges, merges_place)) = (vocab?, merges?);
        Some(Self {
            vocab,
            vocab_place,
            merges,
            merges_place,
        })
    }
}
