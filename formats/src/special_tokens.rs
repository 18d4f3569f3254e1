//! Special tokens as a JSON object of text to token id, beside ranks.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use serde_json::{Map, Value};

use crate::added_token::{self, AddedToken, Spelling};
use crate::error::{Error, Result, show_bytes, show_text};
use crate::json::member_path;
use crate::limits::Limits;
use crate::loss::{Loss, LossPart};
use crate::pipeline_json::{as_id, wrong_type};
use crate::vocab::{TokenId, Vocab};

/// Reads the object that stands in `member`.
pub(crate) fn read(value: &Value, member: &str, limits: &Limits) -> Result<Vec<AddedToken>> {
    let Value::Object(members) = value else {
        return Err(wrong_type(value, member, "an object of text to token id"));
    };
    let (found, limit) = (members.len() as u64, limits.added_token_count);
    if found > limit {
        return Err(Error::limit(
            "number of special tokens",
            found,
            limit,
            "added_token_count",
        )
        .at_json(member));
    }
    members
        .iter()
        .map(|(content, id)| {
            let id = as_id(id, &path_of(member, content))?;
            Ok(AddedToken::special(content.clone(), id))
        })
        .collect()
}

/// Where a token stands.
pub(crate) fn path_of(member: &str, content: &str) -> String {
    format!("{member}{}", member_path(false, content))
}

/// Refuses special tokens that contradict one another or the ranks. One whose text is a token of
/// the ranks too, under another id, is what tiktoken allows: the text is the special token where
/// special tokens are looked for, and the other one elsewhere.
pub(crate) fn check(tokens: &[AddedToken], vocab: &Vocab, member: &str) -> Result<()> {
    check_at(tokens, vocab, |position| {
        path_of(member, &tokens[position].content)
    })
}

/// As [`check`], for tokens that stand elsewhere than in an object.
pub(crate) fn check_at(
    tokens: &[AddedToken],
    vocab: &Vocab,
    path: impl Fn(usize) -> String,
) -> Result<()> {
    struct Ranks<'a>(&'a Vocab);

    impl Spelling for Ranks<'_> {
        const PLACE: &'static str = "the vocab";

        fn holds(&self, id: TokenId, text: &str) -> Option<bool> {
            self.0.bytes(id).map(|bytes| bytes == text.as_bytes())
        }

        fn show(&self, id: TokenId) -> String {
            show_bytes(self.0.bytes(id).unwrap_or_default())
        }

        fn id_of(&self, _text: &str) -> Option<TokenId> {
            None
        }
    }

    added_token::check(tokens, &Ranks(vocab), path)
}

/// The tokens that are the first with their id, and the others.
pub(crate) fn by_first_text(tokens: &[AddedToken]) -> (Vec<AddedToken>, Vec<AddedToken>) {
    let mut seen: HashSet<TokenId, RandomState> = HashSet::default();
    tokens
        .iter()
        .cloned()
        .partition(|token| seen.insert(token.id))
}

/// The loss in a format that has one text an id.
pub(crate) fn loss_of_second_texts(tokens: &[AddedToken]) -> Option<Loss> {
    let (_, seconds) = by_first_text(tokens);
    let first = seconds.first()?;
    Some(Loss::reported(
        LossPart::SecondTexts,
        format!(
            "{} ids have a second text, which is left out, the first is `{}` ({})",
            seconds.len(),
            show_text(&first.content),
            first.id
        ),
    ))
}

/// The object.
pub(crate) fn to_json(tokens: &[AddedToken]) -> Value {
    let members = tokens
        .iter()
        .map(|token| (token.content.clone(), token.id.into()));
    Value::Object(members.collect::<Map<String, Value>>())
}
