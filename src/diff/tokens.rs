//! Vocab, merges and added tokens of two definitions.

use bpekit_formats::{
    AddedToken, Atoms, Definition, Merge, Merges, Part as FilePart, Token, TokenId, TokenKind,
    show_bytes, show_text,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Difference, Overlap, Part};
use crate::bpe::live_pairs;
use crate::sentencepiece;

/// How many of a kind are named.
const SHOWN: usize = 5;

/// Tokens by their bytes. Those that stand in a vocab only because they are added tokens are left
/// to the comparison of added tokens.
pub(super) fn overlap(a: &Definition, b: &Definition) -> Overlap {
    let [added_to_a, added_to_b] = [a, b].map(added_texts);
    let mut overlap = Overlap::default();
    for token in base_tokens(a, &added_to_a) {
        match find(b, token) {
            Some(id) => {
                overlap.shared += 1;
                if id != token.id {
                    overlap.moved.push((token.id, id));
                }
            }
            None if added_to_b.get(&token.id) == Some(&token.bytes) => overlap.shared += 1,
            None => overlap.only_in_a.push(token.id),
        }
    }
    overlap.only_in_b = base_tokens(b, &added_to_b)
        .filter(|token| find(a, *token).is_none())
        .filter(|token| added_to_a.get(&token.id) != Some(&token.bytes))
        .map(|token| token.id)
        .collect();
    overlap
}

/// The overlap in words, as far as the vocabs differ.
pub(super) fn vocab(a: &Definition, b: &Definition, difference: &mut Difference) {
    let overlap = overlap(a, b);
    let bytes = |side: &Definition, id| show(side, side.vocab.bytes(id).unwrap_or_default());
    let only = |side, ids: &[TokenId]| -> Vec<String> {
        let shown = ids.iter().map(|&id| format!("{} ({id})", bytes(side, id)));
        shown.collect()
    };
    let moved = overlap.moved.iter();
    let moved: Vec<String> = moved
        .map(|&(in_a, in_b)| format!("{} ({in_a} in A, {in_b} in B)", bytes(a, in_a)))
        .collect();
    let only_in_a = only(a, &overlap.only_in_a);
    let only_in_b = only(b, &overlap.only_in_b);
    list(difference, Part::Vocab, "only in A", &only_in_a);
    list(difference, Part::Vocab, "only in B", &only_in_b);
    list(difference, Part::Vocab, "with another id", &moved);
}

/// The merges in force, in terms of bytes, in their order.
pub(super) fn merges(a: &Definition, b: &Definition, difference: &mut Difference) {
    match (&a.merges, &b.merges) {
        // The ids are the order, and the vocabs are compared.
        (Merges::ByRank, Merges::ByRank) => return,
        (Merges::ByScore(in_a), Merges::ByScore(in_b)) if in_a == in_b => return,
        (Merges::Listed(in_a), Merges::Listed(in_b)) if in_a == in_b => return,
        _ => {}
    }
    let [live_in_a, live_in_b] = [a, b].map(live_merges);
    let [pairs_in_a, pairs_in_b] = [(a, &live_in_a), (b, &live_in_b)].map(|(side, live)| {
        live.iter()
            .map(|merge| Pair::new(side, merge))
            .collect::<Vec<_>>()
    });
    if pairs_in_a == pairs_in_b {
        let words = |definition: &Definition| match &definition.merges {
            Merges::ByRank => "merges by rank".to_owned(),
            Merges::Listed(merges) => format!("lists {} merges", merges.len()),
            Merges::ByScore(_) => "merges by score".to_owned(),
        };
        let detail = format!(
            "A {}, B {}; the same {} merges can happen in both",
            words(a),
            words(b),
            pairs_in_a.len()
        );
        difference.note(Part::Merges, detail);
        return;
    }
    let only = |here: &[Pair<'_>], there: &[Pair<'_>]| {
        let there: FxHashSet<&Pair<'_>> = there.iter().collect();
        let only = here.iter().filter(|pair| !there.contains(pair));
        only.map(|pair| pair.show(a)).collect::<Vec<_>>()
    };
    let only_in_a = only(&pairs_in_a, &pairs_in_b);
    let only_in_b = only(&pairs_in_b, &pairs_in_a);
    if only_in_a.is_empty() && only_in_b.is_empty() {
        let places = pairs_in_a.iter().zip(&pairs_in_b);
        let place = places.take_while(|(one, other)| one == other).count();
        let [first_in_a, first_in_b] = [&pairs_in_a, &pairs_in_b].map(|pairs| pairs[place].show(a));
        let detail = format!(
            "the same merges in another order, first at place {place}: {first_in_a} in A, \
             {first_in_b} in B"
        );
        difference.find(Part::Merges, detail);
    }
    list_of(difference, Part::Merges, "merge", "only in A", &only_in_a);
    list_of(difference, Part::Merges, "merge", "only in B", &only_in_b);
}

/// Added tokens by their text.
pub(super) fn added_tokens(a: &Definition, b: &Definition, difference: &mut Difference) {
    let [unknown_in_a, unknown_in_b] =
        [a, b].map(|one| one.missing.contains(&FilePart::SpecialTokens));
    match (unknown_in_a, unknown_in_b) {
        (false, false) => {}
        (true, true) => {
            difference.note(Part::AddedTokens, "not known on either side");
            return;
        }
        (true, false) => return difference.find(Part::AddedTokens, "not known in A"),
        (false, true) => return difference.find(Part::AddedTokens, "not known in B"),
    }
    let has_normalizer = [a, b]
        .into_iter()
        .filter_map(|one| one.normalizer.as_ref())
        .any(|normalizer| !normalizer.is_neutral());
    let [by_text_a, by_text_b] = [a, b].map(|definition| {
        let tokens = definition.added_tokens.iter();
        tokens
            .map(|token| (token.content.as_str(), token))
            .collect::<FxHashMap<_, _>>()
    });
    let mut moved = Vec::new();
    let mut flags = Vec::new();
    let mut only_in_a = Vec::new();
    for token in &a.added_tokens {
        let Some(other) = by_text_b.get(token.content.as_str()) else {
            only_in_a.push(format!("`{}` ({})", show_text(&token.content), token.id));
            continue;
        };
        if token.id != other.id {
            let text = show_text(&token.content);
            moved.push(format!("`{text}` ({} in A, {} in B)", token.id, other.id));
        }
        let changed = changed_flags(token, other, has_normalizer);
        if !changed.is_empty() {
            flags.push(format!(
                "`{}` ({})",
                show_text(&token.content),
                changed.join(", ")
            ));
        }
    }
    let only_in_b: Vec<String> = b
        .added_tokens
        .iter()
        .filter(|token| !by_text_a.contains_key(token.content.as_str()))
        .map(|token| format!("`{}` ({})", show_text(&token.content), token.id))
        .collect();
    list(difference, Part::AddedTokens, "only in A", &only_in_a);
    list(difference, Part::AddedTokens, "only in B", &only_in_b);
    list(difference, Part::AddedTokens, "with another id", &moved);
    list(difference, Part::AddedTokens, "with other flags", &flags);
}

/// Flags in words, as they are in A and B.
fn changed_flags(one: &AddedToken, other: &AddedToken, has_normalizer: bool) -> Vec<String> {
    let flags = [
        ("special", one.is_special, other.is_special),
        ("single_word", one.single_word, other.single_word),
        ("lstrip", one.lstrip, other.lstrip),
        ("rstrip", one.rstrip, other.rstrip),
        // Text that nothing normalizes is searched as it is in either case.
        (
            "normalized",
            one.normalized && has_normalizer,
            other.normalized && has_normalizer,
        ),
    ];
    flags
        .into_iter()
        .filter(|(_, in_a, in_b)| in_a != in_b)
        .map(|(name, in_a, in_b)| format!("{name} {in_a} in A, {in_b} in B"))
        .collect()
}

/// The texts of added tokens by their ids.
fn added_texts(definition: &Definition) -> FxHashMap<TokenId, &[u8]> {
    let tokens = definition.added_tokens.iter();
    tokens
        .map(|token| (token.id, token.content.as_bytes()))
        .collect()
}

fn base_tokens<'a>(
    definition: &'a Definition,
    added: &FxHashMap<TokenId, &[u8]>,
) -> impl Iterator<Item = Token<'a>> {
    definition
        .vocab
        .iter()
        .filter(|token| added.get(&token.id) != Some(&token.bytes))
}

fn find(definition: &Definition, token: Token<'_>) -> Option<TokenId> {
    match token.kind {
        TokenKind::Ordinary => definition.vocab.id_of(token.bytes),
        TokenKind::Literal => definition
            .vocab
            .id_of_literal(std::str::from_utf8(token.bytes).ok()?),
    }
}

/// Bytes, or text where tokens are made of characters.
fn show(definition: &Definition, bytes: &[u8]) -> String {
    match (definition.atoms, std::str::from_utf8(bytes)) {
        (Atoms::Characters, Ok(text)) => format!("`{}`", show_text(text)),
        _ => show_bytes(bytes),
    }
}

/// The merges that can happen, in their order. Of characters there is not always such a reduction;
/// then the list stands.
fn live_merges(definition: &Definition) -> Vec<Merge> {
    match &definition.merges {
        Merges::ByRank => live_pairs::of_ranks(&definition.vocab).merges,
        Merges::Listed(merges) if definition.atoms == Atoms::Bytes => {
            live_pairs::of_merges(&definition.vocab, merges).merges
        }
        Merges::Listed(merges) => {
            live_pairs::of_character_merges(definition, merges).unwrap_or_else(|| merges.clone())
        }
        Merges::ByScore(scores) => sentencepiece::equal_list(definition).unwrap_or_else(|| {
            let pairs = live_pairs::of_scores(&definition.vocab, scores).merges;
            pairs.into_iter().map(|(_, merge)| merge).collect()
        }),
    }
}

/// A merge by the bytes of its two parts, so that another numbering of tokens is no difference.
#[derive(PartialEq, Eq, Hash)]
struct Pair<'a>(&'a [u8], &'a [u8]);

impl<'a> Pair<'a> {
    fn new(definition: &'a Definition, merge: &Merge) -> Self {
        let bytes = |id| definition.vocab.bytes(id).unwrap_or_default();
        Self(bytes(merge.left), bytes(merge.right))
    }

    fn show(&self, definition: &Definition) -> String {
        format!(
            "{} + {}",
            show(definition, self.0),
            show(definition, self.1)
        )
    }
}

fn list(difference: &mut Difference, part: Part, what: &str, items: &[String]) {
    list_of(difference, part, "token", what, items);
}

/// `2 tokens only in A: x, y`.
fn list_of(difference: &mut Difference, part: Part, one: &str, what: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let plural = if items.len() == 1 { "" } else { "s" };
    let shown = items[..items.len().min(SHOWN)].join(", ");
    let rest = if items.len() > SHOWN { ", …" } else { "" };
    difference.find(
        part,
        format!("{} {one}{plural} {what}: {shown}{rest}", items.len()),
    );
}
