//! Where the tokens of a text go: to a list of ids, or to a count.

use bpekit_formats::TokenId;

use crate::huge_pages::prefer_huge_pages;

/// Up to three ids, as they stand in memory: two to a word. Put together as an array of ids they would
/// be written to the stack one by one and read back at once, for which the processor waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Few {
    /// The first id, and the second one above it.
    pub(super) pair: u64,
    /// The third id.
    pub(super) third: TokenId,
    /// How many of them count.
    pub(super) count: usize,
}

/// The most ids that are put at once.
pub(super) const FEW: usize = 3;

impl Few {
    /// The ids in a row; what is behind the last one means nothing.
    #[inline]
    fn row(self) -> [TokenId; FEW] {
        [
            self.pair as TokenId,
            (self.pair >> 32) as TokenId,
            self.third,
        ]
    }
}

/// Ids side by side in an arena, four bytes each, the lowest first.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    /// At least the bytes of the ids; best with those of [`WIDE`] more behind them.
    pub(super) bytes: &'a [u8],
    /// How many ids count.
    pub(super) count: usize,
}

/// So many ids of a row are copied at once, whatever counts of them, so that few copies have a
/// branch on how many there are.
const WIDE: usize = 8;

impl Row<'_> {
    /// Writes the ids to the start of `place`; false if that has no room for them, and for what is
    /// written beyond.
    #[inline]
    fn write_to(self, place: &mut [TokenId]) -> bool {
        let wide = self.count.next_multiple_of(WIDE);
        let (Some(bytes), Some(place)) = (self.bytes.get(..wide * 4), place.get_mut(..wide)) else {
            return false;
        };
        let wides = bytes.as_chunks::<{ 4 * WIDE }>().0;
        for (bytes, place) in wides.iter().zip(place.as_chunks_mut::<WIDE>().0) {
            *place = std::array::from_fn(|at| {
                TokenId::from_le_bytes(std::array::from_fn(|byte| bytes[at * 4 + byte]))
            });
        }
        true
    }

    /// The ids, one by one.
    fn ids(self) -> impl Iterator<Item = TokenId> {
        let ids = self.bytes.as_chunks::<4>().0;
        ids.iter()
            .take(self.count)
            .map(|id| TokenId::from_le_bytes(*id))
    }
}

/// The most memory that is kept from one text to the next, in bytes.
const MAX_KEPT: usize = 16 << 20;

/// Takes the ids of a text, in order.
pub(crate) trait Output {
    /// What takes ids a few at a time, with room for those of `times` calls, and for `more`.
    fn hot(&mut self, times: usize, more: usize) -> impl Hot;

    /// Counts the ids that were put to the last [`Self::hot`].
    fn advance(&mut self, count: usize);

    /// Takes all of these.
    fn many(&mut self, ids: &[TokenId]);

    /// Takes these.
    fn few(&mut self, ids: Few) {
        self.many(&ids.row()[..ids.count]);
    }

    /// Takes these.
    fn row(&mut self, row: Row<'_>);

    /// How many ids were taken.
    fn len(&self) -> usize;
}

/// The part of an output that is used for each pretoken. It knows nothing but where it is, so that
/// this stays in a register.
pub(crate) trait Hot {
    /// Takes these.
    fn few(&mut self, ids: Few);

    /// Takes these if there is room, and says so.
    fn row(&mut self, row: Row<'_>) -> bool;

    /// How many ids it has taken.
    fn count(&self) -> usize;
}

/// Puts ids one behind the other. Three are always written, whatever counts of them, so that there
/// is no branch on how many.
struct Writer<'a> {
    place: &'a mut [TokenId],
    count: usize,
}

impl Hot for Writer<'_> {
    #[inline]
    fn few(&mut self, ids: Few) {
        if let Some(place) = self.place.get_mut(self.count..self.count + FEW) {
            [place[0], place[1], place[2]] = ids.row();
            self.count += ids.count;
        }
    }

    #[inline]
    fn row(&mut self, row: Row<'_>) -> bool {
        let has_room = row.write_to(&mut self.place[self.count..]);
        if has_room {
            self.count += row.count;
        }
        has_room
    }

    #[inline]
    fn count(&self) -> usize {
        self.count
    }
}

/// Ids, in memory that is made ready in advance.
#[derive(Default)]
pub(crate) struct Ids {
    /// What lies behind `len` means nothing.
    held: Vec<TokenId>,
    len: usize,
}

impl Ids {
    /// Goes on behind these.
    pub(crate) fn behind(held: Vec<TokenId>) -> Self {
        Self {
            len: held.len(),
            held,
        }
    }

    /// Makes room for the ids of a text of so many bytes, for most texts.
    pub(crate) fn reserve_for_text(&mut self, len: usize) {
        // English has four to five bytes a token; other scripts fewer.
        let wanted = self.len + len / 4 + 2 * FEW;
        if self.held.len() < wanted {
            self.lengthen(wanted);
        }
    }

    pub(crate) fn as_slice(&self) -> &[TokenId] {
        &self.held[..self.len]
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// The bytes of memory it takes.
    pub(crate) fn memory(&self) -> usize {
        self.held.len() * size_of::<TokenId>()
    }

    pub(crate) fn into_vec(mut self) -> Vec<TokenId> {
        self.held.truncate(self.len);
        self.held
    }

    /// Gives the ids away: a copy that takes no more memory than it needs, while this one stays
    /// for others to use; or if there are very many, the memory itself.
    pub(crate) fn take(&mut self) -> Vec<TokenId> {
        if self.memory() > MAX_KEPT {
            let mut ids = std::mem::take(self).into_vec();
            ids.shrink_to_fit();
            return ids;
        }
        let ids = self.as_slice().to_vec();
        self.clear();
        ids
    }

    /// Forgets the ids, and gives their memory back if it is very much.
    pub(crate) fn reset(&mut self) {
        self.clear();
        if self.memory() > MAX_KEPT {
            *self = Self::default();
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, more: usize) {
        let len = (self.held.len() * 2).max(self.len + more + 2 * FEW);
        self.lengthen(len);
    }

    fn lengthen(&mut self, len: usize) {
        self.held.reserve(len - self.held.len());
        prefer_huge_pages(self.held.spare_capacity_mut());
        self.held.resize(len, 0);
    }
}

impl Output for Ids {
    #[inline]
    fn hot(&mut self, times: usize, more: usize) -> impl Hot {
        let wanted = times * FEW + more;
        if self.held.len() - self.len < wanted {
            self.grow(wanted);
        }
        Writer {
            place: &mut self.held[self.len..],
            count: 0,
        }
    }

    #[inline]
    fn advance(&mut self, count: usize) {
        self.len += count;
    }

    fn many(&mut self, ids: &[TokenId]) {
        if self.held.len() - self.len < ids.len() {
            self.grow(ids.len());
        }
        self.held[self.len..][..ids.len()].copy_from_slice(ids);
        self.len += ids.len();
    }

    fn row(&mut self, row: Row<'_>) {
        if self.held.len() - self.len < row.count + WIDE {
            self.grow(row.count + WIDE);
        }
        let place = &mut self.held[self.len..];
        if !row.write_to(place) {
            for (place, id) in place.iter_mut().zip(row.ids()) {
                *place = id;
            }
        }
        self.len += row.count;
    }

    #[inline]
    fn len(&self) -> usize {
        self.len
    }
}

/// The number of ids alone.
#[derive(Default)]
pub(crate) struct Count(pub(crate) usize);

impl Hot for Count {
    #[inline]
    fn few(&mut self, ids: Few) {
        self.0 += ids.count;
    }

    #[inline]
    fn row(&mut self, row: Row<'_>) -> bool {
        self.0 += row.count;
        true
    }

    #[inline]
    fn count(&self) -> usize {
        self.0
    }
}

impl Output for Count {
    #[inline]
    fn hot(&mut self, _: usize, _: usize) -> impl Hot {
        Self(0)
    }

    #[inline]
    fn advance(&mut self, count: usize) {
        self.0 += count;
    }

    #[inline]
    fn many(&mut self, ids: &[TokenId]) {
        self.0 += ids.len();
    }

    #[inline]
    fn row(&mut self, row: Row<'_>) {
        self.0 += row.count;
    }

    #[inline]
    fn len(&self) -> usize {
        self.0
    }
}
