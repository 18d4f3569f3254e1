//! A pattern without look-around, on a DFA.
//!
//! The DFA is asked at each place for the match that starts there, as split patterns match nearly
//! everywhere. Where none does, the reference looks for the next one. The one look-ahead that is
//! done is that of `\s+(?!\S)|\s+`, for any class in the place of `\s`: a pattern `\s+` whose match
//! gives its last character back where more text follows, if that is not its only one.

use std::ops::Range;
use std::panic::{RefUnwindSafe, UnwindSafe};

use fancy_regex::Regex;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::pool::Pool;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Class, ClassUnicode, Hir, Look, Repetition};

use super::tree::{Kind, Node};
use crate::error::{Error, Result};

/// A pattern without look-around, compiled.
pub(crate) struct Regular {
    dfa: DFA,
    caches: Caches,
    /// For each pattern of the DFA, whether its matches give back their last character.
    gives_back: Vec<bool>,
    reference: Regex,
}

/// Each thread works with a cache of its own, taken from a pool for the length of a text.
type Caches = Pool<Cache, Box<dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe>>;

/// A pattern whose automaton is larger than this stays on the reference.
const MAX_NFA_LEN: usize = 10 << 20;

/// Arms that are tried as one pattern.
struct Part {
    arms: Vec<Hir>,
    gives_back: bool,
}

impl Regular {
    /// The automaton of a pattern, given as its tree and as its regular expression; none if there
    /// is look-around elsewhere, or a match of the empty text, or if it is too large.
    pub(in crate::pretokenize) fn new(tree: Node, reference: &Regex) -> Option<Self> {
        let (dfa, gives_back) = compile(tree)?;
        let template = dfa.clone();
        let caches: Caches = Pool::new(Box::new(move || template.create_cache()));
        Some(Self {
            dfa,
            caches,
            gives_back,
            reference: reference.clone(),
        })
    }

    /// Calls `sink` with each match, none of them empty.
    ///
    /// # Errors
    ///
    /// `Pattern` if the regular expression gives up; errors of `sink`.
    pub(crate) fn for_each(
        &self,
        text: &str,
        mut sink: impl FnMut(Range<usize>) -> Result<()>,
    ) -> Result<()> {
        let mut cache = self.caches.get();
        let mut start = 0;
        while start < text.len() {
            let found = match self.match_end(&mut cache, text, start) {
                Some(end) => start..end,
                None => match self.reference.find_from_pos(text, start) {
                    Ok(Some(found)) => found.start()..found.end(),
                    Ok(None) => break,
                    Err(error) => return Err(Error::pattern(self.reference.as_str(), error)),
                },
            };
            start = found.end;
            sink(found)?;
        }
        Ok(())
    }

    /// Where the match ends that starts at `start`; none if there is none, or if the DFA takes too
    /// much memory for this text.
    #[inline]
    fn match_end(&self, cache: &mut Cache, text: &str, start: usize) -> Option<usize> {
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        let found = self.dfa.try_search_fwd(cache, &input).ok()??;
        let end = found.offset();
        if self.gives_back[found.pattern().as_usize()] && end < text.len() {
            let last = text[start..end].chars().next_back()?.len_utf8();
            if end - last > start {
                return Some(end - last);
            }
        }
        Some(end)
    }
}

fn compile(tree: Node) -> Option<(DFA, Vec<bool>)> {
    if tree.is_nullable() {
        return None;
    }
    let parts = parts_of(tree.arms())?;
    let gives_back = parts.iter().map(|part| part.gives_back).collect();
    let patterns: Vec<Hir> = parts
        .into_iter()
        .map(|part| Hir::alternation(part.arms))
        .collect();
    let nfa = thompson::Compiler::new()
        .configure(thompson::Config::new().nfa_size_limit(Some(MAX_NFA_LEN)))
        .build_many_from_hir(&patterns)
        .ok()?;
    let config = DFA::config()
        // All scripts' letters take a few hundred states; this is room for all of them.
        .cache_capacity(16 << 20)
        .starts_for_each_pattern(false)
        // A pattern that makes a state for each byte or so is better off on the reference.
        .minimum_cache_clear_count(Some(3))
        .minimum_bytes_per_state(Some(10));
    let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
    Some((dfa, gives_back))
}

/// The arms in their order; those that give back a character apart from the others.
fn parts_of(arms: Vec<Vec<Node>>) -> Option<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut arms = arms.into_iter().peekable();
    while let Some(arm) = arms.next() {
        if let Some(class) = run_before_last(&arm) {
            // The arm of the only character that the first one does not take.
            arms.next_if(|next| is_run_of(next, class))?;
            parts.push(Part {
                arms: vec![Hir::repetition(Repetition {
                    min: 1,
                    max: None,
                    greedy: true,
                    sub: Box::new(Hir::class(Class::Unicode(class.clone()))),
                })],
                gives_back: true,
            });
            continue;
        }
        let arm = Hir::concat(arm.iter().map(hir_of).collect::<Option<_>>()?);
        match parts.last_mut() {
            Some(part) if !part.gives_back => part.arms.push(arm),
            _ => parts.push(Part {
                arms: vec![arm],
                gives_back: false,
            }),
        }
    }
    Some(parts)
}

/// The class of `\s+(?!\S)`.
fn run_before_last(arm: &[Node]) -> Option<&ClassUnicode> {
    let [run, Node::Border(ahead)] = arm else {
        return None;
    };
    let is_run = !ahead.ranges().is_empty() && is_run_of(std::slice::from_ref(run), ahead);
    // One character alone would do for `\s(?!\S)`, which gives none back.
    (is_run && matches!(run, Node::Repeat { .. })).then_some(ahead)
}

/// Whether an arm is `\s+` or `\s`.
fn is_run_of(arm: &[Node], expected: &ClassUnicode) -> bool {
    match arm {
        [Node::Class(class)] => class == expected,
        [
            Node::Repeat {
                body,
                least: 1,
                most: None,
                kind: Kind::Greedy,
            },
        ] => matches!(body.as_ref(), Node::Class(class) if class == expected),
        _ => false,
    }
}

fn hir_of(node: &Node) -> Option<Hir> {
    Some(match node {
        Node::Class(class) => Hir::class(Class::Unicode(class.clone())),
        Node::Concat(parts) => Hir::concat(parts.iter().map(hir_of).collect::<Option<_>>()?),
        Node::Alternation(arms) => {
            Hir::alternation(arms.iter().map(hir_of).collect::<Option<_>>()?)
        }
        Node::Repeat {
            body,
            least,
            most,
            kind,
        } => Hir::repetition(Repetition {
            min: *least,
            max: *most,
            greedy: *kind != Kind::Lazy,
            sub: Box::new(hir_of(body)?),
        }),
        Node::Start => Hir::look(Look::Start),
        Node::Border(ahead) if ahead.ranges().is_empty() => Hir::look(Look::End),
        Node::Border(_) => return None,
    })
}
