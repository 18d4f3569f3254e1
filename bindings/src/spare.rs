//! Memory that is kept from one call to the next, because memory that the system has to find takes
//! longer than what is done in it.

use std::sync::Mutex;

/// What ids are read to.
pub(crate) static IDS: Spare<u32> = Spare::new();

/// What ids are decoded to.
pub(crate) static BYTES: Spare<u8> = Spare::new();

/// The most bytes that are kept.
const MAX_KEPT: usize = 16 << 20;

/// A vector that one call at a time has; others make their own.
pub(crate) struct Spare<T>(Mutex<Vec<T>>);

impl<T> Spare<T> {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// A vector; what it holds means nothing.
    pub(crate) fn take(&self) -> Vec<T> {
        // Nobody waits: in a process that was forked while a thread held the lock it stays held.
        let kept = self.0.try_lock().map(|mut kept| std::mem::take(&mut *kept));
        kept.unwrap_or_default()
    }

    /// Keeps a vector for the next call, unless a larger one is kept or it is very large.
    pub(crate) fn give_back(&self, items: Vec<T>) {
        if items.capacity() * size_of::<T>() <= MAX_KEPT
            && let Ok(mut kept) = self.0.try_lock()
            && kept.capacity() < items.capacity()
        {
            *kept = items;
        }
    }
}
