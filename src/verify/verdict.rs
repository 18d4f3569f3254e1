//! What a comparison came to.

use std::fmt;

use bpekit_formats::TokenId;
use serde_json::{Value, json};

use crate::diff::Part;

/// Whether two tokenizers are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)]
pub enum Kind {
    /// Every text has the same ids in both, and these ids become the same text.
    Equal,
    /// A text shows that they differ.
    Different,
    /// It was not shown either way.
    Undecided,
}

impl Kind {
    /// `equal`, `different` or `undecided`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Different => "different",
            Self::Undecided => "undecided",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What was found of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reason {
    /// The part.
    pub part: Part,
    /// Whether the part alone is the same on both sides: `Different` only where the part is what
    /// a text shows; a part that is written differently and not decided is `Undecided`.
    pub kind: Kind,
    /// Why, in words; the two tokenizers are called A and B.
    pub detail: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.detail)
    }
}

/// What one side makes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Side {
    /// The ids, or none if the text is refused.
    pub ids: Option<Vec<TokenId>>,
    /// The bytes of each id.
    pub tokens: Vec<Vec<u8>>,
    /// The text the ids become, where that is what differs; or why the text is refused.
    pub note: Option<String>,
}

/// A text that two tokenizers treat differently. No part of it can be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counterexample {
    /// The text.
    pub text: String,
    /// Whether added tokens are found in it, and what belongs around a text is put there.
    pub with_special: bool,
    /// What A makes of it.
    pub a: Side,
    /// What B makes of it.
    pub b: Side,
}

/// The answer of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// The answer.
    pub kind: Kind,
    /// Why, part by part.
    pub reasons: Vec<Reason>,
    /// A text that shows the difference; there is one exactly if the kind is `Different`.
    pub counterexample: Option<Counterexample>,
    /// How many texts were encoded on both sides.
    pub texts: usize,
}

impl Verdict {
    /// The verdict as a JSON object: what `bpekit verify --json` prints of it.
    pub fn to_json(&self) -> Value {
        let reasons: Vec<Value> = self
            .reasons
            .iter()
            .map(|reason| {
                json!({
                    "part": reason.part.name(),
                    "kind": reason.kind.name(),
                    "detail": reason.detail,
                })
            })
            .collect();
        let counterexample = self.counterexample.as_ref().map(|found| {
            let side = |side: &Side| json!({ "ids": side.ids, "note": side.note });
            json!({
                "text": found.text,
                "with_special": found.with_special,
                "a": side(&found.a),
                "b": side(&found.b),
            })
        });
        json!({
            "kind": self.kind.name(),
            "reasons": reasons,
            "counterexample": counterexample,
            "texts": self.texts,
        })
    }
}
