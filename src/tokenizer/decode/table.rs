//! The bytes of each token in one line of a table.
//!
//! # Notes on speed
//!
//! A token of up to 15 bytes stands in its line, which is copied whole whatever the token's
//! length: the next token overwrites what is too much. So the common token is one load, one store
//! and no branch on its length. Both are bounds-checked; the place is made large enough for a block
//! of tokens at a time, so that it is there in the cache when they are written.

use bpekit_formats::TokenId;

/// The longest token that stands in its line.
const INLINE: usize = LINE - 1;
const LINE: usize = 16;

/// The last byte of a line whose token stands in the arena.
const LONG: u8 = 0x40;
/// The last byte of a line without a token.
const NONE: u8 = 0x80;

/// How many tokens are written at a time.
const BLOCK: usize = 256;

/// Room for the longer tokens of a block, beside a line for each token.
const SLACK: usize = 512;

/// Token bytes by id.
pub(super) struct Table {
    lines: Vec<Line>,
    /// The bytes of the longer tokens.
    arena: Vec<u8>,
}

/// Up to 15 bytes of a token, then their number; or the place of a longer one in the arena.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Line([u8; LINE]);

impl Line {
    const EMPTY: Self = Self([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NONE]);

    fn tag(self) -> u8 {
        self.0[INLINE]
    }

    fn number(self, at: usize) -> usize {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.0[at..at + 4]);
        u32::from_ne_bytes(bytes) as usize
    }
}

impl Table {
    /// A table of `count` lines, which hold the tokens below that id. Of two tokens with one id
    /// the last counts.
    pub(super) fn new<'a>(count: usize, tokens: impl Iterator<Item = (TokenId, &'a [u8])>) -> Self {
        let mut table = Self {
            lines: vec![Line::EMPTY; count],
            arena: Vec::new(),
        };
        for (id, bytes) in tokens {
            let start = table.arena.len();
            let Some(line) = table.lines.get_mut(id as usize) else {
                continue;
            };
            *line = Line::EMPTY;
            if let Some(place) = line.0[..INLINE].get_mut(..bytes.len()) {
                place.copy_from_slice(bytes);
                line.0[INLINE] = bytes.len() as u8;
            } else if let (Ok(start), Ok(len)) = (u32::try_from(start), u32::try_from(bytes.len()))
            {
                line.0[..4].copy_from_slice(&start.to_ne_bytes());
                line.0[4..8].copy_from_slice(&len.to_ne_bytes());
                line.0[INLINE] = LONG;
                table.arena.extend_from_slice(bytes);
            }
            // A token that fits neither has no line, as one above the table.
        }
        table
    }

    /// The bytes of a token; `None` if the table has none, which says nothing of the vocab.
    pub(super) fn bytes(&self, id: TokenId) -> Option<&[u8]> {
        let line = self.lines.get(id as usize)?;
        match line.tag() {
            NONE => None,
            LONG => self
                .arena
                .get(line.number(0)..line.number(0) + line.number(4)),
            len => line.0.get(..usize::from(len)),
        }
    }

    /// Appends the bytes of the tokens up to the first that the table does not have, and says how
    /// many those are.
    pub(super) fn append(&self, ids: &[TokenId], out: &mut Vec<u8>) -> usize {
        let mut count = 0;
        while let Some(rest) = ids.get(count..).filter(|rest| !rest.is_empty()) {
            let block = &rest[..rest.len().min(BLOCK)];
            let start = out.len();
            out.resize(start + block.len() * LINE + SLACK, 0);
            let (done, left) = self.fill(block, &mut out[start..]);
            out.truncate(out.len() - left);
            count += done;
            if done == block.len() {
                continue;
            }
            // A token without a line, or one that is longer than the place.
            let Some(bytes) = self.bytes(block[done]) else {
                break;
            };
            out.extend_from_slice(bytes);
            count += 1;
        }
        count
    }

    /// Writes the bytes of the tokens to a place, up to the first that the table does not have or
    /// that does not fit. Gives the number of tokens and of bytes left.
    fn fill(&self, ids: &[TokenId], place: &mut [u8]) -> (usize, usize) {
        let mut rest = place;
        for (count, &id) in ids.iter().enumerate() {
            let Some(line) = self.lines.get(id as usize) else {
                return (count, rest.len());
            };
            if line.tag() <= INLINE as u8
                && let Some(place) = rest.first_chunk_mut::<LINE>()
            {
                *place = line.0;
                rest = &mut rest[usize::from(line.tag())..];
            } else if let Some(bytes) = self.bytes(id)
                && bytes.len() <= rest.len()
            {
                rest[..bytes.len()].copy_from_slice(bytes);
                rest = &mut rest[bytes.len()..];
            } else {
                return (count, rest.len());
            }
        }
        (ids.len(), rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tokens of every length about the line's, many of them the last of a text.
    #[test]
    fn gives_what_joining_gives() {
        let mut random = 1_u32;
        let mut next = move |below: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) % below
        };
        let tokens: Vec<Vec<u8>> = (0..600)
            .map(|_| {
                let len = if next(4) == 0 { next(60) } else { next(18) };
                let bound = if next(4) == 0 { 256 } else { 128 };
                (0..len).map(|_| next(bound) as u8).collect()
            })
            .collect();
        // Every third id is a hole, and the last ones lie above the table.
        let has_token = |id: u32| id % 3 != 1;
        let by_id = (0_u32..).zip(&tokens).filter(|(id, _)| has_token(*id));
        let table = Table::new(500, by_id.map(|(id, bytes)| (id, bytes.as_slice())));
        for round in 0..20_000 {
            let count = if round % 100 == 0 {
                next(2000)
            } else {
                next(12)
            };
            let bound = if round % 3 == 0 { 620 } else { 499 };
            let skip = |id: u32| {
                if id % 3 == 1 && round % 3 == 1 {
                    id - 1
                } else {
                    id
                }
            };
            let ids: Vec<u32> = (0..count).map(|_| skip(next(bound))).collect();
            let has_line = |id: &u32| has_token(*id) && *id < 500;
            let known = ids.iter().position(|id| !has_line(id));
            let known = known.unwrap_or(ids.len());
            let mut expected = b"before".to_vec();
            expected.extend(ids[..known].iter().flat_map(|id| &tokens[*id as usize]));
            let mut out = b"before".to_vec();
            assert_eq!(table.append(&ids, &mut out), known, "{ids:?}");
            assert_eq!(out, expected, "{ids:?}");
        }
        let long = [b'x'; 3 * SLACK + BLOCK * LINE];
        let table = Table::new(2, [(0, &long[..]), (1, b"y")].into_iter());
        let mut out = Vec::new();
        assert_eq!(table.append(&[1, 0, 1, 0, 2], &mut out), 4);
        assert_eq!(out, [b"y", &long[..], b"y", &long[..]].concat());
    }

    #[test]
    fn the_last_of_two_tokens_counts() {
        let tokens = [(0, &b"a token of more than a line"[..]), (0, b"b")];
        assert_eq!(Table::new(1, tokens.into_iter()).bytes(0), Some(&b"b"[..]));
        assert_eq!(
            Table::new(1, tokens.into_iter().rev()).bytes(0),
            Some(tokens[0].1)
        );
    }
}
