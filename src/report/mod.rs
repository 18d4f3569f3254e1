//! A page about a tokenizer: what is in its vocab, what it makes of given texts, and how it stands
//! to another.
//!
//! [`Report`] finds it out: `vocab` of the tokens alone, `texts` of texts, `curve` of what fewer
//! merges would give, `pair` of two tokenizers. `html` lays it out with the charts of `svg`, `json`
//! gives it to programs. `samples` are texts for those who have none.

mod curve;
mod html;
mod json;
mod pair;
mod samples;
mod svg;
#[cfg(test)]
mod tests;
mod texts;
mod vocab;

use crate::error::Result;
use crate::tokenizer::Tokenizer;

pub use curve::CurvePoint;
pub use pair::{PairReport, PairText};
pub use samples::SAMPLES;
pub use texts::{LabelledText, TextReport, Usage};
pub(crate) use vocab::facts;
pub use vocab::{Listed, OddToken, VocabReport};

/// What there is to say about a tokenizer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// What the tokenizer is called.
    pub title: String,
    /// What its tokens are.
    pub vocab: VocabReport,
    /// Whether the texts are the built-in samples, for want of others.
    pub has_samples: bool,
    /// What becomes of each text.
    pub texts: Vec<TextReport>,
    /// Which tokens the texts use; none for samples, which are too short to say.
    pub usage: Option<Usage>,
    /// How much text a token holds with fewer merges.
    pub curve: Vec<CurvePoint>,
    /// The tokenizer it is held against.
    pub other: Option<PairReport>,
}

/// What a report is about.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct ReportOptions<'a> {
    /// What the tokenizer is called; by default, the name in its file.
    pub title: Option<&'a str>,
    /// Texts, each with what it is called. The built-in samples if there are none.
    pub texts: &'a [LabelledText],
    /// Another tokenizer to hold it against, and what it is called.
    pub other: Option<(&'a str, &'a Tokenizer)>,
}

impl Report {
    /// Finds out about a tokenizer. Special tokens in the texts are taken for ordinary text.
    ///
    /// # Errors
    ///
    /// As [`Tokenizer::encode_ordinary`], for the texts.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit::Tokenizer;
    /// use bpekit::report::{Report, ReportOptions};
    ///
    /// let report = Report::of(&Tokenizer::demo()?, &ReportOptions::default())?;
    /// assert_eq!(report.vocab.token_count, 3000);
    /// assert!(report.to_html().starts_with("<!doctype html>"));
    /// # Ok::<(), bpekit::Error>(())
    /// ```
    pub fn of(tokenizer: &Tokenizer, options: &ReportOptions<'_>) -> Result<Self> {
        let has_samples = options.texts.is_empty();
        let samples;
        let texts = if has_samples {
            samples = samples::texts();
            &samples
        } else {
            options.texts
        };
        let (text_reports, usage) = texts::measure(tokenizer, texts)?;
        let other = options.other;
        let other = other.map(|(title, other)| pair::compare(tokenizer, other, title, texts));
        Ok(Self {
            title: options.title.unwrap_or(tokenizer.name()).to_owned(),
            vocab: VocabReport::of(tokenizer),
            has_samples,
            texts: text_reports,
            usage: (!has_samples).then_some(usage),
            curve: curve::measure(tokenizer, texts),
            other: other.transpose()?,
        })
    }
}
