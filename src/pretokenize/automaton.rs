//! Known patterns compiled: a scanner where there is one, else automata.
//!
//! A pattern of the GPT-2 family has a `scanner`. Others run as `known` has them without
//! look-around (`Stage`): one pass over the bytes, no backtracking, no recursion. A stage that
//! covers text without gaps runs as a lazily built DFA, which is asked at each place for the
//! pretoken that starts there; text between matches is a pretoken too. The one look-ahead of these
//! patterns, `\s+(?!\S)|\s+`, is a second pattern `\s+` whose match gives its last character back
//! where more text follows.

use std::ops::Range;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::OnceLock;

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::meta::Regex;
use regex_automata::util::pool::Pool;
use regex_automata::{Anchored, Input};

use super::scanner::{Family, Scanner};
use crate::error::{Error, Result};
use crate::known::{KnownPattern, Stage, patterns};

/// A known pattern, compiled once a process.
pub(crate) struct Automaton {
    known: &'static KnownPattern,
    engine: Engine,
}

enum Engine {
    Scanner(Scanner),
    Stages(Vec<Compiled>),
}

enum Compiled {
    /// Covers nearly every text: asked at each place for the match that starts there.
    Dense(Box<Dense>),
    /// Leaves long gaps, which are pretokens too: searched for.
    Sparse(Regex),
}

struct Dense {
    dfa: DFA,
    caches: Caches,
}

/// Each thread works with a cache of its own, taken from a pool for the length of a text.
type Caches = Pool<Cache, Box<dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe>>;

/// The pattern of `\s+`, after the arms of a stage.
const SPACE: usize = 1;

impl Automaton {
    /// The automaton of a known pattern.
    ///
    /// # Errors
    ///
    /// `Pattern` if it does not compile, which the tests rule out.
    pub(crate) fn of(known: &'static KnownPattern) -> Result<&'static Self> {
        static COMPILED: OnceLock<Vec<OnceLock<Automaton>>> = OnceLock::new();
        let slots = COMPILED.get_or_init(|| patterns().iter().map(|_| OnceLock::new()).collect());
        let slot = patterns()
            .iter()
            .position(|held| std::ptr::eq(held, known))
            .and_then(|index| slots.get(index))
            .ok_or_else(|| Error::pattern(known.tiktoken, "not in the table"))?;
        if let Some(automaton) = slot.get() {
            return Ok(automaton);
        }
        let automaton = match Family::of_known(known) {
            Some(family) => Self {
                known,
                engine: Engine::Scanner(Scanner::new(family)),
            },
            None => Self::of_stages(known)?,
        };
        Ok(slot.get_or_init(|| automaton))
    }

    /// The stages of a known pattern, whether or not it has a scanner.
    ///
    /// # Errors
    ///
    /// As [`Self::of`].
    pub(super) fn of_stages(known: &'static KnownPattern) -> Result<Self> {
        let stages = known
            .automaton
            .iter()
            .map(|stage| compile(stage).map_err(|reason| Error::pattern(stage.arms, reason)))
            .collect::<Result<_>>()?;
        Ok(Self {
            known,
            engine: Engine::Stages(stages),
        })
    }

    /// The pattern it was made of.
    pub(crate) fn known(&self) -> &'static KnownPattern {
        self.known
    }

    /// The scanner, if there is one.
    #[inline]
    pub(super) fn scanner(&self) -> Option<&Scanner> {
        match &self.engine {
            Engine::Scanner(scanner) => Some(scanner),
            Engine::Stages(_) => None,
        }
    }

    /// Calls `sink` with each pretoken, from left to right. Together they are the text.
    ///
    /// Callers that have a scanner to ask for ask it themselves: it is not made anew for each sink
    /// here.
    pub(crate) fn for_each(
        &self,
        text: &str,
        mut sink: impl FnMut(Range<usize>) -> Result<()>,
    ) -> Result<()> {
        match &self.engine {
            Engine::Scanner(scanner) => {
                let sink: &mut dyn FnMut(Range<usize>) -> Result<()> = &mut sink;
                scanner.for_each(text, sink)
            }
            Engine::Stages(stages) => self.run_all(stages, text, 0..text.len(), &mut sink),
        }
    }

    /// Each stage sees every pretoken of the one before as a text of its own.
    fn run_all(
        &self,
        stages: &[Compiled],
        text: &str,
        range: Range<usize>,
        sink: &mut dyn FnMut(Range<usize>) -> Result<()>,
    ) -> Result<()> {
        match stages {
            [] => sink(range),
            [stage, rest @ ..] => self.run(stage, text, range, &mut |part| {
                self.run_all(rest, text, part, sink)
            }),
        }
    }

    fn run(
        &self,
        stage: &Compiled,
        text: &str,
        range: Range<usize>,
        sink: &mut dyn FnMut(Range<usize>) -> Result<()>,
    ) -> Result<()> {
        // The slice, not a range of the whole: the pattern must not see beyond its text.
        let (base, text) = (range.start, &text[range]);
        match stage {
            Compiled::Dense(dense) => {
                let mut cache = dense.caches.get();
                let (mut start, mut done) = (0, 0);
                while start < text.len() {
                    let Some(end) = self.match_end(&dense.dfa, &mut cache, text, start)? else {
                        // What an earlier stage has isolated may match nothing here.
                        start += text[start..].chars().next().map_or(1, char::len_utf8);
                        continue;
                    };
                    if done < start {
                        sink(base + done..base + start)?;
                    }
                    sink(base + start..base + end)?;
                    start = end;
                    done = end;
                }
                if done < text.len() {
                    sink(base + done..base + text.len())?;
                }
            }
            Compiled::Sparse(regex) => {
                let mut start = 0;
                for found in regex.find_iter(text) {
                    if start < found.start() {
                        sink(base + start..base + found.start())?;
                    }
                    sink(base + found.start()..base + found.end())?;
                    start = found.end();
                }
                if start < text.len() {
                    sink(base + start..base + text.len())?;
                }
            }
        }
        Ok(())
    }

    /// Where the pretoken that starts at `start` ends, if one starts there.
    #[inline]
    fn match_end(
        &self,
        dfa: &DFA,
        cache: &mut Cache,
        text: &str,
        start: usize,
    ) -> Result<Option<usize>> {
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        let found = dfa
            .try_search_fwd(cache, &input)
            .map_err(|error| Error::pattern(self.known.tiktoken, error))?;
        let Some(found) = found.filter(|found| found.offset() > start) else {
            return Ok(None);
        };
        let end = found.offset();
        if found.pattern().as_usize() == SPACE && end < text.len() {
            let last = text[start..end]
                .chars()
                .next_back()
                .map_or(0, char::len_utf8);
            if end - last > start {
                return Ok(Some(end - last));
            }
        }
        Ok(Some(end))
    }
}

fn compile(stage: &Stage) -> std::result::Result<Compiled, String> {
    if !stage.gives_back_space {
        return Regex::new(stage.arms)
            .map(Compiled::Sparse)
            .map_err(|error| error.to_string());
    }
    let config = DFA::config()
        // All scripts' letters take a few hundred states; this is room for all of them.
        .cache_capacity(16 << 20)
        // Arms are tried where a pretoken starts and nowhere else.
        .starts_for_each_pattern(false);
    let dfa = DFA::builder()
        .configure(config)
        .build_many(&[stage.arms, r"\s+"])
        .map_err(|error| error.to_string())?;
    let template = dfa.clone();
    let caches: Caches = Pool::new(Box::new(move || template.create_cache()));
    Ok(Compiled::Dense(Box::new(Dense { dfa, caches })))
}
