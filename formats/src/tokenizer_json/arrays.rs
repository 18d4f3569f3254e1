//! The two arrays of a model that was read as a stream, to a vocab and merges by ids.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::model::RawModel;
use super::texts::Texts;
use crate::byte_alphabet;
use crate::definition::{Atoms, Merge, ModelOptions};
use crate::error::{Error, Result, show_text};
use crate::json::member_path;
use crate::limits::Limits;
use crate::vocab::{Duplicate, TokenId, TokenKind, Vocab, VocabBuilder};

/// The vocab.
pub(super) fn build_vocab(model: &RawModel, atoms: Atoms, limits: &Limits) -> Result<Vocab> {
    let count = model.vocab.tokens.len();
    // The vocab keeps lengths in 32 bits.
    let len_limit = limits.token_len.min(u64::from(u32::MAX));
    let mut builder = VocabBuilder::with_capacity(count, count * 8);
    for (position, &id) in model.vocab.ids.iter().enumerate() {
        let token = model.vocab.tokens.get(position);
        if token.len() as u64 > len_limit {
            check_token_len(token, atoms, len_limit)?;
        }
        let is_mapped = atoms == Atoms::Bytes
            && builder
                .push_with(id, TokenKind::Ordinary, |arena| {
                    if byte_alphabet::decode_into(token, arena) {
                        Ok(())
                    } else {
                        Err(())
                    }
                })
                .is_ok();
        if !is_mapped {
            let kind = match atoms {
                Atoms::Bytes => TokenKind::Literal,
                Atoms::Characters => TokenKind::Ordinary,
            };
            builder.push(id, token.as_bytes(), kind);
        }
    }
    builder
        .finish()
        .map_err(|duplicate| duplicate_error(model, duplicate))
}

/// A token's length in bytes is that of its text, or the number of characters where each is a
/// byte.
fn check_token_len(token: &str, atoms: Atoms, limit: u64) -> Result<()> {
    let is_mapped = atoms == Atoms::Bytes
        && token
            .chars()
            .all(|character| byte_alphabet::to_byte(character).is_some());
    let len = if is_mapped {
        token.chars().count()
    } else {
        token.len()
    } as u64;
    if len <= limit {
        return Ok(());
    }
    Err(Error::limit("token, in bytes", len, limit, "token_len").at_json(path_in_vocab(token)))
}

fn path_in_vocab(token: &str) -> String {
    format!("model.vocab{}", member_path(false, token))
}

fn duplicate_error(model: &RawModel, duplicate: Duplicate) -> Error {
    let (one, other) = match duplicate {
        Duplicate::Id(id) => (id, id),
        Duplicate::Token(one, other) => (one, other),
    };
    let held = |id: &u32| *id == one || *id == other;
    let mut positions = model
        .vocab
        .ids
        .iter()
        .enumerate()
        .filter(|(_, id)| held(id));
    let (Some((first, a)), Some((second, b))) = (positions.next(), positions.next()) else {
        return Error::data("a token or an id is given twice").at_json("model.vocab");
    };
    let (first, second) = (
        model.vocab.tokens.get(first),
        model.vocab.tokens.get(second),
    );
    let error = if first == second {
        Error::data(format!("given twice, with the ids {a} and {b}"))
    } else {
        Error::data(format!("id {a} is also that of `{}`", show_text(first)))
    };
    error.at_json(path_in_vocab(second))
}

/// Merges by ids, and how many were left out because they are there twice.
pub(super) struct ResolvedMerges {
    pub(super) merges: Vec<Merge>,
    pub(super) repeated: usize,
}

/// The merges.
pub(super) fn resolve_merges(
    model: &RawModel,
    texts: Texts<'_>,
    options: &ModelOptions,
    lenient: bool,
) -> Result<ResolvedMerges> {
    let count = model.merge_count();
    let mut merges = Vec::with_capacity(count);
    let mut repeated = 0;
    // Seeded, so that a file cannot be made to collide.
    let mut seen: HashSet<u64, RandomState> = HashSet::default();
    seen.reserve(count);
    let mut finder = MergeFinder {
        texts,
        prefix: &options.continuing_subword_prefix,
        found: Vec::new(),
        bytes: Vec::new(),
        ids: Vec::new(),
    };
    for kept in 0..count {
        let [left, right] = model.merge(kept);
        let fail =
            |error: Error| Err(error.at_json(format!("model.merges[{}]", model.merge_index(kept))));
        let pair = || format!("`{}` `{}`", show_text(left), show_text(right));
        let [left_id, right_id, product] = finder.find(model, kept);
        let (Some(left_id), Some(right_id)) = (left_id, right_id) else {
            let absent = if left_id.is_none() { left } else { right };
            return fail(Error::data(format!(
                "{}: `{}` is not in model.vocab",
                pair(),
                show_text(absent)
            )));
        };
        let Some(product) = product else {
            return fail(Error::data(format!(
                "{} makes `{}`, which is not in model.vocab",
                pair(),
                show_text(&finder.joined(left, right))
            )));
        };
        if seen.insert(u64::from(left_id) << 32 | u64::from(right_id)) {
            merges.push(Merge {
                left: left_id,
                right: right_id,
                product,
            });
        } else if lenient {
            repeated += 1;
        } else {
            let same = |earlier: &usize| model.merge(*earlier) == [left, right];
            let earlier = (0..kept).find(same).unwrap_or_default();
            return fail(
                Error::data(format!(
                    "{} is also model.merges[{}]",
                    pair(),
                    model.merge_index(earlier)
                ))
                .with_hint("a lenient read (`--lenient`, `lenient=True`) keeps the first; tokenizers keeps the last"),
            );
        }
    }
    Ok(ResolvedMerges { merges, repeated })
}

/// Finds the ids of merges: left, right, and what the two become. Many merges at once, because
/// waiting for the memory of the vocab is most of the work: reading the all-splits file of gpt-oss
/// (446,189 merges) takes about 0.6 of the time that it takes with one lookup after the other.
struct MergeFinder<'a> {
    texts: Texts<'a>,
    prefix: &'a str,
    /// The ids of the group of merges that `find` is in.
    found: Vec<[Option<TokenId>; 3]>,
    /// Working memory.
    bytes: Vec<u8>,
    ids: Vec<Option<TokenId>>,
}

impl MergeFinder<'_> {
    const GROUP: usize = 128;

    /// The ids of one merge; merges must be asked for in order.
    fn find(&mut self, model: &RawModel, kept: usize) -> [Option<TokenId>; 3] {
        let within = kept % Self::GROUP;
        if within == 0 {
            self.find_group(model, kept);
        }
        self.found[within]
    }

    fn find_group(&mut self, model: &RawModel, start: usize) {
        let end = (start + Self::GROUP).min(model.merge_count());
        self.bytes.clear();
        self.ids.clear();
        self.found.clear();
        // Where left starts, right starts, and right ends; none where that is not enough.
        let places: Vec<Option<[usize; 3]>> = (start..end)
            .map(|kept| {
                let [left, right] = model.merge(kept);
                let start = self.bytes.len();
                let has_left = self.append(left);
                let middle = self.bytes.len();
                let is_plain = self.append(right) && has_left && self.prefix.is_empty();
                is_plain.then_some([start, middle, self.bytes.len()])
            })
            .collect();
        let strings: Vec<&[u8]> = places
            .iter()
            .flat_map(|place| {
                let [start, middle, end] = place.unwrap_or_default();
                [start..middle, middle..end, start..end]
            })
            .map(|range| &self.bytes[range])
            .collect();
        self.texts.vocab.ids_of(&strings, &mut self.ids);
        let (ids, _) = self.ids.as_chunks::<3>();
        self.found.extend_from_slice(ids);
        for (index, _) in places
            .iter()
            .enumerate()
            .filter(|(_, place)| place.is_none())
        {
            let [left, right] = model.merge(start + index);
            let joined = self.joined(left, right);
            self.found[index] =
                [left, right, &joined].map(|text| self.texts.id_of(text, &mut self.bytes));
        }
    }

    /// Appends the bytes of a token, if its text stands for bytes.
    fn append(&mut self, text: &str) -> bool {
        match self.texts.atoms {
            Atoms::Bytes => byte_alphabet::decode_into(text, &mut self.bytes),
            Atoms::Characters => {
                self.bytes.extend_from_slice(text.as_bytes());
                true
            }
        }
    }

    /// The prefix marks a token that does not start a pretoken; it goes when the token joins what
    /// is before it (tokenizers `models/bpe/model.rs`, `BpeBuilder::build`).
    fn joined(&self, left: &str, right: &str) -> String {
        [left, right.strip_prefix(self.prefix).unwrap_or(right)].concat()
    }
}
