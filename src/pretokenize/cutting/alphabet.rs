//! The kinds of characters that a set of classes tells apart.

use regex_syntax::hir::ClassUnicode;
use rustc_hash::FxHashMap;

/// A kind of characters: those that are in the same classes.
pub(super) type Kind = u16;

/// Every character falls into one kind, and every class is a set of kinds.
pub(super) struct Alphabet {
    /// The first character of each stretch of one kind, in order.
    stretches: Vec<(char, Kind)>,
    /// A character of each kind, the plainest there is.
    samples: Vec<char>,
}

/// More kinds than this are of no split pattern, and every state asks for each of them.
const MAX_KINDS: usize = 1000;

impl Alphabet {
    /// The kinds that these classes tell apart, and for each class, in their order, whether it has
    /// each kind. `None` if there are too many.
    pub(super) fn of(classes: &[ClassUnicode]) -> Option<(Self, Vec<Vec<bool>>)> {
        let mut starts = vec!['\0'];
        for class in classes {
            for range in class.ranges() {
                starts.push(range.start());
                starts.extend(following(range.end()));
            }
        }
        starts.sort_unstable();
        starts.dedup();
        let mut kinds: FxHashMap<Vec<bool>, Kind> = FxHashMap::default();
        let mut stretches = Vec::with_capacity(starts.len());
        let mut samples: Vec<char> = Vec::new();
        for &start in &starts {
            let signature: Vec<bool> = classes.iter().map(|class| has(class, start)).collect();
            let next = kinds.len();
            if next >= MAX_KINDS {
                return None;
            }
            let kind = *kinds.entry(signature).or_insert(next as Kind);
            stretches.push((start, kind));
            if usize::from(kind) == samples.len() {
                samples.push(start);
            }
        }
        let mut members = vec![vec![false; kinds.len()]; classes.len()];
        for (signature, kind) in &kinds {
            for (class, is_in) in signature.iter().enumerate() {
                members[class][usize::from(*kind)] = *is_in;
            }
        }
        let mut alphabet = Self { stretches, samples };
        // Plain letters and digits read best in a message.
        for sample in ('!'..='~').rev().chain(['1', 'B', 'A', 'b', 'a', ' ']) {
            let kind = alphabet.kind_of(sample);
            alphabet.samples[usize::from(kind)] = sample;
        }
        Some((alphabet, members))
    }

    pub(super) fn kinds(&self) -> std::ops::Range<Kind> {
        0..self.samples.len() as Kind
    }

    pub(super) fn kind_of(&self, character: char) -> Kind {
        let after = self
            .stretches
            .partition_point(|(start, _)| *start <= character);
        self.stretches[after - 1].1
    }

    /// The characters of a kind, if they are not more than this.
    pub(super) fn characters(&self, kind: Kind, most: usize) -> Option<Vec<char>> {
        let ends = self.stretches.iter().skip(1).map(|(start, _)| *start);
        let mut characters = Vec::new();
        for ((start, held), end) in self.stretches.iter().zip(ends.map(Some).chain([None])) {
            if *held != kind {
                continue;
            }
            let inside = (*start..=char::MAX).take_while(|one| end.is_none_or(|end| *one < end));
            characters.extend(inside.take(most + 1));
            if characters.len() > most {
                return None;
            }
        }
        Some(characters)
    }

    pub(super) fn sample(&self, kind: Kind) -> char {
        self.samples[usize::from(kind)]
    }
}

fn has(class: &ClassUnicode, character: char) -> bool {
    let ranges = class.ranges();
    let at = ranges.partition_point(|range| range.end() < character);
    ranges
        .get(at)
        .is_some_and(|range| range.start() <= character)
}

fn following(character: char) -> Option<char> {
    match character {
        '\u{d7ff}' => Some('\u{e000}'),
        character => char::from_u32(u32::from(character) + 1),
    }
}
