//! The merges that a file lists.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::keys;
use super::kv::Strings;
use crate::byte_alphabet;
use crate::definition::{Atoms, Merge};
use crate::error::{Error, Result, show_text};
use crate::limits::ReadOptions;
use crate::vocab::{TokenId, Vocab};

/// Reads them, and counts those left out because they are there twice.
pub(super) fn read(
    strings: Strings<'_>,
    vocab: &Vocab,
    atoms: Atoms,
    options: &ReadOptions,
    repeated: &mut usize,
) -> Result<Vec<Merge>> {
    let count = strings.total();
    let limit = options.limits.merge_count;
    if count > limit {
        return Err(
            Error::limit("number of merges", count, limit, "merge_count").at_json(keys::MERGES),
        );
    }
    let mut merges = Vec::with_capacity(count as usize);
    // Seeded, so that a file cannot be made to collide.
    let mut seen: HashSet<u64, RandomState> = HashSet::default();
    seen.reserve(count as usize);
    let mut finder = Finder {
        vocab,
        atoms,
        bytes: Vec::new(),
    };
    for (index, text) in strings.enumerate() {
        let text = text?;
        let at = |error: Error| error.at_json(format!("{}[{index}]", keys::MERGES));
        let (left, right) = parts_of(text).map_err(at)?;
        let merge = finder.find(left, right).map_err(at)?;
        if seen.insert(u64::from(merge.left) << 32 | u64::from(merge.right)) {
            merges.push(merge);
        } else if options.lenient {
            *repeated += 1;
        } else {
            return Err(at(Error::data(format!(
                "`{}` `{}` is given twice",
                show_text(left),
                show_text(right)
            )))
            .with_hint("a lenient read keeps the first, as llama.cpp does"));
        }
    }
    Ok(merges)
}

/// What a lenient read let pass.
pub(super) fn warnings(repeated: usize) -> Vec<String> {
    match repeated {
        0 => Vec::new(),
        count => vec![format!(
            "{count} repeated merges; the first of each was kept"
        )],
    }
}

fn parts_of(text: &str) -> Result<(&str, &str)> {
    match text.split_once(' ') {
        Some((left, right)) if !left.is_empty() && !right.is_empty() && !right.contains(' ') => {
            Ok((left, right))
        }
        _ => Err(Error::syntax(format!(
            "`{}` is not two tokens with one space between them",
            show_text(text)
        ))),
    }
}

/// Finds the tokens of merges.
struct Finder<'v> {
    vocab: &'v Vocab,
    atoms: Atoms,
    bytes: Vec<u8>,
}

impl Finder<'_> {
    fn find(&mut self, left: &str, right: &str) -> Result<Merge> {
        let part = |id: Option<TokenId>, text: &str| {
            id.ok_or_else(|| {
                Error::data(format!("`{}` is not in {}", show_text(text), keys::TOKENS))
            })
        };
        if self.atoms == Atoms::Characters {
            let joined = format!("{left}{right}");
            let [one, other, product_id] =
                [left, right, &joined].map(|text| self.vocab.id_of(text.as_bytes()));
            return Ok(Merge {
                left: part(one, left)?,
                right: part(other, right)?,
                product: product(product_id, left, right)?,
            });
        }
        self.bytes.clear();
        if byte_alphabet::decode_into(left, &mut self.bytes) {
            let border = self.bytes.len();
            if byte_alphabet::decode_into(right, &mut self.bytes) {
                let (one, other) = self.bytes.split_at(border);
                return Ok(Merge {
                    left: part(self.vocab.id_of(one), left)?,
                    right: part(self.vocab.id_of(other), right)?,
                    product: product(self.vocab.id_of(&self.bytes), left, right)?,
                });
            }
        }
        // A part with characters beyond the byte alphabet is its own text, and so is the product.
        Ok(Merge {
            left: part(self.id_of(left), left)?,
            right: part(self.id_of(right), right)?,
            product: {
                let id = self.vocab.id_of_literal(&format!("{left}{right}"));
                product(id, left, right)?
            },
        })
    }

    fn id_of(&mut self, text: &str) -> Option<TokenId> {
        self.bytes.clear();
        if byte_alphabet::decode_into(text, &mut self.bytes) {
            self.vocab.id_of(&self.bytes)
        } else {
            self.vocab.id_of_literal(text)
        }
    }
}

fn product(id: Option<TokenId>, left: &str, right: &str) -> Result<TokenId> {
    id.ok_or_else(|| {
        Error::data(format!(
            "`{}` `{}` makes a token that is not in {}",
            show_text(left),
            show_text(right),
            keys::TOKENS
        ))
    })
}
