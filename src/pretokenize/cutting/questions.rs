//! Questions about all texts, answered by going through the states of machines.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use bpekit_formats::{Dialect, Pattern};

use super::super::compile::Node;
use super::super::dialect;
use super::alphabet::{Alphabet, Kind};
use super::machine::{Machine, Next, Program, START, kinds_of};

/// An answer about all texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is so for every text.
    Yes,
    /// It is not so for this text, which is as short as one can be.
    No(String),
    /// There are too many states.
    Unknown,
}

/// A pattern that cuts text by its matches, of which questions can be asked.
pub(crate) struct Cutting {
    tree: Node,
    program: Program,
    alphabet: Alphabet,
    /// Whether a class of the program has a kind of the alphabet.
    members: Vec<Vec<bool>>,
}

/// More states than this are not gone through; the largest published patterns have some hundreds.
const MAX_STATES: usize = 400_000;

impl Cutting {
    /// The machine of a pattern. `None` for what a machine cannot stand for: look-around other
    /// than one character ahead, the start of the text, references back, possessive repetitions
    /// that are not shown to be equal to greedy ones, a match of the empty text.
    pub(crate) fn of(pattern: &Pattern) -> Option<Self> {
        let text = dialect::translate(pattern, Dialect::FancyRegex).ok()?;
        let tree = Node::of_pattern(&text)?;
        let mut classes = Vec::new();
        let program = Program::of(&tree, &mut classes)?;
        let (alphabet, members) = Alphabet::of(&classes)?;
        Some(Self {
            tree,
            program,
            alphabet,
            members,
        })
    }

    pub(super) fn tree(&self) -> &Node {
        &self.tree
    }

    fn machine(&self) -> Machine<'_> {
        Machine::new(&self.program, &self.members)
    }

    /// Whether the two are the same after each is brought to one form: classes as sets of
    /// characters, possessive repetitions as the greedy ones they are equal to.
    pub(crate) fn is_the_same_as(&self, other: &Self) -> bool {
        self.tree == other.tree
    }

    /// Whether the first matches of the two, at the start of any text, are equally long. Then they
    /// cut every text alike: a match is looked for where the one before ended, and neither looks
    /// behind that place.
    pub(crate) fn cuts_like(&self, other: &Self) -> Answer {
        let mut classes = Vec::new();
        let programs = [self, other].map(|side| Program::of(&side.tree, &mut classes));
        let [Some(one), Some(two)] = programs else {
            return Answer::Unknown;
        };
        let Some((alphabet, members)) = Alphabet::of(&classes) else {
            return Answer::Unknown;
        };
        let mut machines = [Machine::new(&one, &members), Machine::new(&two, &members)];
        explore(
            &alphabet,
            ([Some(START), Some(START)], Ahead::Neither),
            |(states, before), next| {
                let mut matches = [false; 2];
                let mut behind = [None; 2];
                for side in 0..2 {
                    if let Some(state) = states[side] {
                        let step = machines[side].step(state, next);
                        (matches[side], behind[side]) = (step.matches, step.state);
                    }
                }
                let now = before.after(matches);
                Visit {
                    is_found: next == Next::End && now != Ahead::Neither,
                    goes_on: behind != [None; 2] || now != Ahead::Neither,
                    state: (behind, now),
                }
            },
        )
    }

    /// Whether every text that is not empty begins with a match, so that no text is left out and
    /// keeping the gaps between matches keeps nothing.
    pub(crate) fn leaves_nothing_out(&self) -> Answer {
        let mut machine = self.machine();
        // Whether anything was read stands beside the state: the empty text is left out by all.
        explore(
            &self.alphabet,
            (Some(START), false),
            |(state, has_read), next| {
                let step = state.map(|state| machine.step(state, next));
                let is_matched = step.is_some_and(|step| step.matches);
                Visit {
                    is_found: next == Next::End && has_read && !is_matched,
                    goes_on: !is_matched,
                    state: (step.and_then(|step| step.state), true),
                }
            },
        )
    }

    /// A text that begins with a pretoken equal to this one, if there is any.
    ///
    /// `Yes` says that there is none.
    pub(crate) fn is_never_a_pretoken(&self, pretoken: &str) -> Answer {
        let mut machine = self.machine();
        let mut state = Some(START);
        for next in kinds_of(&self.alphabet, pretoken) {
            state = state.and_then(|state| machine.step(state, next).state);
        }
        // The last match has to be the one that ends here.
        let start = (state, Ended::NotYet);
        let answer = explore(&self.alphabet, start, |(state, ended), next| {
            let step = state.map(|state| machine.step(state, next));
            let matches = step.is_some_and(|step| step.matches);
            let ended = match (ended, matches) {
                (Ended::NotYet, true) | (Ended::Here, false) => Ended::Here,
                _ => Ended::Elsewhere,
            };
            Visit {
                is_found: next == Next::End && ended == Ended::Here,
                goes_on: ended == Ended::Here,
                state: (step.and_then(|step| step.state), ended),
            }
        });
        match answer {
            Answer::No(rest) => Answer::No(format!("{pretoken}{rest}")),
            answer => answer,
        }
    }

    /// Whether bytes may stand inside a match. "No" is certain.
    pub(crate) fn can_hold(&self, bytes: &[u8]) -> bool {
        // A character of which only some bytes are there may be of any kind.
        let mut kinds: Vec<Option<Kind>> = Vec::new();
        for part in bytes.utf8_chunks() {
            kinds.extend(
                part.valid()
                    .chars()
                    .map(|one| Some(self.alphabet.kind_of(one))),
            );
            if !part.invalid().is_empty() {
                kinds.push(None);
            }
        }
        // The bytes of one broken character come one by one.
        kinds.dedup_by(|one, other| one.is_none() && other.is_none());
        self.machine().has_way(&kinds)
    }
}

/// Which of two has a match that is longer than any the other has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ahead {
    Neither,
    First,
    Second,
}

impl Ahead {
    /// Behind a step at which these have a match.
    pub(super) fn after(self, matches: [bool; 2]) -> Self {
        match matches {
            [true, true] => Self::Neither,
            [true, false] => Self::First,
            [false, true] => Self::Second,
            [false, false] => self,
        }
    }
}

/// Where the last match ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Ended {
    NotYet,
    Here,
    Elsewhere,
}

/// What a step led to.
struct Visit<S> {
    /// Whether the text so far is the one that is looked for.
    is_found: bool,
    /// Whether a longer text may be.
    goes_on: bool,
    state: S,
}

/// Goes through all states from the nearest on, until a step finds what is looked for.
fn explore<S: Copy + Eq + std::hash::Hash>(
    alphabet: &Alphabet,
    start: S,
    mut step: impl FnMut(S, Next) -> Visit<S>,
) -> Answer {
    let mut seen = FxHashSet::default();
    seen.insert(start);
    // Each state with the text that leads to it, as a chain backwards.
    let mut trail: Vec<(Kind, usize)> = vec![(0, usize::MAX)];
    let mut waiting = VecDeque::from([(start, 0)]);
    while let Some((state, at)) = waiting.pop_front() {
        if step(state, Next::End).is_found {
            return Answer::No(text_of(alphabet, &trail, at));
        }
        for kind in alphabet.kinds() {
            let visit = step(state, Next::Kind(kind));
            if visit.goes_on && seen.insert(visit.state) {
                if seen.len() > MAX_STATES {
                    return Answer::Unknown;
                }
                trail.push((kind, at));
                waiting.push_back((visit.state, trail.len() - 1));
            }
        }
    }
    Answer::Yes
}

fn text_of(alphabet: &Alphabet, trail: &[(Kind, usize)], mut at: usize) -> String {
    let mut characters = Vec::new();
    while at != 0 {
        let (kind, before) = trail[at];
        characters.push(alphabet.sample(kind));
        at = before;
    }
    characters.iter().rev().collect()
}
