//! What a training did.

use serde_json::{Value, json};

use super::svg;

/// The version of the JSON object. A member may be added under the same number; one that changes
/// or goes raises it.
const SCHEMA: u32 = 1;

/// Why a training made no more tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// It has made all that were asked for.
    VocabSize,
    /// No pair is left that occurs `min_frequency` times or more.
    MinFrequency,
    /// No pair is left that is short enough for `max_token_length`.
    MaxTokenLength,
    /// No pair is left at all: every pretoken is one token.
    NoPairs,
}

impl Stop {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::VocabSize => "vocab_size",
            Self::MinFrequency => "min_frequency",
            Self::MaxTokenLength => "max_token_length",
            Self::NoPairs => "no_pairs",
        }
    }
}

/// What a training did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrainReport {
    /// The size of vocab that was asked for.
    pub asked: u64,
    /// The size of the vocab that was made: bytes, merges and special tokens.
    pub made: u64,
    /// Why it has no more.
    pub stop: Stop,
    /// Texts that were counted.
    pub texts: u64,
    /// Their bytes.
    pub text_bytes: u64,
    /// Entries that were null, and so no text.
    pub skipped: u64,
    /// Distinct pretokens.
    pub pretokens: u64,
    /// How text shrinks as the vocab grows, over the texts that were trained on.
    pub curve: Curve,
    /// The same over texts that were not, if there were any.
    pub held_out: Option<Curve>,
}

impl TrainReport {
    /// Bytes a token over the texts that were trained on; 0 without text.
    pub fn bytes_per_token(&self) -> f64 {
        self.curve.bytes_per_token()
    }

    /// All of it as one JSON object, with every point of the curves.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit::train::{PretokenCounts, Pretokenization, TrainOptions, Unwatched};
    ///
    /// let mut counts = PretokenCounts::new(Pretokenization::new("gpt2")?)?;
    /// counts.update("low low lower lowest")?;
    /// let options = TrainOptions::new(258);
    /// let trained = bpekit::train::train_from_counts(&counts, &options, &Unwatched)?;
    /// let report = trained.report.to_json();
    /// assert_eq!(report["curve"]["first_size"], 256);
    /// assert_eq!(report["curve"]["tokens"], serde_json::json!([20, 16, 12]));
    /// # Ok::<(), bpekit::Error>(())
    /// ```
    pub fn to_json(&self) -> Value {
        json!({
            "schema": SCHEMA,
            "asked": self.asked,
            "made": self.made,
            "stop": self.stop.name(),
            "texts": self.texts,
            "text_bytes": self.text_bytes,
            "skipped": self.skipped,
            "pretokens": self.pretokens,
            "bytes_per_token": self.bytes_per_token(),
            "curve": self.curve.to_json(),
            "held_out": self.held_out.as_ref().map(Curve::to_json),
        })
    }

    /// The curves as a picture: bytes a token against the size of the vocab. The same report gives
    /// the same bytes, and they need no other file.
    pub fn to_svg(&self) -> String {
        svg::picture(self)
    }
}

/// Compression against the size of the vocab.
///
/// A BPE vocab cut at a size is the BPE vocab of that size, so that one training knows them all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Curve {
    /// The bytes of all pretokens.
    pub bytes: u64,
    /// The size of the vocab at the first point; each further one has one token more.
    pub first_size: u64,
    /// How many tokens the texts have with a vocab of each size.
    pub tokens: Vec<u64>,
}

impl Curve {
    /// Adds the point of one token more, which makes the texts shorter by this many tokens.
    pub(super) fn grow(&mut self, saved: u64) {
        if let Some(last) = self.tokens.last() {
            self.tokens.push(last - saved);
        }
    }

    /// Bytes a token with the whole vocab; 0 without text.
    pub fn bytes_per_token(&self) -> f64 {
        self.at(self.tokens.len().saturating_sub(1))
    }

    /// Bytes a token at a point of the curve; 0 without text.
    #[allow(clippy::cast_precision_loss)]
    pub fn at(&self, point: usize) -> f64 {
        match self.tokens.get(point) {
            None | Some(0) => 0.0,
            Some(&tokens) => self.bytes as f64 / tokens as f64,
        }
    }

    /// The size of the vocab at a point of the curve.
    pub fn size_at(&self, point: usize) -> u64 {
        self.first_size + point as u64
    }

    fn to_json(&self) -> Value {
        json!({
            "bytes": self.bytes,
            "bytes_per_token": self.bytes_per_token(),
            "first_size": self.first_size,
            "tokens": self.tokens,
        })
    }
}
