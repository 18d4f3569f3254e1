//! Many texts at once, on several threads.
//!
//! The texts are dealt out in tasks: some short texts together, a long one in pieces that are cut
//! where pretokens are. Each thread collects the ids of its tasks one behind the other; at the end,
//! when it is known how many there are before each, they are copied to where they belong.

use std::ops::Range;

use bpekit_formats::TokenId;

use super::Tokenizer;
use super::encode::Special;
use super::join::joined;
use super::pieces::Pieces;
use crate::bpe::{Count, Ids, Output, Scratch};
use crate::error::{Error, Result};
use crate::threads;

/// The ids of many texts in one array.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct FlatIds<T> {
    /// The ids of all texts, one behind the other.
    pub ids: Vec<T>,
    /// Text `i` has `ids[offsets[i]..offsets[i + 1]]`: one more than there are texts.
    pub offsets: Vec<u64>,
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u16 {}
    impl Sealed for u32 {}
}

/// What a token id is put out as: `u32`, or `u16` for vocabs with ids below 65,536.
pub trait OutputId: sealed::Sealed + Copy + Default + Send + Sync + 'static {
    /// The largest id it holds.
    const MAX: TokenId;

    /// The id, which is not above [`Self::MAX`].
    fn of(id: TokenId) -> Self;

    /// The same for many.
    fn all(ids: Vec<TokenId>) -> Vec<Self> {
        ids.into_iter().map(Self::of).collect()
    }
}

impl OutputId for u32 {
    const MAX: TokenId = TokenId::MAX;

    fn of(id: TokenId) -> Self {
        id
    }

    fn all(ids: Vec<TokenId>) -> Vec<Self> {
        ids
    }
}

impl OutputId for u16 {
    const MAX: TokenId = u16::MAX as TokenId;

    fn of(id: TokenId) -> Self {
        id as Self
    }
}

/// Tasks of fewer bytes cost more in dealing out than they gain in balance.
const MIN_TASK: usize = 1 << 15;

/// Larger ones let threads wait for the last.
const MAX_TASK: usize = 1 << 19;

/// Up to so many bytes in all, a second thread costs more than it saves.
const ALONE: usize = 1 << 16;

/// What a thread does at a time.
enum Task {
    /// These texts.
    Texts(Range<usize>),
    /// One piece of a long text: the number of the text, of its pieces among those of all long
    /// texts, and of the piece.
    Piece {
        text: usize,
        long: usize,
        piece: usize,
    },
}

/// How texts are dealt out.
struct Plan<'t> {
    tasks: Vec<Task>,
    long_texts: Vec<Pieces<'t>>,
    thread_count: usize,
}

/// The outcome of a task: how many ids each of its texts has, and where the first of them is among
/// those that its thread collected.
struct Done {
    task: usize,
    start: usize,
    lens: Vec<usize>,
}

impl Tokenizer {
    /// The ids of each text, in the order of the texts whatever the number of threads.
    ///
    /// # Errors
    ///
    /// As [`Self::encode`], for the first text in order that fails among those that were tried.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit::{Special, Tokenizer};
    /// let tokenizer = Tokenizer::demo()?;
    /// let ids = tokenizer.encode_batch(&["one", "two"], &Special::refused(), 2)?;
    /// assert_eq!(ids[1], tokenizer.encode_ordinary("two")?);
    /// # Ok::<(), bpekit::Error>(())
    /// ```
    pub fn encode_batch(
        &self,
        texts: &[impl AsRef<str> + Sync],
        special: &Special<'_>,
        thread_count: usize,
    ) -> Result<Vec<Vec<TokenId>>> {
        let flat = self.encode_batch_flat::<TokenId>(texts, special, false, thread_count)?;
        Ok(flat
            .offsets
            .windows(2)
            .map(|ends| flat.ids[ends[0] as usize..ends[1] as usize].to_vec())
            .collect())
    }

    /// The ids of all texts in one array, framed as [`Self::with_frame`] does if `frame` is set.
    /// The same whatever the number of threads.
    ///
    /// # Errors
    ///
    /// As [`Self::encode_batch`]; `Argument` if the vocab has ids that do not fit `T`.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit::{Special, Tokenizer};
    /// let tokenizer = Tokenizer::demo()?;
    /// let flat = tokenizer.encode_batch_flat::<u16>(&["the", "hello"], &Special::refused(), false, 2)?;
    /// assert_eq!(flat.ids, [1169, 258, 297, 78]);
    /// assert_eq!(flat.offsets, [0, 1, 4]);
    /// # Ok::<(), bpekit::Error>(())
    /// ```
    pub fn encode_batch_flat<T: OutputId>(
        &self,
        texts: &[impl AsRef<str> + Sync],
        special: &Special<'_>,
        frame: bool,
        thread_count: usize,
    ) -> Result<FlatIds<T>> {
        self.check_ids_fit(T::MAX, frame)?;
        let plan = self.plan(texts, special, frame, thread_count)?;
        if plan.thread_count == 1 {
            return self.encode_alone(texts, special, frame);
        }
        let make = |scratch: &mut Scratch| std::mem::take(&mut scratch.collected);
        let mut workers = self.run(&plan, texts, special, frame, make)?;
        let flat = assembled(&plan, texts.len(), &workers);
        for worker in &mut workers {
            worker.scratch.collected = std::mem::take(&mut worker.out);
        }
        self.give_back(workers);
        Ok(flat)
    }

    /// The ids of one text, on several threads if it is long.
    ///
    /// # Errors
    ///
    /// As [`Self::encode`].
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit::{Special, Tokenizer};
    /// let tokenizer = Tokenizer::demo()?;
    /// let text = "hello world. ".repeat(30_000);
    /// let ids = tokenizer.encode_parallel(&text, &Special::refused(), 2)?;
    /// assert_eq!(ids, tokenizer.encode(&text, &Special::refused())?);
    /// # Ok::<(), bpekit::Error>(())
    /// ```
    pub fn encode_parallel(
        &self,
        text: &str,
        special: &Special<'_>,
        thread_count: usize,
    ) -> Result<Vec<TokenId>> {
        self.encode_batch_flat(&[text], special, false, thread_count)
            .map(|flat| flat.ids)
    }

    /// The number of ids of each text.
    ///
    /// # Errors
    ///
    /// As [`Self::encode_batch`].
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit::{Special, Tokenizer};
    /// let tokenizer = Tokenizer::demo()?;
    /// assert_eq!(tokenizer.count_batch(&["the", "hello"], &Special::refused(), 2)?, [1, 3]);
    /// # Ok::<(), bpekit::Error>(())
    /// ```
    pub fn count_batch(
        &self,
        texts: &[impl AsRef<str> + Sync],
        special: &Special<'_>,
        thread_count: usize,
    ) -> Result<Vec<usize>> {
        let plan = self.plan(texts, special, false, thread_count)?;
        if plan.thread_count == 1 {
            return texts
                .iter()
                .map(|text| self.count(text.as_ref(), special))
                .collect();
        }
        let workers = self.run(&plan, texts, special, false, |_| Count::default())?;
        let mut counts = vec![0; texts.len()];
        for done in workers.iter().flat_map(|worker| &worker.done) {
            let first = plan.first_text(done.task);
            for (count, len) in counts[first..].iter_mut().zip(&done.lens) {
                *count += len;
            }
        }
        self.give_back(workers);
        Ok(counts)
    }

    /// The bytes of each list of ids, in order.
    ///
    /// # Errors
    ///
    /// As [`Self::decode_bytes`].
    pub fn decode_bytes_batch(
        &self,
        batch: &[impl AsRef<[TokenId]> + Sync],
        thread_count: usize,
    ) -> Result<Vec<Vec<u8>>> {
        threads::in_order(thread_count, batch.len(), |number| {
            self.decode_bytes(batch[number].as_ref())
        })
    }

    /// All texts on this thread.
    fn encode_alone<T: OutputId>(
        &self,
        texts: &[impl AsRef<str>],
        special: &Special<'_>,
        frame: bool,
    ) -> Result<FlatIds<T>> {
        let len = texts.iter().map(|text| text.as_ref().len()).sum();
        let mut offsets = Vec::with_capacity(texts.len() + 1);
        offsets.push(0);
        self.scratches.with(|scratch| {
            let mut out = std::mem::take(&mut scratch.collected);
            out.reserve_for_text(len);
            for text in texts {
                self.encode_framed(text.as_ref(), special, frame, &mut out, scratch)?;
                offsets.push(out.len() as u64);
            }
            let ids = T::all(out.take());
            scratch.collected = out;
            Ok(FlatIds { ids, offsets })
        })
    }

    fn encode_framed(
        &self,
        text: &str,
        special: &Special<'_>,
        frame: bool,
        out: &mut impl Output,
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.check_disallowed(text, special)?;
        if frame {
            out.many(self.frame.before());
        }
        self.encode_into(text, special.permit(), out, scratch)?;
        if frame {
            out.many(self.frame.after());
        }
        Ok(())
    }

    fn plan<'t>(
        &self,
        texts: &'t [impl AsRef<str>],
        special: &Special<'_>,
        frame: bool,
        thread_count: usize,
    ) -> Result<Plan<'t>> {
        let mut plan = Plan {
            tasks: Vec::new(),
            long_texts: Vec::new(),
            thread_count: 1,
        };
        let all: usize = texts.iter().map(|text| text.as_ref().len()).sum();
        let threads = threads::useful(thread_count, all.div_ceil(ALONE));
        if threads == 1 {
            return Ok(plan);
        }
        let size = (all / (threads * 8)).clamp(MIN_TASK, MAX_TASK);
        let mut first = 0;
        let mut len = 0;
        for (number, text) in texts.iter().enumerate() {
            let text = text.as_ref();
            if text.len() >= 2 * size && self.pretokenizer.can_be_cut() {
                plan.add_texts(first..number);
                self.check_disallowed(text, special)?;
                plan.add_long(number, self.pieces(text, special.permit(), frame, size)?);
                (first, len) = (number + 1, 0);
                continue;
            }
            len += text.len();
            if len >= size {
                plan.add_texts(first..number + 1);
                (first, len) = (number + 1, 0);
            }
        }
        plan.add_texts(first..texts.len());
        plan.thread_count = threads::useful(threads, plan.tasks.len());
        Ok(plan)
    }

    /// Does all tasks. Each thread has a space of the pool, which goes back to it by
    /// [`Self::give_back`].
    fn run<O: Output + Send>(
        &self,
        plan: &Plan<'_>,
        texts: &[impl AsRef<str> + Sync],
        special: &Special<'_>,
        frame: bool,
        make: impl Fn(&mut Scratch) -> O + Sync,
    ) -> Result<Vec<Worker<O>>> {
        let mut workers = threads::share(plan.thread_count, plan.tasks.len(), |queue| {
            let mut scratch = self.scratches.take();
            let mut worker = Worker {
                out: make(&mut scratch),
                scratch,
                done: Vec::new(),
                failure: None,
            };
            while let Some(task) = queue.take() {
                if let Err(error) = self.run_task(plan, task, texts, special, frame, &mut worker) {
                    queue.stop();
                    worker.failure = Some((task, error));
                    break;
                }
            }
            worker
        });
        let failures = workers
            .iter_mut()
            .filter_map(|worker| worker.failure.take());
        match failures.min_by_key(|(task, _)| *task) {
            Some((_, error)) => Err(error),
            None => Ok(workers),
        }
    }

    fn run_task<O: Output>(
        &self,
        plan: &Plan<'_>,
        task: usize,
        texts: &[impl AsRef<str>],
        special: &Special<'_>,
        frame: bool,
        worker: &mut Worker<O>,
    ) -> Result<()> {
        let Worker { scratch, out, .. } = worker;
        let start = out.len();
        let lens = match &plan.tasks[task] {
            Task::Texts(range) => {
                let mut lens = Vec::with_capacity(range.len());
                for text in &texts[range.clone()] {
                    let before = out.len();
                    self.encode_framed(text.as_ref(), special, frame, out, scratch)?;
                    lens.push(out.len() - before);
                }
                lens
            }
            Task::Piece { long, piece, .. } => {
                self.encode_piece(&plan.long_texts[*long], *piece, out, scratch)?;
                vec![out.len() - start]
            }
        };
        worker.done.push(Done { task, start, lens });
        Ok(())
    }

    fn give_back<O>(&self, workers: Vec<Worker<O>>) {
        for worker in workers {
            self.scratches.give_back(worker.scratch);
        }
    }
}

/// A thread's work.
struct Worker<O> {
    scratch: Box<Scratch>,
    out: O,
    done: Vec<Done>,
    /// The task that failed, and how.
    failure: Option<(usize, Error)>,
}

impl<'t> Plan<'t> {
    fn add_texts(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.tasks.push(Task::Texts(range));
        }
    }

    fn add_long(&mut self, text: usize, pieces: Pieces<'t>) {
        let long = self.long_texts.len();
        self.tasks
            .extend((0..pieces.len()).map(|piece| Task::Piece { text, long, piece }));
        self.long_texts.push(pieces);
    }

    fn first_text(&self, task: usize) -> usize {
        match &self.tasks[task] {
            Task::Texts(range) => range.start,
            Task::Piece { text, .. } => *text,
        }
    }
}

/// Copies what the threads have collected to where it belongs.
fn assembled<T: OutputId>(
    plan: &Plan<'_>,
    text_count: usize,
    workers: &[Worker<Ids>],
) -> FlatIds<T> {
    // Every task with the ids of its thread, in the order of the texts.
    let mut all: Vec<(&Done, &[TokenId])> = workers
        .iter()
        .flat_map(|worker| worker.done.iter().map(|done| (done, worker.out.as_slice())))
        .collect();
    all.sort_unstable_by_key(|(done, _)| done.task);
    let mut offsets = vec![0; text_count + 1];
    for (done, _) in &all {
        let first = plan.first_text(done.task) + 1;
        for (offset, len) in offsets[first..].iter_mut().zip(&done.lens) {
            *offset += *len as u64;
        }
    }
    let mut sum = 0;
    for offset in &mut offsets {
        sum += *offset;
        *offset = sum;
    }
    let parts: Vec<&[TokenId]> = all
        .iter()
        .map(|(done, collected)| &collected[done.start..][..done.lens.iter().sum()])
        .collect();
    let ids = joined(&parts, plan.thread_count);
    FlatIds { ids, offsets }
}
