//! Which tokens texts can reach, and their ids, on both sides.
//!
//! A text reaches a token as a smallest token (a byte, a character), as the product of a merge, or
//! as a whole pretoken that is looked up. Tokens that none of these reach have ids that show in
//! decoding alone.

use bpekit_formats::{Atoms, Definition, Merges, TokenId, TokenKind, byte_alphabet};
use rustc_hash::{FxHashMap, FxHashSet};

use super::compare::Open;
use super::live::Live;
use super::strings::{is_inside_text, texts_holding};
use crate::bpe::live_pairs::is_atom;
use crate::pretokenize::{Answer, Cutting};

/// More strings than this are not searched with.
const MAX_STRINGS: usize = 400;

/// Whether a pretoken is looked up as a whole before it is merged.
pub(super) fn looks_up_whole(definition: &Definition) -> bool {
    definition.merges == Merges::ByRank || definition.options.ignore_merges
}

/// Strings of tokens that texts may reach and whose ids differ.
pub(super) fn moved_ids(
    definitions: [&Definition; 2],
    sides: [&Live; 2],
    can_stand: &dyn Fn(&[u8]) -> bool,
) -> Vec<Vec<u8>> {
    let [a, b] = definitions;
    let mut strings = Vec::new();
    let mut push_if_moved = |bytes: &[u8]| {
        let is_moved = strings.len() < MAX_STRINGS
            && a.vocab.id_of(bytes) != b.vocab.id_of(bytes)
            && can_stand(bytes);
        if is_moved {
            strings.push(bytes.to_vec());
        }
    };
    match a.atoms {
        Atoms::Bytes => (0..=255).for_each(|byte| push_if_moved(&[byte])),
        Atoms::Characters => {
            for definition in definitions {
                let tokens = definition.vocab.iter();
                let characters = tokens.filter(|token| is_atom(a.atoms, token.bytes));
                characters.for_each(|token| push_if_moved(token.bytes));
            }
        }
    }
    for token in a.vocab.iter() {
        let is_made = |definition: &Definition, live: &Live| {
            let id = definition.vocab.id_of(token.bytes);
            id.is_some_and(|id| live.unreachable.binary_search(&id).is_err())
        };
        if is_made(a, sides[0]) && is_made(b, sides[1]) {
            push_if_moved(token.bytes);
        }
    }
    strings.extend(moved_fallbacks(definitions));
    strings
}

/// Characters that need a byte fallback token which has another id.
fn moved_fallbacks(definitions: [&Definition; 2]) -> Vec<Vec<u8>> {
    if definitions
        .iter()
        .any(|one| one.atoms == Atoms::Bytes || !one.options.byte_fallback)
    {
        return Vec::new();
    }
    let id = |definition: &Definition, byte: u8| {
        definition
            .vocab
            .id_of(byte_alphabet::fallback_token(byte).as_bytes())
    };
    (0..=255_u8)
        .filter(|byte| id(definitions[0], *byte) != id(definitions[1], *byte))
        .filter(|byte| is_inside_text(&[*byte]))
        .flat_map(|byte| texts_holding(&[byte], 64))
        .map(String::into_bytes)
        .collect()
}

/// The tokens that only the lookup of whole pretokens finds.
fn whole_tokens<'d>(definition: &'d Definition, live: &Live) -> FxHashMap<&'d [u8], TokenId> {
    if !looks_up_whole(definition) {
        return FxHashMap::default();
    }
    let added: FxHashSet<TokenId> = definition
        .added_tokens
        .iter()
        .map(|token| token.id)
        .collect();
    live.unreachable
        .iter()
        .filter_map(|id| definition.vocab.token(*id))
        .filter(|token| token.kind == TokenKind::Ordinary && !token.bytes.is_empty())
        // As in the engine: an added token of the vocab is found by its text before that.
        .filter(|token| {
            !added.contains(&token.id)
                || definition
                    .added_token(token.id)
                    .map(|held| held.content.as_bytes())
                    != Some(token.bytes)
        })
        .map(|token| (token.bytes, token.id))
        .collect()
}

/// Compares the tokens that are looked up; texts in which one is a pretoken of any of these ways to
/// cut, or strings where that is not known.
pub(super) fn whole_lookups(
    definitions: [&Definition; 2],
    sides: [&Live; 2],
    cuttings: &[Option<&Cutting>],
) -> (Vec<Vec<u8>>, usize) {
    let [a, b] = [0, 1].map(|side| whole_tokens(definitions[side], sides[side]));
    let mut differ: Vec<&[u8]> = a
        .iter()
        .filter(|(bytes, id)| b.get(*bytes) != Some(id))
        .map(|(bytes, _)| *bytes)
        .chain(b.keys().filter(|bytes| !a.contains_key(*bytes)).copied())
        .collect();
    differ.sort_unstable_by_key(|bytes| (bytes.len(), *bytes));
    let mut strings = Vec::new();
    let mut never = 0;
    for bytes in differ {
        let Ok(text) = std::str::from_utf8(bytes) else {
            // A pretoken is text.
            never += 1;
            continue;
        };
        if strings.len() == MAX_STRINGS {
            break;
        }
        let found = cuttings.iter().find_map(|cutting| {
            match cutting.map(|cutting| cutting.is_never_a_pretoken(text)) {
                Some(Answer::Yes) => None,
                Some(Answer::No(witness)) => Some(witness.into_bytes()),
                Some(Answer::Unknown) | None => Some(bytes.to_vec()),
            }
        });
        match found {
            None => never += 1,
            Some(witness) => strings.push(witness),
        }
    }
    (strings, never)
}

/// Adds what differs in ids and lookups to what is open.
pub(super) fn open_of(strings: Vec<Vec<u8>>, detail: &str) -> Option<Open> {
    (!strings.is_empty()).then(|| Open::strings(detail.to_owned(), strings))
}
