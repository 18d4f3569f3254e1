//! Tokens to look at: in colours on a terminal, or as HTML.
//!
//! `cells` cuts tokens into what can be printed, `terminal` and `html` print it.

mod cells;
mod html;
mod terminal;
#[cfg(test)]
mod tests;

pub use cells::{Shown, ShownToken};
pub(crate) use html::STYLE;
pub(crate) use html::{cells_html, escaped_html};
pub use terminal::TerminalOptions;
