//! Texts in memory: one that is here already, and many that another thread hands over.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use sha2::{Digest, Sha256};

use super::batch::{Batch, Origin};
use super::{BATCH_LEN, Cutter, Texts};
use crate::error::{Error, ErrorKind, Result};

/// One text.
pub(crate) struct MemoryText<'t> {
    text: &'t str,
    done: usize,
    is_done: bool,
    cutter: Cutter,
    batch_len: usize,
}

impl<'t> MemoryText<'t> {
    pub(crate) fn new(text: &'t str, cutter: Cutter) -> Self {
        Self {
            text,
            done: 0,
            is_done: false,
            cutter,
            batch_len: BATCH_LEN,
        }
    }

    /// The sha256 of the text, as [`Feeder`] makes it of texts.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        let mut sha256 = Sha256::new();
        add_text(&mut sha256, self.text.as_bytes());
        sha256.finalize().into()
    }

    #[cfg(test)]
    pub(crate) fn with_batch_len(mut self, batch_len: usize) -> Self {
        self.batch_len = batch_len;
        self
    }
}

/// Texts are told apart by their lengths.
fn add_text(sha256: &mut Sha256, text: &[u8]) {
    sha256.update((text.len() as u64).to_le_bytes());
    sha256.update(text);
}

impl Texts for MemoryText<'_> {
    fn next(&mut self, batch: &mut Batch) -> Result<bool> {
        if self.is_done {
            return Ok(false);
        }
        let rest = &self.text.as_bytes()[self.done..];
        batch.clear();
        let len = part_len(rest, self.batch_len, &self.cutter);
        batch.bytes.extend_from_slice(&rest[..len]);
        self.is_done = len == rest.len();
        if self.is_done {
            batch.ends.push(len);
        }
        self.done += len;
        Ok(true)
    }

    fn progress(&self) -> (u64, Option<u64>) {
        (self.done as u64, Some(self.text.len() as u64))
    }
}

/// How much of a text goes into one batch: about `batch_len` bytes, more if it cannot be cut there.
fn part_len(text: &[u8], batch_len: usize, cutter: &Cutter) -> usize {
    let mut len = batch_len;
    while len < text.len() && cutter.may_cut() {
        if let Some(cut) = cutter.last_cut(&text[..len]) {
            return cut;
        }
        len *= 2;
    }
    text.len()
}

/// How many batches may wait to be counted.
const WAITING: usize = 16;

/// Hands texts over to a training that runs in another thread.
///
/// [`Self::finish`] says that there are no more. A feeder that is dropped before that stops the
/// training: it never takes a part of the texts for all of them.
pub struct Feeder {
    sender: SyncSender<Message>,
    batch: Batch,
    /// Where the next batch starts.
    origin: Origin,
    cutter: Cutter,
    sha256: Option<Sha256>,
}

/// The other end of a [`Feeder`].
pub struct FedTexts {
    receiver: Receiver<Message>,
    done: u64,
    sha256: Option<[u8; 32]>,
    is_done: bool,
}

enum Message {
    Texts(Batch),
    End { sha256: Option<[u8; 32]> },
}

impl Feeder {
    pub(crate) fn new(cutter: Cutter, is_hashing: bool) -> (Self, FedTexts) {
        let (sender, receiver) = sync_channel(WAITING);
        let feeder = Self {
            sender,
            batch: Batch::default(),
            origin: Origin {
                line: 1,
                ..Origin::default()
            },
            cutter,
            sha256: is_hashing.then(Sha256::new),
        };
        let fed = FedTexts {
            receiver,
            done: 0,
            sha256: None,
            is_done: false,
        };
        (feeder, fed)
    }

    /// Takes a text, which need not be UTF-8. While the training has too much to do to take more,
    /// `wait` is called again and again.
    ///
    /// # Errors
    ///
    /// Those of `wait`; `Interrupted` if the training has stopped, which knows why.
    pub fn push(&mut self, text: &[u8], wait: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        if let Some(sha256) = &mut self.sha256 {
            add_text(sha256, text);
        }
        let mut rest = text;
        loop {
            let len = part_len(rest, BATCH_LEN, &self.cutter);
            self.batch.bytes.extend_from_slice(&rest[..len]);
            rest = &rest[len..];
            if rest.is_empty() {
                self.batch.ends.push(self.batch.bytes.len());
            }
            // Empty texts have no bytes, and take room too.
            let is_full = self.batch.bytes.len().max(self.batch.ends.len()) >= BATCH_LEN;
            if is_full || !rest.is_empty() {
                self.send_batch(wait)?;
            }
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// There are no more texts.
    ///
    /// # Errors
    ///
    /// As [`Self::push`].
    pub fn finish(mut self, wait: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        self.send_batch(wait)?;
        let sha256 = self.sha256.take().map(|sha256| sha256.finalize().into());
        self.send(Message::End { sha256 }, wait)
    }

    fn send_batch(&mut self, wait: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        let mut batch = std::mem::take(&mut self.batch);
        batch.origin = self.origin.clone();
        self.origin.line += batch.ends.len() as u64;
        let len = batch.bytes.len() as u64;
        self.origin.offset = match batch.ends.last() {
            Some(&end) => len - end as u64,
            None => self.origin.offset + len,
        };
        self.send(Message::Texts(batch), wait)
    }

    fn send(&self, mut message: Message, wait: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        loop {
            match self.sender.try_send(message) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(back)) => message = back,
                Err(TrySendError::Disconnected(_)) => {
                    return Err(Error::new(ErrorKind::Interrupted));
                }
            }
            wait()?;
        }
    }
}

impl FedTexts {
    /// The sha256 of all texts with their lengths, once they are all there, if it is made.
    pub(crate) fn sha256(&self) -> Option<[u8; 32]> {
        self.sha256
    }
}

impl Texts for FedTexts {
    fn next(&mut self, batch: &mut Batch) -> Result<bool> {
        if self.is_done {
            return Ok(false);
        }
        match self.receiver.recv() {
            Ok(Message::Texts(next)) => {
                self.done += next.bytes.len() as u64;
                *batch = next;
                Ok(true)
            }
            Ok(Message::End { sha256 }) => {
                self.is_done = true;
                self.sha256 = sha256;
                Ok(false)
            }
            Err(_) => Err(Error::new(ErrorKind::Interrupted)),
        }
    }

    fn progress(&self) -> (u64, Option<u64>) {
        (self.done, None)
    }
}
