#![doc = include_str!("merge_log.md")]

use std::io::Write;

use sha2::{Digest, Sha256};

use crate::error::{Error, Location, Result, show_text};

const FORMAT: &str = "bpekit-merges";

/// What the header line starts with, in every version.
const NAME: &[u8] = b"bpekit-merges ";

/// What it starts with in the one version there is.
const START: &[u8] = b"bpekit-merges 1 ";

const SETTINGS_LEN: usize = 64;
/// How many bytes the header has. A shorter file has no record, and no settings that are known.
pub const HEADER_LEN: usize = START.len() + SETTINGS_LEN + 1;
const FIELDS_LEN: usize = 24;
const RECORD_LEN: usize = FIELDS_LEN + size_of::<Check>();

const DELETE: &str = "delete the log: merging starts again from the counts";

/// A check value, as it is written.
type Check = [u8; 8];

/// One merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct MergeRecord {
    /// Id of the left token.
    pub left: u32,
    /// Id of the right token.
    pub right: u32,
    /// How often the pair was met when it was chosen.
    pub count: u64,
    /// By how many tokens the merge made the texts shorter.
    pub saved: u64,
}

/// What a log says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergeLog {
    /// The sha256 of the settings, in lower-case hex.
    pub settings: String,
    /// The merges, in their order.
    pub records: Vec<MergeRecord>,
    /// Where to cut the log before more is appended: behind the last whole record.
    pub valid_len: usize,
    /// The last check value.
    check: Check,
}

/// Appends merges to a log.
///
/// Each call writes whole records in one go, and flushes nothing: `out` is a file, not a buffer.
///
/// # Examples
///
/// ```
/// use bpekit_formats::{MergeLogWriter, MergeRecord, merge_log};
///
/// let settings = "0123456789abcdef".repeat(4);
/// let record = MergeRecord { left: 104, right: 101, count: 7, saved: 7 };
/// let mut file = Vec::new();
/// MergeLogWriter::new(&mut file, &settings)?.append(&[record])?;
/// file.extend_from_slice(b"killed here");
///
/// let log = merge_log::read(&file)?;
/// assert_eq!((log.settings.as_str(), log.records.as_slice()), (&*settings, &[record][..]));
/// file.truncate(log.valid_len);
/// MergeLogWriter::resume(&mut file, &log).append(&[record])?;
/// assert_eq!(merge_log::read(&file)?.records, [record, record]);
/// # Ok::<(), bpekit_formats::Error>(())
/// ```
pub struct MergeLogWriter<W> {
    out: W,
    check: Check,
}

impl<W: Write> MergeLogWriter<W> {
    /// Starts a log: writes its header.
    ///
    /// # Errors
    ///
    /// `Data` if `settings` is not 64 lower-case hex digits; `Io`.
    pub fn new(mut out: W, settings: &str) -> Result<Self> {
        if !is_sha256(settings.as_bytes()) {
            return Err(Error::data(format!(
                "settings `{}`; expected 64 lower-case hex digits",
                show_text(settings)
            ))
            .with_format(FORMAT));
        }
        let header = [START, settings.as_bytes(), b"\n"].concat();
        out.write_all(&header)?;
        Ok(Self {
            out,
            check: check_of(&[&header]),
        })
    }

    /// Goes on with a log that was read. `out` stands at [`MergeLog::valid_len`], where the file
    /// is cut.
    pub fn resume(out: W, log: &MergeLog) -> Self {
        Self {
            out,
            check: log.check,
        }
    }

    /// Appends merges.
    ///
    /// # Errors
    ///
    /// `Io`. The end of the log may then be a partial record: read it again before going on.
    pub fn append(&mut self, records: &[MergeRecord]) -> Result<()> {
        let mut bytes = Vec::with_capacity(records.len() * RECORD_LEN);
        let mut check = self.check;
        for record in records {
            let start = bytes.len();
            bytes.extend_from_slice(&record.left.to_le_bytes());
            bytes.extend_from_slice(&record.right.to_le_bytes());
            bytes.extend_from_slice(&record.count.to_le_bytes());
            bytes.extend_from_slice(&record.saved.to_le_bytes());
            check = check_of(&[&check, &bytes[start..]]);
            bytes.extend_from_slice(&check);
        }
        self.out.write_all(&bytes)?;
        self.check = check;
        Ok(())
    }

    /// What is written to, to make it durable.
    pub fn get_ref(&self) -> &W {
        &self.out
    }
}

/// Reads a log. A partial record at the end is left out.
///
/// # Errors
///
/// `Syntax` for a damaged header, `Unsupported` for another version, `Data` for a record whose
/// check value is wrong; each with the byte where it stands and the way out.
pub fn read(bytes: &[u8]) -> Result<MergeLog> {
    let settings = read_header(bytes).map_err(|error| error.with_format(FORMAT))?;
    let (header, body) = bytes.split_at(HEADER_LEN);
    let mut check = check_of(&[header]);
    let mut records = Vec::with_capacity(body.len() / RECORD_LEN);
    for record in body.chunks_exact(RECORD_LEN) {
        let (fields, found) = record.split_at(FIELDS_LEN);
        check = check_of(&[&check, fields]);
        if check != found {
            let at = HEADER_LEN + records.len() * RECORD_LEN;
            return Err(Error::data(format!(
                "the check value of record {} is wrong; expected that of its bytes and the records before",
                records.len()
            ))
            .at(Location::Byte(at))
            .with_hint(DELETE)
            .with_hint(format!("or cut it to {at} bytes: the records before hold"))
            .with_format(FORMAT));
        }
        records.push(MergeRecord {
            left: u32::from_le_bytes(array(fields, 0)),
            right: u32::from_le_bytes(array(fields, 4)),
            count: u64::from_le_bytes(array(fields, 8)),
            saved: u64::from_le_bytes(array(fields, 16)),
        });
    }
    Ok(MergeLog {
        settings,
        valid_len: HEADER_LEN + records.len() * RECORD_LEN,
        records,
        check,
    })
}

/// The settings that the header names.
fn read_header(bytes: &[u8]) -> Result<String> {
    let expected = "expected `bpekit-merges 1` and 64 lower-case hex digits";
    let line = &bytes[..bytes.len().min(HEADER_LEN)];
    let fault_at = |at: usize, fault: String| {
        Err(Error::syntax(format!("{fault}; {expected}"))
            .at(Location::Byte(at))
            .with_hint(DELETE))
    };
    let Some(rest) = line.strip_prefix(START) else {
        if let Some(version) = other_version(line) {
            return Err(Error::unsupported(format!("version {version}; expected 1"))
                .at(Location::Byte(NAME.len()))
                .with_hint("go on with the bpekit that wrote it")
                .with_hint(format!("or {DELETE}")));
        }
        let same = line.iter().zip(START).take_while(|(a, b)| a == b).count();
        let fault = if same == line.len() {
            "the log ends in its header"
        } else if same < NAME.len() {
            "is not a log of merges"
        } else {
            "the header is damaged"
        };
        return fault_at(same, fault.to_owned());
    };
    let digits = &rest[..rest.len().min(SETTINGS_LEN)];
    if let Some(at) = digits.iter().position(|byte| !is_hex_digit(*byte)) {
        return fault_at(START.len() + at, "the header is damaged".to_owned());
    }
    match rest.get(SETTINGS_LEN) {
        Some(b'\n') => Ok(String::from_utf8_lossy(digits).into_owned()),
        Some(_) => fault_at(HEADER_LEN - 1, "the header has no line end".to_owned()),
        None => fault_at(line.len(), "the log ends in its header".to_owned()),
    }
}

/// The number of a version that is not this one.
fn other_version(line: &[u8]) -> Option<String> {
    let rest = line.strip_prefix(NAME)?;
    let len = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let is_version = len > 0 && rest.get(len) == Some(&b' ');
    is_version.then(|| String::from_utf8_lossy(&rest[..len]).into_owned())
}

fn is_hex_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_sha256(text: &[u8]) -> bool {
    text.len() == SETTINGS_LEN && text.iter().all(|&byte| is_hex_digit(byte))
}

fn check_of(parts: &[&[u8]]) -> Check {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    array(&hasher.finalize(), 0)
}

/// So many bytes from a place on, which are there.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut found = [0; N];
    found.copy_from_slice(&bytes[at..at + N]);
    found
}
