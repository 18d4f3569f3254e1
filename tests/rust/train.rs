//! Training: what comes out of it, going on from a tokenizer, and going on after an interruption.

mod checkpoints;
mod continued;
mod curves;
mod damaged;
mod golden;

use std::sync::atomic::{AtomicUsize, Ordering};

use bpekit::Tokenizer;
use bpekit::formats::{Definition, Merges, VocabBuilder};
use bpekit::train::{
    ByteOrder, Curve, Order, PretokenCounts, Pretokenization, TrainOptions, Trained, Unwatched,
    Watch, train_from_counts,
};

/// Text in which pairs tie, runs overlap and words repeat.
const TEXT: &str = "It was the best of times, it was the worst of times, it was the age of wisdom, it \
    was the age of foolishness. Aaaaaaa! aaaa aaa bbbbbb abababab ababa. größe größer; Übergröße… \
    12 123 1234 12345\n\n\tfn main() {\n    println!(\"the times\");\n}\n日本語の日本、日本語。 été été \
    the then them theme themes best bestest restless reset set sets  \n";

const ORDERS: [(Order, Option<ByteOrder>); 6] = [
    (Order::Bytes, None),
    (Order::Hf, None),
    (Order::Bytes, Some(ByteOrder::Identity)),
    (Order::Bytes, Some(ByteOrder::Gpt2)),
    (Order::Hf, Some(ByteOrder::Identity)),
    (Order::Hf, Some(ByteOrder::Gpt2)),
];

fn how(pattern: &str) -> Pretokenization {
    Pretokenization::new(pattern).unwrap()
}

/// Text is one pretoken.
fn uncut() -> Pretokenization {
    Pretokenization::of_parts(None, None).unwrap()
}

fn counts_of(how: &Pretokenization, texts: &[&str]) -> PretokenCounts {
    let mut counts = PretokenCounts::new(how.clone()).unwrap();
    for text in texts {
        counts.update(text).unwrap();
    }
    counts
}

fn train(how: &Pretokenization, options: &TrainOptions, text: &str) -> Trained {
    train_from_counts(&counts_of(how, &[text]), options, &Unwatched).unwrap()
}

/// The message for options that cannot be.
fn refused(how: &Pretokenization, options: &TrainOptions, text: &str) -> String {
    let outcome = train_from_counts(&counts_of(how, &[text]), options, &Unwatched);
    outcome.unwrap_err().to_string()
}

fn ordered(vocab_size: u64, (order, byte_order): (Order, Option<ByteOrder>)) -> TrainOptions {
    TrainOptions {
        order,
        byte_order,
        ..TrainOptions::new(vocab_size)
    }
}

/// The bytes of both sides of each merge.
fn merged_bytes(trained: &Trained) -> Vec<(Vec<u8>, Vec<u8>)> {
    let vocab = &trained.definition.vocab;
    let bytes = |id| vocab.bytes(id).unwrap().to_vec();
    let merges = trained.merges.iter();
    merges
        .map(|merge| {
            let parts = (bytes(merge.left), bytes(merge.right));
            assert_eq!(bytes(merge.product), [&parts.0[..], &parts.1].concat());
            parts
        })
        .collect()
}

/// The tokenizer as it was when it had this many tokens more than at the start, which had the ids
/// below `first_new`.
fn cut(trained: &Trained, base: Option<&Definition>, new: u64) -> Tokenizer {
    let first_new = base.map_or(256, Definition::id_bound);
    let is_kept = |id: u32| u64::from(id) < first_new + new;
    let mut definition = trained.definition.clone();
    let mut vocab = VocabBuilder::with_capacity(0, 0);
    for token in trained.definition.vocab.iter() {
        if is_kept(token.id) {
            vocab.push(token.id, token.bytes, token.kind);
        }
    }
    definition.vocab = vocab.finish().unwrap();
    if let Merges::Listed(merges) = &mut definition.merges {
        let end = merges.iter().position(|merge| !is_kept(merge.product));
        merges.truncate(end.unwrap_or(merges.len()));
    }
    definition.added_tokens.clear();
    Tokenizer::from_definition(definition).unwrap()
}

/// Checks that a curve says what encoding says, at every point.
fn check_curve(trained: &Trained, base: Option<&Definition>, curve: &Curve, text: &str) {
    for (new, &tokens) in curve.tokens.iter().enumerate() {
        let ids = cut(trained, base, new as u64)
            .encode_ordinary(text)
            .unwrap();
        assert_eq!(ids.len() as u64, tokens, "{new} tokens more");
    }
    let new = trained.report.made - curve.first_size;
    assert_eq!(curve.tokens.len() as u64, new + 1);
}

/// Says stop after it was asked this often.
struct StopAfter(AtomicUsize);

impl StopAfter {
    fn new(looks: usize) -> Self {
        Self(AtomicUsize::new(looks))
    }
}

impl Watch for StopAfter {
    fn is_stopped(&self) -> bool {
        let lowered = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        lowered.is_err()
    }
}

/// xorshift64 (Marsaglia 2003): the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    /// A text of words over a few letters.
    fn text(&mut self, words: usize) -> String {
        let mut text = String::new();
        for _ in 0..words {
            for _ in 0..=self.below(7) {
                text.push(['a', 'b', 'c', 'é', '-'][self.below(5)]);
            }
            text.push_str([" ", "  ", "\n", ". ", " 12"][self.below(5)]);
        }
        text
    }
}
