//! Ranks and lists of merges, on both sides.
//!
//! Both are reduced to the one pair that can make each token. If that gives the same pairs in the
//! same order, both merge every string alike. In another order they may still: merges run into one
//! another only where two pairs share their middle token, so each such couple that the two sides
//! put in another order is run on the bytes of its three tokens. docs/equivalence.md has the proof
//! that these strings decide it.

use bpekit_formats::{Atoms, Definition, Merges, show_bytes};
use rustc_hash::{FxHashMap, FxHashSet};

use super::compare::Open;
use super::live::{Couple, Live, Name, Names, atoms_of};
use super::runs;

/// What is known of the merges of two sides.
pub(super) enum Found {
    /// They merge every string that can stand in a pretoken alike; why, if it takes words.
    Same(Option<String>),
    /// Not shown.
    Open(Open),
}

/// More couples than this are not run.
const MAX_COUPLES: usize = 200_000;

/// More strings than this are not searched with.
const MAX_STRINGS: usize = 400;

/// Compares the merges of two sides; `can_stand` says whether a string can stand in a pretoken.
pub(super) fn compare(
    definitions: [&Definition; 2],
    sides: [&Live; 2],
    names: &Names<'_>,
    can_stand: &dyn Fn(&[u8]) -> bool,
) -> Found {
    let [a, b] = sides;
    if a.pairs == b.pairs {
        return Found::Same(same_words(definitions, a.pairs.len()));
    }
    let only = |here: &Live, there: &Live| -> Vec<usize> {
        (0..here.pairs.len())
            .filter(|&place| !there.places.contains_key(&here.pairs[place]))
            .collect()
    };
    let [only_a, only_b] = [only(a, b), only(b, a)];
    let products = [(a, &only_a), (b, &only_b)].map(|(side, places)| {
        let products = places
            .iter()
            .map(|&place| names.bytes(side.products[place]));
        products.collect::<Vec<_>>()
    });
    let mut products = products.concat();
    products.sort_unstable_by_key(|bytes| (bytes.len(), *bytes));
    let mut strings: Vec<&[u8]> = Vec::new();
    let mut impossible = 0;
    for bytes in products {
        if !can_stand(bytes) {
            impossible += 1;
        } else if strings.len() < MAX_STRINGS {
            strings.push(bytes);
        } else {
            break;
        }
    }
    let atoms = definitions[0].atoms;
    let mut without = match impossible {
        0 => String::new(),
        count => format!(", leaving out {count} whose token no pretoken can hold"),
    };
    let mut left_out = [only_a, only_b];
    let Some(first) = strings.first() else {
        return by_order(sides, left_out, names, atoms, &without, can_stand);
    };
    let places = runs::merged_last(sides, names, atoms, &strings);
    if let Some(places) = places.filter(|_| strings.len() < MAX_STRINGS) {
        let counts = [places[0].len(), places[1].len()];
        without = format!(
            "{without}; {} and {} more make runs of one character, behind all others, and make the \
             same of every run",
            counts[0], counts[1]
        );
        for (left_out, places) in left_out.iter_mut().zip(places) {
            left_out.extend(places);
        }
        return by_order(sides, left_out, names, atoms, &without, can_stand);
    }
    let detail = format!(
        "{} pairs only in A, {} only in B, one of which makes {}",
        left_out[0].len(),
        left_out[1].len(),
        show_bytes(first)
    );
    // Those first that differ as they stand, and of these the shortest.
    strings.sort_by_cached_key(|bytes| run_alike(sides, names, atoms, bytes));
    let strings = strings.into_iter().map(<[u8]>::to_vec).collect();
    Found::Open(Open::strings(detail, strings))
}

fn same_words(definitions: [&Definition; 2], count: usize) -> Option<String> {
    if definitions[0].merges == definitions[1].merges {
        return None;
    }
    let [in_a, in_b] = definitions.map(|definition| match &definition.merges {
        Merges::ByRank => "merges by rank".to_owned(),
        Merges::ByScore(_) => "merges by score".to_owned(),
        Merges::Listed(merges) => format!("lists {} merges", merges.len()),
    });
    Some(format!(
        "A {in_a}, B {in_b}; the same {count} merges can happen, in the same order"
    ))
}

/// Whether both sides make the same of a string.
fn run_alike(sides: [&Live; 2], names: &Names<'_>, atoms: Atoms, bytes: &[u8]) -> bool {
    let Some(parts) = atoms_of(names, atoms, bytes) else {
        // What the vocab lacks is compared with the vocab.
        return true;
    };
    let [one, two] = sides.map(|side| side.run(parts.clone()));
    one == two
}

/// The same pairs but for those that are left out, in two orders; `without` says why they are.
fn by_order(
    sides: [&Live; 2],
    left_out: [Vec<usize>; 2],
    names: &Names<'_>,
    atoms: Atoms,
    without: &str,
    can_stand: &dyn Fn(&[u8]) -> bool,
) -> Found {
    let left_out = left_out.map(|places| places.into_iter().collect::<FxHashSet<usize>>());
    let kept = [0, 1].map(|side| {
        let places = (0..sides[side].pairs.len()).filter(|place| !left_out[side].contains(place));
        places
            .map(|place| sides[side].pairs[place])
            .collect::<Vec<_>>()
    });
    if kept[0] == kept[1] {
        let detail = format!(
            "the same {} merges in the same order{without}",
            kept[0].len()
        );
        return Found::Same(Some(detail));
    }
    let order = ordered(sides, &kept[0]);
    let (couples, is_all) = meeting(&order);
    let mut strings = Vec::new();
    let mut seen = FxHashSet::default();
    let count = couples.len();
    for [x, y, z] in couples {
        let bytes = [x, y, z].map(|name| names.bytes(name)).concat();
        if !seen.insert(bytes.clone()) || run_alike(sides, names, atoms, &bytes) {
            continue;
        }
        if can_stand(&bytes) {
            strings.push(bytes);
        }
    }
    if strings.is_empty() && is_all {
        return Found::Same(Some(format!(
            "the same {} merges in another order{without}; the {count} couples that share a token \
             and could meet give the same on their own strings, or no pretoken can hold them",
            kept[0].len()
        )));
    }
    let detail = format!("the same merges in another order, with {count} couples that could meet");
    strings.sort_by_key(Vec::len);
    strings.truncate(MAX_STRINGS);
    Found::Open(Open::strings(detail, strings))
}

/// A pair in both orders.
struct Ordered {
    pair: Couple,
    /// Its place in each order.
    at: [u32; 2],
    /// The latest place among the pair and all that make its parts, in each order: while another
    /// pair waits that comes before it, what the pair makes need not be there yet. Equal to the
    /// place itself where every pair comes after those that make its parts.
    until: [u32; 2],
}

impl Ordered {
    fn is_plain(&self) -> bool {
        self.at == self.until
    }

    /// Whether the one order can merge this pair before the other one, and the other order the
    /// other way round.
    fn can_meet(&self, other: &Self) -> bool {
        let first = |side: usize, one: &Self, two: &Self| one.at[side] < two.until[side];
        (first(0, self, other) && first(1, other, self))
            || (first(0, other, self) && first(1, self, other))
    }
}

/// Pairs that both sides have, in the order of the first.
fn ordered(sides: [&Live; 2], pairs: &[Couple]) -> Vec<Ordered> {
    let until = sides.map(|side| {
        let mut until: FxHashMap<Name, u32> = FxHashMap::default();
        for &product in &side.products {
            side.made_until(product, &mut until);
        }
        until
    });
    pairs
        .iter()
        .map(|pair| {
            let at = sides.map(|side| side.places[pair]);
            let product = sides[0].products[at[0] as usize];
            Ordered {
                pair: *pair,
                at,
                until: [until[0][&product], until[1][&product]],
            }
        })
        .collect()
}

/// The tokens of all couples (x, y), (y, z) of which each order could merge another one first, and
/// whether these are all of them.
fn meeting(order: &[Ordered]) -> (Vec<[Name; 3]>, bool) {
    // For each token, the pairs that end and that begin with it.
    let mut by_middle: FxHashMap<Name, [Vec<usize>; 2]> = FxHashMap::default();
    for (place, ordered) in order.iter().enumerate() {
        by_middle.entry(ordered.pair.1).or_default()[0].push(place);
        by_middle.entry(ordered.pair.0).or_default()[1].push(place);
    }
    let mut middles: Vec<(Name, [Vec<usize>; 2])> = by_middle.into_iter().collect();
    middles.sort_unstable_by_key(|(name, _)| *name);
    let mut found = Vec::new();
    for (middle, [ending, beginning]) in &middles {
        let is_wide = |place: &usize| !order[*place].is_plain();
        let has_wide = ending.iter().chain(beginning).any(is_wide);
        let agrees = agree(order, ending, beginning);
        if agrees && !has_wide {
            continue;
        }
        for &one in ending {
            for &two in beginning {
                let is_decided = agrees && order[one].is_plain() && order[two].is_plain();
                if one == two || is_decided || !order[one].can_meet(&order[two]) {
                    continue;
                }
                if found.len() == MAX_COUPLES {
                    return (found, false);
                }
                found.push([order[one].pair.0, *middle, order[two].pair.1]);
            }
        }
    }
    (found, true)
}

/// Whether both orders put every plain pair of the one list and of the other alike.
fn agree(order: &[Ordered], ending: &[usize], beginning: &[usize]) -> bool {
    let plain = |list: usize, places: &[usize]| -> Vec<(u32, usize, u32)> {
        let plain = places.iter().filter(|place| order[**place].is_plain());
        plain
            .map(|place| (order[*place].at[0], list, order[*place].at[1]))
            .collect()
    };
    let mut both = plain(0, ending);
    both.extend(plain(1, beginning));
    both.sort_unstable();
    // In the first order one after the other: whatever came before of the other list must have
    // come before in the second order as well. A pair of a token with itself stands in both lists.
    let mut latest: [Option<u32>; 2] = [None; 2];
    both.iter().all(|&(_, list, second)| {
        let is_alike = latest[1 - list].is_none_or(|latest| latest <= second);
        latest[list] = latest[list].max(Some(second));
        is_alike
    })
}
