//! Where one of two patterns cuts and the other does not, if that is in few places.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::alphabet::{Alphabet, Kind};
use super::machine::{Machine, Next, Program, START, State};
use super::questions::{Ahead, Cutting};

/// A place where one of two patterns cuts alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LoneCut {
    /// The text from the last place where both cut.
    pub(crate) before: String,
    /// Which of the two cuts: 0 or 1.
    pub(crate) side: usize,
}

/// More states than this are not gone through.
const MAX_STATES: usize = 20_000;

/// More places than this are not few, and a longer text before them is none of a few.
const MAX_CUTS: usize = 64;
const MAX_CHARACTERS: usize = 16;

/// The states of both, and which has a match alone.
type Node = ([Option<State>; 2], Ahead);

impl Cutting {
    /// All places at which only one of the two cuts, after few texts each, and after which both
    /// cut next where the pretoken of the other one ends. `None` if it is not shown that there are
    /// only such places.
    pub(crate) fn lone_cuts(&self, other: &Self) -> Option<Vec<LoneCut>> {
        let mut classes = Vec::new();
        let programs = [self, other].map(|side| Program::of(side.tree(), &mut classes));
        let [Some(one), Some(two)] = programs else {
            return None;
        };
        let (alphabet, members) = Alphabet::of(&classes)?;
        let mut machines = [Machine::new(&one, &members), Machine::new(&two, &members)];
        Graph::of(&mut machines, &alphabet)?.lone_cuts(&alphabet)
    }
}

/// The states that are met from one common cut on, up to the next cut.
#[derive(Default)]
struct Graph {
    /// From which states a state is reached.
    from: Vec<Vec<usize>>,
    /// By which kinds which states are reached.
    to: Vec<Vec<(Kind, usize)>>,
    /// The states before which one side cuts alone.
    cuts: FxHashSet<(usize, usize)>,
}

impl Graph {
    /// `None` if one side alone may cut in another way than in passing: it may go on looking for a
    /// longer match that does not come, or both do not meet where the other cuts next.
    fn of(machines: &mut [Machine<'_>; 2], alphabet: &Alphabet) -> Option<Self> {
        let mut graph = Self::default();
        let start: Node = ([Some(START); 2], Ahead::Neither);
        let mut numbers: FxHashMap<Node, usize> = FxHashMap::default();
        numbers.insert(start, graph.push());
        let mut waiting = VecDeque::from([start]);
        while let Some(node @ (states, ahead)) = waiting.pop_front() {
            let number = numbers[&node];
            for next in nexts(alphabet) {
                let (matches, behind) = step(machines, states, next);
                let now = ahead.after(matches);
                if next == Next::End || behind == [None; 2] {
                    if now != Ahead::Neither {
                        return None;
                    }
                    continue;
                }
                let ends = [0, 1].map(|side| matches[side] && behind[side].is_none());
                if let Some(side) = ends.iter().position(|ends| *ends) {
                    let rest = states[1 - side]?;
                    if !meet_again(machines, alphabet, side, rest, next) {
                        return None;
                    }
                    graph.cuts.insert((number, side));
                    continue;
                }
                let (Next::Kind(kind), reached) = (next, (behind, now)) else {
                    continue;
                };
                let to = *numbers.entry(reached).or_insert_with(|| {
                    waiting.push_back(reached);
                    graph.push()
                });
                if numbers.len() > MAX_STATES {
                    return None;
                }
                graph.to[number].push((kind, to));
                graph.from[to].push(number);
            }
        }
        Some(graph)
    }

    fn push(&mut self) -> usize {
        self.from.push(Vec::new());
        self.to.push(Vec::new());
        self.to.len() - 1
    }

    /// The texts along all ways to a cut.
    fn lone_cuts(&self, alphabet: &Alphabet) -> Option<Vec<LoneCut>> {
        let mut leads_to_cut = vec![false; self.to.len()];
        let mut waiting: Vec<usize> = self.cuts.iter().map(|(number, _)| *number).collect();
        while let Some(number) = waiting.pop() {
            if !std::mem::replace(&mut leads_to_cut[number], true) {
                waiting.extend(&self.from[number]);
            }
        }
        let mut cuts = Vec::new();
        let mut ways = vec![(0, String::new())];
        while let Some((number, before)) = ways.pop() {
            for side in [0, 1] {
                if self.cuts.contains(&(number, side)) {
                    let before = before.clone();
                    cuts.push(LoneCut { before, side });
                }
            }
            let next = self.to[number].iter().filter(|(_, to)| leads_to_cut[*to]);
            for (kind, to) in next {
                for character in alphabet.characters(*kind, MAX_CUTS)? {
                    ways.push((*to, format!("{before}{character}")));
                }
            }
            // A way that comes back to where it was has no end.
            if ways.len() + cuts.len() > MAX_CUTS || before.chars().count() > MAX_CHARACTERS {
                return None;
            }
        }
        cuts.sort_unstable();
        Some(cuts)
    }
}

/// Where the last match of the side that did not cut ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Other {
    /// Before the lone cut: it was not alone.
    Before,
    /// At it, so that it is none.
    There,
    /// Behind it, and so does the next match of the side that cut.
    Alike,
    /// Behind it, where the other side has no match, or an earlier or later one.
    Apart,
}

/// Whether the side that cut, begun anew, cuts next where the other one does, whatever follows; the
/// other is in the state `rest`, and sees `next`.
fn meet_again(
    machines: &mut [Machine<'_>; 2],
    alphabet: &Alphabet,
    side: usize,
    rest: State,
    next: Next,
) -> bool {
    let mut begin = [Some(rest); 2];
    begin[side] = Some(START);
    let (matches, behind) = step(machines, begin, next);
    let first = if matches[1 - side] {
        Other::There
    } else {
        Other::Before
    };
    let mut seen = FxHashSet::default();
    let mut waiting = vec![(behind, first)];
    while let Some(node @ (states, other)) = waiting.pop() {
        if !seen.insert(node) {
            continue;
        }
        if seen.len() > MAX_STATES {
            return false;
        }
        let is_good = matches!(other, Other::There | Other::Alike);
        if states == [None; 2] {
            if !is_good {
                return false;
            }
            continue;
        }
        for next in nexts(alphabet) {
            let (matches, behind) = step(machines, states, next);
            let now = match (matches[side], matches[1 - side], other) {
                (true, true, _) => Other::Alike,
                (false, true, _) | (true, false, Other::Alike) => Other::Apart,
                (_, false, other) => other,
            };
            if next == Next::End {
                if !matches!(now, Other::There | Other::Alike) {
                    return false;
                }
            } else {
                waiting.push((behind, now));
            }
        }
    }
    true
}

fn nexts(alphabet: &Alphabet) -> impl Iterator<Item = Next> {
    let kinds = alphabet.kinds().map(Next::Kind);
    kinds.chain(std::iter::once(Next::End))
}

fn step(
    machines: &mut [Machine<'_>; 2],
    states: [Option<State>; 2],
    next: Next,
) -> ([bool; 2], [Option<State>; 2]) {
    let mut matches = [false; 2];
    let mut behind = [None; 2];
    for side in 0..2 {
        if let Some(state) = states[side] {
            let step = machines[side].step(state, next);
            (matches[side], behind[side]) = (step.matches, step.state);
        }
    }
    (matches, behind)
}
