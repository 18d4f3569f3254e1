//! The curves say what encoding says.

use bpekit::train::{Source, Trainer};

use super::*;

fn with_held_out(how: &Pretokenization, options: TrainOptions, held_out: &str) -> Trainer {
    let mut job = Trainer::new(how.clone(), options);
    job.held_out = Some(held_out.to_owned());
    job
}

#[test]
fn each_point_is_the_vocab_cut_there() {
    let held_out = "The bestest times of 123 themes, abab aaaaa! Überset été 日本 zzz\n\n  the";
    for order in ORDERS {
        for pattern in ["gpt2", "cl100k", "deepseek-v3"] {
            let how = how(pattern);
            let job = with_held_out(&how, ordered(380, order), held_out);
            let trained = job.train(Source::Text(TEXT), &Unwatched).unwrap();
            check_curve(&trained, None, &trained.report.curve, TEXT);
            let curve = trained.report.held_out.as_ref().unwrap();
            assert_eq!(curve.first_size, 256);
            assert_eq!(curve.bytes, held_out.len() as u64);
            check_curve(&trained, None, curve, held_out);
        }
    }
}

#[test]
fn limits_do_not_bend_the_curves() {
    let mut random = Random(3);
    for order in [Order::Bytes, Order::Hf] {
        for (max_token_length, min_frequency) in [(Some(3), 1), (Some(5), 2), (None, 4)] {
            let (text, held_out) = (random.text(200), random.text(50));
            let options = TrainOptions {
                max_token_length,
                min_frequency,
                ..ordered(9999, (order, None))
            };
            let job = with_held_out(&how("o200k"), options, &held_out);
            let trained = job.train(Source::Text(&text), &Unwatched).unwrap();
            check_curve(&trained, None, &trained.report.curve, &text);
            check_curve(
                &trained,
                None,
                trained.report.held_out.as_ref().unwrap(),
                &held_out,
            );
        }
    }
}

#[test]
fn special_tokens_are_not_counted() {
    let how = how("gpt2").with_special_tokens(["<|x|>"]).unwrap();
    let held_out = "was<|x|> the<|x|><|x|> age";
    let job = with_held_out(&how, TrainOptions::new(300), held_out);
    let text = TEXT.replace("was", "was<|x|>");
    let trained = job.train(Source::Text(&text), &Unwatched).unwrap();
    let plain = text.len() - 5 * text.matches("<|x|>").count();
    assert_eq!(trained.report.curve.bytes, plain as u64);
    assert_eq!(trained.report.text_bytes, text.len() as u64);
    let curve = trained.report.held_out.unwrap();
    assert_eq!((curve.bytes, curve.first_size), (11, 257));
    assert_eq!(curve.tokens.len(), trained.report.curve.tokens.len());
}

#[test]
fn held_out_text_may_be_empty_or_of_other_letters() {
    for (held_out, bytes, last) in [("", 0, 0), ("ЩЩЩ", 6, 6)] {
        let job = with_held_out(&how("gpt2"), TrainOptions::new(300), held_out);
        let trained = job.train(Source::Text(TEXT), &Unwatched).unwrap();
        let curve = trained.report.held_out.unwrap();
        assert_eq!((curve.bytes, curve.tokens.last()), (bytes, Some(&last)));
    }
}
