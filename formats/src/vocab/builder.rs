//! `VocabBuilder`: tokens in any order to a vocab.

use super::index::Index;
use super::{Duplicate, PADDING, TokenId, TokenKind, Vocab};

/// Collects tokens in any order; [`Self::finish`] sorts and checks them.
#[derive(Default)]
pub struct VocabBuilder {
    /// The bytes of the tokens, then unused ones of any value, up to `end`: whoever fills them in
    /// checks for room once a token and not once a byte.
    arena: Vec<u8>,
    end: usize,
    /// Where each token starts, times two, plus one for a literal.
    starts: Vec<u64>,
    /// Empty as long as each id is the number of tokens before it.
    ids: Vec<TokenId>,
    /// Working memory.
    scratch: Vec<u8>,
}

impl VocabBuilder {
    /// Room for `count` tokens with `len` bytes in all.
    pub fn with_capacity(count: usize, len: usize) -> Self {
        Self {
            // Zeros from the system are not touched before they are used.
            arena: vec![0; len],
            end: 0,
            // One more: where the last token ends.
            starts: Vec::with_capacity(count + 1),
            ids: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// The number of tokens so far.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no token yet.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Adds a token.
    ///
    /// # Panics
    ///
    /// If the token has 4 GiB or more, which every reader checks before.
    pub fn push(&mut self, id: TokenId, bytes: &[u8], kind: TokenKind) {
        self.spare(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.seal(id, bytes.len(), kind);
    }

    /// Adds a token whose bytes `fill` appends to the empty buffer it is given. If `fill` fails,
    /// the builder is as it was before.
    ///
    /// # Panics
    ///
    /// As [`Self::push`].
    pub fn push_with<E>(
        &mut self,
        id: TokenId,
        kind: TokenKind,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        let filled = fill(&mut bytes);
        if filled.is_ok() {
            self.push(id, &bytes, kind);
        }
        self.scratch = bytes;
        filled
    }

    /// At least so many bytes, of any value, to write the next token into; [`Self::seal`] adds it.
    #[inline]
    pub(crate) fn spare(&mut self, len: usize) -> &mut [u8] {
        if self.arena.len() - self.end < len {
            self.grow(len);
        }
        &mut self.arena[self.end..]
    }

    #[cold]
    fn grow(&mut self, len: usize) {
        let needed = self.end + len;
        self.arena.resize(needed.max(self.end * 2), 0);
    }

    /// Adds the token that was written into the first `len` bytes of [`Self::spare`].
    #[inline]
    pub(crate) fn seal(&mut self, id: TokenId, len: usize, kind: TokenKind) {
        assert!(u32::try_from(len).is_ok(), "a token of {len} bytes");
        let position = self.starts.len();
        if !self.ids.is_empty() || id as usize != position {
            if self.ids.is_empty() {
                self.ids.reserve(self.starts.capacity());
                self.ids.extend(0..position as u32);
            }
            self.ids.push(id);
        }
        self.starts
            .push((self.end as u64) << 1 | u64::from(kind == TokenKind::Literal));
        self.end += len;
    }

    /// As [`Self::seal`] for ordinary tokens one behind the other, whose ids count up from `first`.
    pub(crate) fn seal_run(&mut self, first: TokenId, lens: impl IntoIterator<Item = usize>) {
        if self.ids.is_empty() && first as usize == self.starts.len() {
            self.starts.extend(lens.into_iter().map(|len| {
                let start = self.end as u64;
                self.end += len;
                start << 1
            }));
        } else {
            for (count, len) in lens.into_iter().enumerate() {
                self.seal(first + count as TokenId, len, TokenKind::Ordinary);
            }
        }
    }

    /// The bytes collected so far, over all tokens.
    pub fn arena_len(&self) -> usize {
        self.end
    }

    /// The vocab, sorted by id.
    ///
    /// # Errors
    ///
    /// [`Duplicate`] for the first id or token, in the order of ids, that is there twice.
    pub fn finish(self) -> Result<Vocab, Duplicate> {
        let is_sorted = self.ids.is_sorted_by(|one, next| one < next);
        let Self {
            mut arena,
            end,
            starts: mut bounds,
            ids,
            ..
        } = if is_sorted { self } else { self.sorted()? };
        arena.truncate(end);
        arena.resize(end + PADDING, 0);
        arena.shrink_to_fit();
        if !bounds.is_empty() {
            bounds.push((end as u64) << 1);
        }
        // Ids are distinct here, so a position fits in 32 bits.
        let mut vocab = Vocab {
            arena,
            bounds,
            ids,
            index: Index::default(),
            literals: Vec::new(),
        };
        vocab.index = index(&vocab)?;
        vocab.literals = literals(&vocab)?;
        Ok(vocab)
    }

    /// The same tokens in the order of their ids.
    fn sorted(self) -> Result<Self, Duplicate> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_key(|&position| self.ids[position]);
        let mut pairs = order.windows(2);
        if let Some(pair) = pairs.find(|pair| self.ids[pair[0]] == self.ids[pair[1]]) {
            return Err(Duplicate::Id(self.ids[pair[0]]));
        }
        let mut sorted = Self::with_capacity(self.len(), self.end);
        for position in order {
            let start = self.starts[position];
            let end = self
                .starts
                .get(position + 1)
                .map_or(self.end, |next| (next >> 1) as usize);
            let kind = kind_of(start);
            sorted.push(
                self.ids[position],
                &self.arena[(start >> 1) as usize..end],
                kind,
            );
        }
        Ok(sorted)
    }
}

/// What the lowest bit of a start says.
#[inline]
pub(super) fn kind_of(start: u64) -> TokenKind {
    if start & 1 == 0 {
        TokenKind::Ordinary
    } else {
        TokenKind::Literal
    }
}

/// The table of the ordinary tokens.
fn index(vocab: &Vocab) -> Result<Index, Duplicate> {
    let mut index = Index::with_capacity(vocab.len());
    let ordinary = |position| {
        let is_ordinary = kind_of(vocab.bounds[position]) == TokenKind::Ordinary;
        is_ordinary.then(|| vocab.key(position))
    };
    match index.insert_all(vocab.len(), ordinary, |other, key| vocab.key(other).is(key)) {
        Some((earlier, position)) => {
            let [earlier, id] = [earlier, position].map(|position| vocab.id_at(position));
            Err(Duplicate::Token(earlier, id))
        }
        None => Ok(index),
    }
}

/// The positions of the literal tokens, sorted by text.
fn literals(vocab: &Vocab) -> Result<Vec<u32>, Duplicate> {
    let starts = vocab.bounds.iter().take(vocab.len());
    if starts.clone().fold(0, |all, start| all | start) & 1 == 0 {
        return Ok(Vec::new());
    }
    let mut literals: Vec<u32> = starts
        .enumerate()
        .filter(|(_, start)| kind_of(**start) == TokenKind::Literal)
        .map(|(position, _)| position as u32)
        .collect();
    let text = |position: u32| vocab.slice(position as usize);
    literals.sort_by(|&one, &other| text(one).cmp(text(other)));
    let mut pairs = literals.windows(2);
    match pairs.find(|pair| text(pair[0]) == text(pair[1])) {
        Some(pair) => {
            let [one, other] = [pair[0], pair[1]].map(|position| vocab.id_at(position as usize));
            Err(Duplicate::Token(one.min(other), one.max(other)))
        }
        None => Ok(literals),
    }
}
