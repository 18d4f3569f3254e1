//! `Vocab`: token id ⇄ bytes, in any order and with holes.
//!
//! All token bytes lie in one arena, in the order of ids. Lookup by bytes goes through one
//! open-addressed table, so that building a vocab of 200,000 tokens allocates a handful of times.
//! Nothing is renumbered and nothing is repaired: a token or an id given twice is an error.

mod builder;
mod index;

use std::fmt;

pub use self::builder::VocabBuilder;

use self::builder::kind_of;
use self::index::Index;
pub(crate) use self::index::Key;

/// The integer a model sees.
pub type TokenId = u32;

/// What the text of a vocab entry is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Bytes that merges work on, found by [`Vocab::id_of`].
    Ordinary,
    /// A string with a character outside the byte alphabet in a byte-level vocab: no merge and no
    /// pretoken can be it. Found by [`Vocab::id_of_literal`]; its bytes are its UTF-8.
    Literal,
}

/// One entry of a vocab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Token<'a> {
    /// The token id.
    pub id: TokenId,
    /// Its bytes, possibly none (Whisper's rank file has an empty token).
    pub bytes: &'a [u8],
    /// What the bytes are.
    pub kind: TokenKind,
}

/// Why a vocab could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Duplicate {
    /// The bytes of these two ids are the same.
    Token(TokenId, TokenId),
    /// Two tokens have this id.
    Id(TokenId),
}

/// Zeros behind the tokens, so that each is a [`Key`] at once.
const PADDING: usize = 16;

/// Token id ⇄ bytes.
///
/// # Examples
///
/// ```
/// use bpekit_formats::Vocab;
///
/// let vocab = Vocab::from_tokens([(7, b"a".as_slice()), (3, b"bc")]).unwrap();
/// assert_eq!(vocab.id_of(b"bc"), Some(3));
/// assert_eq!(vocab.bytes(7), Some(b"a".as_slice()));
/// assert_eq!(vocab.bytes(4), None); // a hole
/// assert_eq!(vocab.iter().map(|token| token.id).collect::<Vec<_>>(), [3, 7]);
/// ```
#[derive(Clone, Default)]
pub struct Vocab {
    /// The bytes of all tokens, and [`PADDING`].
    arena: Vec<u8>,
    /// Where each token starts in the arena, times two, plus one for a literal; then where the
    /// last one ends. Not cut to 32 bits, so that no arena is too long for it.
    bounds: Vec<u64>,
    /// Ascending; empty where each id is its own position, as in most vocabs.
    ids: Vec<TokenId>,
    index: Index,
    /// Positions of the literal tokens, sorted by text.
    literals: Vec<u32>,
}

impl Vocab {
    /// A vocab of ordinary tokens.
    ///
    /// # Errors
    ///
    /// [`Duplicate`] if a token or an id is given twice.
    pub fn from_tokens<'a>(
        tokens: impl IntoIterator<Item = (TokenId, &'a [u8])>,
    ) -> Result<Self, Duplicate> {
        let mut builder = VocabBuilder::default();
        for (id, bytes) in tokens {
            builder.push(id, bytes, TokenKind::Ordinary);
        }
        builder.finish()
    }

    /// The number of tokens; holes do not count.
    #[inline]
    pub fn len(&self) -> usize {
        self.bounds.len().saturating_sub(1)
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The largest id.
    pub fn max_id(&self) -> Option<TokenId> {
        let last = self.len().checked_sub(1)?;
        Some(self.id_at(last))
    }

    /// The longest token, in bytes.
    pub fn max_token_len(&self) -> usize {
        let ends = self.bounds.windows(2);
        ends.map(|pair| (pair[1] >> 1) - (pair[0] >> 1))
            .max()
            .unwrap_or(0) as usize
    }

    /// The bytes of a token.
    #[inline]
    pub fn bytes(&self, id: TokenId) -> Option<&[u8]> {
        self.position(id).map(|position| self.slice(position))
    }

    /// The token of that id.
    pub fn token(&self, id: TokenId) -> Option<Token<'_>> {
        self.position(id).map(|position| self.at(position))
    }

    /// The ordinary token with these bytes.
    #[inline]
    pub fn id_of(&self, bytes: &[u8]) -> Option<TokenId> {
        self.position_of(Key::new(bytes))
            .map(|position| self.id_at(position))
    }

    /// As [`Self::id_of`] for `text[range]`: faster where 16 more bytes stand behind its start, which
    /// are read along and have no influence.
    ///
    /// # Panics
    ///
    /// If the range is not in the text.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit_formats::Vocab;
    /// let vocab = Vocab::from_tokens([(7, b"bc".as_slice())]).unwrap();
    /// assert_eq!(vocab.id_of_inside(b"abcdefghijklmnopqrst", 1..3), Some(7));
    /// ```
    #[inline]
    pub fn id_of_inside(&self, text: &[u8], range: std::ops::Range<usize>) -> Option<TokenId> {
        self.position_of(Key::inside(text, range))
            .map(|position| self.id_at(position))
    }

    /// Where the ordinary token with these bytes stands in the order of ids.
    #[inline]
    pub(crate) fn position_of(&self, key: Key<'_>) -> Option<usize> {
        self.index.find(key, |position| self.key(position).is(key))
    }

    /// Whether an ordinary token with these bytes stands at the position.
    #[inline]
    pub(crate) fn is_ordinary(&self, position: usize, key: Key<'_>) -> bool {
        position < self.len()
            && self.key(position).is(key)
            && kind_of(self.bounds[position]) == TokenKind::Ordinary
    }

    /// The ordinary tokens with these byte strings, in the same order, appended to `ids`.
    ///
    /// As many calls of [`Self::id_of`], but step by step for all of them: a large vocab is not in
    /// the cache, and so its memory is waited for together, not one string after the other.
    pub fn ids_of(&self, strings: &[&[u8]], ids: &mut Vec<Option<TokenId>>) {
        let (groups, rest) = strings.as_chunks::<32>();
        for group in groups {
            let positions = self.positions_of(&group.map(Key::new));
            ids.extend(positions.map(|position| position.map(|position| self.id_at(position))));
        }
        ids.extend(rest.iter().map(|bytes| self.id_of(bytes)));
    }

    /// As [`Self::position_of`] for each string.
    #[inline]
    pub(crate) fn positions_of<const N: usize>(&self, keys: &[Key<'_>; N]) -> [Option<usize>; N] {
        // No step asks what the one before it has found, and so none waits for it: a token that
        // is not looked for does no harm.
        let Some(last) = self.len().checked_sub(1) else {
            return [None; N];
        };
        let slots = self.index.first(keys);
        let mut held = [Key::default(); N];
        for (held, &slot) in held.iter_mut().zip(&slots) {
            *held = self.key(self.index.position(slot).min(last));
        }
        let mut positions = [None; N];
        for (at, position) in positions.iter_mut().enumerate() {
            *position = if held[at].is(keys[at]) && !slots[at].is_free() {
                Some(self.index.position(slots[at]))
            } else {
                self.index
                    .find_on(slots[at], |other| self.key(other).is(keys[at]))
            };
        }
        positions
    }

    /// The literal token with this text.
    pub fn id_of_literal(&self, text: &str) -> Option<TokenId> {
        self.literals
            .binary_search_by(|&position| self.slice(position as usize).cmp(text.as_bytes()))
            .ok()
            .map(|found| self.id_at(self.literals[found] as usize))
    }

    /// The tokens in the order of their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Token<'_>> + DoubleEndedIterator {
        (0..self.len()).map(|position| self.at(position))
    }

    /// The token at a position in the order of ids.
    ///
    /// # Panics
    ///
    /// If `position` is not below [`Self::len`].
    #[inline]
    pub fn at(&self, position: usize) -> Token<'_> {
        Token {
            id: self.id_at(position),
            bytes: self.slice(position),
            kind: kind_of(self.bounds[position]),
        }
    }

    /// Where the id stands in the order of ids.
    #[inline]
    pub fn position(&self, id: TokenId) -> Option<usize> {
        if self.ids.is_empty() {
            return Some(id as usize).filter(|&position| position < self.len());
        }
        // Most others are dense from another id, or have few holes.
        let guess = id.checked_sub(self.ids[0])? as usize;
        if self.ids.get(guess) == Some(&id) {
            return Some(guess);
        }
        self.ids.binary_search(&id).ok()
    }

    /// The bytes among the 256 that are not a token of their own.
    pub fn missing_bytes(&self) -> Vec<u8> {
        (0..=255)
            .filter(|&byte| self.id_of(&[byte]).is_none())
            .collect()
    }

    /// The id of the token at a position below [`Self::len`].
    #[inline]
    pub(crate) fn id_at(&self, position: usize) -> TokenId {
        if self.ids.is_empty() {
            position as TokenId
        } else {
            self.ids[position]
        }
    }

    /// The bytes of the token at a position below [`Self::len`].
    #[inline]
    pub(crate) fn slice(&self, position: usize) -> &[u8] {
        let range = self.range(position);
        &self.arena[range]
    }

    /// These bytes, to be compared.
    #[inline]
    fn key(&self, position: usize) -> Key<'_> {
        Key::inside(&self.arena, self.range(position))
    }

    /// Where these bytes are among those of all tokens, in the order of ids.
    #[inline]
    pub(crate) fn range(&self, position: usize) -> std::ops::Range<usize> {
        (self.bounds[position] >> 1) as usize..(self.bounds[position + 1] >> 1) as usize
    }
}

impl PartialEq for Vocab {
    fn eq(&self, other: &Self) -> bool {
        // Each vocab has one form.
        self.bounds == other.bounds && self.ids == other.ids && self.arena == other.arena
    }
}

impl fmt::Debug for Vocab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vocab")
            .field("len", &self.len())
            .field("max_id", &self.max_id())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_tokens_in_any_order_and_with_holes() {
        let tokens: Vec<(u32, Vec<u8>)> = (0..5000_u32)
            .rev()
            .map(|n| (n * 3, n.to_string().into_bytes()))
            .collect();
        let vocab = Vocab::from_tokens(tokens.iter().map(|(id, b)| (*id, b.as_slice()))).unwrap();
        for (id, bytes) in &tokens {
            assert_eq!(vocab.bytes(*id), Some(bytes.as_slice()));
            assert_eq!(vocab.id_of(bytes), Some(*id));
            assert_eq!(vocab.bytes(id + 1), None);
        }
        let strings: Vec<&[u8]> = tokens
            .iter()
            .flat_map(|(_, bytes)| [&bytes[..], b"x", b""])
            .collect();
        let mut ids = Vec::new();
        vocab.ids_of(&strings, &mut ids);
        let one_by_one: Vec<_> = strings.iter().map(|bytes| vocab.id_of(bytes)).collect();
        assert_eq!(ids, one_by_one);
        Vocab::default().ids_of(&[b"x"], &mut ids);
        assert_eq!(ids.last(), Some(&None));
        assert_eq!(vocab.id_of(b"x"), None);
        assert_eq!(vocab.max_id(), Some(4999 * 3));
    }

    #[test]
    fn refuses_duplicates() {
        let twice = Vocab::from_tokens([(1, b"a".as_slice()), (1, b"b")]);
        assert_eq!(twice, Err(Duplicate::Id(1)));
        let twice = Vocab::from_tokens([(9, b"a".as_slice()), (2, b"a")]);
        assert_eq!(twice, Err(Duplicate::Token(2, 9)));
        let mut builder = VocabBuilder::default();
        builder.push(0, "日".as_bytes(), TokenKind::Literal);
        builder.push(1, "日".as_bytes(), TokenKind::Ordinary);
        let vocab = builder.finish().unwrap();
        assert_eq!(
            (vocab.id_of("日".as_bytes()), vocab.id_of_literal("日")),
            (Some(1), Some(0))
        );
    }

    #[test]
    fn keeps_the_empty_token() {
        let vocab = Vocab::from_tokens([(0, b"a".as_slice()), (1, b"")]).unwrap();
        assert_eq!(vocab.id_of(b""), Some(1));
    }
}
