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
    } else if looks_like_sentencepiece(start) {
        (
            "looks like a SentencePiece model, which this version cannot read",
            Some(
                "`tokenizer.model` names two formats: SentencePiece, and tiktoken ranks (Llama 3)",
            ),
        )
    } else if start.starts_with(b"bpekit-counts ") {
        (
            "is a file of pretoken counts, not a tokenizer",
            Some(
                "`bpekit counts show FILE` says what it holds, and `bpekit train FILE` trains on it",
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

/// The first field of a model is a piece: tag 0x0a, its length, then tag 0x0a for the piece's
/// text, then tag 0x15 for its score or 0x18 for its type (`sentencepiece_model.proto`,
/// `ModelProto.pieces`, `SentencePiece`). The text alone could be blank lines.
fn looks_like_sentencepiece(start: &[u8]) -> bool {
    let [0x0a, len, 0x0a, text_len, rest @ ..] = start else {
        return false;
    };
    text_len < len && *len < 0x80 && matches!(rest.get(usize::from(*text_len)), Some(0x15 | 0x18))
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
            (b"\x0a\x0e\x0a\x05<unk>\x15", "SentencePiece"),
            (b" <!DOCTYPE html>", "web page"),
            (b"bpekit-counts 1\n{", "counts"),
            (b"version https://git-lfs.github.com/spec/v1\n", "LFS"),
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
            b"GGUF\x03\0\0\0",
            b"ctiktokenabc 5\n",
            b"bpekit-countsabc 5\n",
        ] {
            assert!(recognise(bytes).is_none());
        }
    }
}
