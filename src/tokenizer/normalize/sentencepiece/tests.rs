//! Against SentencePiece's own way, character by character, with a map that is a list of pairs.

use bpekit_formats::{
    Bundle, Limits, Normalizer, ReadOptions, SentencePieceNormalizer as Spec, registry,
};

use super::*;

/// The map of `fixtures/valid/sentencepiece/rules`, as its generator has it.
const RULES: [(&str, &str); 13] = [
    ("e\u{301}", "é"),
    ("か\u{3099}", "が"),
    ("\u{3000}", " "),
    ("\t", " "),
    ("\u{200b}", ""),
    ("\u{ad}", ""),
    ("①", "1"),
    ("…", "..."),
    ("½", " 1/2 "),
    ("ﬀ", "ff"),
    ("ﬀi", "ffi"),
    ("A", "a"),
    ("TH", "th"),
];

fn rules() -> Spec {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/valid/sentencepiece/rules/tokenizer.model"
    );
    let bytes = bpekit_formats::files::read_bytes(path.as_ref(), &Limits::default()).unwrap();
    let codec = registry::by_name("sentencepiece").unwrap();
    let read = codec.read(
        &Bundle::new("tokenizer.model", bytes),
        &ReadOptions::default(),
    );
    match read.unwrap().normalizer {
        Some(Normalizer::SentencePiece(spec)) => spec,
        other => panic!("{other:?}"),
    }
}

/// `Normalizer::NormalizePrefix`: what the start of a text becomes, and its length.
fn unit<'t>(text: &'t str, has_map: bool, kept: &[&str]) -> (&'t str, usize) {
    let longest = |texts: &mut dyn Iterator<Item = &'t str>| {
        let found = texts.filter(|key| text.starts_with(key));
        found.max_by_key(|key| key.len())
    };
    let kept_here = kept.iter().filter(|key| text.starts_with(**key));
    if let Some(len) = kept_here.map(|key| key.len()).max() {
        return (&text[..len], len);
    }
    if has_map && let Some(key) = longest(&mut RULES.iter().map(|(key, _)| *key)) {
        let (_, content) = RULES.iter().find(|(held, _)| *held == key).unwrap();
        return (content, key.len());
    }
    let len = text.chars().next().unwrap().len_utf8();
    (&text[..len], len)
}

/// `Normalizer::Normalize`.
fn plain(spec: &Spec, kept: &[&str], mut text: &str) -> String {
    let has_map = spec.charsmap.is_some();
    let space = if spec.escape_whitespaces { "▁" } else { " " };
    let removes = spec.remove_extra_whitespaces;
    while removes && !text.is_empty() {
        let (content, len) = unit(text, has_map, kept);
        if content != " " {
            break;
        }
        text = &text[len..];
    }
    if text.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    if spec.add_dummy_prefix && !spec.treat_whitespace_as_suffix {
        out.push_str(space);
    }
    let mut is_behind_space = removes;
    while !text.is_empty() {
        let (mut content, len) = unit(text, has_map, kept);
        while is_behind_space && content.starts_with(' ') {
            content = &content[1..];
        }
        for character in content.chars() {
            if character == ' ' {
                out.push_str(space);
            } else {
                out.push(character);
            }
        }
        if !content.is_empty() {
            is_behind_space = content.ends_with(' ');
        }
        text = &text[len..];
        is_behind_space &= removes;
    }
    while removes && out.ends_with(space) {
        out.truncate(out.len() - space.len());
    }
    if spec.add_dummy_prefix && spec.treat_whitespace_as_suffix {
        out.push_str(space);
    }
    out
}

#[test]
fn rewrites_as_sentencepiece_does() {
    const PARTS: [&str; 26] = [
        " ",
        " ",
        "  ",
        "\t",
        "\u{3000}",
        "▁",
        "a",
        "A",
        "TH",
        "T",
        "e",
        "\u{301}",
        "か",
        "\u{3099}",
        "\u{200b}",
        "\u{ad}",
        "½",
        "…",
        "ﬀ",
        "i",
        "<x>",
        "<x> y",
        "< x",
        "x",
        "\0",
        "\u{1f680}",
    ];
    let kept_tokens: [&[&str]; 3] = [&[], &["<x>", "<x> y", "TH", "x"], &[" ", "½ ", "<"]];
    let mapped = rules();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 20) as usize % bound
    };
    for flags in 0..32 {
        let spec = Spec {
            charsmap: mapped.charsmap.clone().filter(|_| flags & 16 != 0),
            add_dummy_prefix: flags & 1 != 0,
            remove_extra_whitespaces: flags & 2 != 0,
            escape_whitespaces: flags & 4 != 0,
            treat_whitespace_as_suffix: flags & 8 != 0,
        };
        for kept in kept_tokens {
            let normalizer = SentencePiece::new(&spec, kept).unwrap();
            for _ in 0..400 {
                let text: String = (0..next(9)).map(|_| PARTS[next(PARTS.len())]).collect();
                let expected = plain(&spec, kept, &text);
                assert_eq!(
                    normalizer.apply(&text),
                    expected,
                    "{spec:?} {kept:?} {text:?}"
                );
            }
        }
    }
}
