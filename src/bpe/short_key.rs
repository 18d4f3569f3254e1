//! A short pretoken as one number, for tables that are keyed by the bytes themselves.

use std::ops::Range;

/// The longest pretoken that has a key, in bytes.
pub(crate) const SHORT: usize = 15;

/// The key of the pretoken `source[range]`: its bytes, padded with zeros, and its length in the last
/// byte. Pretokens of the same key are the same; no key is 0. None if the pretoken is longer than
/// [`SHORT`], or empty.
///
/// The bytes behind the pretoken are read along, so that it is loaded in one go.
#[inline]
pub(crate) fn short_key(source: &[u8], range: &Range<usize>) -> Option<u128> {
    let len = range.end.wrapping_sub(range.start);
    if len.wrapping_sub(1) >= SHORT {
        return None;
    }
    let loaded = match source.get(range.start..)?.first_chunk::<16>() {
        Some(chunk) => u128::from_le_bytes(*chunk) & MASKS[len],
        None => pad(source.get(range.clone())?),
    };
    Some(loaded | (len as u128) << 120)
}

/// Keeps the first bytes of sixteen.
const MASKS: [u128; 16] = {
    let mut masks = [0; 16];
    let mut len = 1;
    while len < 16 {
        masks[len] = masks[len - 1] << 8 | 0xff;
        len += 1;
    }
    masks
};

/// Stands for the key of a pretoken that has none. No pretoken has it.
pub(super) const NO_KEY: u128 = 0;

/// As [`short_key`], without a branch on the length: [`NO_KEY`] if there is none.
#[inline]
pub(super) fn short_key_or_none(source: &[u8], start: usize, end: usize) -> u128 {
    let len = end.wrapping_sub(start);
    match source.get(start..).and_then(<[u8]>::first_chunk::<16>) {
        Some(chunk) => {
            let (mask, len) = LENGTHS[len.min(SHORT + 1)];
            u128::from_le_bytes(*chunk) & mask | u128::from(len) << 64
        }
        None => short_key(source, &(start..end)).unwrap_or(NO_KEY),
    }
}

/// By length: what keeps the bytes of a key, and the upper half of what is added to them; nothing
/// where there is no key.
const LENGTHS: [(u128, u64); SHORT + 2] = {
    let mut lengths = [(0, 0); SHORT + 2];
    let mut len = 1;
    while len <= SHORT {
        lengths[len] = (MASKS[len], (len as u64) << 56);
        len += 1;
    }
    lengths
};

#[cold]
fn pad(pretoken: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    bytes[..pretoken.len()].copy_from_slice(pretoken);
    u128::from_le_bytes(bytes)
}

/// The bytes of a key.
pub(crate) fn key_bytes(key: u128) -> ([u8; 16], usize) {
    let mut bytes = key.to_le_bytes();
    let len = usize::from(std::mem::take(&mut bytes[SHORT]));
    (bytes, len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_all_short_pretokens_apart() {
        // All texts over two bytes up to six, one of them the padding, and longer ones that differ
        // in one byte.
        let mut texts: Vec<Vec<u8>> = Vec::new();
        for len in 1..=6 {
            for bits in 0..1 << len {
                texts.push((0..len).map(|at| bits >> at & 1).collect());
            }
        }
        for len in 7..=SHORT {
            for at in 0..len {
                let mut text = vec![b'a'; len];
                text[at] = b'b';
                texts.push(text);
            }
        }
        let mut keys = Vec::new();
        for text in &texts {
            let key = short_key(text, &(0..text.len())).unwrap();
            let (bytes, len) = key_bytes(key);
            assert_eq!(&bytes[..len], text);
            for (before, behind) in [("", "x"), ("xyz", ""), ("x", "0123456789abcdefg")] {
                let source = [before.as_bytes(), text, behind.as_bytes()].concat();
                let start = before.len();
                let range = start..start + text.len();
                assert_eq!(short_key(&source, &range), Some(key));
                assert_eq!(short_key_or_none(&source, range.start, range.end), key);
            }
            keys.push(key);
        }
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), texts.len());
        assert!(!keys.contains(&0));
        for (source, range) in [
            (&[b'a'; 40][..], 3..19),
            (&[b'a'; 40], 0..40),
            (b"abc", 1..1),
        ] {
            assert_eq!(short_key(source, &range), None);
            assert_eq!(short_key_or_none(source, range.start, range.end), NO_KEY);
        }
    }
}
