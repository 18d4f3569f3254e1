//! Tokens as a piece of HTML for notebooks and pages.

use std::fmt::Write;

use super::cells::{Kind, Shown, ShownToken, cells};

/// Dark text on five light colours, or light text on five dark ones: at least 7 to 1 each.
pub(crate) const STYLE: &str = "\
.bpekit-show{font:14px/1.7 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;color:#111}\
.bpekit-show span{border-radius:3px;padding:1px 0}\
.bpekit-show .t0{background:#b9dcff}.bpekit-show .t1{background:#ffe1a3}.bpekit-show .t2{background:#b7f2c1}\
.bpekit-show .t3{background:#ffc9e3}.bpekit-show .t4{background:#dcd3ff}\
.bpekit-show .special{background:#3b1f6b;color:#fff;font-weight:bold}\
.bpekit-show i{font-style:normal;color:#444}.bpekit-show .special i{color:#ddd}\
.bpekit-show p{margin:.4em 0;color:inherit;font-family:system-ui,sans-serif}\
@media (prefers-color-scheme:dark){.bpekit-show{color:#f4f4f4}\
.bpekit-show .t0{background:#1d3f66}.bpekit-show .t1{background:#5a4300}.bpekit-show .t2{background:#14502a}\
.bpekit-show .t3{background:#6a1f47}.bpekit-show .t4{background:#40307a}\
.bpekit-show i{color:#d0d0d0}}";

impl Shown {
    /// The text with its tokens told apart by colours, as an element with its own style. The id and
    /// the bytes of a token are its title.
    pub fn to_html(&self) -> String {
        let mut out = format!("<div class=\"bpekit-show\"><style>{STYLE}</style>");
        out.push_str(&self.tokens_html());
        // Writing to a string does not fail.
        let _ = write!(out, "<p>{}</p></div>", self.summary());
        out
    }

    /// The tokens of [`Self::to_html`] alone, for a page with the style.
    pub(crate) fn tokens_html(&self) -> String {
        let mut out = String::new();
        for (at, token) in self.tokens().iter().enumerate() {
            push_token(&mut out, token, at);
        }
        out
    }
}

fn push_token(out: &mut String, token: &ShownToken, at: usize) {
    let class = if token.is_special {
        "special".to_owned()
    } else {
        format!("t{}", at % 5)
    };
    let _ = write!(
        out,
        "<span class=\"{class}\" title=\"id {}, bytes {}\">",
        token.id,
        token.hex(" ")
    );
    push_cells(out, &token.bytes, true);
    out.push_str("</span>");
}

/// Bytes as they are shown, on one line.
pub(crate) fn cells_html(bytes: &[u8]) -> String {
    let mut out = String::new();
    push_cells(&mut out, bytes, false);
    out
}

/// What stands for something else is in `i` elements.
fn push_cells(out: &mut String, bytes: &[u8], has_lines: bool) {
    for cell in cells(bytes) {
        let text = escaped_html(&cell.text);
        let _ = match cell.kind {
            Kind::Plain => write!(out, "{text}"),
            Kind::LineEnd if has_lines => write!(out, "<i>{text}</i><br>"),
            Kind::Sign | Kind::LineEnd => write!(out, "<i>{text}</i>"),
        };
    }
}

/// A text in which no character is markup.
pub(crate) fn escaped_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
