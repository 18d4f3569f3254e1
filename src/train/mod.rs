//! Training: texts to counts of pretokens, counts to merges, merges to a tokenizer.
//!
//! [`Trainer`] does all of it, with a checkpoint on the way if one is wanted. The parts can be used
//! alone: [`PretokenCounts`] are a value that can be saved, loaded and added up over several
//! machines, and [`train_from_counts`] merges them.
//!
//! A [`Pretokenization`] says how text is cut. `source` gives texts in batches, `count` counts them
//! on several threads with `segment` into a `table`, and `spill` holds what does not fit memory.
//! `words` and `base` lay out what merging starts from, `merge` merges, and `trainer` makes the
//! tokenizer. `checkpoint` keeps what was done.

mod base;
mod checkpoint;
mod count;
mod counts;
mod counts_io;
mod held_out;
mod job;
mod merge;
mod options;
mod pretokenization;
mod report;
mod runs;
mod segment;
mod spill;
mod svg;
mod table;
#[cfg(test)]
mod tests;
mod trainer;
mod words;

pub use crate::source::{FedTexts, Feeder, FileForm, Invalid};
pub use crate::watch::{Progress, Unwatched, Watch};
pub use count::CountOptions;
pub use counts::PretokenCounts;
pub use job::{Source, Trainer};
pub use options::{ByteOrder, Order, TrainOptions};
pub use pretokenization::Pretokenization;
pub use report::{Curve, Stop, TrainReport};
#[cfg(test)]
pub(crate) use segment::Segmenter;
pub use trainer::{Trained, train_from_counts};
