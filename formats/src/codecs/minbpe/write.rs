//! A definition to the lines of a file.

use std::fmt::Write as _;

use super::{VERSION, has_capturing_group, is_python_space};
use crate::added_token::AddedToken;
use crate::bundle::Bundle;
use crate::definition::{Atoms, Definition, Merge, Merges};
use crate::error::{Error, Result, show_bytes, show_text};
use crate::ranks;
use crate::special_tokens;
use crate::vocab::{TokenId, Vocab};

/// The ids of the bytes.
const BYTES: usize = 256;

pub(super) fn write(definition: &Definition, name: &str) -> Result<Bundle> {
    if definition.atoms != Atoms::Bytes {
        return Err(Error::unsupported(
            "the tokens are made of characters, not bytes; minbpe's are of bytes",
        ));
    }
    let Merges::Listed(merges) = &definition.merges else {
        return Err(Error::missing(
            "the definition has ranks; minbpe lists merges",
        ));
    };
    if definition.options.ignore_merges {
        return Err(Error::unsupported(
            "pretokens are looked up whole (`ignore_merges`), which minbpe does not do",
        ));
    }
    check_ids(&definition.vocab, merges)?;
    let pattern = pattern(definition)?;
    let (special, _) = special_tokens::by_first_text(&definition.added_tokens);
    special_tokens::check_at(&special, &definition.vocab, |position| {
        format!("line {}", position + 4)
    })?;

    let mut text = String::with_capacity(merges.len() * 12 + pattern.len() + 64);
    let mut line = |content: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{content}");
    };
    line(format_args!("{VERSION}1"));
    line(format_args!("{pattern}"));
    line(format_args!("{}", special.len()));
    for token in &special {
        check_text(token)?;
        line(format_args!("{} {}", token.content, token.id));
    }
    for merge in merges {
        line(format_args!("{} {}", merge.left, merge.right));
    }
    Ok(Bundle::new(name, text.into_bytes()))
}

/// The bytes have their own ids, and each merge makes the token behind those before it.
fn check_ids(vocab: &Vocab, merges: &[Merge]) -> Result<()> {
    const EXPECTED: &str = "in minbpe's files the ids 0 to 255 are the bytes in their order, then come \
                            the tokens of the merges, one each, without a gap";
    let mut tokens = vocab.iter();
    let bytes_out_of_place = (0..=255_u8).zip(tokens.by_ref()).find(|(byte, token)| {
        token.id != TokenId::from(*byte) || token.bytes != std::slice::from_ref(byte)
    });
    let is_next = |(index, token): &(usize, crate::vocab::Token<'_>)| {
        let made = merges.get(*index).map(|merge| merge.product);
        token.id as usize == BYTES + index && made == Some(token.id)
    };
    let out_of_place = bytes_out_of_place.map(|(_, token)| token).or_else(|| {
        tokens
            .enumerate()
            .find(|found| !is_next(found))
            .map(|(_, token)| token)
    });
    if let Some(token) = out_of_place {
        return Err(Error::unsupported(format!(
            "token {} {} is out of place; {EXPECTED}",
            token.id,
            show_bytes(token.bytes)
        ))
        .with_hint("`bpekit edit reorder` gives a tokenizer such ids"));
    }
    if vocab.len() != BYTES + merges.len() {
        return Err(Error::unsupported(format!(
            "there are {} tokens and {} merges; {EXPECTED}",
            vocab.len(),
            merges.len()
        )));
    }
    Ok(())
}

/// The pattern as a line; empty if text is not cut.
fn pattern(definition: &Definition) -> Result<&str> {
    if definition.pretokenizer.is_none() && definition.missing.is_empty() {
        return Ok("");
    }
    let pattern = ranks::pattern_of(definition)?;
    let refused = |what: &str| {
        Err(Error::unsupported(format!(
            "the pattern {what}, which minbpe's file cannot say"
        )))
    };
    if pattern.contains(['\n', '\r']) {
        return refused("has a line end");
    }
    if pattern.trim_matches(is_python_space) != pattern {
        return refused("starts or ends with white space");
    }
    if has_capturing_group(pattern) {
        return refused("has a capturing group");
    }
    Ok(pattern)
}

/// Refuses a special token that would not come back as it is.
fn check_text(token: &AddedToken) -> Result<()> {
    if token.content.contains(is_python_space) {
        return Err(Error::unsupported(format!(
            "special token `{}` ({}) has white space in it, at which minbpe splits the line",
            show_text(&token.content),
            token.id
        )));
    }
    Ok(())
}
