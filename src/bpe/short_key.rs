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
            }
            keys.push(key);
        }
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), texts.len());
        assert!(!keys.contains(&0));
        assert_eq!(short_key(&[b'a'; 40], &(3..19)), None);
        assert_eq!(short_key(b"abc", &(1..1)), None);
    }
}
