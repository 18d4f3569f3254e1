//! The steps of SentencePiece as those of a tokenizer.json.

use std::collections::BTreeSet;

use bpekit_formats::{
    Decoder, Definition, Error as FileError, Loss, LossPart, Merges, Needle, Normalizer, Pattern,
    Pretokenizer, SentencePieceNormalizer, SplitBehavior, TextStart, TokenId, TokenKind,
};
use rustc_hash::FxHashSet;

use crate::error::Result;

/// The mark of a space.
const MARK: &str = "\u{2581}";

/// Normalizer, tokens that are cut out first, and decoder.
///
/// # Errors
///
/// `Unsupported` for what no step of a tokenizer.json does.
pub(crate) fn restate_steps(target: &mut Definition, losses: &mut Vec<Loss>) -> Result<()> {
    if let Some(Normalizer::SentencePiece(spec)) = &target.normalizer {
        let spec = spec.clone();
        let steps = normalizer_steps(&spec, losses)?;
        cut_out_tokens(target, &spec)?;
        target.normalizer = match steps.len() {
            0 => None,
            _ => Some(Normalizer::Sequence(steps)),
        };
    }
    if let Some(Decoder::SentencePiece { start, .. }) = &target.decoder {
        let mut steps = vec![Decoder::Replace {
            needle: Needle::Literal(MARK.to_owned()),
            content: " ".to_owned(),
        }];
        if target.options.byte_fallback {
            steps.push(Decoder::ByteFallback);
        }
        steps.push(Decoder::Fuse);
        if *start != TextStart::Kept {
            steps.push(Decoder::Strip {
                content: ' ',
                start: 1,
                stop: 0,
            });
        }
        target.decoder = Some(Decoder::Sequence(steps));
        losses.push(Loss::reported(
            LossPart::Decoder,
            "special tokens are decoded to their text unless they are skipped, and the unknown \
             token to its own",
        ));
    }
    Ok(())
}

/// The steps of a tokenizer.json that rewrite every text as the normalizer does, if there are some.
pub(crate) fn equal_steps(spec: &SentencePieceNormalizer) -> Option<Vec<Normalizer>> {
    let mut losses = Vec::new();
    let steps = normalizer_steps(spec, &mut losses).ok()?;
    losses.is_empty().then_some(steps)
}

/// The steps that rewrite text as the normalizer does.
fn normalizer_steps(
    spec: &SentencePieceNormalizer,
    losses: &mut Vec<Loss>,
) -> Result<Vec<Normalizer>> {
    let replace = |needle: Needle, content: &str| Normalizer::Replace {
        needle,
        content: content.to_owned(),
    };
    let regex = |text: &str| Needle::Regex(Pattern::oniguruma(text));
    if spec.treat_whitespace_as_suffix && spec.add_dummy_prefix {
        return Err(FileError::unsupported(
            "a space is put behind the text (treat_whitespace_as_suffix), which no step of a \
             tokenizer.json does",
        )
        .with_hint("keep the SentencePiece model")
        .into());
    }
    let mut steps = Vec::new();
    if let Some(map) = &spec.charsmap {
        losses.push(Loss::refused(
            LossPart::Normalizer,
            "tokenizers applies a map of characters to grapheme clusters, SentencePiece to the longest \
             match: texts with combining marks, or with `\\r\\n`, may differ",
        ));
        steps.push(Normalizer::Precompiled(map.clone()));
    }
    if spec.remove_extra_whitespaces {
        steps.push(replace(regex(r"\A +"), ""));
        steps.push(replace(regex(" {2,}"), " "));
    }
    let space = if spec.escape_whitespaces { MARK } else { " " };
    if spec.add_dummy_prefix {
        steps.push(Normalizer::Prepend(space.to_owned()));
    }
    if spec.escape_whitespaces {
        steps.push(replace(Needle::Literal(" ".to_owned()), MARK));
    }
    if spec.remove_extra_whitespaces {
        // Also what the text itself has of the mark, and the prefix, as SentencePiece does.
        steps.push(replace(regex(&format!(r"(?:{space})+\z")), ""));
    }
    Ok(steps)
}

/// Lets the tokens be found that SentencePiece cuts out of normalized text before it merges.
///
/// tokenizers looks for an added token by its normalized text, and a text that is one as a whole
/// becomes that token alone. Where normalizing puts something in front of every text this is not
/// what SentencePiece does, and a split cuts the tokens out instead; what is cut out is then looked
/// up as a whole (`ignore_merges`). Other tokens that no merge makes must not be: they are split,
/// at a place that no merge crosses.
fn cut_out_tokens(target: &mut Definition, spec: &SentencePieceNormalizer) -> Result<()> {
    let is_plain = |token: &&bpekit_formats::AddedToken| !token.is_special && token.normalized;
    let mut texts: Vec<(TokenId, String)> = target
        .added_tokens
        .iter()
        .filter(is_plain)
        .map(|token| (token.id, token.content.clone()))
        .collect();
    if texts.is_empty() {
        return Ok(());
    }
    if texts.iter().any(|(_, text)| text.contains(' ')) {
        if spec.remove_extra_whitespaces || !spec.escape_whitespaces {
            return Err(FileError::unsupported(
                "a token that is cut out of the text has a space, which a tokenizer.json would \
                 normalize",
            )
            .with_hint("keep the SentencePiece model")
            .into());
        }
        // Spaces became marks before tokens are looked for: these are never found.
        texts.retain(|(_, text)| !text.contains(' '));
        target
            .added_tokens
            .retain(|token| token.is_special || !token.content.contains(' '));
    }
    let is_by_character =
        spec.charsmap.is_none() && !spec.add_dummy_prefix && !spec.remove_extra_whitespaces;
    if is_by_character || texts.is_empty() {
        return Ok(());
    }
    let ids: FxHashSet<TokenId> = texts.iter().map(|(id, _)| *id).collect();
    target.added_tokens.retain(|token| !ids.contains(&token.id));
    // Of those that start at one place the longest counts.
    texts.sort_by_key(|(id, text)| (std::cmp::Reverse(text.len()), *id));
    let mut arms: Vec<String> = texts.iter().map(|(_, text)| escaped(text)).collect();
    if texts.iter().any(|(_, text)| text.chars().count() > 1) {
        target.options.ignore_merges = true;
        arms.extend(cuts(target, &ids, spec)?);
    }
    target.pretokenizer = Some(Pretokenizer::Split {
        needle: Needle::Regex(Pattern::oniguruma(arms.join("|"))),
        behavior: SplitBehavior::Isolated,
        invert: false,
    });
    Ok(())
}

/// Patterns of places that keep tokens from being looked up as a whole, if no merge makes them.
fn cuts(
    target: &Definition,
    cut_out: &FxHashSet<TokenId>,
    spec: &SentencePieceNormalizer,
) -> Result<Vec<String>> {
    let Merges::Listed(merges) = &target.merges else {
        return Ok(Vec::new());
    };
    let made: FxHashSet<TokenId> = merges.iter().map(|merge| merge.product).collect();
    let text_of = |id: TokenId| {
        let bytes = target.vocab.bytes(id).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    };
    let neighbours = |text: &'_ str| -> Vec<(char, char)> {
        let characters: Vec<char> = text.chars().collect();
        characters
            .windows(2)
            .map(|pair| (pair[0], pair[1]))
            .collect()
    };
    let crossed: FxHashSet<(char, char)> = made
        .iter()
        .flat_map(|&id| neighbours(text_of(id)))
        .collect();
    // Two characters without a token become one unknown token, if there is no byte fallback.
    let is_known = |character: char| {
        let mut buffer = [0; 4];
        let bytes = character.encode_utf8(&mut buffer).as_bytes();
        target.options.byte_fallback || target.vocab.id_of(bytes).is_some()
    };
    let specials = target.added_tokens.iter().filter(|token| token.is_special);
    let specials: FxHashSet<TokenId> = specials.map(|token| token.id).collect();
    let mut chosen: BTreeSet<(char, char)> = BTreeSet::new();
    for token in target.vocab.iter() {
        let text = text_of(token.id);
        let is_looked_up = token.kind == TokenKind::Ordinary
            && text.chars().count() > 1
            && !(made.contains(&token.id) || cut_out.contains(&token.id))
            // As a special token it is found, or asked for as text by nobody who reads the file.
            && !specials.contains(&token.id)
            && !(spec.escape_whitespaces && text.contains(' '));
        if !is_looked_up {
            continue;
        }
        let free = |&&(one, other): &&(char, char)| {
            !crossed.contains(&(one, other)) && (is_known(one) || is_known(other))
        };
        let places = neighbours(text);
        if places.iter().filter(free).any(|pair| chosen.contains(pair)) {
            continue;
        }
        let Some(place) = places.iter().find(free) else {
            return Err(FileError::unsupported(format!(
                "token `{}` ({}) is made by no merge, and would be found where it stands alone \
                 between two tokens that are cut out",
                bpekit_formats::show_text(text),
                token.id
            ))
            .with_hint("keep the SentencePiece model")
            .into());
        };
        chosen.insert(*place);
    }
    let pattern = |(one, other): (char, char)| {
        let [one, other] = [one, other].map(|character| escaped(&character.to_string()));
        format!("(?<={one})(?={other})")
    };
    Ok(chosen.into_iter().map(pattern).collect())
}

/// A text as a regular expression of Oniguruma.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if "\\.+*?()|[]{}^$".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
