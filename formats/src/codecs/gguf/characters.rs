//! `llama`: BPE over characters by scores, as SentencePiece has it and llama.cpp repeats it
//! (`src/llama-vocab.cpp`, `llm_tokenizer_spm_session`).
//!
//! Of all neighbours whose texts joined are a token the pair with the highest score merges, the
//! leftmost of several. As a list that is every two-way split of every token, the highest score
//! first. What a list cannot say is that the leftmost goes first where two tokens have one score;
//! [`order_of`] puts such tokens in an order that comes to the same, or refuses.

use std::collections::BTreeMap;

use super::frame::{Frame, read_roles};
use super::keys::{self, Keys};
use super::tokens::{Tokens, check_count, place};
use crate::byte_alphabet;
use crate::definition::{Atoms, Definition, Merge, Merges, ModelOptions, Provenance, Role};
use crate::error::{Error, Result, show_text};
use crate::extra::Extra;
use crate::limits::ReadOptions;
use crate::pipeline::{Decoder, Needle, Normalizer};
use crate::vocab::{TokenId, TokenKind, Vocab, VocabBuilder};

/// SentencePiece's mark for a space.
const SPACE: &str = "\u{2581}";

/// What llama.cpp takes where a file does not say.
pub(super) const IMPLIED: &[(Role, TokenId)] = &[(Role::Bos, 1), (Role::Eos, 2), (Role::Unk, 0)];

pub(super) fn read(keys: &Keys<'_>, options: &ReadOptions) -> Result<Definition> {
    let tokens = Tokens::read(keys, &options.limits)?;
    let scores = read_scores(keys, tokens.len())?;
    let vocab = read_vocab(&tokens, options)?;
    let merges = merges_of(&tokens, &scores, &vocab)?;
    let limit = options.limits.merge_count;
    if merges.len() as u64 > limit {
        let count = merges.len() as u64;
        return Err(Error::limit(
            "number of merges",
            count,
            limit,
            "merge_count",
        ));
    }
    let roles = read_roles(keys, tokens.len())?;
    let added_tokens = tokens.added(&roles, &vocab, keys, &options.limits)?;
    let mut known = roles.clone();
    for &(role, id) in IMPLIED {
        if (id as usize) < tokens.len() {
            known.entry(role).or_insert(id);
        }
    }
    let frame = Frame::read(keys, true, &known)?;
    let unknown = known.get(&Role::Unk).map(|id| tokens.texts[*id as usize]);
    let has_prefix = keys.flag(keys::ADD_SPACE_PREFIX)?.unwrap_or(true);
    Ok(Definition {
        name: None,
        atoms: Atoms::Characters,
        merges: Merges::Listed(merges),
        // As published files of Llama 2 have them; with a token for each byte nothing is unknown.
        options: ModelOptions {
            unk_token: unknown.map(str::to_owned),
            fuse_unk: true,
            byte_fallback: true,
            ..ModelOptions::default()
        },
        added_tokens,
        normalizer: Some(normalizer(has_prefix)),
        pretokenizer: None,
        post_processor: frame.post_processor(&tokens),
        decoder: Some(decoder(has_prefix)),
        roles,
        chat_template: None,
        missing: Vec::new(),
        extra: Extra::default(),
        provenance: Provenance::default(),
        vocab,
    })
}

/// The vocab, which must have a token for each byte.
pub(super) fn read_vocab(tokens: &Tokens<'_>, options: &ReadOptions) -> Result<Vocab> {
    let len = tokens.texts.iter().map(|text| text.len()).sum();
    let mut builder = VocabBuilder::with_capacity(tokens.len(), len);
    for (index, text) in tokens.texts.iter().enumerate() {
        tokens.check_len(index, &options.limits)?;
        if text.is_empty() {
            return Err(Error::data("the token is empty").at_json(place(index)));
        }
        builder.push(index as TokenId, text.as_bytes(), TokenKind::Ordinary);
    }
    let vocab = builder
        .finish()
        .map_err(|duplicate| tokens.duplicate(duplicate))?;
    let fallback = |byte: u8| vocab.id_of(byte_alphabet::fallback_token(byte).as_bytes());
    if let Some(byte) = (0..=u8::MAX).find(|byte| fallback(*byte).is_none()) {
        return Err(Error::unsupported(format!(
            "no token `{}`; a vocab of characters without a token for each byte cannot be read",
            byte_alphabet::fallback_token(byte)
        ))
        .at_json(keys::TOKENS));
    }
    Ok(vocab)
}

pub(super) fn normalizer(has_prefix: bool) -> Normalizer {
    let prefix = has_prefix.then(|| Normalizer::Prepend(SPACE.to_owned()));
    let spaces = Normalizer::Replace {
        needle: Needle::Literal(" ".to_owned()),
        content: SPACE.to_owned(),
    };
    Normalizer::Sequence(prefix.into_iter().chain([spaces]).collect())
}

pub(super) fn decoder(has_prefix: bool) -> Decoder {
    let mut steps = vec![
        Decoder::Replace {
            needle: Needle::Literal(SPACE.to_owned()),
            content: " ".to_owned(),
        },
        Decoder::ByteFallback,
        Decoder::Fuse,
    ];
    if has_prefix {
        steps.push(Decoder::Strip {
            content: ' ',
            start: 1,
            stop: 0,
        });
    }
    Decoder::Sequence(steps)
}

/// The scores, whole numbers in some files.
pub(super) fn read_scores(keys: &Keys<'_>, count: usize) -> Result<Vec<f64>> {
    let entry = keys.needed(keys::SCORES)?;
    let scores: Vec<f64> = match entry.floats() {
        Ok(scores) => scores.map(f64::from).collect(),
        Err(error) => match entry.integers() {
            Ok(scores) => scores.map(f64::from).collect(),
            Err(_) => return Err(error),
        },
    };
    check_count(scores.len(), count, keys::SCORES)?;
    match scores.iter().position(|score| score.is_nan()) {
        None => Ok(scores),
        Some(index) => {
            Err(Error::data("is not a number").at_json(format!("{}[{index}]", keys::SCORES)))
        }
    }
}

/// Every two-way split of every token, in the order in which they merge.
pub(super) fn merges_of(tokens: &Tokens<'_>, scores: &[f64], vocab: &Vocab) -> Result<Vec<Merge>> {
    let mut splits: BTreeMap<TokenId, Vec<Merge>> = BTreeMap::new();
    for (index, text) in tokens.texts.iter().enumerate() {
        let product = index as TokenId;
        let is_token = |text: &str| vocab.id_of(text.as_bytes());
        let borders = text.char_indices().skip(1).map(|(at, _)| text.split_at(at));
        let mut found: Vec<Merge> = borders
            .clone()
            .filter_map(|(left, right)| {
                Some(Merge {
                    left: is_token(left)?,
                    right: is_token(right)?,
                    product,
                })
            })
            .collect();
        // Neighbours join to a token whether or not they are tokens themselves.
        let may_stand = |text: &str| text.chars().nth(1).is_none() || is_token(text).is_some();
        let is_made = borders
            .clone()
            .any(|(left, right)| may_stand(left) && may_stand(right));
        let mut characters = text.chars();
        let absent =
            characters.find(|character| is_token(character.encode_utf8(&mut [0; 4])).is_none());
        if let Some(absent) = absent.filter(|_| is_made) {
            return Err(Error::unsupported(format!(
                "`{}` has the character `{}`, which is no token; merges cannot say how it is made",
                show_text(text),
                show_text(&absent.to_string())
            ))
            .at_json(place(index)));
        }
        if found.is_empty() {
            continue;
        }
        found.sort_unstable_by_key(|merge| (merge.left, merge.right));
        splits.insert(product, found);
    }
    let mut order: Vec<TokenId> = splits.keys().copied().collect();
    // Stable: of one score, the lower id first.
    order.sort_by(|one, other| scores[*other as usize].total_cmp(&scores[*one as usize]));
    let mut start = 0;
    while start < order.len() {
        let score = scores[order[start] as usize];
        let count = order[start..]
            .iter()
            .take_while(|id| scores[**id as usize].total_cmp(&score).is_eq())
            .count();
        if count > 1 {
            order_of(&mut order[start..start + count], &splits, tokens)?;
        }
        start += count;
    }
    Ok(order
        .iter()
        .flat_map(|id| splits[id].iter().copied())
        .collect())
}

/// Puts tokens of one score in an order that merges as leftmost first does: where the end of one
/// may be the start of another, the one that ends so goes first. Runs of one character, as of
/// spaces, may be either to each other; there the longest first is tried.
fn order_of(
    tied: &mut [TokenId],
    splits: &BTreeMap<TokenId, Vec<Merge>>,
    tokens: &Tokens<'_>,
) -> Result<()> {
    let text_of = |id: TokenId| tokens.texts[id as usize];
    let runs: Vec<usize> = tied.iter().filter_map(|id| run_len(text_of(*id))).collect();
    let first = text_of(tied[0]).chars().next();
    let is_of_one = |id: &TokenId| text_of(*id).chars().next() == first;
    if runs.len() == tied.len() && tied.iter().all(is_of_one) {
        tied.sort_by_key(|id| std::cmp::Reverse(text_of(*id).len()));
        let pairs: Vec<(usize, usize)> = tied
            .iter()
            .flat_map(|id| &splits[id])
            .map(|merge| [merge.left, merge.right].map(|id| text_of(id).chars().count()))
            .map(|[left, right]| (left, right))
            .collect();
        if runs_merge_alike(&pairs) {
            return Ok(());
        }
        return Err(tie_error(text_of(tied[0]), text_of(tied[1])));
    }
    // By what a right part of one is a left part of another; few tokens have one score.
    let mut rights: BTreeMap<TokenId, Vec<usize>> = BTreeMap::new();
    for (index, id) in tied.iter().enumerate() {
        for merge in &splits[id] {
            rights.entry(merge.right).or_default().push(index);
        }
    }
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); tied.len()];
    let mut before_count = vec![0_usize; tied.len()];
    for (index, id) in tied.iter().enumerate() {
        for merge in &splits[id] {
            for &earlier in rights.get(&merge.left).into_iter().flatten() {
                if earlier != index && !after[earlier].contains(&index) {
                    after[earlier].push(index);
                    before_count[index] += 1;
                }
            }
        }
    }
    let mut ready: std::collections::BTreeSet<usize> = (0..tied.len())
        .filter(|index| before_count[*index] == 0)
        .collect();
    let mut ordered = Vec::with_capacity(tied.len());
    while let Some(index) = ready.pop_first() {
        ordered.push(tied[index]);
        for &next in &after[index] {
            before_count[next] -= 1;
            if before_count[next] == 0 {
                ready.insert(next);
            }
        }
    }
    if ordered.len() == tied.len() {
        tied.copy_from_slice(&ordered);
        return Ok(());
    }
    let mut open = (0..tied.len()).filter(|index| before_count[*index] > 0);
    let [one, other] =
        [open.next(), open.next()].map(|index| index.map_or("", |i| text_of(tied[i])));
    Err(tie_error(one, other))
}

fn tie_error(one: &str, other: &str) -> Error {
    Error::unsupported(format!(
        "`{}` and `{}` have the same score, so that their places in a text decide which is made; \
         a list of merges cannot say that",
        show_text(one),
        show_text(other)
    ))
    .at_json(keys::SCORES)
}

/// How often a text repeats its only character.
pub(super) fn run_len(text: &str) -> Option<usize> {
    let mut characters = text.chars();
    let first = characters.next()?;
    characters
        .all(|character| character == first)
        .then(|| text.chars().count())
}

/// Whether runs merge by the list of pairs as they do leftmost first: tried with runs of up to
/// four times the longest, beyond which what is made repeats itself.
fn runs_merge_alike(pairs: &[(usize, usize)]) -> bool {
    /// Longer runs have no use, and take long to try.
    const LIMIT: usize = 64;
    let longest = pairs.iter().map(|(left, right)| left + right).max();
    let longest = longest.unwrap_or(0);
    if longest > LIMIT {
        return false;
    }
    let mut places = vec![None; (longest + 1) * (longest + 1)];
    for (place, (left, right)) in pairs.iter().enumerate() {
        places[left * (longest + 1) + right] = Some(place);
    }
    let place = |left: usize, right: usize| places[left * (longest + 1) + right];
    (2..=4 * longest).all(|len| {
        let leftmost = |left, right| place(left, right).map(|_| 0);
        merge_run(len, place) == merge_run(len, leftmost)
    })
}

/// Merges a run of single characters, the lowest priority first, leftmost first.
pub(super) fn merge_run(
    len: usize,
    priority: impl Fn(usize, usize) -> Option<usize>,
) -> Vec<usize> {
    let mut parts = vec![1; len];
    loop {
        let found = parts
            .windows(2)
            .enumerate()
            .filter_map(|(at, pair)| Some((priority(pair[0], pair[1])?, at)))
            .min();
        let Some((_, at)) = found else { return parts };
        parts[at] += parts[at + 1];
        parts.remove(at + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs_of(lens: &[usize]) -> Vec<(usize, usize)> {
        let mut lens = lens.to_vec();
        lens.sort_unstable_by_key(|len| std::cmp::Reverse(*len));
        let is_token = |len: &usize| *len == 1 || lens.contains(len);
        lens.iter()
            .flat_map(|len| (1..*len).map(move |left| (left, len - left)))
            .filter(|(left, right)| is_token(left) && is_token(right))
            .collect()
    }

    #[test]
    fn runs_as_published_merge_alike() {
        assert!(runs_merge_alike(&pairs_of(&[2, 4, 8, 16])));
        assert!(runs_merge_alike(&pairs_of(&(2..=16).collect::<Vec<_>>())));
        let mut shortest_first = pairs_of(&[2, 3]);
        shortest_first.reverse();
        assert!(!runs_merge_alike(&shortest_first));
    }
}
