//! Tokens cut into cells, each of which stands for something that can be seen.

use bpekit_formats::TokenId;
use rustc_hash::FxHashSet;
use unicode_width::UnicodeWidthChar;

use crate::error::Result;
use crate::tokenizer::Tokenizer;

/// A text as its tokens.
///
/// # Examples
///
/// ```
/// use bpekit::show::{Shown, TerminalOptions};
/// use bpekit::Tokenizer;
///
/// let tokenizer = Tokenizer::demo()?;
/// let shown = Shown::of(&tokenizer, &tokenizer.encode_ordinary("the cat 日\n")?)?;
/// let plain = TerminalOptions::default();
/// assert_eq!(shown.to_terminal(&plain), "the│ c│at│ │\\xe6│\\x97│\\xa5│↵\n");
/// # Ok::<(), bpekit::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    tokens: Vec<ShownToken>,
}

/// A token of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShownToken {
    /// Its id.
    pub id: TokenId,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether it is a special token.
    pub is_special: bool,
}

impl Shown {
    /// The tokens of these ids.
    ///
    /// # Errors
    ///
    /// `UnknownId` for an id that is none.
    pub fn of(tokenizer: &Tokenizer, ids: &[TokenId]) -> Result<Self> {
        let added = tokenizer.definition().added_tokens.iter();
        let special = added.filter(|token| token.is_special);
        let special: FxHashSet<TokenId> = special.map(|token| token.id).collect();
        let tokens = ids.iter().map(|&id| {
            Ok(ShownToken {
                id,
                bytes: tokenizer.decode_token(id)?,
                is_special: special.contains(&id),
            })
        });
        Ok(Self {
            tokens: tokens.collect::<Result<_>>()?,
        })
    }

    /// The tokens, in order.
    pub fn tokens(&self) -> &[ShownToken] {
        &self.tokens
    }

    /// How many, in words: tokens, characters, and bytes for each token.
    pub fn summary(&self) -> String {
        let bytes: Vec<u8> = self
            .tokens
            .iter()
            .flat_map(|token| &token.bytes)
            .copied()
            .collect();
        let characters = String::from_utf8_lossy(&bytes).chars().count();
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let count = self.tokens.len();
        let hundredths = (100 * bytes.len() + count / 2).checked_div(count);
        let ratio = hundredths.map_or_else(String::new, |hundredths| {
            let (whole, rest) = (hundredths / 100, hundredths % 100);
            format!(", {whole}.{rest:02} bytes a token")
        });
        format!(
            "{count} token{}, {characters} character{}, {} byte{}{ratio}",
            plural(count),
            plural(characters),
            bytes.len(),
            plural(bytes.len()),
        )
    }
}

impl ShownToken {
    /// Its bytes in hexadecimal, with this between two.
    pub fn hex(&self, between: &str) -> String {
        let bytes: Vec<String> = self
            .bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        bytes.join(between)
    }
}

impl From<Vec<ShownToken>> for Shown {
    fn from(tokens: Vec<ShownToken>) -> Self {
        Self { tokens }
    }
}

/// What is printed for a character, or for a byte that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// How many columns of a terminal it takes.
    pub(super) width: usize,
    pub(super) kind: Kind,
}

/// How a cell stands for what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// By itself.
    Plain,
    /// By a sign, or by its number.
    Sign,
    /// By a sign, and it ends the line.
    LineEnd,
}

/// The cells of a token. Nothing of them steers a terminal or joins what stands before.
pub(super) fn cells(bytes: &[u8]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for part in bytes.utf8_chunks() {
        for character in part.valid().chars() {
            add(&mut cells, character);
        }
        // Half a character, or no character at all.
        for byte in part.invalid() {
            cells.push(sign(format!("\\x{byte:02x}")));
        }
    }
    cells
}

fn add(cells: &mut Vec<Cell>, character: char) {
    let cell = match character {
        '\n' => Cell {
            text: "↵".to_owned(),
            width: 1,
            kind: Kind::LineEnd,
        },
        '\t' => sign("→".to_owned()),
        '\r' => sign("␍".to_owned()),
        // Not seen, but it changes how others are.
        _ if is_steering(character) => sign(format!("\\u{{{:x}}}", character as u32)),
        _ => match character.width() {
            None => sign(format!("\\x{:02x}", character as u32)),
            // A mark, on what stands before it in the same token.
            Some(0) => match cells.last_mut() {
                Some(before) if before.kind == Kind::Plain => {
                    before.text.push(character);
                    return;
                }
                _ => Cell {
                    text: format!("◌{character}"),
                    width: 1,
                    kind: Kind::Plain,
                },
            },
            Some(width) => Cell {
                text: character.to_string(),
                width,
                kind: Kind::Plain,
            },
        },
    };
    cells.push(cell);
}

fn sign(text: String) -> Cell {
    Cell {
        width: text.chars().count(),
        text,
        kind: Kind::Sign,
    }
}

/// Joiners, directions, fillers and selectors.
fn is_steering(character: char) -> bool {
    matches!(
        character as u32,
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
            | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f
            | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff
    )
}
