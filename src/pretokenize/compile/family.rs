//! Arms of a pattern to a family: which arm is which, and whether they may be put in order.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::arms::{Letters, Role, SpaceArm, Word, classes, run};
use super::contractions::{endings_of, texts_of};
use super::tree::Node;
use crate::pretokenize::scanner::{Contractions, Family, Marks, Space, Words};

/// The family of a pattern, given as its tree; none if its arms are not those of a family.
///
/// What it finds does not depend on how classes are spelled, on groups around arms, or on the
/// order of arms of which never two match at one place.
pub(in crate::pretokenize) fn family_of(tree: Node) -> Option<Family> {
    let classes = classes()?;
    let arms = tree.arms();
    let roles: Vec<Role> = arms
        .iter()
        .map(|arm| classes.role(arm))
        .collect::<Option<_>>()?;
    for (index, later) in roles.iter().enumerate() {
        for (earlier, arm) in roles[..index].iter().zip(&arms) {
            let is_in_order = earlier.rank() <= later.rank();
            if !is_in_order && !exclude_each_other(arm, &arms[index]) {
                return None;
            }
        }
    }
    compose(roles)
}

/// The family of arms that may be tried in the order of their ranks.
fn compose(roles: Vec<Role>) -> Option<Family> {
    let mut is_han_first = false;
    let mut contractions = Vec::new();
    let mut words = Vec::new();
    let mut digits = None;
    let mut punctuation = None;
    let mut space = Vec::new();
    for role in roles {
        let is_second = match role {
            Role::Han => std::mem::replace(&mut is_han_first, true),
            Role::Digits(found) => digits.replace(found).is_some(),
            Role::Punctuation(is_without, tail) => {
                punctuation.replace((is_without, tail)).is_some()
            }
            Role::Contractions(texts) => {
                contractions.extend(texts);
                false
            }
            Role::Word(word) => {
                words.push(word);
                false
            }
            Role::Space(arm) => {
                space.push(arm);
                false
            }
        };
        if is_second {
            return None;
        }
    }
    let word = match words[..] {
        [word] if word.letters == Letters::Any => word,
        [first, second]
            if first.letters == Letters::EndSmall
                && second.letters == Letters::StartCapital
                && first
                    == (Word {
                        letters: Letters::EndSmall,
                        ..second
                    }) =>
        {
            first
        }
        _ => return None,
    };
    let contractions = match (contractions.as_slice(), word.suffix) {
        ([], None) => Contractions::None,
        ([], Some(endings)) => Contractions::Suffix(endings),
        (texts, None) => Contractions::First(endings_of(texts)?),
        _ => return None,
    };
    let (is_without_marks, tail) = punctuation?;
    let marks = match (word.has_marks, is_without_marks) {
        (false, false) => Marks::Punctuation,
        (true, true) => Marks::Words,
        (true, false) => Marks::Both,
        // No arm takes marks.
        (false, true) => return None,
    };
    if word.is_han_apart != is_han_first {
        return None;
    }
    Some(Family {
        contractions,
        words: Words {
            prefix: word.prefix,
            marks,
            is_cased: word.letters != Letters::Any,
            is_han_apart: word.is_han_apart,
        },
        digits: digits?,
        tail,
        space: space_of(&space)?,
    })
}

/// What the arms of white space do, in their order.
fn space_of(arms: &[SpaceArm]) -> Option<Space> {
    use SpaceArm::{BeforeLast, Breaks, End, Rest};
    // White space that ends the text and has no line break is taken whole by `\s+(?!\S)` anyway.
    Some(match arms {
        [BeforeLast, Rest] | [End, BeforeLast, Rest] => Space::Plain,
        [Breaks, BeforeLast, Rest] | [Breaks, End, BeforeLast, Rest] => Space::Breaks,
        [End, Breaks, BeforeLast, Rest] => Space::EndThenBreaks,
        _ => return None,
    })
}

/// Whether no text begins with a match of both arms, as far as their first two characters say.
fn exclude_each_other(one: &[Node], other: &[Node]) -> bool {
    let (Some(one), Some(other)) = (openings(one), openings(other)) else {
        return false;
    };
    one.iter().all(|(first, second)| {
        other.iter().all(|(other_first, other_second)| {
            are_disjoint(first, other_first)
                || matches!((second, other_second), (Some(one), Some(other)) if are_disjoint(one, other))
        })
    })
}

fn are_disjoint(one: &ClassUnicode, other: &ClassUnicode) -> bool {
    let mut common = one.clone();
    common.intersect(other);
    common.ranges().is_empty()
}

/// What the matches of an arm begin with: a first character and, where the first may be left out,
/// a second one.
type Openings = Vec<(ClassUnicode, Option<ClassUnicode>)>;

fn openings(arm: &[Node]) -> Option<Openings> {
    let [head, rest @ ..] = arm else { return None };
    Some(match run(head) {
        Some(head) if head.is_optional() => {
            let mut all: Openings = openings(rest)?;
            let mut second = ClassUnicode::empty();
            for (first, _) in &all {
                second.union(first);
            }
            all.push((head.class.clone(), Some(second)));
            all
        }
        Some(head) if head.least == 0 => {
            let mut all: Openings = openings(rest)?;
            all.push((head.class.clone(), None));
            all
        }
        Some(head) => vec![(head.class.clone(), None)],
        None => {
            let texts = texts_of(arm)?;
            let letters = texts.iter().map(|text| text.chars().next());
            let letters: Vec<char> = letters.collect::<Option<_>>()?;
            let ranges = letters
                .into_iter()
                .map(|letter| ClassUnicodeRange::new(letter, letter));
            vec![(ClassUnicode::new(ranges), None)]
        }
    })
}
