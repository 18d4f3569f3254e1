//! Added tokens: more, fewer, and as many as an embedding has rows.

use bpekit_formats::{
    AddedToken, Atoms, Definition, Error as FileError, Merges, PostProcessor, TemplatePart,
    TokenId, TokenKind, VocabBuilder, show_bytes, show_text,
};
use rustc_hash::FxHashSet;

use super::{Edited, compile, shown_same};
use crate::bpe::live_pairs;
use crate::error::{Error, Result};
use crate::tokenizer::{Special, Tokenizer};
use crate::verify::VerifyOptions;

/// A token to add.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, clippy::struct_excessive_bools)]
pub struct NewToken {
    /// Its text.
    pub content: String,
    /// Its id; none for the one behind all others, or, for a text of plain ASCII, that of the token
    /// of the vocab with this text, as in tokenizers.
    pub id: Option<TokenId>,
    /// Ordinary text never becomes it unless the caller allows it.
    pub is_special: bool,
    /// It matches only where no word character stands beside it.
    pub single_word: bool,
    /// It takes the white space before it.
    pub lstrip: bool,
    /// It takes the white space after it.
    pub rstrip: bool,
    /// It is looked for in the normalized text.
    pub normalized: bool,
}

impl NewToken {
    /// A special token without flags, with the next id.
    pub fn special(content: impl Into<String>) -> Self {
        Self {
            content: content.into(),
            id: None,
            is_special: true,
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
        }
    }
}

/// The highest id is no token's: tiktoken uses it for "no merge".
const ID_LIMIT: u64 = u32::MAX as u64;

/// Adds tokens. All text without them keeps its ids.
///
/// # Errors
///
/// `Argument` for an empty text, one that is an added token already, or an id in use; `File`
/// (unsupported) for a text that would be found as other tokens.
///
/// # Examples
///
/// ```
/// use bpekit::edit::{NewToken, add_tokens};
/// use bpekit::{Special, Tokenizer};
///
/// let demo = Tokenizer::demo()?;
/// let edited = add_tokens(&demo, &[NewToken::special("<|user|>")])?;
/// let ids = edited.tokenizer.encode("<|user|>", &Special::allowed())?;
/// assert_eq!(ids, [demo.n_vocab() as u32]);
/// # Ok::<(), bpekit::Error>(())
/// ```
pub fn add_tokens(source: &Tokenizer, tokens: &[NewToken]) -> Result<Edited> {
    let mut definition = source.definition().clone();
    let mut done = Vec::new();
    let mut texts: FxHashSet<String> = held_texts(&definition);
    for token in tokens {
        let shown = show_text(&token.content);
        if token.content.is_empty() {
            return Err(Error::argument(
                "a token without text would match everywhere",
            ));
        }
        if !texts.insert(token.content.clone()) {
            return Err(Error::argument(format!(
                "`{shown}` is an added token already"
            )));
        }
        let id = id_of(&definition, token)?;
        definition.added_tokens.push(AddedToken {
            content: token.content.clone(),
            id,
            is_special: token.is_special,
            single_word: token.single_word,
            lstrip: token.lstrip,
            rstrip: token.rstrip,
            normalized: token.normalized,
        });
        done.push(format!("added `{shown}` with id {id}"));
    }
    let tokenizer = compile(definition)?;
    for token in tokens {
        check_found(&tokenizer, token)?;
    }
    let mut without = tokenizer.definition().clone();
    let new: FxHashSet<&str> = tokens.iter().map(|token| token.content.as_str()).collect();
    without
        .added_tokens
        .retain(|token| !new.contains(token.content.as_str()));
    let proof = shown_same(source, &compile(without)?, &VerifyOptions::default())?;
    Ok(Edited {
        tokenizer,
        done,
        proof,
    })
}

fn held_texts(definition: &Definition) -> FxHashSet<String> {
    let added = definition.added_tokens.iter();
    added.map(|token| token.content.clone()).collect()
}

/// The id that a new token gets.
fn id_of(definition: &Definition, token: &NewToken) -> Result<TokenId> {
    let shown = show_text(&token.content);
    let vocab = &definition.vocab;
    let same_text = held_under_its_text(definition, &token.content);
    let Some(id) = token.id else {
        if let Some(id) = same_text {
            return Ok(id);
        }
        return TokenId::try_from(definition.id_bound())
            .ok()
            .filter(|id| u64::from(*id) < ID_LIMIT)
            .ok_or_else(|| Error::argument(format!("there is no id left for `{shown}`")));
    };
    if u64::from(id) == ID_LIMIT {
        return Err(Error::argument(format!(
            "id {id} is larger than {}",
            ID_LIMIT - 1
        )));
    }
    if let Some(held) = definition.added_token(id) {
        let held = show_text(&held.content);
        return Err(Error::argument(format!(
            "id {id} of `{shown}` is that of `{held}`"
        )));
    }
    match vocab.bytes(id) {
        Some(bytes) if bytes == token.content.as_bytes() => Ok(id),
        Some(bytes) => Err(Error::argument(format!(
            "id {id} of `{shown}` is that of the token {}",
            show_bytes(bytes)
        ))),
        None => Ok(id),
    }
}

/// The id of the token that has this text for a name in a tokenizer.json too: an added token of that
/// text gets it in tokenizers (`tokenizer/added_vocabulary.rs`, `add_tokens`). A text with a space,
/// or beyond ASCII, is the name of none: there the byte alphabet has other letters.
fn held_under_its_text(definition: &Definition, text: &str) -> Option<TokenId> {
    let vocab = &definition.vocab;
    let is_own_name =
        definition.atoms == Atoms::Characters || text.bytes().all(|byte| byte.is_ascii_graphic());
    let ordinary = vocab.id_of(text.as_bytes()).filter(|_| is_own_name);
    ordinary.or_else(|| vocab.id_of_literal(text))
}

/// An added token that stands in front of it, or that has it inside, would be found instead.
fn check_found(tokenizer: &Tokenizer, token: &NewToken) -> Result<()> {
    let ids = tokenizer.encode(&token.content, &Special::allowed())?;
    let added = tokenizer.definition().added_tokens.iter();
    let (own, others): (Vec<_>, Vec<_>) = added.partition(|held| held.content == token.content);
    // What a normalizer puts before a text may stand there too, and is no added token.
    let is_one = |tokens: &[&AddedToken]| tokens.iter().any(|token| ids.contains(&token.id));
    if is_one(&own) && (ids.len() == 1 || !is_one(&others)) {
        return Ok(());
    }
    Err(FileError::unsupported(format!(
        "`{}` would be found as other tokens: it encodes to {ids:?}",
        show_text(&token.content)
    ))
    .with_hint("an added token inside of it, or a normalizer that changes it, stands in its way")
    .into())
}

/// Removes added tokens by their texts. What the tokenizer itself refers to stays: the tokens it puts
/// around a text, those with a role, and those in the chat template.
///
/// # Errors
///
/// `Argument` for a text that is no added token; `File` (unsupported) for a token that is used.
///
/// # Examples
///
/// ```
/// use bpekit::Tokenizer;
/// use bpekit::edit::remove_tokens;
///
/// let demo = Tokenizer::demo()?;
/// let edited = remove_tokens(&demo, &["<|endoftext|>"])?;
/// assert_eq!(edited.tokenizer.n_vocab(), demo.n_vocab() - 1);
/// # Ok::<(), bpekit::Error>(())
/// ```
pub fn remove_tokens(source: &Tokenizer, texts: &[&str]) -> Result<Edited> {
    let mut definition = source.definition().clone();
    let wanted: FxHashSet<&str> = texts.iter().copied().collect();
    let held = held_texts(&definition);
    if let Some(text) = texts.iter().find(|text| !held.contains(**text)) {
        return Err(Error::argument(format!(
            "`{}` is no added token",
            show_text(text)
        )));
    }
    let uses = Uses::of(&definition);
    let is_removed = |token: &AddedToken| wanted.contains(token.content.as_str());
    let mut done = Vec::new();
    for token in definition
        .added_tokens
        .iter()
        .filter(|token| is_removed(token))
    {
        let shown = show_text(&token.content);
        if let Some(by) = uses.user_of(token) {
            return Err(FileError::unsupported(format!("`{shown}` is used by {by}"))
                .with_hint("leave it, or change what uses it first")
                .into());
        }
        done.push(format!("removed `{shown}` ({})", token.id));
    }
    let ids: FxHashSet<TokenId> = definition
        .added_tokens
        .iter()
        .filter(|token| is_removed(token))
        .map(|token| token.id)
        .collect();
    definition.added_tokens.retain(|token| !is_removed(token));
    // A second text of the id may stay.
    let kept: FxHashSet<TokenId> = definition.added_tokens.iter().map(|t| t.id).collect();
    let gone: FxHashSet<TokenId> = ids.difference(&kept).copied().collect();
    let mut reduced = source.definition().clone();
    reduced.added_tokens.retain(|token| !is_removed(token));
    drop_from_vocab(&mut definition, &gone)?;
    let tokenizer = compile(definition)?;
    let proof = shown_same(&compile(reduced)?, &tokenizer, &VerifyOptions::default())?;
    Ok(Edited {
        tokenizer,
        done,
        proof,
    })
}

/// The texts of the added tokens that nothing in the tokenizer refers to.
pub fn unused_tokens(source: &Tokenizer) -> Vec<&str> {
    let definition = source.definition();
    let uses = Uses::of(definition);
    let unused = |token: &&AddedToken| uses.user_of(token).is_none();
    let added = definition.added_tokens.iter().filter(unused);
    added.map(|token| token.content.as_str()).collect()
}

/// Removes from the vocab the entries of added tokens that no merge makes: tokenizers wants its
/// added tokens there too, and they would stay as tokens that no text reaches.
fn drop_from_vocab(definition: &mut Definition, gone: &FxHashSet<TokenId>) -> Result<()> {
    let unreachable: FxHashSet<TokenId> = live_pairs::unreachable_tokens(definition)
        .into_iter()
        .collect();
    let in_merges: FxHashSet<TokenId> = match &definition.merges {
        Merges::ByRank | Merges::ByScore(_) => FxHashSet::default(),
        Merges::Listed(merges) => merges
            .iter()
            .flat_map(|merge| [merge.left, merge.right, merge.product])
            .collect(),
    };
    let is_dropped =
        |id: TokenId| gone.contains(&id) && unreachable.contains(&id) && !in_merges.contains(&id);
    // A pretoken that is a token as a whole is that token, with or without merges.
    let is_looked_up = definition.options.ignore_merges;
    let vocab = &definition.vocab;
    let mut builder = VocabBuilder::with_capacity(vocab.len(), vocab.len() * 8);
    let mut stays = Vec::with_capacity(vocab.len());
    for token in vocab.iter() {
        let is_kept = is_looked_up && token.kind == TokenKind::Ordinary || !is_dropped(token.id);
        if is_kept {
            builder.push(token.id, token.bytes, token.kind);
        }
        stays.push(is_kept);
    }
    if let Merges::ByScore(scores) = &mut definition.merges {
        let mut kept = stays.iter();
        scores
            .of_tokens
            .retain(|_| kept.next().copied().unwrap_or_default());
        scores.unused.retain(|id| !is_dropped(*id));
    }
    definition.vocab = builder
        .finish()
        .map_err(|_| FileError::data("two tokens of the vocab have the same bytes or id"))?;
    Ok(())
}

/// What refers to tokens.
struct Uses<'a> {
    definition: &'a Definition,
    frame: FxHashSet<TokenId>,
}

impl<'a> Uses<'a> {
    fn of(definition: &'a Definition) -> Self {
        let mut frame = FxHashSet::default();
        if let Some(processor) = &definition.post_processor {
            collect_frame(processor, &mut frame);
        }
        Self { definition, frame }
    }

    /// Who refers to a token.
    fn user_of(&self, token: &AddedToken) -> Option<String> {
        if self.frame.contains(&token.id) {
            return Some("the post-processor".to_owned());
        }
        let mut roles = self.definition.roles.iter();
        if let Some((role, _)) = roles.find(|(_, id)| **id == token.id) {
            return Some(format!("the role `{}`", role.name()));
        }
        if self.definition.options.unk_token.as_deref() == Some(&token.content) {
            return Some("the model, for what its vocab lacks".to_owned());
        }
        let template = self.definition.chat_template.as_deref();
        template
            .is_some_and(|template| template.contains(&token.content))
            .then(|| "the chat template".to_owned())
    }
}

fn collect_frame(processor: &PostProcessor, ids: &mut FxHashSet<TokenId>) {
    match processor {
        PostProcessor::Template { single, pair } => {
            for part in single.iter().chain(pair) {
                if let TemplatePart::Special { ids: held, .. } = part {
                    ids.extend(held);
                }
            }
        }
        PostProcessor::ClsSep { cls, sep } => ids.extend([cls.1, sep.1]),
        PostProcessor::Sequence(steps) => steps.iter().for_each(|step| collect_frame(step, ids)),
        _ => {}
    }
}

/// Adds special tokens that stand for nothing, until the largest id is one below `size`: as many ids
/// as a padded embedding has rows. `name` is their text, with `{}` for a number from 0 on that is
/// free.
///
/// # Errors
///
/// `Argument` for a name without `{}`, and for a size that is smaller than what there is.
///
/// # Examples
///
/// ```
/// use bpekit::Tokenizer;
/// use bpekit::edit::resize;
///
/// let demo = Tokenizer::demo()?;
/// let edited = resize(&demo, 3072, "<|reserved_{}|>")?;
/// assert_eq!(edited.tokenizer.n_vocab(), 3072);
/// assert!(resize(&demo, 100, "<|reserved_{}|>").is_err());
/// # Ok::<(), bpekit::Error>(())
/// ```
pub fn resize(source: &Tokenizer, size: u64, name: &str) -> Result<Edited> {
    let bound = source.n_vocab();
    if name.matches("{}").count() != 1 {
        return Err(Error::argument(format!(
            "`{}` names no tokens; expected one `{{}}` for their number",
            show_text(name)
        )));
    }
    if size < bound {
        return Err(Error::argument(format!(
            "{size} is smaller than the {bound} ids there are; keep fewer merges to make it smaller"
        )));
    }
    if size > ID_LIMIT {
        return Err(Error::argument(format!(
            "{size} ids are more than {ID_LIMIT}"
        )));
    }
    let held = held_texts(source.definition());
    let free = (0_u64..)
        .map(|number| name.replace("{}", &number.to_string()))
        .filter(|text| !held.contains(text));
    let tokens: Vec<NewToken> = free
        .zip(bound..size)
        .map(|(text, id)| NewToken {
            id: Some(id as TokenId),
            ..NewToken::special(text)
        })
        .collect();
    let mut edited = add_tokens(source, &tokens)?;
    edited.done = vec![format!(
        "added {} tokens, from {bound} to {size} ids",
        tokens.len()
    )];
    Ok(edited)
}
