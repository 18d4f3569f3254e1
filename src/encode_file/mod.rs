//! Whole files to token ids, in bounded memory.
//!
//! `encoder` says what is wanted, `run` deals the texts out to threads and puts their ids in order
//! again, `sink` is where the ids go.

mod encoder;
mod run;
mod sink;
#[cfg(test)]
mod tests;

pub use encoder::{FileEncoder, FileReport};
pub use sink::IdType;
