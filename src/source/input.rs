//! The bytes of a file as they lie on disk, or as they come through a pipe.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use bpekit_formats::compression::Meter;

use crate::watch::Watch;

/// What is read, how much of it was, and who may stop it.
pub(super) struct Input<'w> {
    origin: Origin,
    meter: Meter,
    watch: &'w dyn Watch,
}

enum Origin {
    File(File),
    /// What may have nothing to read for a long time, as a pipe, is read by a thread of its own.
    /// One that waits cannot be stopped: it is left behind, and ends when it has something to give.
    Pipe(Pipe),
}

/// What another thread has read.
pub(crate) type Blocks = Receiver<io::Result<Vec<u8>>>;

struct Pipe {
    blocks: Blocks,
    block: Vec<u8>,
    /// How much of the block was taken.
    taken: usize,
}

/// How much is read between two looks at the watch.
const BLOCK: usize = 1 << 20;
const PIPE_BLOCK: usize = 1 << 16;
/// How many blocks may wait to be taken.
const WAITING: usize = 16;
const LOOK_EVERY: Duration = Duration::from_millis(20);

impl<'w> Input<'w> {
    /// Opens a file, and gives its length if it has one.
    pub(super) fn open(
        path: &Path,
        meter: Meter,
        watch: &'w dyn Watch,
    ) -> io::Result<(Self, Option<u64>)> {
        let metadata = fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let (origin, len) = if metadata.is_file() {
            let file = File::open(path)?;
            let len = file.metadata()?.len();
            (Origin::File(file), Some(len))
        } else {
            (Origin::Pipe(Pipe::open(path.to_path_buf())), None)
        };
        let input = Self {
            origin,
            meter,
            watch,
        };
        Ok((input, len))
    }

    /// Of what another thread reads.
    pub(super) fn of_blocks(blocks: Blocks, watch: &'w dyn Watch) -> Self {
        Self {
            origin: Origin::Pipe(Pipe::of(blocks)),
            meter: Meter::new(false),
            watch,
        }
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl Read for Input<'_> {
    /// An error if the watch says to stop; whoever gets it asks the watch too.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.watch.is_stopped() {
            return Err(io::Error::other("interrupted"));
        }
        let end = buffer.len().min(BLOCK);
        let buffer = &mut buffer[..end];
        let len = match &mut self.origin {
            Origin::File(file) => file.read(buffer)?,
            Origin::Pipe(pipe) => pipe.read(buffer, self.watch)?,
        };
        self.meter.add(&buffer[..len]);
        Ok(len)
    }
}

impl Pipe {
    fn open(path: PathBuf) -> Self {
        let (sender, blocks) = sync_channel(WAITING);
        thread::spawn(move || {
            if let Err(error) = pass_on(&path, &sender) {
                // Nobody is told if nobody listens.
                let _ = sender.send(Err(error));
            }
        });
        Self::of(blocks)
    }

    fn of(blocks: Blocks) -> Self {
        Self {
            blocks,
            block: Vec::new(),
            taken: 0,
        }
    }

    fn read(&mut self, buffer: &mut [u8], watch: &dyn Watch) -> io::Result<usize> {
        while self.taken == self.block.len() {
            match self.blocks.recv_timeout(LOOK_EVERY) {
                Ok(block) => {
                    self.block = block?;
                    self.taken = 0;
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) if watch.is_stopped() => {
                    return Err(io::Error::other("interrupted"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        let rest = &self.block[self.taken..];
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        self.taken += len;
        Ok(len)
    }
}

/// Reads to the end, or until nobody takes what was read.
fn pass_on(path: &Path, sender: &SyncSender<io::Result<Vec<u8>>>) -> io::Result<()> {
    let mut file = File::open(path)?;
    loop {
        let mut block = vec![0; PIPE_BLOCK];
        match file.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(len) => {
                block.truncate(len);
                if sender.send(Ok(block)).is_err() {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
