//! Lists against the scores that they stand for, on every short text.

use std::sync::Arc;

use bpekit_formats::{Atoms, Definition, Merges, Score, Scores, Vocab};

use super::*;
use crate::bpe::{Bpe, Ids, Scratch};

/// A definition of these tokens; letters have no other score than the lowest.
fn definition(letters: &str, tokens: &[(String, f32)]) -> Definition {
    let letters = letters.chars().map(|letter| (letter.to_string(), -1e9));
    let all: Vec<(String, f32)> = letters.chain(tokens.iter().cloned()).collect();
    let texts = all
        .iter()
        .zip(0..)
        .map(|((text, _), id)| (id, text.as_bytes()));
    let scores = Scores {
        of_tokens: all.iter().map(|(_, score)| Score::new(*score)).collect(),
        unused: Vec::new(),
    };
    Definition {
        atoms: Atoms::Characters,
        merges: Merges::ByScore(scores),
        options: bpekit_formats::ModelOptions::default(),
        ..Definition::from_ranks(Vocab::from_tokens(texts).unwrap())
    }
}

fn ids(bpe: &Bpe, text: &str) -> Vec<u32> {
    let mut out = Ids::default();
    bpe.encode(
        text.as_bytes(),
        0..text.len(),
        &mut out,
        &mut Scratch::default(),
    )
    .unwrap();
    out.into_vec()
}

/// The list of a definition, if there is one, after comparing what both make of the texts.
fn compared(source: &Definition, texts: &[String]) -> Option<Vec<Merge>> {
    let merges = equal_list(source)?;
    let listed = Definition {
        merges: Merges::Listed(merges.clone()),
        ..source.clone()
    };
    let [one, other] = [source, &listed].map(|one| Bpe::new(Arc::new(one.clone())).unwrap());
    for text in texts {
        assert_eq!(ids(&one, text), ids(&other, text), "{text} {source:?}");
    }
    Some(merges)
}

/// Every text of these letters up to a length.
fn texts(letters: &str, longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut start = 0;
    for _ in 0..longest {
        let end = all.len();
        for index in start..end {
            for letter in letters.chars() {
                all.push(format!("{}{letter}", all[index]));
            }
        }
        start = end;
    }
    all.split_off(1)
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }
}

#[test]
fn a_list_does_what_scores_do() {
    let mut random = Random(0x1234_5678_9abc_def1);
    let (mut exact, mut refused) = (0, 0);
    for (letters, longest) in [("ab", 9), ("abc", 6)] {
        let all = texts(letters, longest);
        for _ in 0..400 {
            let scores = 1 + random.below(12);
            let mut tokens: Vec<(String, f32)> = Vec::new();
            for _ in 0..=random.below(8) {
                let len = 2 + random.below(4);
                let text: String = (0..len)
                    .map(|_| letters.as_bytes()[random.below(letters.len())] as char)
                    .collect();
                if tokens.iter().all(|(held, _)| *held != text) {
                    tokens.push((text, f32::from(random.below(scores) as u8)));
                }
            }
            match compared(&definition(letters, &tokens), &all) {
                Some(_) => exact += 1,
                None => refused += 1,
            }
        }
    }
    // Of both there are many, and the exact ones are not those without equal scores alone.
    assert!(
        exact > 200 && refused > 100,
        "{exact} exact, {refused} refused"
    );
}

/// Tokens of different scores have a list always.
#[test]
fn different_scores_have_a_list() {
    let mut random = Random(0x9876_5432_1abc_def1);
    let all = texts("ab", 9);
    for _ in 0..200 {
        let mut tokens: Vec<(String, f32)> = Vec::new();
        for number in 0..10_u8 {
            let text = all[2 + random.below(60)].clone();
            if text.len() > 1 && tokens.iter().all(|(held, _)| *held != text) {
                let score = f32::from(number * 7 % 11);
                tokens.push((text, score));
            }
        }
        assert!(compared(&definition("ab", &tokens), &all).is_some());
    }
}

/// Runs of one letter, of whatever lengths, beside others that touch them.
#[test]
fn runs_of_one_score_have_a_list() {
    let mut random = Random(0x1111_2222_3333_4445);
    let mut all = texts("ab", 8);
    all.extend((9..90).map(|len| "a".repeat(len)));
    all.extend((9..60).map(|len| format!("b{}b{}", "a".repeat(len), "a".repeat(70 - len))));
    for _ in 0..300 {
        let lengths: Vec<usize> = (2..20).filter(|_| random.below(2) == 0).collect();
        let runs = lengths.iter().map(|&len| ("a".repeat(len), -5.0));
        let mut tokens: Vec<(String, f32)> = runs.collect();
        for (text, score) in [("ab", 1.0), ("ba", 2.0), ("bb", -5.0), ("abb", -7.0)] {
            if random.below(2) == 0 {
                tokens.push((text.to_owned(), score));
            }
        }
        let source = definition("ab", &tokens);
        assert!(compared(&source, &all).is_some(), "{lengths:?}");
    }
}

/// As in Mistral's files.
#[test]
fn longer_runs_stand_first() {
    let runs = [2, 4, 8, 5, 16, 6, 12, 13, 10, 14, 3, 9, 7, 11];
    let tokens: Vec<(String, f32)> = runs.iter().map(|&len| ("a".repeat(len), -1e9)).collect();
    let source = definition("a", &tokens);
    let all: Vec<String> = (1..200).map(|len| "a".repeat(len)).collect();
    let merges = compared(&source, &all).unwrap();
    let len = |id: u32| source.vocab.bytes(id).unwrap().len();
    let lens: Vec<_> = merges.iter().map(|merge| len(merge.product)).collect();
    assert_eq!(lens, [16, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    assert_eq!((len(merges[0].left), len(merges[0].right)), (14, 2));
}

#[test]
fn what_meets_is_refused() {
    let token = |text: &str, score| (text.to_owned(), score);
    for tokens in [
        // One score, and a letter that both want.
        vec![token("ab", 1.0), token("ba", 1.0)],
        // What the one becomes is a part of the other.
        vec![token("ab", 1.0), token("abb", 1.0)],
        // What the one becomes goes on at once, and takes what the other wants.
        vec![token("ab", 1.0), token("cd", 1.0), token("abc", 2.0)],
        // Runs of two scores.
        vec![token("aa", 1.0), token("aaa", 1.0), token("aaaa", 2.0)],
    ] {
        let source = definition("abcd", &tokens);
        assert!(equal_list(&source).is_none(), "{tokens:?}");
    }
    for tokens in [
        vec![token("ab", 1.0), token("cd", 1.0)],
        vec![token("aa", 1.0), token("bb", 1.0)],
        vec![token("ab", 1.0), token("ac", 1.0)],
    ] {
        let source = definition("abcd", &tokens);
        assert!(compared(&source, &texts("abcd", 6)).is_some(), "{tokens:?}");
    }
}
