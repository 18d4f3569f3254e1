//! What the formats share that have ranks: tokens in base64, the canonical rank file and its hash,
//! and what none of them can carry.

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine};
use sha2::{Digest, Sha256};

use crate::definition::{Atoms, Definition, Merges};
use crate::error::{Error, Result, escape, show_bytes, show_text};
use crate::loss::{Loss, LossPart};
use crate::pipeline::Dialect;
use crate::vocab::{TokenKind, Vocab};

/// The six bits of each base64 symbol (RFC 4648, section 4); 0xff for any other byte.
pub(crate) const BITS: [u8; 256] = {
    let mut table = [0xff; 256];
    let symbols = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut index = 0;
    while index < symbols.len() {
        table[symbols[index] as usize] = index as u8;
        index += 1;
    }
    table
};

/// Appends the bytes of a token, or returns false with `arena` as before. Strict base64
/// (RFC 4648): canonical padding, no stray bits. A lone `=` is the empty token of Whisper's file.
///
/// Tokens are a few symbols long, where the call into the base64 crate costs more than the
/// decoding; the crate finds the words for what is wrong.
pub(crate) fn decode_into(token: &[u8], arena: &mut Vec<u8>) -> bool {
    if token == b"=" {
        return true;
    }
    let (quads, rest) = token.as_chunks::<4>();
    let (Some((last, quads)), []) = (quads.split_last(), rest) else {
        return false;
    };
    let start = arena.len();
    let mut seen = 0;
    for quad in quads {
        let [a, b, c, d] = quad.map(|symbol| BITS[usize::from(symbol)]);
        seen |= a | b | c | d;
        arena.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    let padding = match last {
        [_, _, b'=', b'='] => 2,
        [_, _, _, b'='] => 1,
        _ => 0,
    };
    let mut bits = [0; 4];
    for (bits, &symbol) in bits.iter_mut().zip(&last[..4 - padding]) {
        *bits = BITS[usize::from(symbol)];
        seen |= *bits;
    }
    let [a, b, c, d] = bits;
    let bytes = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    let (bytes, stray) = bytes.split_at(3 - padding);
    arena.extend_from_slice(bytes);
    if seen > 0x3f || stray.iter().any(|&byte| byte != 0) {
        arena.truncate(start);
        return false;
    }
    true
}

/// What is wrong with text that [`decode_into`] does not take.
pub(crate) fn not_base64(token: &[u8]) -> String {
    let reason = match STANDARD.decode(token) {
        Err(DecodeError::InvalidByte(offset, byte)) => {
            format!("symbol {} at offset {offset}", show_bytes(&[byte]))
        }
        Err(DecodeError::InvalidLastSymbol { .. }) => "bits behind its last byte".to_owned(),
        Err(DecodeError::InvalidPadding) => "wrong padding".to_owned(),
        Err(DecodeError::InvalidLength(_)) | Ok(_) => "wrong length".to_owned(),
    };
    let shown = show_text(&String::from_utf8_lossy(token));
    format!("`{shown}` is not base64: {reason}")
}

/// The rank file of a vocab in its canonical form: sorted by rank, LF line ends.
pub fn write_ranks(vocab: &Vocab) -> Vec<u8> {
    let mut out = Vec::with_capacity(vocab.len() * 20);
    let mut encoded = String::new();
    for token in vocab.iter() {
        if token.bytes.is_empty() {
            // How OpenAI's Whisper writes its empty token; `load_tiktoken_bpe` needs two columns.
            out.push(b'=');
        } else {
            encoded.clear();
            STANDARD.encode_string(token.bytes, &mut encoded);
            out.extend_from_slice(encoded.as_bytes());
        }
        out.push(b' ');
        out.extend_from_slice(token.id.to_string().as_bytes());
        out.push(b'\n');
    }
    out
}

/// The sha256 of the canonical rank file, in hex: the name of the ranks themselves.
///
/// `file` is the file they were read from, if they were: when it is canonical, as published files
/// are, it need not be hashed in another form.
pub fn ranks_sha256(vocab: &Vocab, file: &[u8]) -> String {
    let canonical = write_ranks(vocab);
    sha256_hex(if canonical == file { file } else { &canonical })
}

/// The sha256 in lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let digits = b"0123456789abcdef";
    Sha256::digest(bytes)
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(digits[usize::from(digit)]))
        .collect()
}

/// Checks a file against an expected sha256, given in hex.
///
/// # Errors
///
/// `Data`, with both hashes.
pub fn check_sha256(bytes: &[u8], expected: &str) -> Result<()> {
    compare_sha256(&sha256_hex(bytes), expected)
}

/// The same of a hash.
pub(crate) fn compare_sha256(found: &str, expected: &str) -> Result<()> {
    if found.eq_ignore_ascii_case(expected.trim()) {
        return Ok(());
    }
    Err(Error::data(format!(
        "the sha256 of the file is {found}; expected {}",
        escape(expected, 64)
    ))
    .with_hint(
        "the file was changed, cut short or replaced; line ends changed by git count as a change",
    ))
}

/// The error for a vocab without a token for each of the 256 bytes.
pub fn missing_bytes_error(missing: &[u8]) -> Error {
    let mut shown: Vec<String> = missing
        .iter()
        .take(12)
        .map(|byte| format!("0x{byte:02x}"))
        .collect();
    if missing.len() > shown.len() {
        shown.push("…".to_owned());
    }
    Error::data(format!(
        "{} of the 256 bytes {} no token: {}",
        missing.len(),
        if missing.len() == 1 { "has" } else { "have" },
        shown.join(", ")
    ))
    .with_hint("a file cut short looks like this; compare its sha256 or its number of tokens")
    .with_hint(
        "allow missing bytes (`--allow-missing-bytes`, `allow_missing_bytes=True`) to load it; \
         text with such a byte is then an error",
    )
}

/// The same in words, where it was allowed.
pub(crate) fn missing_bytes_remark(missing: &[u8]) -> String {
    let have = if missing.len() == 1 { "has" } else { "have" };
    format!("{} of the 256 bytes {have} no token", missing.len())
}

/// The one pattern, in tiktoken's dialect.
pub(crate) fn pattern_of(definition: &Definition) -> Result<&str> {
    let pattern = match &definition.pretokenizer {
        Some(pretokenizer) => pretokenizer.as_matches_of(),
        None => return Err(Error::missing("the definition has no pattern")),
    };
    match pattern {
        Some(pattern) if pattern.dialect == Dialect::FancyRegex => Ok(&pattern.text),
        _ => Err(Error::missing(
            "the pretokenizer is not one pattern of tiktoken's kind",
        )),
    }
}

/// Refuses a definition that ranks cannot express.
pub(crate) fn check_by_rank(definition: &Definition) -> Result<()> {
    if definition.atoms != Atoms::Bytes {
        return Err(Error::unsupported(
            "the tokens are made of characters, not bytes; ranks cannot express that",
        ));
    }
    if definition.merges != Merges::ByRank {
        return Err(Error::missing(
            "the definition lists merges; a rank file needs ranks",
        ));
    }
    let mut tokens = definition.vocab.iter();
    match tokens.find(|token| token.kind == TokenKind::Literal) {
        None => Ok(()),
        Some(token) => Err(Error::unsupported(format!(
            "token {} `{}` stands for no bytes; ranks cannot express that",
            token.id,
            show_text(&String::from_utf8_lossy(token.bytes))
        ))),
    }
}

/// What a format drops that knows one pattern and special tokens without flags. `normalizer` says
/// what becomes of a normalizer.
pub(crate) fn losses(definition: &Definition, normalizer: &str) -> Vec<Loss> {
    let mut losses = Vec::new();
    if definition
        .normalizer
        .as_ref()
        .is_some_and(|normalizer| !normalizer.is_neutral())
    {
        losses.push(Loss::refused(LossPart::Normalizer, normalizer));
    }
    let flagged: Vec<_> = definition
        .added_tokens
        .iter()
        .filter(|token| token.lstrip || token.rstrip || token.single_word)
        .collect();
    if let Some(token) = flagged.first() {
        losses.push(Loss::refused(
            LossPart::AddedTokenFlags,
            format!(
                "{} added tokens have `lstrip`, `rstrip` or `single_word`, the first is `{}`",
                flagged.len(),
                show_text(&token.content)
            ),
        ));
    }
    let plain: Vec<_> = definition
        .added_tokens
        .iter()
        .filter(|token| !token.is_special)
        .collect();
    if let Some(token) = plain.first() {
        losses.push(Loss::reported(
            LossPart::NonSpecialTokens,
            format!(
                "{} added tokens that are not special become special, the first is `{}`",
                plain.len(),
                show_text(&token.content)
            ),
        ));
    }
    if definition
        .post_processor
        .as_ref()
        .is_some_and(|processor| !processor.adds_nothing())
    {
        losses.push(Loss::reported(
            LossPart::PostProcessor,
            "tokens put around a text are left to the caller",
        ));
    }
    losses
}
