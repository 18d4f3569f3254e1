//! The integration tests, in one program so that they are linked once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as expected"
)]

mod cli;
mod cli_counts;
mod cli_docs;
mod cli_id_file;
mod cli_train;
mod cli_train_refused;
mod conversions_page;
mod convert_matrix;
mod fixtures;
mod gguf;
mod layers;
mod refusals;
mod support;
mod train;
mod vectors;
