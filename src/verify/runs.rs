//! Runs of one atom that are merged last of all, in two ways that come to the same.
//!
//! Files of Llama 2's kind have tokens for runs of spaces. Lists made from their scores merge each of
//! them from other parts, behind all other merges. docs/equivalence.md, section 4, has the proof
//! that runs up to twice the longest token decide it.

use bpekit_formats::Atoms;
use rustc_hash::FxHashSet;

use super::live::{Live, Name, Names, atoms_of};

/// A run of more atoms than this is not tried.
const MAX_ATOMS: usize = 1024;

/// The places of the pairs that make runs of the atoms which these products are runs of, in both
/// orders, if the two merge all such runs alike, and everything else before them. `None` if that is
/// not so, or the products are no such runs.
pub(super) fn merged_last(
    sides: [&Live; 2],
    names: &Names<'_>,
    atoms: Atoms,
    products: &[&[u8]],
) -> Option<[Vec<usize>; 2]> {
    let mut repeated: Vec<&[u8]> = Vec::new();
    for product in products {
        let atom = repeated_atom(atoms, product)?;
        if !repeated.contains(&atom) {
            repeated.push(atom);
        }
    }
    let is_run = |name: Name| {
        let atom = repeated_atom(atoms, names.bytes(name));
        atom.is_some_and(|atom| repeated.contains(&atom))
    };
    for side in sides {
        // Then no merge of the others waits for a run, and none comes once runs are merged.
        let first_run = side.products.iter().position(|product| is_run(*product))?;
        if side.products[first_run..].iter().any(|name| !is_run(*name)) {
            return None;
        }
        let others = &side.pairs[..first_run];
        let is_long_run = |name: Name| is_run(name) && !repeated.contains(&names.bytes(name));
        if others
            .iter()
            .any(|(left, right)| is_long_run(*left) || is_long_run(*right))
        {
            return None;
        }
    }
    for &atom in &repeated {
        let lengths = sides.map(|side| -> FxHashSet<usize> {
            let bytes = side.products.iter().map(|product| names.bytes(*product));
            let runs = bytes.filter(|bytes| repeated_atom(atoms, bytes) == Some(atom));
            runs.map(|bytes| bytes.len() / atom.len()).collect()
        });
        let longest = lengths.iter().flatten().max().copied().unwrap_or(1);
        if 2 * longest > MAX_ATOMS {
            return None;
        }
        for count in 2..=2 * longest {
            let run = atoms_of(names, atoms, &atom.repeat(count))?;
            if sides[0].run(run.clone()) != sides[1].run(run) {
                return None;
            }
        }
    }
    Some(sides.map(|side| {
        let places = 0..side.products.len();
        places
            .filter(|place| is_run(side.products[*place]))
            .collect()
    }))
}

/// The atom that a string repeats, once or more often.
fn repeated_atom(atoms: Atoms, bytes: &[u8]) -> Option<&[u8]> {
    let len = match atoms {
        Atoms::Bytes => 1,
        Atoms::Characters => std::str::from_utf8(bytes).ok()?.chars().next()?.len_utf8(),
    };
    let atom = bytes.get(..len)?;
    bytes.chunks(len).all(|next| next == atom).then_some(atom)
}
