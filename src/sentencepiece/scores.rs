//! Scores to a list of merges, where one does the same.
//!
//! One merge a token, in the order of scores, is exact for tokens of different scores, as
//! `bpe/live_pairs.rs` says. Among tokens of one score, SentencePiece merges the leftmost pair
//! whatever it becomes, and a list the pair that it has first. That comes to the same where the
//! pairs do not meet:
//!
//! - While pairs of one score merge, no pair of a higher one appears, if none has a part that one of
//!   them becomes. So the pairs of the score are all there is, until none is left.
//! - Two of them do not touch in any text if none has for its right part the left part of the
//!   other, and none becomes a part of the other. Then it is all one which goes first. Pairs that
//!   touch themselves (`aa` in `aaa`) go from left to right in a list too.
//! - The runs of one character, as of spaces, touch; but if all of them have the one score, a list
//!   in which longer runs stand first does what SentencePiece does. Both start from single
//!   characters, and of what is left of the leftmost pair no two neighbours merge; so the pairs
//!   that there are, are the last of these tokens with the one before it, the same with a single
//!   character behind it, and two single characters. The more to the left, the longer is what they
//!   become: the leftmost is the longest.

use bpekit_formats::{Definition, Error as FileError, Merge, Merges, Scores, TokenId, show_text};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::bpe::live_pairs::{self, ScoredPairs};
use crate::error::Result;

/// A list of merges in place of scores.
///
/// # Errors
///
/// `Unsupported` where no list is known to do the same.
pub(crate) fn restate_merges(target: &mut Definition) -> Result<()> {
    if let Merges::ByScore(scores) = &target.merges {
        target.merges = Merges::Listed(list(target, scores)?);
    }
    Ok(())
}

/// The list of merges that does the same as the scores of a definition, if one is known.
pub(crate) fn equal_list(source: &Definition) -> Option<Vec<Merge>> {
    match &source.merges {
        Merges::ByScore(scores) => list(source, scores).ok(),
        _ => None,
    }
}

fn list(source: &Definition, scores: &Scores) -> Result<Vec<Merge>> {
    let pairs = live_pairs::of_scores(&source.vocab, scores);
    check_tokens(source, scores, &pairs)?;
    listed(source, &pairs.merges)
}

/// Refuses tokens that a list has no way to treat as SentencePiece does.
fn check_tokens(source: &Definition, scores: &Scores, pairs: &ScoredPairs) -> Result<()> {
    let shown = |id: TokenId| shown(source, id);
    let refuse = |what: String| Err(unsupported(what));
    let unreachable: FxHashSet<TokenId> = pairs.unreachable.iter().copied().collect();
    let is_made = |id: &&TokenId| !unreachable.contains(*id);
    if let Some(&id) = scores.unused.iter().find(is_made) {
        return refuse(format!(
            "token {} is UNUSED: merges pass through it and it is taken apart again, which a list \
             of merges cannot say",
            shown(id)
        ));
    }
    if let Some(&id) = pairs.of_unknown.first() {
        return refuse(format!(
            "token {} has a character that is no token, which a list of merges cannot start from",
            shown(id)
        ));
    }
    let plain = source.added_tokens.iter().filter(|token| !token.is_special);
    let plain: FxHashSet<TokenId> = plain.map(|token| token.id).collect();
    let of_tokens = source.vocab.iter().zip(&scores.of_tokens);
    for (token, _) in of_tokens.filter(|(_, score)| score.is_none()) {
        let text = std::str::from_utf8(token.bytes).unwrap_or_default();
        if text.chars().count() == 1 && !plain.contains(&token.id) {
            return refuse(format!(
                "token {} is one character, which text becomes in a tokenizer.json and not in \
                 SentencePiece",
                shown(token.id)
            ));
        }
    }
    Ok(())
}

fn unsupported(what: String) -> crate::Error {
    FileError::unsupported(what)
        .with_hint("keep the SentencePiece model")
        .into()
}

fn shown(source: &Definition, id: TokenId) -> String {
    let bytes = source.vocab.bytes(id).unwrap_or_default();
    format!("`{}` ({id})", show_text(&String::from_utf8_lossy(bytes)))
}

/// The merges in an order that does what the scores do.
fn listed(source: &Definition, pairs: &[(u32, Merge)]) -> Result<Vec<Merge>> {
    let mut earliest: FxHashMap<TokenId, u32> = FxHashMap::default();
    for (priority, merge) in pairs {
        for part in [merge.left, merge.right] {
            let held = earliest.entry(part).or_insert(*priority);
            *held = (*held).min(*priority);
        }
    }
    let runs = Runs::of(source, pairs);
    let mut merges = Vec::with_capacity(pairs.len());
    for group in pairs.chunk_by(|one, other| one.0 == other.0) {
        if let [(_, merge)] = group {
            merges.push(*merge);
            continue;
        }
        check_group(source, group, &earliest, &runs)?;
        let mut group: Vec<Merge> = group.iter().map(|(_, merge)| *merge).collect();
        let len = |merge: &Merge| source.vocab.bytes(merge.product).map_or(0, <[u8]>::len);
        group.sort_by_key(|merge| std::cmp::Reverse(len(merge)));
        merges.extend(group);
    }
    Ok(merges)
}

/// The runs of one character that merges make.
struct Runs {
    /// The character of each run.
    characters: FxHashMap<TokenId, char>,
    /// Characters whose runs have different scores.
    mixed: FxHashSet<char>,
}

impl Runs {
    fn of(source: &Definition, pairs: &[(u32, Merge)]) -> Self {
        let mut runs = Self {
            characters: FxHashMap::default(),
            mixed: FxHashSet::default(),
        };
        let mut priorities: FxHashMap<char, u32> = FxHashMap::default();
        for (priority, merge) in pairs {
            let bytes = source.vocab.bytes(merge.product).unwrap_or_default();
            let mut characters = std::str::from_utf8(bytes).unwrap_or_default().chars();
            let Some(first) = characters
                .next()
                .filter(|first| characters.all(|c| c == *first))
            else {
                continue;
            };
            runs.characters.insert(merge.product, first);
            if *priorities.entry(first).or_insert(*priority) != *priority {
                runs.mixed.insert(first);
            }
        }
        runs
    }

    /// What a merge counts as when it is asked whether two meet: all runs of one character as
    /// one, any other merge as itself.
    fn unit(&self, merge: &Merge) -> Unit {
        match self.characters.get(&merge.product) {
            Some(character) if !self.mixed.contains(character) => Unit::Runs(*character),
            _ => Unit::Token(merge.product),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Runs(char),
    Token(TokenId),
}

/// Refuses merges of one score that meet.
fn check_group(
    source: &Definition,
    group: &[(u32, Merge)],
    earliest: &FxHashMap<TokenId, u32>,
    runs: &Runs,
) -> Result<()> {
    let refuse = |one: TokenId, other: TokenId| {
        Err(unsupported(format!(
            "tokens {} and {} have the same score, and text tells which merges first; no list of \
             merges is known to do the same",
            shown(source, one),
            shown(source, other)
        )))
    };
    // By part: the first merge of the group that has it, and whether there is one of another unit.
    let mut lefts = Parts::default();
    let mut rights = Parts::default();
    for (priority, merge) in group {
        if earliest
            .get(&merge.product)
            .is_some_and(|first| first < priority)
        {
            let other = group
                .iter()
                .find(|(_, other)| other.product != merge.product);
            return refuse(
                merge.product,
                other.map_or(merge.product, |(_, m)| m.product),
            );
        }
        lefts.add(merge.left, merge, runs);
        rights.add(merge.right, merge, runs);
    }
    for (_, merge) in group {
        let unit = runs.unit(merge);
        let meeting = [
            lefts.of_another(merge.right, unit),
            rights.of_another(merge.left, unit),
            lefts.of_another(merge.product, unit),
            rights.of_another(merge.product, unit),
        ];
        if let Some(other) = meeting.into_iter().flatten().next() {
            return refuse(merge.product, other);
        }
    }
    Ok(())
}

/// Which merges of a group have a token for a part.
#[derive(Default)]
struct Parts(FxHashMap<TokenId, Vec<(Unit, TokenId)>>);

impl Parts {
    fn add(&mut self, part: TokenId, merge: &Merge, runs: &Runs) {
        let held = self.0.entry(part).or_default();
        let unit = runs.unit(merge);
        // Two of different units are enough to find one of another than any.
        if held.len() < 2 && held.iter().all(|(other, _)| *other != unit) {
            held.push((unit, merge.product));
        }
    }

    /// What one of another unit than this becomes.
    fn of_another(&self, part: TokenId, unit: Unit) -> Option<TokenId> {
        let held = self.0.get(&part)?;
        let (_, product) = held.iter().find(|(other, _)| *other != unit)?;
        Some(*product)
    }
}

#[cfg(test)]
mod tests;
