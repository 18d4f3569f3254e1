//! The map of a `Charsmap`, looked up.

use bpekit_formats::Charsmap;
use unicode_segmentation::UnicodeSegmentation;

/// So many keys that start at one place are looked at, the shortest first (SentencePiece
/// `normalizer.h`, `kMaxTrieResultsSize`).
const MOST_KEYS: usize = 32;

/// Grapheme clusters below this length are looked up whole (`spm_precompiled` 0.1,
/// `normalize_string`).
const LONG_GRAPHEME: usize = 6;

/// A map from texts to texts.
pub(super) struct Replacements {
    /// The double array of the keys, which [`Charsmap`] has checked.
    units: Vec<u32>,
    /// The replacements, with a NUL behind each.
    texts: String,
    /// Whether some key starts with the byte.
    starts: [bool; 256],
}

impl Replacements {
    pub(super) fn new(map: &Charsmap) -> Self {
        let mut replacements = Self {
            units: map.units().collect(),
            texts: String::from_utf8_lossy(map.texts()).into_owned(),
            starts: [false; 256],
        };
        for byte in 0..=255 {
            replacements.starts[usize::from(byte)] = replacements.step(0, byte).is_some();
        }
        replacements
    }

    /// Whether some key starts with the byte.
    #[inline]
    pub(super) fn has_key_from(&self, byte: u8) -> bool {
        self.starts[usize::from(byte)]
    }

    /// The unit that a byte leads to from another one, if it does.
    #[inline]
    fn step(&self, from: usize, byte: u8) -> Option<usize> {
        let at = from ^ Charsmap::offset(*self.units.get(from)?) ^ usize::from(byte);
        (Charsmap::label(*self.units.get(at)?) == u32::from(byte)).then_some(at)
    }

    /// The keys that these bytes start with, the shortest first: length and replacement.
    fn keys<'s>(&'s self, bytes: &'s [u8]) -> impl Iterator<Item = (usize, &'s str)> + 's {
        let mut at = 0;
        let ends = bytes.iter().enumerate().map_while(move |(index, &byte)| {
            at = self.step(at, byte)?;
            Some((index + 1, at))
        });
        ends.filter_map(|(len, at)| {
            let unit = *self.units.get(at)?;
            let value = self.units.get(at ^ Charsmap::offset(unit))?;
            Charsmap::has_value(unit).then(|| (len, self.text_at(Charsmap::value(*value))))
        })
    }

    fn text_at(&self, start: usize) -> &str {
        let text = self.texts.get(start..).unwrap_or_default();
        text.split('\0').next().unwrap_or_default()
    }

    /// The longest key that the text starts with: its length and replacement. A key that ends
    /// within a character, as no map that was made of texts has, is none.
    pub(super) fn longest<'s>(&'s self, text: &'s str) -> Option<(usize, &'s str)> {
        let keys = self.keys(text.as_bytes()).take(MOST_KEYS);
        keys.filter(|(len, _)| text.is_char_boundary(*len)).last()
    }

    /// tokenizers' way (`normalizers/precompiled.rs`): a cluster, or each character of a long one,
    /// is replaced if any key is a prefix of it, by that of the shortest. None if nothing changes.
    pub(super) fn replace_graphemes(&self, text: &str) -> Option<String> {
        let mut out = String::with_capacity(text.len() + text.len() / 8);
        let mut is_changed = false;
        let mut put = |part: &str, out: &mut String| {
            // A NUL ends a key there, so that nothing behind it is looked at.
            let key = part.split('\0').next().unwrap_or_default();
            let found = self.keys(key.as_bytes()).next();
            if let Some((_, replacement)) = found {
                out.push_str(replacement);
                is_changed = true;
            }
            found.is_some()
        };
        for grapheme in text.graphemes(true) {
            if grapheme.len() < LONG_GRAPHEME && put(grapheme, &mut out) {
                continue;
            }
            for (start, character) in grapheme.char_indices() {
                if !put(&grapheme[start..start + character.len_utf8()], &mut out) {
                    out.push(character);
                }
            }
        }
        is_changed.then_some(out)
    }
}
