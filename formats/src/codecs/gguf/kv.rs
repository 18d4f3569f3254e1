//! The container: the header and its key-value pairs. What stands behind them, the names and places
//! of tensors and the tensors, is never looked at.

use std::borrow::Cow;

use crate::codec::Extent;
use crate::error::{Error, Location, Result, show_text};

pub(super) const MAGIC: &[u8; 4] = b"GGUF";

/// The version that is written; version 2 differs from it in nothing that is read here.
pub(super) const VERSION: u32 = 3;

/// The ids of the types of values (ggml `gguf.h`, `gguf_type`).
pub(super) mod kind {
    pub(in super::super) const U8: u32 = 0;
    pub(in super::super) const I8: u32 = 1;
    pub(in super::super) const U16: u32 = 2;
    pub(in super::super) const I16: u32 = 3;
    pub(in super::super) const U32: u32 = 4;
    pub(in super::super) const I32: u32 = 5;
    pub(in super::super) const F32: u32 = 6;
    pub(in super::super) const BOOL: u32 = 7;
    pub(in super::super) const STRING: u32 = 8;
    pub(in super::super) const ARRAY: u32 = 9;
    pub(in super::super) const U64: u32 = 10;
    pub(in super::super) const I64: u32 = 11;
    pub(in super::super) const F64: u32 = 12;
}

/// What a type is called, for a message.
pub(super) fn kind_name(kind: u32) -> Cow<'static, str> {
    const NAMES: [&str; 13] = [
        "u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64",
        "f64",
    ];
    match NAMES.get(kind as usize) {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(format!("type {kind}")),
    }
}

/// The bytes of a value of fixed size.
fn size_of(kind: u32) -> Option<u64> {
    match kind {
        kind::U8 | kind::I8 | kind::BOOL => Some(1),
        kind::U16 | kind::I16 => Some(2),
        kind::U32 | kind::I32 | kind::F32 => Some(4),
        kind::U64 | kind::I64 | kind::F64 => Some(8),
        _ => None,
    }
}

/// A key and its value, as it stands in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) kind: u32,
    pub(super) value: &'a [u8],
}

/// The longest key there may be (GGUF specification, `gguf_metadata_kv_t`).
const KEY_LIMIT: u64 = 65_535;

/// Why a walk over the pairs stops before their end.
enum Stop {
    /// The bytes are too few: so many are needed from the start, at least.
    Short {
        needed: u64,
        at: usize,
        what: &'static str,
    },
    /// Something is wrong with them.
    Wrong(Error),
}

impl Stop {
    fn wrong(at: usize, error: Error) -> Self {
        Self::Wrong(error.at(Location::Byte(at)))
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, len: u64, what: &'static str) -> Result<&'a [u8], Stop> {
        let rest = &self.bytes[self.at..];
        let taken = usize::try_from(len).ok().and_then(|len| rest.get(..len));
        let Some(taken) = taken else {
            let needed = len.saturating_add(self.at as u64);
            let at = self.at;
            return Err(Stop::Short { needed, at, what });
        };
        self.at += taken.len();
        Ok(taken)
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, Stop> {
        Ok(u32_of(self.take(4, what)?))
    }

    fn u64(&mut self, what: &'static str) -> Result<u64, Stop> {
        Ok(u64_of(self.take(8, what)?))
    }

    /// The header; gives the number of pairs.
    fn header(&mut self) -> Result<u64, Stop> {
        self.take(4, "the header")?;
        let at = self.at;
        let version = self.u32("the header")?;
        check_version(version).map_err(|error| Stop::wrong(at, error))?;
        self.u64("the header")?;
        self.u64("the header")
    }

    fn entry(&mut self) -> Result<Entry<'a>, Stop> {
        let at = self.at;
        let len = self.u64("a key")?;
        if len > KEY_LIMIT {
            let error = Error::data(format!(
                "a key of {len} bytes; expected at most {KEY_LIMIT}"
            ));
            return Err(Stop::wrong(at, error));
        }
        let key = self.take(len, "a key")?;
        let Ok(key) = std::str::from_utf8(key) else {
            return Err(Stop::wrong(at, Error::data("a key is not UTF-8")));
        };
        let kind = self.u32("a value")?;
        let start = self.at;
        self.pass_over(key, kind)?;
        Ok(Entry {
            key,
            kind,
            value: &self.bytes[start..self.at],
        })
    }

    fn pass_over(&mut self, key: &str, kind: u32) -> Result<(), Stop> {
        let wrong = |error: Error| Stop::Wrong(error.at_json(show_text(key)));
        if kind == kind::BOOL {
            let value = self.take(1, "a value")?;
            return match value {
                [0 | 1] => Ok(()),
                _ => Err(wrong(Error::data(format!(
                    "a bool is {}; expected 0 or 1",
                    value[0]
                )))),
            };
        }
        if let Some(size) = size_of(kind) {
            return self.take(size, "a value").map(drop);
        }
        match kind {
            kind::STRING => {
                let len = self.u64("a value")?;
                self.take(len, "a value").map(drop)
            }
            kind::ARRAY => {
                let item = self.u32("an array")?;
                let count = self.u64("an array")?;
                match (item, size_of(item)) {
                    (_, Some(size)) => {
                        let len = count.saturating_mul(size);
                        self.take(len, "an array").map(drop)
                    }
                    (kind::STRING, None) => {
                        // Each has its length in front, so that a count can be told to be too high
                        // before they are gone over.
                        let least = count.saturating_mul(8).saturating_add(self.at as u64);
                        if least > self.bytes.len() as u64 {
                            return Err(Stop::Short {
                                needed: least,
                                at: self.at,
                                what: "an array",
                            });
                        }
                        for _ in 0..count {
                            let len = self.u64("an array")?;
                            self.take(len, "an array")?;
                        }
                        Ok(())
                    }
                    _ => Err(wrong(Error::unsupported(format!(
                        "an array of values of {}",
                        kind_name(item)
                    )))),
                }
            }
            kind => Err(wrong(Error::data(format!(
                "a value of type {kind}, which does not exist"
            )))),
        }
    }
}

fn check_version(version: u32) -> Result<()> {
    match version {
        2 | 3 => Ok(()),
        1 => Err(
            Error::unsupported("version 1 of GGUF; expected 2 or 3").with_hint(
                "version 1 was in use for a few days of August 2023; convert the model anew",
            ),
        ),
        version if (1..=3).contains(&version.swap_bytes()) => Err(Error::unsupported(
            "a big-endian file; expected a little-endian one",
        )
        .with_hint("llama.cpp's `gguf_convert_endian.py` turns it")),
        version => Err(Error::unsupported(format!(
            "version {version} of GGUF; expected 2 or 3"
        ))),
    }
}

/// Every pair of the file, in its order.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Entry<'_>>> {
    let mut cursor = Cursor { bytes, at: 0 };
    let mut read = || -> Result<Vec<Entry<'_>>, Stop> {
        let count = cursor.header()?;
        let mut entries = Vec::new();
        for _ in 0..count {
            entries.push(cursor.entry()?);
        }
        Ok(entries)
    };
    read().map_err(|stop| match stop {
        Stop::Wrong(error) => error,
        // Not where the bytes end: they may be the start of a longer file.
        Stop::Short { at, what, .. } => Error::syntax(format!("the file ends inside {what}"))
            .at(Location::Byte(at))
            .with_hint("a file cut short looks like this"),
    })
}

/// How much of a file is needed to have every pair.
pub(super) fn extent(start: &[u8]) -> Extent {
    if !is_gguf(start) {
        return Extent::Whole;
    }
    let mut cursor = Cursor {
        bytes: start,
        at: 0,
    };
    let mut walk = || -> Result<(), Stop> {
        let count = cursor.header()?;
        for _ in 0..count {
            cursor.entry()?;
        }
        Ok(())
    };
    match walk() {
        // What is wrong is said by whoever reads it.
        Ok(()) | Err(Stop::Wrong(_)) => Extent::Enough,
        Err(Stop::Short { needed, .. }) => Extent::More { needed },
    }
}

/// Whether the file starts as one. The version's low byte tells it from a rank file whose first
/// token is `GGUF` in base64.
pub(super) fn is_gguf(start: &[u8]) -> bool {
    matches!(start, [b'G', b'G', b'U', b'F', 0..=8, ..])
}

fn u32_of(bytes: &[u8]) -> u32 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn u64_of(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The values that are read.
impl<'a> Entry<'a> {
    fn wrong(&self, expected: &str) -> Error {
        let found = match self.kind {
            kind::ARRAY => format!("an array of {}", kind_name(u32_of(self.value))),
            kind => kind_name(kind).into_owned(),
        };
        Error::data(format!("is of type {found}; expected {expected}")).at_json(show_text(self.key))
    }

    pub(super) fn text(&self) -> Result<&'a str> {
        if self.kind != kind::STRING {
            return Err(self.wrong("string"));
        }
        std::str::from_utf8(&self.value[8..])
            .map_err(|_| Error::data("is not UTF-8").at_json(show_text(self.key)))
    }

    pub(super) fn flag(&self) -> Result<bool> {
        match (self.kind, self.value) {
            (kind::BOOL, [value]) => Ok(*value != 0),
            _ => Err(self.wrong("bool")),
        }
    }

    /// A token id. Writers other than llama.cpp's give them in other widths.
    pub(super) fn id(&self) -> Result<u64> {
        let signed = |value: i64| {
            u64::try_from(value).map_err(|_| {
                Error::data(format!("is {value}; expected a token id")).at_json(show_text(self.key))
            })
        };
        match self.kind {
            kind::U32 => Ok(u32_of(self.value).into()),
            kind::U64 => Ok(u64_of(self.value)),
            kind::I32 => signed(u32_of(self.value).cast_signed().into()),
            kind::I64 => signed(u64_of(self.value).cast_signed()),
            _ => Err(self.wrong("u32")),
        }
    }

    pub(super) fn strings(&self) -> Result<Strings<'a>> {
        if self.kind != kind::ARRAY || u32_of(self.value) != kind::STRING {
            return Err(self.wrong("an array of string"));
        }
        Ok(Strings {
            key: self.key,
            rest: &self.value[12..],
            index: 0,
            count: u64_of(&self.value[4..]),
        })
    }

    pub(super) fn integers(&self) -> Result<impl ExactSizeIterator<Item = i32> + use<'a>> {
        let item = u32_of(self.value);
        if self.kind != kind::ARRAY || !matches!(item, kind::I32 | kind::U32) {
            return Err(self.wrong("an array of i32"));
        }
        Ok(self.value[12..]
            .chunks_exact(4)
            .map(|bytes| u32_of(bytes).cast_signed()))
    }

    pub(super) fn floats(&self) -> Result<impl ExactSizeIterator<Item = f32> + use<'a>> {
        if self.kind != kind::ARRAY || u32_of(self.value) != kind::F32 {
            return Err(self.wrong("an array of f32"));
        }
        Ok(self.value[12..]
            .chunks_exact(4)
            .map(|bytes| f32::from_bits(u32_of(bytes))))
    }
}

/// The texts of an array.
#[derive(Clone)]
pub(super) struct Strings<'a> {
    key: &'a str,
    rest: &'a [u8],
    index: u64,
    count: u64,
}

impl Strings<'_> {
    /// How many there are in all.
    pub(super) fn total(&self) -> u64 {
        self.count
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = Result<&'a str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.index == self.count {
            return None;
        }
        let index = self.index;
        self.index += 1;
        // The lengths were checked when the array was passed over.
        let (len, rest) = self.rest.split_at_checked(8)?;
        let (text, rest) = rest.split_at_checked(u64_of(len) as usize)?;
        self.rest = rest;
        let text = std::str::from_utf8(text).map_err(|_| {
            Error::data("is not UTF-8").at_json(format!("{}[{index}]", show_text(self.key)))
        });
        Some(text)
    }
}

/// The start of a file: magic, version, and how many tensors and pairs follow.
pub(super) fn write_header(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&0_u64.to_le_bytes());
    out.extend_from_slice(&(count as u64).to_le_bytes());
}

/// A key and the type of the value that follows.
pub(super) fn write_key(key: &str, kind: u32, out: &mut Vec<u8>) {
    write_text(key, out);
    out.extend_from_slice(&kind.to_le_bytes());
}

pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn write_array_head(item: u32, count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&item.to_le_bytes());
    out.extend_from_slice(&(count as u64).to_le_bytes());
}
