//! The arguments of docs/equivalence.md, tried on small random vocabs with textbook versions of
//! both semantics, on every string up to a length.

use bpekit_formats::{
    Atoms, Definition, Merge, Merges, Needle, Pattern, Pretokenizer, SplitBehavior, Vocab,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::live::{Live, Names, atoms_of};
use super::merges::{Found, compare};
use super::texts::Random;
use super::{Kind, VerifyOptions, verify};
use crate::tokenizer::Tokenizer;

/// Tokens of a random vocab by rank: the letters, then strings of two to six letters in random
/// order, so that most of them are improper.
fn random_ranks(random: &mut Random, letters: &[u8]) -> Vec<Vec<u8>> {
    let mut ranks: Vec<Vec<u8>> = letters.iter().map(|letter| vec![*letter]).collect();
    for _ in 0..2 + random.below(14) {
        let length = 2 + random.below(5);
        let token: Vec<u8> = (0..length)
            .map(|_| letters[random.below(letters.len())])
            .collect();
        if !ranks.contains(&token) {
            ranks.push(token);
        }
    }
    ranks
}

/// Tokens of which each is made of two that come before it.
fn random_proper_ranks(random: &mut Random, letters: &[u8]) -> Vec<Vec<u8>> {
    let mut ranks: Vec<Vec<u8>> = letters.iter().map(|letter| vec![*letter]).collect();
    for _ in 0..2 + random.below(10) {
        let [left, right] = [0; 2].map(|_| ranks[random.below(ranks.len())].clone());
        let token = [left, right].concat();
        if token.len() <= 8 && !ranks.contains(&token) {
            ranks.push(token);
        }
    }
    ranks
}

/// tiktoken's way, word for word: the pair whose joined bytes have the lowest rank, leftmost first.
fn by_ranks(ranks: &FxHashMap<Vec<u8>, usize>, text: &[u8]) -> Vec<Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = text.iter().map(|byte| vec![*byte]).collect();
    loop {
        let pairs = parts.windows(2).enumerate();
        let ranked = pairs.filter_map(|(at, pair)| Some((*ranks.get(&pair.concat())?, at)));
        let Some((_, at)) = ranked.min() else {
            return parts;
        };
        let right = parts.remove(at + 1);
        parts[at].extend(right);
    }
}

/// tokenizers' way: the pair that is listed first, leftmost first.
fn by_list(list: &FxHashMap<[Vec<u8>; 2], usize>, text: &[u8]) -> Vec<Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = text.iter().map(|byte| vec![*byte]).collect();
    loop {
        let pairs = parts.windows(2).enumerate();
        let listed = pairs
            .filter_map(|(at, pair)| Some((*list.get(&[pair[0].clone(), pair[1].clone()])?, at)));
        let Some((_, at)) = listed.min() else {
            return parts;
        };
        let right = parts.remove(at + 1);
        parts[at].extend(right);
    }
}

fn strings(letters: &[u8], longest: u32) -> Vec<Vec<u8>> {
    let count = letters.len();
    (1..=longest)
        .flat_map(|length| {
            (0..count.pow(length)).map(move |number| {
                (0..length)
                    .map(|place| letters[number / count.pow(place) % count])
                    .collect()
            })
        })
        .collect()
}

fn of_ranks(ranks: &[Vec<u8>]) -> Definition {
    let tokens = (0..).zip(ranks.iter().map(Vec::as_slice));
    Definition::from_ranks(Vocab::from_tokens(tokens).unwrap())
}

/// The definition with a list of merges of its tokens.
fn listed(ranks: &[Vec<u8>], list: &[[Vec<u8>; 2]]) -> Definition {
    let mut definition = of_ranks(ranks);
    let id = |bytes: &[u8]| definition.vocab.id_of(bytes).unwrap();
    let merges = list.iter().map(|[left, right]| Merge {
        left: id(left),
        right: id(right),
        product: id(&[left.as_slice(), right].concat()),
    });
    definition.merges = Merges::Listed(merges.collect());
    definition
}

/// All ways to cut each token in two tokens, by the ranks of the token and of its two parts.
fn all_splits(ranks: &[Vec<u8>]) -> Vec<[Vec<u8>; 2]> {
    let of: FxHashMap<&[u8], usize> = ranks.iter().map(Vec::as_slice).zip(0..).collect();
    let mut splits = Vec::new();
    for (rank, token) in ranks.iter().enumerate() {
        for at in 1..token.len() {
            let (left, right) = token.split_at(at);
            if let (Some(one), Some(two)) = (of.get(left), of.get(right)) {
                splits.push((rank, *one, *two, [left.to_vec(), right.to_vec()]));
            }
        }
    }
    splits.sort_unstable();
    splits.into_iter().map(|(.., pair)| pair).collect()
}

/// Ranks, one live pair a token, and all splits: the same for every string, improper ranks
/// included.
#[test]
fn one_pair_a_token_is_what_ranks_mean() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut unreachable = 0;
    for (letters, longest, count) in [(&b"ab"[..], 8, 10_000), (b"abc", 5, 10_000)] {
        let strings = strings(letters, longest);
        for _ in 0..count {
            let ranks = random_ranks(&mut random, letters);
            let definition = of_ranks(&ranks);
            let mut names = Names::default();
            let live = Live::of(&definition, &mut names).unwrap();
            unreachable += live.unreachable.len();
            let splits = all_splits(&ranks);
            let as_list = listed(&ranks, &splits);
            let reduced = Live::of(&as_list, &mut names).unwrap();
            assert_eq!(live.pairs, reduced.pairs, "{ranks:?}");
            let splits: FxHashMap<_, _> = splits.into_iter().zip(0..).collect();
            let ranks: FxHashMap<_, _> = ranks.into_iter().zip(0..).collect();
            for text in &strings {
                let expected = by_ranks(&ranks, text);
                let parts = atoms_of(&names, Atoms::Bytes, text).unwrap();
                let found = live.run(parts);
                let found: Vec<&[u8]> = found.iter().map(|name| names.bytes(*name)).collect();
                assert_eq!(found, expected, "{ranks:?} {text:?}");
                assert_eq!(by_list(&splits, text), expected, "{ranks:?} {text:?}");
            }
        }
    }
    assert!(unreachable > 20_000, "{unreachable}");
}

/// A list in another order: most often one in which every pair still comes after those that make
/// its parts.
fn reordered(random: &mut Random, pairs: &[[Vec<u8>; 2]]) -> Vec<[Vec<u8>; 2]> {
    if random.below(3) == 0 {
        let mut order = pairs.to_vec();
        for _ in 0..=random.below(3) {
            let [one, two] = [0; 2].map(|_| random.below(order.len()));
            order.swap(one, two);
        }
        return order;
    }
    let mut waiting: Vec<[Vec<u8>; 2]> = pairs.to_vec();
    let mut made: FxHashSet<Vec<u8>> = FxHashSet::default();
    let mut order = Vec::new();
    // Sometimes nearly the old order, sometimes any.
    let reach = 1 + random.below(waiting.len().min(4));
    while !waiting.is_empty() {
        let is_ready = |[left, right]: &[Vec<u8>; 2]| {
            [left, right]
                .into_iter()
                .all(|part| part.len() == 1 || made.contains(part))
        };
        let ready: Vec<usize> = (0..waiting.len())
            .filter(|at| is_ready(&waiting[*at]))
            .collect();
        let next = waiting.remove(ready[random.below(reach.min(ready.len()))]);
        made.insert(next.concat());
        order.push(next);
    }
    order
}

/// Two orders of the same pairs, most of them proper: what is said to be the same is so for all strings, and
/// what is not, differs on one of the strings that are named.
#[test]
fn orders_are_decided_by_couples() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let [mut same, mut other_order, mut different] = [0; 3];
    for (letters, longest, count) in [(&b"ab"[..], 9, 10_000), (b"abc", 6, 10_000)] {
        let strings = strings(letters, longest);
        for _ in 0..count {
            let ranks = match random.below(4) {
                0 => random_ranks(&mut random, letters),
                _ => random_proper_ranks(&mut random, letters),
            };
            let definition = of_ranks(&ranks);
            let mut names = Names::default();
            let live = Live::of(&definition, &mut names).unwrap();
            let pairs: Vec<[Vec<u8>; 2]> = live
                .pairs
                .iter()
                .map(|(left, right)| [*left, *right].map(|name| names.bytes(name).to_vec()))
                .collect();
            if pairs.is_empty() {
                continue;
            }
            let other = listed(&ranks, &reordered(&mut random, &pairs));
            let other_live = Live::of(&other, &mut names).unwrap();
            if pairs.len() != other_live.pairs.len()
                || live
                    .pairs
                    .iter()
                    .any(|pair| !other_live.places.contains_key(pair))
            {
                // In that order another pair makes some token, or none does.
                continue;
            }
            other_order += usize::from(other_live.pairs != live.pairs);
            let differs = |text: &Vec<u8>| {
                let parts = atoms_of(&names, Atoms::Bytes, text).unwrap();
                live.run(parts.clone()) != other_live.run(parts)
            };
            let sides = [&live, &other_live];
            match compare([&definition, &other], sides, &names, &|_| true) {
                Found::Same(_) => {
                    same += 1;
                    let found = strings.iter().find(|text| differs(text));
                    assert_eq!(found, None, "{ranks:?} {:?}", other.merges);
                }
                Found::Open(open) => {
                    different += 1;
                    assert!(open.named().iter().any(differs), "{ranks:?}");
                }
            }
        }
    }
    assert!(
        same > 4000 && different > 2000,
        "{same} same, {different} different"
    );
    assert!(other_order > 6000, "{other_order}");
}

/// Any two vocabs of the same letters: never "the same" where a string differs.
#[test]
fn what_is_the_same_is_so_for_all_strings() {
    let mut random = Random(0xdead_beef_1234_5678);
    let strings = strings(b"ab", 8);
    let [mut same, mut open] = [0; 2];
    for _ in 0..10_000 {
        let ranks = random_ranks(&mut random, b"ab");
        let mut others = ranks.clone();
        let last = others.len() - 1;
        match random.below(3) {
            0 => others.swap(2 + random.below(last - 1), last),
            1 if last > 2 => drop(others.remove(2 + random.below(last - 1))),
            _ => others.push(b"abababab".to_vec()),
        }
        let [one, two] = [of_ranks(&ranks), of_ranks(&others)];
        let mut names = Names::default();
        let [a, b] = [&one, &two].map(|side| Live::of(side, &mut names).unwrap());
        match compare([&one, &two], [&a, &b], &names, &|_| true) {
            Found::Same(_) => {
                same += 1;
                for text in &strings {
                    let parts = atoms_of(&names, Atoms::Bytes, text).unwrap();
                    assert_eq!(
                        a.run(parts.clone()),
                        b.run(parts),
                        "{ranks:?} {others:?} {text:?}"
                    );
                }
            }
            Found::Open(_) => open += 1,
        }
    }
    assert!(same > 1000 && open > 1000, "{same} {open}");
}

/// A list for runs of `a` of these lengths, each made of any two that are there.
fn runs_last(random: &mut Random, before: &[[Vec<u8>; 2]], lengths: &[usize]) -> Vec<[Vec<u8>; 2]> {
    let mut runs: Vec<[Vec<u8>; 2]> = Vec::new();
    for &length in lengths {
        let is_there = |part: usize| part == 1 || lengths.contains(&part);
        let parts: Vec<usize> = (1..length)
            .filter(|part| is_there(*part) && is_there(length - part))
            .collect();
        if !parts.is_empty() {
            let part = parts[random.below(parts.len())];
            runs.push([part, length - part].map(|length| vec![b'a'; length]));
        }
    }
    // Sometimes in the order of their lengths, or backwards, and sometimes in any.
    match random.below(3) {
        0 => {}
        1 => runs.reverse(),
        _ => (0..runs.len()).for_each(|at| runs.swap(at, random.below(at + 1))),
    }
    [before.to_vec(), runs].concat()
}

/// Runs of `a` up to a power of two, as lists made from scores have them, each made of the one
/// before and one more, and as a list that doubles runs first has them.
fn one_by_one_and_doubled(longest: usize) -> [Vec<[Vec<u8>; 2]>; 2] {
    let run = |length: usize| vec![b'a'; length];
    let one_more = (1..longest).rev().map(|length| [run(length), run(1)]);
    let powers = (0..longest.ilog2()).map(|power| 1 << power);
    let doubled = powers.clone().map(|power| [run(power), run(power)]);
    let between = powers.flat_map(|power| (1..power).map(move |rest| [run(power), run(rest)]));
    [one_more.collect(), doubled.chain(between).collect()]
}

/// Runs of one letter behind all other merges, made of other parts on both sides: what is said to
/// be the same is so for all strings, and for runs of any length.
#[test]
fn runs_merged_last_are_decided_by_runs() {
    let mut random = Random(0x0bad_5eed_0bad_5eed);
    let mut strings = strings(b"abc", 7);
    strings.extend((8..80).map(|length| vec![b'a'; length]));
    strings.extend((8..30).flat_map(|length| {
        let run = vec![b'a'; length];
        [
            [&b"b"[..], &run, b"c"].concat(),
            [&run[..], b"bb", &run].concat(),
        ]
    }));
    let [mut same, mut other_parts, mut open] = [0; 3];
    for _ in 0..3_000 {
        let before: &[[&str; 2]] = [
            &[["b", "c"], ["a", "b"]][..],
            &[["a", "b"], ["c", "c"], ["cc", "ab"]],
            &[["c", "a"], ["b", "b"]],
        ][random.below(3)];
        let before: Vec<[Vec<u8>; 2]> = before
            .iter()
            .map(|pair| pair.map(|part| part.as_bytes().to_vec()))
            .collect();
        let mut lengths = vec![2, 3, 4];
        if random.below(2) == 0 {
            lengths.truncate(1);
            (0..random.below(5)).for_each(|_| lengths.push(3 + random.below(8)));
            lengths.sort_unstable();
            lengths.dedup();
        }
        let mut lists = [(); 2].map(|()| runs_last(&mut random, &before, &lengths));
        if random.below(8) == 0 {
            let longest = 4 << random.below(3);
            lengths = (2..=longest).collect();
            lists = one_by_one_and_doubled(longest).map(|runs| [before.clone(), runs].concat());
        }
        let mut ranks: Vec<Vec<u8>> = b"abc".iter().map(|letter| vec![*letter]).collect();
        ranks.extend(before.iter().map(|pair| pair.concat()));
        ranks.extend(lengths.iter().map(|length| vec![b'a'; *length]));
        let [one, two] = lists.map(|list| listed(&ranks, &list));
        let mut names = Names::default();
        let [a, b] = [&one, &two].map(|side| Live::of(side, &mut names).unwrap());
        match compare([&one, &two], [&a, &b], &names, &|_| true) {
            Found::Same(_) => {
                same += 1;
                other_parts += usize::from(a.pairs.iter().any(|pair| !b.places.contains_key(pair)));
                for text in &strings {
                    let parts = atoms_of(&names, Atoms::Bytes, text).unwrap();
                    assert_eq!(
                        a.run(parts.clone()),
                        b.run(parts),
                        "{:?} {:?}",
                        one.merges,
                        two.merges
                    );
                }
            }
            Found::Open(_) => open += 1,
        }
    }
    assert!(
        same > 1000 && other_parts > 200 && open > 200,
        "{same} same, {other_parts} of them of other parts, {open} open"
    );
}

/// Patterns that cut apart, and vocabs of which some cross the cuts: what is said to be equal is so
/// for every short text.
#[test]
fn cuts_that_no_token_crosses_make_no_difference() {
    let patterns = [
        ("cb|c?[ab]+", "c?[ab]+"),
        ("c(?:a|bb)|c?[ab]+", "c?[ab]+"),
        ("ab|[^x]", "a|[^x]"),
        ("bc|[^x]", "[^x]"),
    ];
    let mut random = Random(0x1357_9bdf_0246_8ace);
    let texts: Vec<String> = strings(b"abc", 6)
        .into_iter()
        .map(|text| String::from_utf8(text).unwrap())
        .collect();
    let [mut equal, mut different, mut undecided] = [0; 3];
    for _ in 0..60 {
        let (one, other) = patterns[random.below(patterns.len())];
        let mut ranks: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
        let make = [random_ranks, random_proper_ranks][random.below(2)];
        ranks.extend(make(&mut random, b"abc").into_iter().skip(3));
        let sides = [one, other].map(|pattern| {
            let mut definition = of_ranks(&ranks);
            definition.pretokenizer = Some(Pretokenizer::Split {
                needle: Needle::Regex(Pattern::fancy(format!("{pattern}|(?s:.)"))),
                behavior: SplitBehavior::Isolated,
                invert: false,
            });
            definition.missing.clear();
            Tokenizer::from_definition(definition).unwrap()
        });
        let verdict = verify(&sides[0], &sides[1], &VerifyOptions::default()).unwrap();
        match verdict.kind {
            Kind::Equal => {
                equal += 1;
                for text in &texts {
                    let [a, b] = [0, 1].map(|side| sides[side].encode_ordinary(text).unwrap());
                    assert_eq!(a, b, "{one} {other} {text} {ranks:?}");
                }
            }
            Kind::Different => different += 1,
            Kind::Undecided => undecided += 1,
        }
    }
    assert!(
        equal > 10 && different > 20 && undecided < 6,
        "{equal} equal, {different} different, {undecided} undecided"
    );
}
