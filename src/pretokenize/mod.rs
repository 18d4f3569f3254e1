//! Text to pretokens.
//!
//! A [`Pretokenizer`] is compiled from the data of a definition. `steps` has the steps of
//! tokenizer.json; `split` applies a matcher with one of the split behaviours. A matcher of a
//! published pattern is a `scanner` or, where the pattern is of another kind, an `automaton`; other
//! patterns are compiled to one or the other by `compile`, as far as that can be shown to be equal,
//! and run on fancy-regex, the engine of tiktoken, if it cannot. The regular expression is the
//! reference: scanner and automata are tested against it. `dialect` translates patterns between
//! the two syntaxes they are written in.

mod automaton;
mod compile;
mod cuts;
mod cutting;
pub(crate) mod dialect;
mod matcher;
mod scanner;
mod split;
mod steps;
#[cfg(test)]
mod tests;

pub(crate) use cuts::{last_cut, normalizer_can_be_cut};
pub(crate) use cutting::{Answer, Cutting, LoneCut};
pub(crate) use matcher::{EMPTY_MATCH, Matcher, known_pattern};
pub(crate) use split::keeps_matches;
pub(crate) use steps::{Pretokenizer, as_isolating_stage, unknown_step};
