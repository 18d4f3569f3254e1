//! Against SentencePiece's own way (`bpe_model.cc`, `SampleEncode`), written as plainly as it goes.

use std::collections::HashMap;
use std::sync::Arc;

use bpekit_formats::{
    Atoms, Definition, Merges, ModelOptions, Score, Scores, TokenKind, VocabBuilder,
};
use proptest::prelude::*;

use super::super::{Bpe, Ids, Scratch};

/// A piece: its text, its score, and whether it is used; none for one that is never merged.
type Piece = (String, Kind);
type Kind = Option<(f32, bool)>;

/// Pieces as SentencePiece has them, by their text, and their ids.
struct Plain<'a> {
    pieces: HashMap<&'a str, (u32, Kind)>,
    has_bytes: bool,
}

/// The ids of unknown text.
const UNKNOWN: u32 = 0;
const FIRST_BYTE: u32 = 1;

impl Plain<'_> {
    fn mergeable(&self, text: &str) -> Option<(u32, f32, bool)> {
        let (id, kind) = *self.pieces.get(text)?;
        let (score, is_used) = kind?;
        Some((id, score, is_used))
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        let mut symbols: Vec<String> = text.chars().map(String::from).collect();
        let mut made_of: HashMap<String, (String, String)> = HashMap::new();
        loop {
            let mut best: Option<(f32, usize)> = None;
            for index in 0..symbols.len().saturating_sub(1) {
                let joined = symbols[index..=index + 1].concat();
                let Some((_, score, is_used)) = self.mergeable(&joined) else {
                    continue;
                };
                if !is_used {
                    let two = (symbols[index].clone(), symbols[index + 1].clone());
                    made_of.insert(joined, two);
                }
                if best.is_none_or(|(best, _)| score > best) {
                    best = Some((score, index));
                }
            }
            let Some((_, index)) = best else { break };
            let right = symbols.remove(index + 1);
            symbols[index].push_str(&right);
        }
        let mut ids = Vec::new();
        let mut was_unknown = false;
        for symbol in &symbols {
            self.put(symbol, &made_of, &mut ids, &mut was_unknown);
        }
        ids
    }

    fn put(
        &self,
        symbol: &str,
        made_of: &HashMap<String, (String, String)>,
        ids: &mut Vec<u32>,
        was_unknown: &mut bool,
    ) {
        match (self.mergeable(symbol), made_of.get(symbol)) {
            (Some((id, _, true)), _) => {
                ids.push(id);
                *was_unknown = false;
            }
            (Some((_, _, false)), Some((left, right))) => {
                self.put(left, made_of, ids, was_unknown);
                self.put(right, made_of, ids, was_unknown);
            }
            _ if self.has_bytes => {
                ids.extend(symbol.bytes().map(|byte| FIRST_BYTE + u32::from(byte)));
                *was_unknown = false;
            }
            _ => {
                if !*was_unknown {
                    ids.push(UNKNOWN);
                }
                *was_unknown = true;
            }
        }
    }
}

fn definition(pieces: &[Piece], has_bytes: bool) -> Definition {
    let mut builder = VocabBuilder::default();
    let mut scores = Scores::default();
    builder.push(UNKNOWN, b"<unk>", TokenKind::Ordinary);
    for byte in 0..=255_u8 {
        let text = bpekit_formats::byte_alphabet::fallback_token(byte);
        builder.push(
            FIRST_BYTE + u32::from(byte),
            text.as_bytes(),
            TokenKind::Ordinary,
        );
    }
    scores.of_tokens.resize(builder.len(), None);
    for (text, kind) in pieces {
        let id = builder.len() as u32;
        builder.push(id, text.as_bytes(), TokenKind::Ordinary);
        let score = kind.and_then(|(score, _)| Score::new(score));
        scores.of_tokens.push(score);
        if matches!(kind, Some((_, false))) {
            scores.unused.push(id);
        }
    }
    Definition {
        atoms: Atoms::Characters,
        merges: Merges::ByScore(scores),
        options: ModelOptions {
            unk_token: Some("<unk>".to_owned()),
            fuse_unk: true,
            byte_fallback: has_bytes,
            ..ModelOptions::default()
        },
        ..Definition::from_ranks(builder.finish().unwrap())
    }
}

fn ids(bpe: &Bpe, text: &str, scratch: &mut Scratch) -> Vec<u32> {
    let mut out = Ids::default();
    if !text.is_empty() {
        bpe.encode(text.as_bytes(), 0..text.len(), &mut out, scratch)
            .unwrap();
    }
    out.into_vec()
}

const LETTERS: [&str; 5] = ["a", "b", "é", "字", "d"];

/// Texts of a few letters, of which `letters` are used.
fn word(letters: usize, longest: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(LETTERS[..letters].to_vec()),
        1..longest,
    )
    .prop_map(|letters| letters.concat())
}

/// Pieces with few scores, some of them not used, some never merged. Letters may be missing.
fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let kind = prop_oneof![
        8 => (-6..3_i8, Just(true)).prop_map(Some),
        2 => (-6..3_i8, Just(false)).prop_map(Some),
        1 => Just(None),
    ];
    let kind = kind.prop_map(|kind| kind.map(|(score, used)| (f32::from(score) / 2.0, used)));
    let letters = prop::sample::subsequence(LETTERS.to_vec(), 2..5);
    let words = prop::collection::hash_set(word(4, 7), 0..24);
    (letters, words, prop::collection::vec(kind, 40)).prop_map(|(letters, words, kinds)| {
        let mut texts: Vec<String> = words.into_iter().collect();
        texts.extend(letters.into_iter().map(str::to_owned));
        texts.sort();
        texts.dedup();
        texts.into_iter().zip(kinds).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn merges_as_sentencepiece_does(
        pieces in pieces(),
        texts in prop::collection::vec(word(5, 40), 1..6),
        repeat in 1..40_usize,
        has_bytes in any::<bool>(),
    ) {
        let bpe = Bpe::new(Arc::new(definition(&pieces, has_bytes))).unwrap();
        let first = FIRST_BYTE + 256;
        let plain = Plain {
            pieces: pieces
                .iter()
                .zip(first..)
                .map(|((text, kind), id)| (text.as_str(), (id, *kind)))
                .collect(),
            has_bytes,
        };
        // With a memory texts are cut, once there were enough of them.
        let mut remembering = Scratch::with_memory();
        let filler = "b字".repeat(5000);
        ids(&bpe, &filler, &mut remembering);
        let long = texts.concat().repeat(repeat);
        let long: String = long.chars().take(200).collect();
        for text in texts.iter().chain([&long]) {
            let expected = plain.encode(text);
            prop_assert_eq!(&ids(&bpe, text, &mut Scratch::default()), &expected, "{}", text);
            prop_assert_eq!(&ids(&bpe, text, &mut remembering), &expected, "{} cut", text);
        }
    }
}

/// Pieces that are not used are taken apart a hundred deep, and no deeper.
#[test]
fn what_is_not_used_is_taken_apart_to_a_depth() {
    let mut pieces: Vec<Piece> = vec![("a".to_owned(), Some((0.0, true)))];
    for len in 2..=150_u8 {
        let text = "a".repeat(usize::from(len));
        pieces.push((text, Some((f32::from(len), false))));
    }
    let definition = definition(&pieces, false);
    let bpe = Bpe::new(Arc::new(definition)).unwrap();
    let first = FIRST_BYTE + 256;
    let encode = |len: usize| ids(&bpe, &"a".repeat(len), &mut Scratch::default());
    assert_eq!(encode(100), vec![first; 100]);
    // 150, 149, … 50 are taken apart; what is left of that is 49.
    let expected = [&[first + 48][..], &[first; 101]].concat();
    assert_eq!(encode(150), expected);
}
