//! A scanner for the patterns of the GPT-2 family: pretokens found by hand-written code.
//!
//! The published patterns are variations of one theme: contractions, words, digits, punctuation,
//! white space, in this order. A [`Family`] is the data that says which variation; a [`Scanner`]
//! runs it. `classes` says what a character is, `block` finds all pretokens of 64 bytes at once,
//! and `general` finds any pretoken, one character after the other: what `block` leaves to it. The
//! tests compare both with the automata and with fancy-regex.

mod block;
mod classes;
mod endings;
mod family;
#[cfg(test)]
mod family_tests;
mod fill;
mod general;
mod levels;
mod planes;
mod scan;
#[cfg(test)]
mod tests;

pub(crate) use endings::{Case, Endings};
pub(crate) use family::{Contractions, Digits, Family, Marks, Prefix, Space, Tail, Words};
pub(crate) use scan::Scanner;
