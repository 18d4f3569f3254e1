#![doc = include_str!("counts_file.md")]

mod dialects;
mod first_line;
mod header;
mod reader;
mod writer;

pub use reader::CountsReader;
pub use writer::CountsWriter;

use crate::pipeline::{Normalizer, Pretokenizer};

/// The name of the format in errors.
const FORMAT: &str = "bpekit-counts";

/// How many bytes the header line may have, its line end included. A header is read before
/// anything in the file is checked.
const HEADER_LEN_LIMIT: usize = 1 << 24;

/// Bytes of the sha256 at the end.
const SHA256_LEN: usize = 32;

/// How much is read or written at a time.
const CHUNK: usize = 1 << 16;

/// What a table of counts says about itself.
///
/// # Examples
///
/// ```
/// use bpekit_formats::{CountsHeader, CountsReader, CountsWriter, Pattern, Pretokenizer};
///
/// let header = CountsHeader {
///     normalizer: None,
///     pretokenizer: Some(Pretokenizer::matches_of(Pattern::fancy(r"\w+|\W"))),
///     special_tokens: vec!["<|endoftext|>".to_owned()],
///     texts: 2,
///     text_bytes: 10,
///     skipped: 0,
///     pretokens: 2,
///     total: 5,
///     min_count: 1,
/// };
/// let mut writer = CountsWriter::new(Vec::new(), &header)?;
/// writer.push(b" the", 3)?;
/// writer.push(b" then", 2)?;
/// let file = writer.finish()?;
///
/// let mut reader = CountsReader::new(file.as_slice())?;
/// assert_eq!(reader.header(), &header);
/// assert_eq!(reader.next()?, Some((b" the".as_slice(), 3)));
/// assert_eq!(reader.next()?, Some((b" then".as_slice(), 2)));
/// assert_eq!(reader.next()?, None);
/// # Ok::<(), bpekit_formats::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::exhaustive_structs)]
pub struct CountsHeader {
    /// What rewrote text before it was cut.
    pub normalizer: Option<Normalizer>,
    /// What cut text; none left it whole.
    pub pretokenizer: Option<Pretokenizer>,
    /// The texts that were cut out first, in the order in which they get their ids.
    pub special_tokens: Vec<String>,
    /// How many texts were counted.
    pub texts: u64,
    /// Their bytes, in UTF-8.
    pub text_bytes: u64,
    /// Entries of the source that hold no text.
    pub skipped: u64,
    /// How many distinct pretokens the table has. Of a file that comes from elsewhere, nothing is
    /// to be allocated for it.
    pub pretokens: u64,
    /// The sum of their counts.
    pub total: u64,
    /// Pretokens that were counted less often may be missing; 1 if none is.
    pub min_count: u64,
}

/// Whether a file that starts so is meant as a table of counts, of whatever version.
///
/// # Examples
///
/// ```
/// use bpekit_formats::counts_file::is_counts_file;
/// assert!(is_counts_file(b"bpekit-counts 1\n{"));
/// assert!(!is_counts_file(b"Once upon a time"));
/// ```
pub fn is_counts_file(start: &[u8]) -> bool {
    start.starts_with(first_line::NAME)
}
