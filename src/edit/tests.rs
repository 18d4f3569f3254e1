use bpekit_formats::{AddedToken, Merges, TokenId};

use super::*;
use crate::convert::{ConvertOptions, to_bundle};
use crate::tokenizer::Special;
use crate::verify::IdMap;

fn demo() -> Tokenizer {
    Tokenizer::demo().unwrap()
}

/// The demo as a tokenizer.json: merges listed.
fn listed() -> Tokenizer {
    let (bundle, _) = to_bundle(&demo(), "tokenizer.json", &ConvertOptions::default()).unwrap();
    Tokenizer::from_bytes(
        "tokenizer.json",
        bundle.into_bytes(),
        &crate::LoadOptions::default(),
    )
    .unwrap()
}

fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<TokenId> {
    tokenizer.encode(text, &Special::allowed()).unwrap()
}

const TEXT: &str = "the theme of these, <|endoftext|> größer than the rain 123 \u{1f600} in Spain";

/// Both kinds of merges.
fn both() -> [Tokenizer; 2] {
    [demo(), listed()]
}

#[test]
fn added_tokens_take_ids_behind_all_others_or_those_given() {
    for source in both() {
        let bound = source.n_vocab() as TokenId;
        let tokens = [
            NewToken::special("<|a|>"),
            NewToken {
                id: Some(bound + 7),
                is_special: false,
                ..NewToken::special("word")
            },
            NewToken::special("<|b|>"),
        ];
        let edited = add_tokens(&source, &tokens).unwrap();
        assert_eq!(edited.proof.kind, Kind::Equal);
        assert_eq!(
            ids(&edited.tokenizer, "<|a|>word<|b|>"),
            [bound, bound + 7, bound + 8]
        );
        assert_eq!(ids(&edited.tokenizer, TEXT), ids(&source, TEXT));
        assert_eq!(edited.tokenizer.n_vocab(), u64::from(bound) + 9);
    }
}

#[test]
fn a_token_of_the_vocab_keeps_its_id() {
    for source in both() {
        let held = source.token_id(b"ing").unwrap();
        let edited = add_tokens(&source, &[NewToken::special("ing")]).unwrap();
        assert_eq!(ids(&edited.tokenizer, "q ing q")[2], held);
        assert_eq!(edited.tokenizer.n_vocab(), source.n_vocab());
        // In a tokenizer.json its name has another letter for the space.
        let edited = add_tokens(&source, &[NewToken::special(" the")]).unwrap();
        assert_eq!(
            ids(&edited.tokenizer, "a the a")[1],
            source.n_vocab() as TokenId
        );
    }
}

#[test]
fn tokens_that_cannot_be_are_refused() {
    let source = demo();
    let bound = source.n_vocab() as TokenId;
    let at = |content: &str, id: Option<TokenId>| NewToken {
        id,
        ..NewToken::special(content)
    };
    for (tokens, words) in [
        (vec![at("", None)], "would match everywhere"),
        (vec![at("<|endoftext|>", None)], "is an added token already"),
        (
            vec![at("<x>", None), at("<x>", None)],
            "is an added token already",
        ),
        (vec![at("<x>", Some(5))], "is that of the token"),
        (
            vec![at("<x>", Some(bound - 1))],
            "is that of `<|endoftext|>`",
        ),
        (vec![at("<x>", Some(u32::MAX))], "is larger than"),
        (
            vec![at("<x>", Some(u32::MAX - 1)), at("<y>", None)],
            "there is no id left",
        ),
        // The longest is found.
        (
            vec![
                at("a<|endoftext|>b", None),
                at("a", None),
                at("a<|endoftext|>", None),
            ],
            "",
        ),
    ] {
        match add_tokens(&source, &tokens) {
            Ok(_) => assert_eq!(words, "", "{tokens:?}"),
            Err(error) => {
                assert!(
                    error.to_string().contains(words) && !words.is_empty(),
                    "{tokens:?}: {error}"
                );
            }
        }
    }
}

/// Those of the normalized text are looked for after all others.
#[test]
fn a_token_that_is_never_found_is_refused() {
    let mut definition = listed().definition().clone();
    definition.normalizer = Some(bpekit_formats::Normalizer::Lowercase);
    let source = Tokenizer::from_definition(definition).unwrap();
    let token = NewToken {
        normalized: true,
        ..NewToken::special("<x><|endoftext|>")
    };
    let error = add_tokens(&source, &[token]).unwrap_err();
    assert!(
        error.to_string().contains("would be found as other tokens"),
        "{error}"
    );
}

#[test]
fn removing_undoes_adding() {
    for source in both() {
        let tokens = ["<|a|>", "<|b|>"].map(NewToken::special);
        let more = add_tokens(&source, &tokens).unwrap().tokenizer;
        let again = remove_tokens(&more, &["<|b|>", "<|a|>"]).unwrap();
        assert!(
            again
                .tokenizer
                .definition()
                .says_the_same(source.definition())
        );
        assert_eq!(again.proof.kind, Kind::Equal);
        let error = remove_tokens(&source, &["<|a|>"]).unwrap_err();
        assert!(error.to_string().contains("`<|a|>` is no added token"));
    }
}

#[test]
fn what_is_used_is_not_removed() {
    let mut definition = listed().definition().clone();
    let id = definition.added_tokens[0].id;
    for (content, next) in [("<pad>", 1), ("<chat>", 2), ("<free>", 3)] {
        definition
            .added_tokens
            .push(AddedToken::special(content, id + next));
    }
    definition.roles.insert(bpekit_formats::Role::Pad, id + 1);
    definition.chat_template = Some("{{ '<chat>' + message }}".to_owned());
    let source = Tokenizer::from_definition(definition).unwrap();
    for (text, user) in [("<pad>", "the role `pad`"), ("<chat>", "the chat template")] {
        let error = remove_tokens(&source, &["<free>", text]).unwrap_err();
        assert!(error.to_string().contains(user), "{error}");
    }
    assert_eq!(unused_tokens(&source), ["<|endoftext|>", "<free>"]);
    remove_tokens(&source, &unused_tokens(&source)).unwrap();
}

#[test]
fn a_size_is_filled_up_with_names_that_are_free() {
    let source = add_tokens(&demo(), &[NewToken::special("<|r1|>")])
        .unwrap()
        .tokenizer;
    let size = source.n_vocab() + 3;
    let edited = resize(&source, size, "<|r{}|>").unwrap();
    assert_eq!(edited.tokenizer.n_vocab(), size);
    let added = &edited.tokenizer.definition().added_tokens;
    let texts: Vec<&str> = added.iter().map(|token| token.content.as_str()).collect();
    assert_eq!(
        texts,
        ["<|endoftext|>", "<|r1|>", "<|r0|>", "<|r2|>", "<|r3|>"]
    );
    assert_eq!(
        resize(&source, source.n_vocab(), "{}")
            .unwrap()
            .tokenizer
            .n_vocab(),
        source.n_vocab()
    );
    for (size, name) in [(3, "{}"), (size, "r"), (size, "{}{}"), (1 << 32, "{}")] {
        assert!(resize(&source, size, name).is_err(), "{size} {name}");
    }
}

/// The tokens of a vocab with the first merges are those of a training that stopped there.
#[test]
fn fewer_merges_are_a_shorter_training() {
    let texts = "the rain in Spain stays mainly in the plain; the theme of these three. ".repeat(3);
    let train = |size| {
        let how = crate::train::Pretokenization::new("gpt2").unwrap();
        let options = crate::train::TrainOptions::new(size);
        let made = crate::train::Trainer::new(how, options)
            .train(crate::train::Source::Text(&texts), &crate::Unwatched)
            .unwrap();
        Tokenizer::from_definition(made.definition).unwrap()
    };
    let (long, short) = (train(300), train(280));
    let edited = truncate_merges(&long, 24).unwrap();
    assert_eq!(edited.proof.kind, Kind::Equal);
    assert_eq!(
        edited.tokenizer.definition().vocab,
        short.definition().vocab
    );
    assert_eq!(ids(&edited.tokenizer, &texts), ids(&short, &texts));
}

#[test]
fn truncation_leaves_what_the_first_merges_make() {
    for source in both() {
        for count in [0, 1, 100, 700] {
            let edited = truncate_merges(&source, count).unwrap();
            assert_eq!(edited.proof.kind, Kind::Equal, "{count}");
            let smaller = &edited.tokenizer;
            assert_eq!(smaller.decode(&ids(smaller, TEXT)).unwrap(), TEXT);
            assert_eq!(
                smaller.n_vocab(),
                source.n_vocab(),
                "the special token keeps its id"
            );
            let closed = compact(smaller).unwrap();
            assert_eq!(closed.proof.kind, Kind::Equal);
            assert_eq!(closed.tokenizer.n_vocab(), 256 + count as u64 + 1);
            assert_eq!(
                matches!(closed.tokenizer.definition().merges, Merges::ByRank),
                matches!(source.definition().merges, Merges::ByRank)
            );
        }
        let error = truncate_merges(&source, 1 << 20).unwrap_err();
        assert!(error.to_string().contains("fewer than 1048576"));
    }
}

#[test]
fn other_ids_are_the_same_tokens() {
    for source in both() {
        let bound = source.n_vocab() as TokenId;
        // All ids backwards.
        let map = IdMap::new((0..bound).map(|id| (id, bound - 1 - id))).unwrap();
        let edited = reorder(&source, &map).unwrap();
        assert_eq!(edited.proof.kind, Kind::Equal);
        let expected: Vec<TokenId> = ids(&source, TEXT)
            .iter()
            .map(|&id| bound - 1 - id)
            .collect();
        assert_eq!(ids(&edited.tokenizer, TEXT), expected);
        let back = reorder(&edited.tokenizer, &map).unwrap();
        assert_eq!(ids(&back.tokenizer, TEXT), ids(&source, TEXT));
        // One id for two.
        let error = reorder(&source, &IdMap::new([(5, 6)]).unwrap()).unwrap_err();
        assert!(
            error.to_string().contains("the tokens 5 and 6 one id, 6"),
            "{error}"
        );
        let special = IdMap::new([(5, bound - 1)]).unwrap();
        assert!(reorder(&source, &special).is_err());
    }
}
