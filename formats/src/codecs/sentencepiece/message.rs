//! The message of a model: its fields one after the other, and those of the messages in it that
//! mean something for encoding.
//!
//! The outermost message is taken apart here and not by prost, so that millions of pieces need no
//! memory beside the vocab, and so that errors know their place.

use prost::Message;

use crate::error::{Error, Location, Result};

/// `ModelProto.SentencePiece`. The names of fields stand in messages.
#[derive(Clone, PartialEq, Message)]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the layout"
)]
pub(super) struct Piece {
    #[prost(string, optional, tag = "1")]
    pub(super) piece: Option<String>,
    #[prost(float, optional, tag = "2")]
    pub(super) score: Option<f32>,
    #[prost(int32, optional, tag = "3")]
    pub(super) r#type: Option<i32>,
}

/// `ModelProto.SentencePiece.Type`.
pub(super) mod piece_type {
    pub(in super::super) const NORMAL: i32 = 1;
    pub(in super::super) const UNKNOWN: i32 = 2;
    pub(in super::super) const CONTROL: i32 = 3;
    pub(in super::super) const USER_DEFINED: i32 = 4;
    pub(in super::super) const UNUSED: i32 = 5;
    pub(in super::super) const BYTE: i32 = 6;
}

/// `TrainerSpec`, without what is about training alone.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TrainerSpec {
    #[prost(int32, optional, tag = "3")]
    pub(super) model_type: Option<i32>,
    #[prost(bool, optional, tag = "24")]
    pub(super) treat_whitespace_as_suffix: Option<bool>,
    #[prost(bool, optional, tag = "35")]
    pub(super) byte_fallback: Option<bool>,
    #[prost(string, optional, tag = "44")]
    pub(super) unk_surface: Option<String>,
    #[prost(string, optional, tag = "45")]
    pub(super) unk_piece: Option<String>,
    #[prost(string, optional, tag = "46")]
    pub(super) bos_piece: Option<String>,
    #[prost(string, optional, tag = "47")]
    pub(super) eos_piece: Option<String>,
    #[prost(string, optional, tag = "48")]
    pub(super) pad_piece: Option<String>,
}

/// `TrainerSpec.ModelType`.
pub(super) mod model_type {
    pub(in super::super) const UNIGRAM: i32 = 1;
    pub(in super::super) const BPE: i32 = 2;
    pub(in super::super) const WORD: i32 = 3;
    pub(in super::super) const CHAR: i32 = 4;
}

/// What `unk_surface` is where it is not given.
pub(super) const UNK_SURFACE: &str = " \u{2047} ";

/// `NormalizerSpec`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct NormalizerSpec {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(bytes = "vec", optional, tag = "2")]
    pub(super) precompiled_charsmap: Option<Vec<u8>>,
    #[prost(bool, optional, tag = "3")]
    pub(super) add_dummy_prefix: Option<bool>,
    #[prost(bool, optional, tag = "4")]
    pub(super) remove_extra_whitespaces: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    pub(super) escape_whitespaces: Option<bool>,
}

/// The numbers of the fields of `ModelProto`.
pub(super) const PIECES: u64 = 1;
pub(super) const TRAINER_SPEC: u64 = 2;
pub(super) const NORMALIZER_SPEC: u64 = 3;
pub(super) const SELF_TEST_DATA: u64 = 4;
pub(super) const DENORMALIZER_SPEC: u64 = 5;

/// A field of the outermost message.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) number: u64,
    /// Where it starts in the file.
    pub(super) start: usize,
    /// All its bytes.
    pub(super) whole: &'a [u8],
    /// What it holds, if that has a length of its own: a message, or a text.
    pub(super) content: Option<&'a [u8]>,
}

/// Calls `sink` with each field in turn.
pub(super) fn for_each_field<'a>(
    bytes: &'a [u8],
    mut sink: impl FnMut(Field<'a>) -> Result<()>,
) -> Result<()> {
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let field = next_field(bytes, &mut at)
            .map_err(|what| Error::syntax(what).at(Location::Byte(start)))?;
        sink(field)?;
    }
    Ok(())
}

fn next_field<'a>(bytes: &'a [u8], at: &mut usize) -> Result<Field<'a>, &'static str> {
    const CUT: &str = "the file ends within a field; expected the rest of a SentencePiece model";
    let start = *at;
    let tag = varint(bytes, at).ok_or("no field of a SentencePiece model starts here")?;
    let mut content = None;
    let end = match tag & 7 {
        0 => {
            varint(bytes, at).ok_or(CUT)?;
            Some(*at)
        }
        1 => at.checked_add(8),
        5 => at.checked_add(4),
        2 => {
            let len = varint(bytes, at).ok_or(CUT)?;
            let end = usize::try_from(len)
                .ok()
                .and_then(|len| at.checked_add(len));
            content = end.and_then(|end| bytes.get(*at..end));
            end
        }
        _ => return Err("no field of a SentencePiece model starts here"),
    };
    *at = end.filter(|&end| end <= bytes.len()).ok_or(CUT)?;
    let number = tag >> 3;
    if number == 0 || number >= 1 << 29 {
        return Err("no field of a SentencePiece model starts here");
    }
    Ok(Field {
        number,
        start,
        whole: &bytes[start..*at],
        content,
    })
}

/// A number of seven bits a byte, the lowest first.
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        let bits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 63 && bits > 1 {
            return None;
        }
        number |= bits << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_ten_bytes_at_most() {
        let read = |bytes: &[u8]| varint(bytes, &mut 0);
        assert_eq!(read(&[0x96, 0x01]), Some(150));
        assert_eq!(read(&[0xff; 10]), None);
        let largest = [&[0xff; 9][..], &[1]].concat();
        assert_eq!(read(&largest), Some(u64::MAX));
        let too_large = [&[0xff; 9][..], &[2]].concat();
        assert_eq!(read(&too_large), None);
        assert_eq!(read(&[0x80]), None);
    }
}
