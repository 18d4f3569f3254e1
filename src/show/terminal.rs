//! Tokens on a terminal, or in a text.

use super::cells::{Cell, Kind, Shown, ShownToken, cells};

/// How tokens are printed as lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct TerminalOptions {
    /// Whether tokens are told apart by colours; else by bars between them.
    pub has_color: bool,
    /// The columns after which a line is broken; 0 for none.
    pub width: usize,
}

/// Black on five light colours, which can be read on any background.
const COLORS: [u8; 5] = [153, 222, 157, 218, 189];
const SPECIAL: &str = "\x1b[1;38;5;231;48;5;54m";
const RESET: &str = "\x1b[0m";
const BAR: &str = "│";

impl Shown {
    /// The text with its tokens told apart, in whole lines.
    pub fn to_terminal(&self, options: &TerminalOptions) -> String {
        let mut lines = Lines {
            out: String::new(),
            column: 0,
            width: match options.width {
                0 => usize::MAX,
                width => width,
            },
        };
        for (at, token) in self.tokens().iter().enumerate() {
            let style = options.has_color.then(|| style(token, at));
            if style.is_none() && at > 0 && lines.column > 0 {
                lines.put(BAR, 1, None);
            }
            for cell in cells(&token.bytes) {
                lines.put_cell(&cell, style.as_deref());
            }
        }
        lines.end();
        lines.out
    }
}

fn style(token: &ShownToken, at: usize) -> String {
    if token.is_special {
        return SPECIAL.to_owned();
    }
    format!("\x1b[38;5;16;48;5;{}m", COLORS[at % COLORS.len()])
}

struct Lines {
    out: String,
    column: usize,
    width: usize,
}

impl Lines {
    fn put_cell(&mut self, cell: &Cell, style: Option<&str>) {
        self.put(&cell.text, cell.width, style);
        if cell.kind == Kind::LineEnd {
            self.out.push('\n');
            self.column = 0;
        }
    }

    /// Each cell has its colour for itself: a line may be cut anywhere, by whatever prints it.
    fn put(&mut self, text: &str, width: usize, style: Option<&str>) {
        // What is wider than a line stands on one for itself.
        if self.column > 0 && self.column + width > self.width {
            self.out.push('\n');
            self.column = 0;
        }
        match style {
            Some(style) => {
                // One that goes on is not said again.
                if self.out.ends_with(RESET) && self.goes_on(style) {
                    self.out.truncate(self.out.len() - RESET.len());
                } else {
                    self.out.push_str(style);
                }
                self.out.push_str(text);
                self.out.push_str(RESET);
            }
            None => self.out.push_str(text),
        }
        self.column += width;
    }

    /// Whether the last cell has this style.
    fn goes_on(&self, style: &str) -> bool {
        let before = &self.out[..self.out.len() - RESET.len()];
        let start = before.rfind('\x1b');
        start.is_some_and(|start| before[start..].starts_with(style))
    }

    fn end(&mut self) {
        if self.column > 0 {
            self.out.push('\n');
            self.column = 0;
        }
    }
}
