//! Patterns as machines that cut text, so that questions about all texts have an answer: do two
//! patterns cut alike, does one leave text out, can a text be a pretoken, or stand in one.
//!
//! `alphabet` makes the few kinds of characters that patterns tell apart; `machine` runs a pattern
//! over those kinds as fancy-regex runs it over text, one state for all texts that are the same to
//! it; `questions` goes through all states, and `lone_cuts` finds the few texts on which two differ.

mod alphabet;
mod lone_cuts;
mod machine;
mod questions;
#[cfg(test)]
mod tests;

pub(crate) use lone_cuts::LoneCut;
pub(crate) use questions::{Answer, Cutting};
