//! `model.vocab`, straight into a vocab.

use super::cursor::{Cursor, Separator};
use crate::byte_alphabet;
use crate::definition::Atoms;
use crate::limits::Limits;
use crate::vocab::{TokenKind, Vocab, VocabBuilder};

/// Longer tokens take the way of those with escapes.
const MAX_TOKEN: usize = 256;

/// Scans the object of token to id.
pub(super) fn scan(cursor: &mut Cursor<'_>, atoms: Atoms, limits: &Limits) -> Option<Vocab> {
    // The vocab keeps lengths and positions in 32 bits.
    let len_limit = limits.token_len.min(u64::from(u32::MAX));
    let count_limit = limits.token_count.min(u64::from(u32::MAX));
    // About right for a document of many merges; untouched memory costs nothing.
    let rest = cursor.bytes.len() - cursor.at;
    let mut builder = VocabBuilder::with_capacity(rest / 128, rest / 16);
    let mut bytes = Vec::new();
    let mut colon = Separator::default();
    let mut comma = Separator::default();
    cursor.eat_between(b'{')?;
    cursor.eat(b'"')?;
    loop {
        // Behind the quote that opens the token.
        let start = cursor.at;
        let out = &mut builder.spare(MAX_TOKEN)[..MAX_TOKEN];
        let mut kind = TokenKind::Ordinary;
        let mut len = match atoms {
            Atoms::Bytes => cursor.byte_level(out),
            Atoms::Characters => 0,
        };
        if atoms == Atoms::Characters || cursor.eat(b'"').is_none() {
            cursor.at = start - 1;
            let text = cursor.text()?;
            bytes.clear();
            if atoms == Atoms::Characters || !byte_alphabet::decode_into(&text, &mut bytes) {
                bytes.extend_from_slice(text.as_bytes());
                if atoms == Atoms::Bytes {
                    kind = TokenKind::Literal;
                }
            }
            len = bytes.len();
            builder.spare(len)[..len].copy_from_slice(&bytes);
        }
        colon.step(cursor, |cursor| cursor.eat_between(b':').map(|()| true))?;
        let id = cursor.token_id()?;
        if len as u64 > len_limit || builder.len() as u64 >= count_limit {
            return None;
        }
        builder.seal(id, len, kind);
        let has_more = comma.step(cursor, |cursor| {
            cursor.space();
            if cursor.eat(b'}').is_some() {
                return Some(false);
            }
            cursor.eat_between(b',')?;
            cursor.eat(b'"').map(|()| true)
        })?;
        if !has_more {
            return builder.finish().ok();
        }
    }
}
