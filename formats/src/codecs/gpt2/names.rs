//! Which files belong together.

use crate::bundle::Bundle;
use crate::compression;
use crate::error::{Error, Result, show_text};

/// The endings of the two files, by who names them so.
const PAIRS: [[&str; 2]; 2] = [["vocab.json", "merges.txt"], ["encoder.json", "vocab.bpe"]];

/// The names that the file of merges may have beside one of ids, best first.
pub(super) fn of_merges(vocab: &str) -> Vec<String> {
    let vocab = compression::strip_suffix(vocab);
    for (index, [ids, merges]) in PAIRS.into_iter().enumerate() {
        if let Some(prefix) = vocab.strip_suffix(ids) {
            let other = PAIRS[1 - index][1];
            return vec![format!("{prefix}{merges}"), format!("{prefix}{other}")];
        }
    }
    let stem = vocab.strip_suffix(".json").unwrap_or(vocab);
    vec![format!("{stem}.merges.txt"), "merges.txt".to_owned()]
}

/// The names that the file of ids may have beside one of merges, best first.
fn of_vocab(merges: &str) -> Vec<String> {
    let merges = compression::strip_suffix(merges);
    if let Some(stem) = merges.strip_suffix(".merges.txt") {
        return vec![format!("{stem}.json"), format!("{stem}.vocab.json")];
    }
    for (index, [ids, ending]) in PAIRS.into_iter().enumerate() {
        if let Some(prefix) = merges.strip_suffix(ending) {
            let other = PAIRS[1 - index][0];
            return vec![format!("{prefix}{ids}"), format!("{prefix}{other}")];
        }
    }
    PAIRS.map(|[ids, _]| ids.to_owned()).to_vec()
}

/// The name of the sidecar of a file of ids.
pub(super) fn of_sidecar(vocab: &str) -> String {
    let vocab = compression::strip_suffix(vocab);
    let stem = vocab.strip_suffix(".json").unwrap_or(vocab);
    format!("{stem}.bpekit.json")
}

/// The files to look for beside the main one.
pub(super) fn companions(main: &str, is_vocab: bool) -> Vec<String> {
    if is_vocab {
        let mut names = of_merges(main);
        names.push(of_sidecar(main));
        return names;
    }
    let vocabs = of_vocab(main);
    let sidecars = vocabs.iter().map(|vocab| of_sidecar(vocab));
    vocabs.iter().cloned().chain(sidecars).collect()
}

/// A file of the pair.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: &'a [u8],
    /// Whether the caller named it; errors of the other ones say which they are of.
    is_main: bool,
}

impl Named<'_> {
    /// An error of this file.
    pub(super) fn fail(self, error: Error) -> Error {
        if self.is_main {
            error
        } else {
            error.with_path(self.name)
        }
    }
}

/// The files of a tokenizer.
pub(super) struct Pair<'a> {
    pub(super) vocab: Named<'a>,
    pub(super) merges: Named<'a>,
    pub(super) sidecar: Option<Named<'a>>,
}

/// Finds both files in a bundle.
pub(super) fn find(bundle: &Bundle, is_vocab: bool) -> Result<Pair<'_>> {
    let beside = |name: &str| {
        let found = bundle.companions().find(|(held, _)| *held == name);
        found.map(|(name, bytes)| Named {
            name,
            bytes,
            is_main: false,
        })
    };
    let main = Named {
        name: bundle.name(),
        bytes: bundle.bytes(),
        is_main: true,
    };
    let (wanted, what) = if is_vocab {
        (of_merges(main.name), "merges")
    } else {
        (of_vocab(main.name), "ids of the tokens")
    };
    let Some(other) = wanted.iter().find_map(|name| beside(name)) else {
        let names: Vec<String> = wanted
            .iter()
            .map(|name| format!("`{}`", show_text(name)))
            .collect();
        return Err(Error::missing(format!(
            "the {what} are not in this file; expected {} beside it",
            names.join(" or ")
        ))
        .with_hint("the two files are one tokenizer: put them into one folder"));
    };
    let (vocab, merges) = if is_vocab {
        (main, other)
    } else {
        (other, main)
    };
    Ok(Pair {
        vocab,
        merges,
        sidecar: beside(&of_sidecar(vocab.name)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_file_leads_to_the_other() {
        for (vocab, merges) in [
            ("vocab.json", "merges.txt"),
            ("encoder.json", "vocab.bpe"),
            ("mine-vocab.json", "mine-merges.txt"),
            ("gpt2_encoder.json", "gpt2_vocab.bpe"),
            ("mine.json", "mine.merges.txt"),
        ] {
            assert_eq!(of_merges(vocab)[0], merges);
            assert_eq!(of_vocab(merges)[0], vocab);
        }
        assert_eq!(of_merges("vocab.json.gz")[0], "merges.txt");
        assert_eq!(of_vocab("anything")[0], "vocab.json");
        assert_eq!(of_sidecar("mine-vocab.json"), "mine-vocab.bpekit.json");
    }
}
