//! Bytes that may stand inside a text, and texts that hold them.

use crate::pretokenize::Cutting;

/// Whether bytes may stand inside one pretoken: inside a text at all, and not across what the
/// pattern always cuts. "No" is certain.
pub(super) fn can_stand(bytes: &[u8], cutting: Option<&Cutting>) -> bool {
    is_inside_text(bytes) && cutting.is_none_or(|cutting| cutting.can_hold(bytes))
}

/// Whether bytes are a part of some valid UTF-8.
pub(super) fn is_inside_text(bytes: &[u8]) -> bool {
    bytes.is_empty() || !texts_holding(bytes, 1).is_empty()
}

/// Texts that hold these bytes and no more characters than that takes, at most `limit` of them.
pub(super) fn texts_holding(bytes: &[u8], limit: usize) -> Vec<String> {
    let head = bytes
        .iter()
        .take_while(|byte| is_continuation(**byte))
        .count();
    let mut texts = Vec::new();
    for before in beginnings(&bytes[..head], bytes.len() == head) {
        let mut text = before;
        text.extend_from_slice(bytes);
        end_well(&text, limit - texts.len(), &mut texts);
        if texts.len() >= limit {
            break;
        }
    }
    texts.truncate(limit);
    texts
}

fn is_continuation(byte: u8) -> bool {
    (0x80..0xc0).contains(&byte)
}

/// What can stand before bytes that continue a character. Where nothing follows them, the
/// character need not be whole.
fn beginnings(rest: &[u8], is_all: bool) -> Vec<Vec<u8>> {
    if rest.is_empty() {
        return vec![Vec::new()];
    }
    if rest.len() > 3 {
        return Vec::new();
    }
    let mut found = Vec::new();
    for lead in 0xc2..=0xf4_u8 {
        let needed = match lead {
            0xc2..=0xdf => 1,
            0xe0..=0xef => 2,
            _ => 3,
        };
        let Some(missing) = usize::checked_sub(needed, rest.len()) else {
            continue;
        };
        // The bytes between the lead and those given; one choice in four is enough to find texts.
        let steps: &[u8] = &[0x80, 0x90, 0xa0, 0xb0, 0x8f, 0x9f, 0xaf, 0xbf];
        let mut middles: Vec<Vec<u8>> = vec![Vec::new()];
        for _ in 0..missing {
            middles = middles
                .iter()
                .flat_map(|middle| {
                    steps.iter().map(move |step| {
                        let mut longer = middle.clone();
                        longer.push(*step);
                        longer
                    })
                })
                .collect();
        }
        for middle in middles {
            let mut before = vec![lead];
            before.extend(middle);
            let mut whole = before.clone();
            whole.extend_from_slice(rest);
            if std::str::from_utf8(&whole).is_ok() {
                found.push(before);
            } else if is_all && missing > 0 {
                // Fewer bytes in front, and the end is left to be completed.
                let mut shorter = vec![lead];
                shorter.extend_from_slice(rest);
                if is_begun_character(&shorter) {
                    found.push(vec![lead]);
                }
            }
        }
    }
    found.dedup();
    found
}

/// Whether bytes are the beginning of one character.
fn is_begun_character(bytes: &[u8]) -> bool {
    matches!(std::str::from_utf8(bytes), Err(error)
        if error.valid_up_to() == 0 && error.error_len().is_none())
}

/// Completes the last character; adds what is valid then. Of the many ways to complete one, first
/// those that give a character of another kind than those before, as patterns cut by kind.
fn end_well(text: &[u8], limit: usize, texts: &mut Vec<String>) {
    let error = match std::str::from_utf8(text) {
        Ok(valid) => {
            texts.push(valid.to_owned());
            return;
        }
        Err(error) => error,
    };
    if error.error_len().is_some() {
        return;
    }
    let mut kinds = Vec::new();
    let mut others = Vec::new();
    let begun = text.to_vec();
    let mut waiting = vec![begun];
    while let Some(begun) = waiting.pop() {
        match std::str::from_utf8(&begun) {
            Ok(whole) => {
                let kind = whole.chars().next_back().map(kind_of);
                if kinds.contains(&kind) {
                    others.push(whole.to_owned());
                } else {
                    kinds.push(kind);
                    texts.push(whole.to_owned());
                }
            }
            Err(error) if error.error_len().is_none() => {
                // Of four bytes, the planes in a row would be 262,144.
                let step = if begun.len() - error.valid_up_to() == 1 && begun.last() >= Some(&0xf0)
                {
                    8
                } else {
                    1
                };
                waiting.extend((0x80..=0xbf_u8).rev().step_by(step).map(|next| {
                    let mut longer = begun.clone();
                    longer.push(next);
                    longer
                }));
            }
            Err(_) => {}
        }
    }
    let room = limit.saturating_sub(kinds.len());
    texts.extend(others.into_iter().take(room));
}

/// What patterns mostly tell apart.
fn kind_of(character: char) -> [bool; 5] {
    [
        character.is_alphabetic(),
        character.is_lowercase(),
        character.is_uppercase(),
        character.is_numeric(),
        character.is_whitespace(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completes_characters_at_both_ends() {
        for text in ["aé", "日本", "🚀x", "ü"] {
            let bytes = text.as_bytes();
            for start in 0..bytes.len() {
                for end in start + 1..=bytes.len() {
                    let part = &bytes[start..end];
                    let found = texts_holding(part, 5);
                    assert!(!found.is_empty() && found.len() <= 5, "{part:x?}");
                    for text in found {
                        let mut windows = text.as_bytes().windows(part.len());
                        assert!(windows.any(|window| window == part));
                    }
                }
            }
        }
        for bytes in [
            &[0xc0][..],
            &[0xff],
            &[0xf5, 0x80],
            &[b'a', 0x80],
            &[0x80; 4],
            &[0xed, 0xa0],
        ] {
            assert!(!is_inside_text(bytes), "{bytes:x?}");
        }
        assert!(is_inside_text(b""));
    }
}
