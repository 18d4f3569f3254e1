//! Contractions: which texts an arm matches, if there are few of them, and what they have in common.

use std::collections::HashSet;

use regex_syntax::hir::ClassUnicodeRange;

use super::tree::{Kind, Node};
use crate::pretokenize::scanner::{Case, Endings};

/// The most texts that an arm of contractions stands for: a few endings in all cases.
const MAX_TEXTS: usize = 1 << 12;

/// The most characters of a class in one: `(?i:[sdmt])` has nine.
const MAX_LETTERS: usize = 64;

/// All texts that pieces match, in the order in which they are tried; none if there are too many.
pub(super) fn texts_of(pieces: &[Node]) -> Option<Vec<String>> {
    let mut texts = vec![String::new()];
    for piece in pieces {
        let endings = texts_of_piece(piece)?;
        if texts.len() * endings.len() > MAX_TEXTS {
            return None;
        }
        let behind = |text: &String| {
            let all = endings.iter().map(|ending| format!("{text}{ending}"));
            all.collect::<Vec<_>>()
        };
        texts = texts.iter().flat_map(behind).collect();
    }
    Some(texts)
}

fn texts_of_piece(piece: &Node) -> Option<Vec<String>> {
    match piece {
        Node::Class(class) => {
            let len: usize = class.iter().map(ClassUnicodeRange::len).sum();
            // Characters of one class are never tried against each other.
            let letters = class.iter().flat_map(|range| range.start()..=range.end());
            (len <= MAX_LETTERS).then(|| letters.map(String::from).collect())
        }
        Node::Concat(pieces) => texts_of(pieces),
        Node::Alternation(arms) => {
            let mut all = Vec::new();
            for arm in arms {
                all.extend(texts_of_piece(arm)?);
                if all.len() > MAX_TEXTS {
                    return None;
                }
            }
            Some(all)
        }
        Node::Repeat {
            body,
            least: 0,
            most: Some(1),
            kind: Kind::Greedy,
        } => {
            let mut all = texts_of_piece(body)?;
            all.push(String::new());
            Some(all)
        }
        Node::Repeat { .. } | Node::Start | Node::Border(_) => None,
    }
}

/// The endings of contractions, given in the order in which they are tried; none if one of them is
/// something else than an apostrophe and letters, or if there are too many.
pub(super) fn endings_of(texts: &[String]) -> Option<Endings> {
    let mut all: HashSet<&str> = HashSet::new();
    for text in texts {
        let ending = text.strip_prefix('\'')?;
        // Where a text is tried before a longer one, the longer one is never reached; where it is
        // tried later, the longest is taken: so the order is not needed any more.
        let mut starts = ending.char_indices().map(|(end, _)| &ending[..end]).skip(1);
        if ending.is_empty() {
            return None;
        }
        if !starts.any(|start| all.contains(start)) {
            all.insert(ending);
        }
    }
    let folded: HashSet<String> = all
        .iter()
        .map(|ending| ending.chars().map(fold).collect())
        .collect();
    let is_all_of = |others: fn(char) -> usize| {
        let count = |ending: &String| -> usize { ending.chars().map(others).product() };
        folded.iter().map(count).sum::<usize>() == all.len()
    };
    let is_ascii = all.iter().all(|ending| ending.is_ascii());
    let case = if is_ascii && is_all_of(|_| 2) {
        Case::Ascii
    } else if is_all_of(|letter| if matches!(letter, 's' | 'k') { 3 } else { 2 }) {
        Case::Any
    } else {
        Case::Exact
    };
    let letters: Vec<Vec<u8>> = match case {
        Case::Exact => all
            .iter()
            .map(|ending| ending.as_bytes().to_vec())
            .collect(),
        Case::Ascii | Case::Any => folded.into_iter().map(String::into_bytes).collect(),
    };
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic();
    if !letters.iter().flatten().all(is_letter) {
        return None;
    }
    Endings::new(&letters, case)
}

/// The small letter that `(?i:...)` does not tell from this one.
fn fold(letter: char) -> char {
    match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        letter => letter.to_ascii_lowercase(),
    }
}
