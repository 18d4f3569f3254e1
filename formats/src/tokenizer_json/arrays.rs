//! A vocab of texts to ids and merges of two texts, as they stand in a file, to a vocab and merges
//! by ids. A tokenizer.json has both as arrays of its model; GPT-2's pair is a file of each.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::texts::Texts;
use crate::byte_alphabet;
use crate::definition::{Atoms, Merge, ModelOptions};
use crate::error::{Error, Result, show_text};
use crate::json::items::TokenIds;
use crate::json::member_path;
use crate::limits::Limits;
use crate::vocab::{Duplicate, TokenId, TokenKind, Vocab, VocabBuilder};

/// Merges as a file has them.
pub(crate) trait ListedMerges {
    /// The name of the vocab in messages.
    const VOCAB: &'static str;

    /// How many there are.
    fn count(&self) -> usize;

    /// The two parts.
    fn parts(&self, index: usize) -> [&str; 2];

    /// Where it stands, as another merge's error says it.
    fn name(&self, index: usize) -> String;

    /// An error of that merge.
    fn fail(&self, index: usize, error: Error) -> Error;
}

/// The vocab, which is the member of that path; empty for the whole document.
pub(crate) fn build_vocab(
    texts: &TokenIds,
    atoms: Atoms,
    limits: &Limits,
    member: &str,
) -> Result<Vocab> {
    let count = texts.tokens.len();
    // The vocab keeps lengths in 32 bits.
    let len_limit = limits.token_len.min(u64::from(u32::MAX));
    let mut builder = VocabBuilder::with_capacity(count, count * 8);
    for (position, &id) in texts.ids.iter().enumerate() {
        let token = texts.tokens.get(position);
        if token.len() as u64 > len_limit {
            check_token_len(token, atoms, len_limit, member)?;
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
        .map_err(|duplicate| duplicate_error(texts, duplicate, member))
}

/// A token's length in bytes is that of its text, or the number of characters where each is a
/// byte.
fn check_token_len(token: &str, atoms: Atoms, limit: u64, member: &str) -> Result<()> {
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
    Err(Error::limit("token, in bytes", len, limit, "token_len").at_json(path_of(member, token)))
}

fn path_of(member: &str, token: &str) -> String {
    format!("{member}{}", member_path(member.is_empty(), token))
}

fn duplicate_error(texts: &TokenIds, duplicate: Duplicate, member: &str) -> Error {
    let (one, other) = match duplicate {
        Duplicate::Id(id) => (id, id),
        Duplicate::Token(one, other) => (one, other),
    };
    let held = |id: &u32| *id == one || *id == other;
    let mut positions = texts.ids.iter().enumerate().filter(|(_, id)| held(id));
    let (Some((first, a)), Some((second, b))) = (positions.next(), positions.next()) else {
        return Error::data("a token or an id is given twice").at_json(member);
    };
    let (first, second) = (texts.tokens.get(first), texts.tokens.get(second));
    let error = if first == second {
        Error::data(format!("given twice, with the ids {a} and {b}"))
    } else {
        Error::data(format!("id {a} is also that of `{}`", show_text(first)))
    };
    error.at_json(path_of(member, second))
}

/// Merges by ids, and how many were left out because they are there twice.
pub(crate) struct ResolvedMerges {
    pub(crate) merges: Vec<Merge>,
    pub(crate) repeated: usize,
}

/// The merges.
pub(crate) fn resolve_merges<M: ListedMerges>(
    listed: &M,
    texts: Texts<'_>,
    options: &ModelOptions,
    lenient: bool,
) -> Result<ResolvedMerges> {
    let count = listed.count();
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
    for index in 0..count {
        let [left, right] = listed.parts(index);
        let fail = |error: Error| Err(listed.fail(index, error));
        let pair = || format!("`{}` `{}`", show_text(left), show_text(right));
        let [left_id, right_id, product] = finder.find(listed, index);
        let (Some(left_id), Some(right_id)) = (left_id, right_id) else {
            let absent = if left_id.is_none() { left } else { right };
            return fail(Error::data(format!(
                "{}: `{}` is not in {}",
                pair(),
                show_text(absent),
                M::VOCAB
            )));
        };
        let Some(product) = product else {
            return fail(Error::data(format!(
                "{} makes `{}`, which is not in {}",
                pair(),
                show_text(&finder.joined(left, right)),
                M::VOCAB
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
            let same = |earlier: &usize| listed.parts(*earlier) == [left, right];
            let earlier = (0..index).find(same).unwrap_or_default();
            return fail(
                Error::data(format!("{} is also {}", pair(), listed.name(earlier)))
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
    fn find(&mut self, listed: &impl ListedMerges, index: usize) -> [Option<TokenId>; 3] {
        let within = index % Self::GROUP;
        if within == 0 {
            self.find_group(listed, index);
        }
        self.found[within]
    }

    fn find_group(&mut self, listed: &impl ListedMerges, start: usize) {
        let end = (start + Self::GROUP).min(listed.count());
        self.bytes.clear();
        self.ids.clear();
        self.found.clear();
        // Where left starts, right starts, and right ends; none where that is not enough.
        let places: Vec<Option<[usize; 3]>> = (start..end)
            .map(|index| {
                let [left, right] = listed.parts(index);
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
            let [left, right] = listed.parts(start + index);
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
