//! The error type of the engine: an error of a file, or of using a tokenizer.

use std::fmt;

use bpekit_formats::{show_bytes, show_text};

/// An error of this crate. One word wide.
///
/// # Examples
///
/// ```
/// let tokenizer = bpekit::Tokenizer::demo()?;
/// let error = tokenizer.decode_bytes(&[9999]).unwrap_err();
/// assert!(matches!(error.kind(), bpekit::ErrorKind::UnknownId(9999)));
/// # Ok::<(), bpekit::Error>(())
/// ```
pub struct Error(Box<ErrorKind>);

/// What went wrong, with its facts.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Reading, writing or converting a file.
    File(bpekit_formats::Error),
    /// The text contains a special token which the caller did not allow.
    DisallowedSpecial(String),
    /// No token has this id.
    UnknownId(u32),
    /// No token has these bytes.
    UnknownToken(Vec<u8>),
    /// The vocab has no token for this byte of the text, and no unknown token.
    MissingByte(u8),
    /// The vocab has no token for this character of the text, and no unknown token.
    MissingCharacter(char),
    /// A pattern does not compile, or gave up on a text.
    Pattern {
        /// The pattern, as given.
        pattern: String,
        /// Why.
        reason: String,
    },
    /// The bytes of the tokens are not UTF-8.
    NotUtf8 {
        /// The bytes.
        bytes: Vec<u8>,
        /// How many of them are.
        valid_up_to: usize,
    },
    /// No file of a published encoding is on this machine.
    NotFound {
        /// The name of the encoding.
        name: String,
        /// Where it was looked for, and what is wrong with files that are there.
        looked: Vec<String>,
    },
    /// An argument that cannot be.
    Argument(String),
    /// The caller asked to stop.
    Interrupted,
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Makes an error of a kind.
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(kind))
    }

    /// An argument that cannot be.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Argument(message.into()))
    }

    pub(crate) fn pattern(pattern: &str, reason: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Pattern {
            pattern: pattern.to_owned(),
            reason: reason.to_string(),
        })
    }

    /// What went wrong, with its facts.
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// What went wrong, taken out.
    pub fn into_kind(self) -> ErrorKind {
        *self.0
    }

    /// The error of a file, if it is one.
    pub fn file(&self) -> Option<&bpekit_formats::Error> {
        match &*self.0 {
            ErrorKind::File(error) => Some(error),
            _ => None,
        }
    }
}

impl From<bpekit_formats::Error> for Error {
    fn from(error: bpekit_formats::Error) -> Self {
        Self::new(ErrorKind::File(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            ErrorKind::File(error) => write!(f, "{error}"),
            ErrorKind::DisallowedSpecial(token) => write!(
                f,
                "the text contains the special token `{}`, which is not allowed here\n\
                 hint: to encode it as the special token, allow it (`--special`)\n\
                 hint: to encode it as ordinary text, say so (`--ordinary`)",
                show_text(token)
            ),
            ErrorKind::UnknownId(id) => write!(f, "token id {id} is not in the vocab"),
            ErrorKind::UnknownToken(bytes) => {
                write!(f, "{} is not a token", show_bytes(bytes))
            }
            ErrorKind::MissingByte(byte) => {
                write!(
                    f,
                    "the vocab has no token for the byte 0x{byte:02x}, and no unknown token"
                )
            }
            ErrorKind::MissingCharacter(character) => write!(
                f,
                "the vocab has no token for the character U+{:04X}, and no unknown token",
                *character as u32
            ),
            ErrorKind::Pattern { pattern, reason } => {
                write!(f, "pattern `{}`: {reason}", show_text(pattern))
            }
            ErrorKind::NotUtf8 { valid_up_to, .. } => {
                write!(
                    f,
                    "the tokens are not UTF-8 text: invalid byte at {valid_up_to}"
                )
            }
            ErrorKind::NotFound { name, looked } => {
                write!(f, "no file of `{}` is found; looked in:", show_text(name))?;
                for place in looked {
                    write!(f, "\n  {place}")?;
                }
                f.write_str(
                    "\nhint: nothing is downloaded; put the file into a folder that BPEKIT_HOME \
                     names, or pass its path",
                )
            }
            ErrorKind::Argument(message) => f.write_str(message),
            ErrorKind::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.file().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn is_one_word() {
        assert_eq!(size_of::<super::Error>(), size_of::<usize>());
    }
}
