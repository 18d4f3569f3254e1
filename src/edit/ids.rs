//! Numbering tokens anew.

use bpekit_formats::{Definition, Merges, TokenId};
use rustc_hash::FxHashMap;

use super::{Edited, compile, shown_same};
use crate::error::{Error, Result};
use crate::tokenizer::Tokenizer;
use crate::verify::{IdMap, VerifyOptions};

/// Gives tokens other ids; those that are not in the map keep theirs. Every text becomes the same
/// tokens. Ranks whose order changes become the list of merges they stand for.
///
/// # Errors
///
/// `Argument` if two tokens get one id.
///
/// # Examples
///
/// ```
/// use bpekit::Tokenizer;
/// use bpekit::edit::reorder;
/// use bpekit::verify::IdMap;
///
/// let demo = Tokenizer::demo()?;
/// let [one, other] = [*b"a", *b"b"].map(|byte| demo.token_id(&byte).unwrap());
/// let edited = reorder(&demo, &IdMap::new([(one, other), (other, one)])?)?;
/// assert_eq!(edited.tokenizer.token_id(b"a"), Some(other));
/// # Ok::<(), bpekit::Error>(())
/// ```
pub fn reorder(source: &Tokenizer, map: &IdMap) -> Result<Edited> {
    let definition = source.definition();
    check_distinct(definition, map)?;
    let mut renamed = map.renamed(definition)?;
    let mut done = vec![match changed(definition, map) {
        1 => "1 id changed".to_owned(),
        count => format!("{count} ids changed"),
    }];
    if definition.merges == Merges::ByRank {
        if keeps_order(definition, map) {
            renamed.merges = Merges::ByRank;
            renamed.options = definition.options.clone();
        } else {
            done.push("the ranks are a list of merges, as ids are not their order".to_owned());
        }
    }
    let tokenizer = compile(renamed)?;
    let options = VerifyOptions {
        id_map: map.clone(),
        ..VerifyOptions::default()
    };
    let proof = shown_same(source, &tokenizer, &options)?;
    Ok(Edited {
        tokenizer,
        done,
        proof,
    })
}

/// Closes the holes between ids: tokens keep their order, and the ids are 0, 1, 2 and so on.
///
/// # Errors
///
/// None that is known of.
pub fn compact(source: &Tokenizer) -> Result<Edited> {
    reorder(source, &IdMap::new(closing(source.definition()))?)
}

/// From each id to its place among all.
fn closing(definition: &Definition) -> impl Iterator<Item = (TokenId, TokenId)> {
    let tokens = definition.vocab.iter().map(|token| token.id);
    let added = definition.added_tokens.iter().map(|token| token.id);
    let mut ids: Vec<TokenId> = tokens.chain(added).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().zip(0..)
}

/// Two ids must not become one.
fn check_distinct(definition: &Definition, map: &IdMap) -> Result<()> {
    let mut from: FxHashMap<TokenId, TokenId> = FxHashMap::default();
    for (id, _) in closing(definition) {
        if let Some(other) = from.insert(map.apply(id), id) {
            return Err(Error::argument(format!(
                "the id map gives the tokens {other} and {id} one id, {}",
                map.apply(id)
            )));
        }
    }
    Ok(())
}

fn changed(definition: &Definition, map: &IdMap) -> usize {
    closing(definition)
        .filter(|(id, _)| map.apply(*id) != *id)
        .count()
}

/// Whether the tokens that merge come in the same order under their new ids.
fn keeps_order(definition: &Definition, map: &IdMap) -> bool {
    let new: Vec<TokenId> = definition
        .vocab
        .iter()
        .map(|token| map.apply(token.id))
        .collect();
    new.is_sorted()
}
