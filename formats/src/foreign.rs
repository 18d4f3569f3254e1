//! Kinds of file that are handed in by mistake: recognised by their first bytes and named, never
//! opened.

use crate::error::Error;

/// An error which names the kind of file, if it is one that is often confused with a tokenizer.
pub(crate) fn recognise(bytes: &[u8]) -> Option<Error> {
    let start = &bytes[..bytes.len().min(4096)];
    let (what, hint) = if bytes.is_empty() {
        ("the file is empty; no tokens", None)
    } else if start.starts_with(&[0xef, 0xbb, 0xbf]) {
        // Left to the codec, which has the right words for a byte-order mark.
        return None;
    } else if start.starts_with(b"PK\x03\x04") {
        (
            "looks like a ZIP archive (a PyTorch checkpoint, perhaps), not a tokenizer file",
            None,
        )
    } else if looks_like_pickle(start) {
        (
            "looks like a Python pickle, which is never opened: loading one runs its code",
            Some(
                "where the pickle was made, write its ranks with `bpekit.Tokenizer(enc.name, \
                 pat_str=enc._pat_str, mergeable_ranks=enc._mergeable_ranks, \
                 special_tokens=enc._special_tokens).save(\"NAME.tiktoken\")`",
            ),
        )
    } else if start.starts_with(b"bpekit-counts ") {
        (
            "is a file of pretoken counts, not a tokenizer",
            Some(
                "`bpekit counts show FILE` says what it holds, and `bpekit train FILE` trains on it",
            ),
        )
    } else if looks_like_tkv(start) {
        (
            "looks like a packed vocab (TKV1) of the Rust crate `tiktoken`, a format of its own",
            Some(
                "where the crate is at hand, write its tokens as lines of `<base64> <rank>`, or take \
                 the `.tiktoken` or tokenizer.json that the tokenizer's makers publish",
            ),
        )
    } else if start.starts_with(b"version https://git-lfs") {
        (
            "is a Git LFS pointer, not the file itself",
            Some("fetch the content with `git lfs pull`"),
        )
    } else if starts_with_markup(start) {
        (
            "looks like a web page, not a tokenizer file; a download that failed, perhaps",
            None,
        )
    } else if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        ("is UTF-16 text; expected UTF-8", None)
    } else {
        return None;
    };
    let error = Error::syntax(what);
    Some(match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    })
}

/// Protocol 2 and later start with `\x80 N`; earlier ones with an opcode, here the usual `(` and
/// `c` of a mapping or a class, and end with a full stop.
fn looks_like_pickle(start: &[u8]) -> bool {
    matches!(start, [0x80, 2..=5, ..])
        || start.starts_with(b"ctiktoken.")
        || start.starts_with(b"ctiktoken\n")
        || start.starts_with(b"c__builtin__")
        || start.starts_with(b"(dp0\n")
        || start.starts_with(b"ccopy_reg\n")
}

/// Its name and version, then the number of tokens as four bytes in front of their lengths. A rank
/// file, of which `TKV1` may be the first token, has no NUL.
fn looks_like_tkv(start: &[u8]) -> bool {
    start
        .strip_prefix(b"TKV1")
        .is_some_and(|rest| rest.iter().take(8).any(|&byte| byte == 0))
}

/// The error of another format for a SentencePiece model, which shares the name `tokenizer.model`
/// with tiktoken's ranks.
pub(crate) fn recognise_sentencepiece(bytes: &[u8]) -> Option<Error> {
    looks_like_sentencepiece(bytes).then(|| {
        Error::syntax("looks like a SentencePiece model").with_hint(
            "`tokenizer.model` names two formats, `sentencepiece` and `tiktoken` (Llama 3); \
             without a format's name, the content tells",
        )
    })
}

/// Whether it starts as a SentencePiece model does. The first field is a piece: tag 0x0a, its
/// length, then tag 0x0a for the piece's text, then tag 0x15 for its score or 0x18 for its type
/// (`sentencepiece_model.proto`, `ModelProto.pieces`, SentencePiece). The text alone could be
/// blank lines.
pub(crate) fn looks_like_sentencepiece(bytes: &[u8]) -> bool {
    // Longer than any piece.
    let start = &bytes[..bytes.len().min(1 << 14)];
    let inside = |bytes: &mut &[u8]| {
        let rest = bytes.strip_prefix(b"\x0a")?;
        *bytes = rest;
        prost::decode_length_delimiter(bytes).ok()
    };
    let mut rest = start;
    let Some(len) = inside(&mut rest) else {
        return false;
    };
    // A file that is cut off within its first piece is one all the same.
    let mut piece = &rest[..len.min(rest.len())];
    let text_len = inside(&mut piece).filter(|&len| len > 0);
    let behind = text_len.and_then(|len| piece.get(len));
    matches!(behind, Some(0x15 | 0x18))
}

/// Whether it starts as a file of minbpe does. The line could be a merge in a list of GPT-2 too, of
/// tokens that no first merge has.
pub(crate) fn looks_like_minbpe(bytes: &[u8]) -> bool {
    bytes.starts_with(b"minbpe v")
}

fn starts_with_markup(start: &[u8]) -> bool {
    let text = start.trim_ascii_start();
    let begins =
        |tag: &[u8]| text.len() >= tag.len() && text[..tag.len()].eq_ignore_ascii_case(tag);
    begins(b"<!doctype") || begins(b"<html") || begins(b"<?xml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_foreign_files_and_no_others() {
        for (bytes, word) in [
            (b"\x80\x04\x95abc".as_slice(), "pickle"),
            (b"PK\x03\x04..", "ZIP"),
            (b" <!DOCTYPE html>", "web page"),
            (b"bpekit-counts 1\n{", "counts"),
            (b"version https://git-lfs.github.com/spec/v1\n", "LFS"),
            (b"TKV1!O\x02\0\0\0\0\0\x01\x01", "TKV1"),
            (b"", "no tokens"),
        ] {
            assert!(
                recognise(bytes).unwrap().to_string().contains(word),
                "{word}"
            );
        }
        for bytes in [
            b"IQ== 0\n".as_slice(),
            b"{\"model\": 1}",
            b"\nIQ== 0\n",
            b"\n\nabcd",
            b"\n\r\n\nIQ== 0\n",
            b"GGUF 300\n",
            b"TKV1 300\n",
            b"GGUF\x03\0\0\0",
            b"ctiktokenabc 5\n",
            b"bpekit-countsabc 5\n",
        ] {
            assert!(recognise(bytes).is_none());
        }
    }
    #[test]
    fn a_model_is_known_by_its_first_piece() {
        let long = [&b"\x0a\xd1\x01\x0a\xc8\x01"[..], &[b'x'; 200], b"\x15"].concat();
        for model in [
            &b"\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\x02"[..],
            b"\x0a\x0e\x0a\x05<unk>\x15",
            b"\x0a\x09\x0a\x05<unk>\x18\x02",
            &long,
        ] {
            assert!(looks_like_sentencepiece(model), "{model:?}");
            assert!(recognise(model).is_none());
        }
        for other in [
            &b""[..],
            b"\n",
            b"\n\n\n\n",
            b"\n\r\n\nIQ== 0\n",
            b"\x0a\x06\x0a\x00\x15\0\0\0\0",
            b"\n\nabcd",
            b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"{\"model\": 1}",
        ] {
            assert!(!looks_like_sentencepiece(other), "{other:?}");
        }
    }
}
