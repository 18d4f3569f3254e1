//! A tokenizer as plain data, for pickling: the same tokenizer gives the same bytes, in every
//! process and whatever it was used for.

use bpekit::Tokenizer;
use bpekit::formats::{AddedToken, Bundle, Definition, Limits, Merges, ReadOptions, registry};

/// What a tokenizer is made again from. Changes of the layout need another number in
/// `Tokenizer.__getstate__`.
pub(crate) type State = (
    // The codec that wrote the files, and the format the tokenizer was loaded from.
    String,
    Option<String>,
    // The encoding's name.
    Option<String>,
    // The main file and what stands beside it.
    Vec<u8>,
    Vec<(String, Vec<u8>)>,
    // The special tokens of ranks. A sidecar could not hold all of those which tiktoken allows:
    // o200k_harmony has two texts for one id.
    Vec<(String, u32)>,
);

/// The tokenizer as data.
pub(crate) fn of(tokenizer: &Tokenizer) -> bpekit::Result<State> {
    let mut definition = tokenizer.definition().clone();
    let format = match definition.merges {
        Merges::ByRank => "tiktoken",
        Merges::Listed(_) => "hf-json",
        Merges::ByScore(_) => "sentencepiece",
    };
    let mut special_tokens = Vec::new();
    if definition.merges == Merges::ByRank {
        special_tokens = definition
            .added_tokens
            .drain(..)
            .map(|token| (token.content, token.id))
            .collect();
    }
    let bundle = registry::by_name(format)?.write(&definition, format)?;
    let companions = bundle
        .companions()
        .map(|(name, bytes)| (name.to_owned(), bytes.to_vec()))
        .collect();
    Ok((
        format.to_owned(),
        definition.provenance.format.map(str::to_owned),
        definition.name.take(),
        bundle.into_bytes(),
        companions,
        special_tokens,
    ))
}

/// The tokenizer made of data.
pub(crate) fn restored(state: State) -> bpekit::Result<Tokenizer> {
    let (format, origin, name, bytes, companions, special_tokens) = state;
    let codec = registry::by_name(&format)?;
    let mut bundle = Bundle::new(format, bytes);
    for (name, bytes) in companions {
        bundle.add(name, bytes);
    }
    let mut definition = codec.read(&bundle, &everything())?;
    definition.name = name;
    definition.provenance.format = origin
        .map(|origin| registry::by_name(&origin))
        .transpose()?
        .map(|codec| codec.info().name);
    if definition.merges == Merges::ByRank {
        definition.added_tokens = specials(special_tokens);
        definition.missing.clear();
    }
    Tokenizer::from_definition(definition)
}

/// A definition of tiktoken's arguments.
pub(crate) fn of_ranks(
    name: String,
    pattern: String,
    vocab: bpekit::formats::Vocab,
    special_tokens: Vec<(String, u32)>,
) -> Definition {
    let mut definition = Definition::from_ranks(vocab);
    definition.name = Some(name);
    definition.pretokenizer = Some(bpekit::formats::Pretokenizer::matches_of(
        bpekit::formats::Pattern::fancy(pattern),
    ));
    definition.added_tokens = specials(special_tokens);
    definition.missing.clear();
    definition
}

fn specials(tokens: Vec<(String, u32)>) -> Vec<AddedToken> {
    tokens
        .into_iter()
        .map(|(content, id)| AddedToken::special(content, id))
        .collect()
}

/// What a tokenizer in memory may be, whatever the limits for files from outside are.
fn everything() -> ReadOptions {
    let limits = Limits {
        file_len: u64::MAX,
        token_count: u64::MAX,
        token_len: u64::MAX / 4,
        merge_count: u64::MAX,
        added_token_count: u64::MAX,
        ..Limits::default()
    };
    ReadOptions {
        limits,
        allow_missing_bytes: true,
        ..ReadOptions::default()
    }
}
