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
    let mut strings: Vec<(bool, Vec<u8>)> = Vec::new();
    let mut impossible = 0;
    for bytes in products {
        if !can_stand(bytes) {
            impossible += 1;
            continue;
        }
        let is_alike = run_alike(sides, names, definitions[0].atoms, bytes);
        strings.push((is_alike, bytes.to_vec()));
        if strings.len() == MAX_STRINGS {
            break;
        }
    }
    if let Some((_, first)) = strings.first() {
        let detail = format!(
            "{} pairs only in A, {} only in B, one of which makes {}",
            only_a.len(),
            only_b.len(),
            show_bytes(first)
        );
        // Those first that differ as they stand, and of these the shortest.
        strings.sort_by_key(|(is_alike, _)| *is_alike);
        let strings = strings.into_iter().map(|(_, bytes)| bytes).collect();
        return Found::Open(Open::strings(detail, strings));
    }
    by_order(
        sides,
        &[only_a, only_b],
        names,
        definitions[0].atoms,
        impossible,
        can_stand,
    )
}

fn same_words(definitions: [&Definition; 2], count: usize) -> Option<String> {
    if definitions[0].merges == definitions[1].merges {
        return None;
    }
    let [in_a, in_b] = definitions.map(|definition| match &definition.merges {
        Merges::ByRank => "merges by rank".to_owned(),
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

/// The same pairs, leaving out those that no pretoken can hold, in two orders.
fn by_order(
    sides: [&Live; 2],
    only: &[Vec<usize>; 2],
    names: &Names<'_>,
    atoms: Atoms,
    impossible: usize,
    can_stand: &dyn Fn(&[u8]) -> bool,
) -> Found {
    let without = if impossible == 0 {
        String::new()
    } else {
        format!(", leaving out {impossible} whose token no pretoken can hold")
    };
    let kept = [0, 1].map(|side| {
        let left_out: FxHashSet<usize> = only[side].iter().copied().collect();
        let places = (0..sides[side].pairs.len()).filter(|place| !left_out.contains(place));
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
    let places: FxHashMap<Couple, u32> = (0..).zip(&kept[1]).map(|(n, pair)| (*pair, n)).collect();
    let order: Vec<(Couple, u32)> = kept[0].iter().map(|pair| (*pair, places[pair])).collect();
    let (couples, is_all) = disagreeing(&order);
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
    let is_proper = sides.iter().all(|side| side.is_proper());
    if strings.is_empty() && is_all && is_proper {
        return Found::Same(Some(format!(
            "the same {} merges in another order{without}; the {count} couples that share a token \
             and are ordered differently give the same on their own strings, or no pretoken can \
             hold them",
            kept[0].len()
        )));
    }
    let detail = if is_proper {
        format!("the same merges in another order, with {count} couples that could meet")
    } else {
        "the same merges in another order, in which a token is not always made after its parts"
            .to_owned()
    };
    strings.sort_by_key(Vec::len);
    strings.truncate(MAX_STRINGS);
    Found::Open(Open::strings(detail, strings))
}

/// The tokens of all couples (x, y), (y, z) that two orders put differently; the first order is
/// that of the slice, the second the number beside each. Whether these are all of them.
fn disagreeing(order: &[(Couple, u32)]) -> (Vec<[Name; 3]>, bool) {
    // For each token, the pairs that end and that begin with it: places in both orders.
    let mut by_middle: FxHashMap<Name, [Vec<usize>; 2]> = FxHashMap::default();
    for (place, ((left, right), _)) in order.iter().enumerate() {
        by_middle.entry(*right).or_default()[0].push(place);
        by_middle.entry(*left).or_default()[1].push(place);
    }
    let mut middles: Vec<(Name, [Vec<usize>; 2])> = by_middle.into_iter().collect();
    middles.sort_unstable_by_key(|(name, _)| *name);
    let mut found = Vec::new();
    for (middle, [ending, beginning]) in &middles {
        if agree(order, ending, beginning) {
            continue;
        }
        for &one in ending {
            for &two in beginning {
                let is_before = one < two;
                if one != two && is_before != (order[one].1 < order[two].1) {
                    if found.len() == MAX_COUPLES {
                        return (found, false);
                    }
                    found.push([order[one].0.0, *middle, order[two].0.1]);
                }
            }
        }
    }
    (found, true)
}

/// Whether both orders put every pair of the one list and every pair of the other alike.
fn agree(order: &[(Couple, u32)], ending: &[usize], beginning: &[usize]) -> bool {
    // In the first order one after the other: whatever came before of the other list must have
    // come before in the second order as well.
    let mut latest: [Option<u32>; 2] = [None; 2];
    let (mut one, mut two) = (ending.iter().peekable(), beginning.iter().peekable());
    loop {
        let (place, list) = match (one.peek(), two.peek()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => {
                // A pair of a token with itself stands in both lists, and is no couple.
                let second = order[**a].1;
                one.next();
                two.next();
                if latest.iter().flatten().any(|latest| *latest > second) {
                    return false;
                }
                latest = latest.map(|held| held.max(Some(second)));
                continue;
            }
            (Some(a), Some(b)) if a < b => (**a, 0),
            (Some(a), None) => (**a, 0),
            (_, Some(b)) => (**b, 1),
        };
        if list == 0 {
            one.next();
        } else {
            two.next();
        }
        let second = order[place].1;
        if latest[1 - list].is_some_and(|latest| latest > second) {
            return false;
        }
        latest[list] = latest[list].max(Some(second));
    }
}
