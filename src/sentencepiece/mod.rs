//! What SentencePiece does in the terms of a tokenizer.json: its scores as a list of merges
//! (`scores`), its normalizer and decoder as steps (`steps`), each where they do the same.

mod scores;
mod steps;

pub(crate) use scores::{equal_list, restate_merges};
pub(crate) use steps::{equal_steps, restate_steps};
