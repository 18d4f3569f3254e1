//! How much text a token holds, for each size of the vocab on the way to the whole one.

use super::texts::LabelledText;
use crate::edit::merges::{ordered_merges, with_first};
use crate::tokenizer::{Special, Tokenizer};

/// Enough text for a mean, little enough to encode it once for each size.
const SAMPLE_LEN: usize = 400_000;

/// A vocab cut short, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CurvePoint {
    /// Merges that are kept.
    pub merges: usize,
    /// Length of the sample in bytes, the same at every point.
    pub bytes: usize,
    /// Its length in tokens.
    pub tokens: usize,
}

impl CurvePoint {
    /// Bytes that a token holds, in the mean.
    #[allow(clippy::cast_precision_loss)]
    pub fn bytes_per_token(&self) -> f64 {
        self.bytes as f64 / self.tokens.max(1) as f64
    }
}

/// The curve over an equal share of each text. Empty if the merges have no order in which they
/// could have been learnt.
pub(super) fn measure(tokenizer: &Tokenizer, texts: &[LabelledText]) -> Vec<CurvePoint> {
    let definition = tokenizer.definition();
    let Ok(all) = ordered_merges(definition) else {
        return Vec::new();
    };
    let share = SAMPLE_LEN / texts.len().max(1);
    let sample: Vec<&str> = texts.iter().map(|text| start(&text.text, share)).collect();
    let points = sizes(all.len()).into_iter().filter_map(|count| {
        let (cut, _) = with_first(definition, &all, count).ok()?;
        let cut = Tokenizer::from_definition(cut).ok()?;
        let counts = cut.count_batch(&sample, &Special::ordinary(), crate::threads::available());
        let tokens: usize = counts.ok()?.iter().sum();
        (tokens > 0).then_some(CurvePoint {
            merges: count,
            bytes: sample.iter().map(|text| text.len()).sum(),
            tokens,
        })
    });
    points.collect()
}

/// None, powers of two, and all.
fn sizes(all: usize) -> Vec<usize> {
    let powers = (6..usize::BITS).map(|power| 1 << power);
    let mut sizes = vec![0];
    sizes.extend(powers.take_while(|size| *size < all));
    sizes.push(all);
    sizes.dedup();
    sizes
}

/// At most so many bytes from the start, in whole characters.
fn start(text: &str, len: usize) -> &str {
    let mut end = len.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
