//! What a conversion did.

use bpekit_formats::{Bundle, Definition, Loss, Severity};
use serde_json::{Value, json};

use crate::verify;

/// Whether the target is the same tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Verdict {
    /// Every text encodes to the same ids, added tokens allowed. What changes beside that is
    /// among the losses, reported.
    Exact,
    /// Every text does that is not touched by the losses which the caller allowed.
    Conditional,
}

impl Verdict {
    /// `exact` or `conditional`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Conditional => "conditional",
        }
    }
}

/// What a conversion did, lost and checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The format that was read, or `memory`.
    pub from: String,
    /// The format that was written.
    pub to: String,
    /// Whether the target is the same tokenizer.
    pub verdict: Verdict,
    /// What the target does not carry, allowed or only reported.
    pub losses: Vec<Loss>,
    /// How many texts were encoded by both tokenizers and compared.
    pub checked_texts: usize,
    /// What is shown of all texts, part by part, leaving aside what is lost: equal, or undecided.
    pub proof: Option<verify::Verdict>,
    /// The names of the files beside the main one; in a directory, of all its files.
    pub files: Vec<String>,
    /// The number of ids, holes counted.
    pub n_vocab: u64,
    /// The number of tokens in the vocab, added tokens not counted.
    pub token_count: usize,
    /// The number of merges, if the target lists them: ranks and scores are no list.
    pub merge_count: Option<usize>,
}

impl Report {
    pub(super) fn new(
        from: &str,
        to: &str,
        bundle: &Bundle,
        written: &Definition,
        losses: Vec<Loss>,
    ) -> Self {
        let is_conditional = losses.iter().any(|loss| loss.severity == Severity::Refused);
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            verdict: if is_conditional {
                Verdict::Conditional
            } else {
                Verdict::Exact
            },
            losses,
            checked_texts: 0,
            proof: None,
            files: names(bundle),
            n_vocab: written.id_bound(),
            token_count: written.vocab.len(),
            merge_count: super::merge_count(written),
        }
    }

    /// Whether every text encodes to the same ids.
    pub fn is_exact(&self) -> bool {
        self.verdict == Verdict::Exact
    }

    /// The report as a JSON object: what `bpekit convert --json` prints of it.
    pub fn to_json(&self) -> Value {
        json!({
            "from": self.from,
            "to": self.to,
            "verdict": self.verdict.name(),
            "losses": losses_to_json(&self.losses),
            "checked_texts": self.checked_texts,
            "n_vocab": self.n_vocab,
            "tokens": self.token_count,
            "merges": self.merge_count,
            "verified": self.proof.as_ref().map(verify::Verdict::to_json),
        })
    }
}

/// Losses as JSON objects.
pub(crate) fn losses_to_json(losses: &[Loss]) -> Vec<Value> {
    let object = |loss: &Loss| {
        json!({
            "part": loss.part.name(),
            "detail": loss.detail,
            "changes_ids": loss.severity == Severity::Refused,
        })
    };
    losses.iter().map(object).collect()
}

fn names(bundle: &Bundle) -> Vec<String> {
    let main = bundle.is_directory().then(|| bundle.name());
    let others = bundle.companions().map(|(name, _)| name);
    main.into_iter().chain(others).map(str::to_owned).collect()
}
