//! A page on this machine alone: one types a text and sees what two tokenizers make of it, opens
//! tokenizers and writes them in other formats.
//!
//! [`App`] is what the page can ask for, as functions: `shelf` holds the open tokenizers, `view`
//! shows a text, `files` takes files in and gives converted ones out. `http` puts them behind
//! addresses, and refuses whoever is not this page.

mod app;
mod files;
mod http;
mod shelf;
mod view;

pub(crate) use app::App;
pub(crate) use http::{bind, serve};
