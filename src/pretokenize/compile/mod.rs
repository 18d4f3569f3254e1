//! Patterns that nobody has published, compiled to something faster than backtracking.
//!
//! `tree` is what fancy-regex's own parser makes of a pattern, with each character class as a set
//! of code points, so that spellings do not matter. From there a pattern gets as far as it can be
//! shown to be equal:
//!
//! 1. `family`: its arms are those of a [`Family`](super::scanner::Family), which has a scanner.
//!    `arms` says what each of them is, `contractions` which texts.
//! 2. `regular`: no look-around is left but the one at the end of white space. It runs on a DFA.
//! 3. Neither: fancy-regex, the reference, which is also who cuts `trial`, a hostile text on which
//!    the other two are tried before they are used.

mod arms;
mod contractions;
mod family;
mod regular;
#[cfg(test)]
mod tests;
mod tree;
mod trial;

#[cfg(test)]
pub(super) use tests::VARIANTS;

pub(super) use family::family_of;
pub(super) use regular::Regular;
pub(super) use tree::{Kind as RepeatKind, Node};
pub(super) use trial::agrees;
