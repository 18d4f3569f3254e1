//! Are two tokenizers the same for every text?
//!
//! Part by part, a definition is held against another (`compare`): what is written alike is the
//! same; what is written differently may still be, and is decided where that is possible. `merges`
//! decides lists of merges and ranks, `runs` those of one atom, `pattern` how text is cut,
//! `crossing` whether it matters where only one side cuts, `words` which tokens texts can reach.
//! What is left open leaves strings at which the two may differ; `search` makes texts of them,
//! encodes these on both sides, and shortens the first that differs. The arguments and their
//! conditions are in docs/equivalence.md.

#[cfg(test)]
mod brute_force_tests;
mod compare;
mod crossing;
mod live;
mod map;
mod merges;
mod pattern;
mod runs;
mod search;
mod strings;
mod texts;
mod verdict;
mod words;

pub use compare::{VerifyOptions, verify};
pub use map::IdMap;
pub(crate) use search::outcome_words;
pub(crate) use texts::{Random, boundary_texts, code_point_texts, random_texts};
pub use verdict::{Counterexample, Kind, Reason, Side, Verdict};
