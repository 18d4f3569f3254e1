//! `Charsmap`: the replacements of characters that a SentencePiece model carries, as it has them.
//!
//! A double array of Darts (<https://github.com/s-yata/darts-clone>) tells the keys: the length of
//! it in bytes, its units of four bytes, and behind them the replacements, each with a NUL at its
//! end. A key's value is where its replacement starts. Here the map is checked, so that whoever
//! looks keys up needs no more than a look at the bounds; looking up is the engine's business.

use std::fmt;

/// The bytes of a map, found to be sound.
///
/// # Examples
///
/// ```
/// use bpekit_formats::Charsmap;
/// assert_eq!(Charsmap::new(vec![0; 9]), Err("the keys take 0 bytes; expected a multiple of 1024"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Charsmap {
    bytes: Vec<u8>,
    /// Where the replacements start.
    texts: usize,
}

/// Where the units start.
const UNITS: usize = 4;

/// What marks a unit that holds a value.
const IS_VALUE: u32 = 1 << 31;

impl Charsmap {
    /// The map of these bytes.
    ///
    /// # Errors
    ///
    /// What is wrong with them, in words; what expected.
    pub fn new(bytes: Vec<u8>) -> Result<Self, &'static str> {
        let Some(len) = bytes.first_chunk::<4>() else {
            return Err("fewer than 4 bytes; expected the length of the keys in front");
        };
        let len = u32::from_le_bytes(*len) as usize;
        if len == 0 {
            return Err("the keys take 0 bytes; expected a multiple of 1024");
        }
        if len >= bytes.len() - UNITS {
            return Err("the keys are longer than all of it");
        }
        if !len.is_multiple_of(1024) {
            return Err("the length of the keys is no multiple of 1024");
        }
        let map = Self {
            bytes,
            texts: UNITS + len,
        };
        map.check().map(|()| map)
    }

    /// The conditions of Darts and SentencePiece (`darts.h`, `validate`), and that replacements
    /// are text.
    fn check(&self) -> Result<(), &'static str> {
        const BROKEN: &str = "the keys are broken: a unit leads out of them";
        if self.texts().last() != Some(&0) {
            return Err("no NUL closes the last replacement");
        }
        let texts = std::str::from_utf8(self.texts()).map_err(|_| "a replacement is not UTF-8")?;
        let units: Vec<u32> = self.units().collect();
        let leads_inside = |at: usize, unit: u32| ((at ^ Self::offset(unit)) | 0xff) < units.len();
        for (at, &unit) in units.iter().enumerate() {
            if unit & IS_VALUE != 0 && at > 0 {
                if !texts.is_char_boundary(Self::value(unit)) || Self::value(unit) >= texts.len() {
                    return Err("a key's replacement starts outside of the replacements");
                }
                continue;
            }
            if !leads_inside(at, unit) {
                return Err(BROKEN);
            }
            let value = units[at ^ Self::offset(unit)];
            if Self::has_value(unit) && value & IS_VALUE == 0 {
                return Err("the keys are broken: a key has no value");
            }
        }
        let root = units[0];
        if root & (IS_VALUE | 0xff) != 0 || Self::has_value(root) || Self::offset(root) == 0 {
            return Err("the keys are broken: they have no beginning");
        }
        Ok(())
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The units of the double array.
    pub fn units(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        let (units, _) = self.bytes[UNITS..self.texts].as_chunks::<4>();
        units.iter().map(|unit| u32::from_le_bytes(*unit))
    }

    /// The replacements, each with a NUL behind it.
    pub fn texts(&self) -> &[u8] {
        &self.bytes[self.texts..]
    }

    /// The byte that leads to a unit, and a bit above if the unit holds a value.
    #[inline]
    pub fn label(unit: u32) -> u32 {
        unit & (IS_VALUE | 0xff)
    }

    /// Whether a key ends at the unit.
    #[inline]
    pub fn has_value(unit: u32) -> bool {
        unit >> 8 & 1 == 1
    }

    /// What leads from the place of a unit to those behind it.
    #[inline]
    pub fn offset(unit: u32) -> usize {
        ((unit >> 10) as usize) << ((unit & 1 << 9) >> 6)
    }

    /// Where the replacement starts, of a unit that holds a value.
    #[inline]
    pub fn value(unit: u32) -> usize {
        (unit & !IS_VALUE) as usize
    }
}

impl fmt::Debug for Charsmap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Charsmap")
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
