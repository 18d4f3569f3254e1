//! A pattern, run over kinds of characters from the start of a pretoken.
//!
//! A state is the list of places in the pattern, in the order in which fancy-regex would try them
//! (leftmost-first). A step sees the next kind, or the end, before it decides which places are
//! reached, so that a look-ahead at one character is decided when it is met. When the end of the
//! pattern is reached, the places behind it in the list are those that would have been tried
//! later: they are dropped, and those before it may still find a longer match, which then counts.

use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

use regex_syntax::hir::ClassUnicode;

use super::super::compile::{Node, RepeatKind};
use super::alphabet::{Alphabet, Kind};

/// A state, by its number; the first is the start of a pretoken.
pub(super) type State = u32;

/// The state before a pretoken.
pub(super) const START: State = 0;

/// What a step sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Next {
    /// A character of a kind.
    Kind(Kind),
    /// The end of the text.
    End,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Whether a match ends before what the step sees.
    pub(super) matches: bool,
    /// The state behind it; none if no longer match can come.
    pub(super) state: Option<State>,
}

/// A place in the pattern.
#[derive(Debug)]
enum Place {
    /// A character of a class, then the next place.
    Class(usize),
    /// These places, in the order in which they are tried.
    Split(Vec<usize>),
    /// The end, or a place before a character of the class.
    Border(usize),
    /// The end of the pattern.
    Match,
}

/// The classes of a pattern, and its places with the classes by number.
pub(super) struct Program {
    places: Vec<Place>,
    first: usize,
}

/// A pattern with more places than this is not run.
const MAX_PLACES: usize = 20_000;

impl Program {
    /// The program of a pattern, which adds its classes to those there are. `None` for what a
    /// state cannot stand for: the start of the text, which is not that of a pretoken, a match of
    /// the empty text, and very large patterns.
    pub(super) fn of(tree: &Node, classes: &mut Vec<ClassUnicode>) -> Option<Self> {
        if tree.is_nullable() {
            return None;
        }
        let mut program = Self {
            places: vec![Place::Match],
            first: 0,
        };
        program.first = program.add(tree, 0, classes)?;
        Some(program)
    }

    fn push(&mut self, place: Place) -> Option<usize> {
        self.places.push(place);
        (self.places.len() <= MAX_PLACES).then_some(self.places.len() - 1)
    }

    /// Adds a node in front of the place `next`; gives where it begins.
    fn add(&mut self, node: &Node, next: usize, classes: &mut Vec<ClassUnicode>) -> Option<usize> {
        match node {
            Node::Class(class) => {
                let place = Place::Class(number_of(class, classes));
                self.before(place, next)
            }
            Node::Border(class) => {
                let place = Place::Border(number_of(class, classes));
                self.before(place, next)
            }
            Node::Start => None,
            Node::Concat(parts) => parts
                .iter()
                .rev()
                .try_fold(next, |next, part| self.add(part, next, classes)),
            Node::Alternation(arms) => {
                let starts = arms.iter().map(|arm| self.add(arm, next, classes));
                let starts = starts.collect::<Option<_>>()?;
                self.push(Place::Split(starts))
            }
            Node::Repeat {
                body,
                least,
                most,
                kind,
            } => {
                let in_order = |more: usize, on: usize| match kind {
                    RepeatKind::Lazy => vec![on, more],
                    RepeatKind::Greedy | RepeatKind::Possessive => vec![more, on],
                };
                let mut start = next;
                match most {
                    None => {
                        let again = self.push(Place::Split(Vec::new()))?;
                        let more = self.add(body, again, classes)?;
                        self.places[again] = Place::Split(in_order(more, next));
                        start = again;
                    }
                    Some(most) => {
                        for _ in *least..*most {
                            let more = self.add(body, start, classes)?;
                            start = self.push(Place::Split(in_order(more, next)))?;
                        }
                    }
                }
                for _ in 0..*least {
                    start = self.add(body, start, classes)?;
                }
                Some(start)
            }
        }
    }

    /// A place that goes on at `next`: the place after it in the list leads there.
    fn before(&mut self, place: Place, next: usize) -> Option<usize> {
        let at = self.push(place)?;
        self.push(Place::Split(vec![next]))?;
        Some(at)
    }
}

fn number_of(class: &ClassUnicode, classes: &mut Vec<ClassUnicode>) -> usize {
    if let Some(number) = classes.iter().position(|held| held == class) {
        return number;
    }
    classes.push(class.clone());
    classes.len() - 1
}

/// A program over an alphabet, with the states that were met.
pub(super) struct Machine<'p> {
    program: &'p Program,
    /// Whether a class has a kind.
    members: &'p [Vec<bool>],
    states: Vec<Vec<usize>>,
    numbers: FxHashMap<Vec<usize>, State>,
    steps: FxHashMap<(State, Next), Step>,
}

impl<'p> Machine<'p> {
    /// The members of the classes are those of [`Alphabet::of`], for the classes the program was
    /// made with.
    pub(super) fn new(program: &'p Program, members: &'p [Vec<bool>]) -> Self {
        let start = vec![program.first];
        Self {
            program,
            members,
            numbers: std::iter::once((start.clone(), START)).collect(),
            states: vec![start],
            steps: FxHashMap::default(),
        }
    }

    pub(super) fn step(&mut self, state: State, next: Next) -> Step {
        if let Some(step) = self.steps.get(&(state, next)) {
            return *step;
        }
        let (matches, places) = self.places_after(&self.states[state as usize], next);
        let number = (!places.is_empty()).then(|| {
            let unused = self.states.len() as State;
            match self.numbers.entry(places) {
                Entry::Occupied(held) => *held.get(),
                Entry::Vacant(free) => {
                    self.states.push(free.key().clone());
                    *free.insert(unused)
                }
            }
        });
        let step = Step {
            matches,
            state: number,
        };
        self.steps.insert((state, next), step);
        step
    }

    /// Whether a match ends here, and the places behind one character.
    fn places_after(&self, state: &[usize], next: Next) -> (bool, Vec<usize>) {
        let has = |class: usize| match next {
            Next::Kind(kind) => self.members[class][usize::from(kind)],
            Next::End => false,
        };
        let mut seen = vec![false; self.program.places.len()];
        let mut behind = Vec::new();
        let mut waiting: Vec<usize> = state.iter().rev().copied().collect();
        while let Some(at) = waiting.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            match &self.program.places[at] {
                Place::Match => return (true, behind),
                Place::Split(places) => waiting.extend(places.iter().rev()),
                Place::Class(class) => {
                    if has(*class) {
                        behind.push(at + 1);
                    }
                }
                Place::Border(class) => {
                    if next == Next::End || has(*class) {
                        waiting.push(at + 1);
                    }
                }
            }
        }
        (false, behind)
    }

    /// Whether there is a way through the pattern, from any place to any place, along kinds that
    /// may be unknown. Look-ahead is taken to succeed, so that "no" is certain.
    pub(super) fn has_way(&self, kinds: &[Option<Kind>]) -> bool {
        let mut places: Vec<usize> = (0..self.program.places.len()).collect();
        for kind in kinds {
            let mut seen = vec![false; self.program.places.len()];
            let mut behind = vec![false; self.program.places.len()];
            let mut waiting = places;
            while let Some(at) = waiting.pop() {
                if std::mem::replace(&mut seen[at], true) {
                    continue;
                }
                match &self.program.places[at] {
                    Place::Match => {}
                    Place::Split(next) => waiting.extend(next),
                    Place::Border(_) => waiting.push(at + 1),
                    Place::Class(class) => {
                        let members = &self.members[*class];
                        behind[at + 1] |= kind.is_none_or(|kind| members[usize::from(kind)]);
                    }
                }
            }
            places = (0..behind.len()).filter(|at| behind[*at]).collect();
            if places.is_empty() {
                return false;
            }
        }
        true
    }
}

/// The kinds along a text.
pub(super) fn kinds_of<'a>(
    alphabet: &'a Alphabet,
    text: &'a str,
) -> impl Iterator<Item = Next> + 'a {
    text.chars().map(|one| Next::Kind(alphabet.kind_of(one)))
}
