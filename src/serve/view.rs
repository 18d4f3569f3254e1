//! What two tokenizers make of a text.

use bpekit_formats::TokenId;
use serde_json::{Value, json};

use crate::error::Result;
use crate::show::Shown;
use crate::tokenizer::{Special, Tokenizer};

/// So many tokens of a long text are drawn; all are counted.
const MOST_DRAWN: usize = 5000;

/// How the text is encoded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ViewOptions {
    /// Whether special tokens in the text become their ids; ordinary text otherwise.
    pub(super) has_special: bool,
    /// Whether what belongs around a text is put there.
    pub(super) has_frame: bool,
}

/// One tokenizer's tokens of a text.
struct Side {
    ids: Vec<TokenId>,
    /// Where each token ends in the text, in bytes; none if the tokens are not the bytes of the
    /// text, as after a normalizer.
    ends: Option<Vec<usize>>,
}

/// What the tokenizers make of a text, each with its errors, and how they compare if there are two.
pub(super) fn view(tokenizers: &[&Tokenizer], text: &str, options: ViewOptions) -> Value {
    let sides: Vec<Result<Side>> = tokenizers
        .iter()
        .map(|tokenizer| Side::of(tokenizer, text, options))
        .collect();
    let comparison = match sides.as_slice() {
        [Ok(a), Ok(b)] => Some(compare(a, b)),
        _ => None,
    };
    let drawn = tokenizers
        .iter()
        .zip(sides)
        .map(|(tokenizer, side)| side.and_then(|side| side.to_json(tokenizer, text.len())));
    let drawn: Vec<Value> = drawn
        .map(|side| side.unwrap_or_else(|error| json!({ "error": error.to_string() })))
        .collect();
    json!({
        "characters": text.chars().count(),
        "bytes": text.len(),
        "sides": drawn,
        "comparison": comparison,
    })
}

impl Side {
    fn of(tokenizer: &Tokenizer, text: &str, options: ViewOptions) -> Result<Self> {
        let ids = if options.has_special {
            tokenizer.encode(text, &Special::allowed())?
        } else {
            tokenizer.encode_ordinary(text)?
        };
        let mut ends = Some(Vec::with_capacity(ids.len()));
        let mut rest = text.as_bytes();
        for &id in &ids {
            let token = tokenizer.decode_token(id)?;
            match (rest.strip_prefix(token.as_slice()), &mut ends) {
                (Some(after), Some(ends)) => {
                    rest = after;
                    ends.push(text.len() - rest.len());
                }
                _ => ends = None,
            }
        }
        Ok(Self {
            ids: if options.has_frame {
                tokenizer.with_frame(ids)
            } else {
                ids
            },
            ends: ends.filter(|_| rest.is_empty()),
        })
    }

    #[allow(clippy::cast_precision_loss)]
    fn to_json(&self, tokenizer: &Tokenizer, text_len: usize) -> Result<Value> {
        let count = self.ids.len();
        let drawn = &self.ids[..count.min(MOST_DRAWN)];
        let shown = Shown::of(tokenizer, drawn)?;
        Ok(json!({
            "tokens": count,
            "bytes_per_token": (count > 0).then(|| text_len as f64 / count as f64),
            "html": shown.tokens_html(),
            "ids": drawn,
        }))
    }
}

/// How many ends of tokens two tokenizers have in common.
fn compare(a: &Side, b: &Side) -> Value {
    let common = a.ends.as_ref().zip(b.ends.as_ref()).map(|(a, b)| {
        // Both ascend. A token without bytes ends where the one before does.
        let (mut at, mut common) = (0, 0);
        for end in a {
            while b.get(at).is_some_and(|other| other < end) {
                at += 1;
            }
            if b.get(at) == Some(end) {
                common += 1;
                at += 1;
            }
        }
        common
    });
    json!({
        "same_ids": a.ids == b.ids,
        "same_tokens": a.ends.is_some() && a.ends == b.ends,
        "common_ends": common,
    })
}
