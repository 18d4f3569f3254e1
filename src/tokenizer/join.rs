//! Ids of several threads copied into one array, by several threads.
//!
//! The array is some megabytes that the system has to find, page by page; writing zeros to it first
//! would do all of that on one thread, before any id is there.

#![expect(
    unsafe_code,
    reason = "what was written piece by piece is known to be whole here alone"
)]

use std::mem::MaybeUninit;
use std::thread;

use bpekit_formats::TokenId;

use super::batch::OutputId;
use crate::huge_pages::prefer_huge_pages;

/// The parts one behind the other.
pub(super) fn joined<T: OutputId>(parts: &[&[TokenId]], thread_count: usize) -> Vec<T> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let share = len.div_ceil(thread_count).max(1);
    let mut ids: Vec<T> = Vec::with_capacity(len);
    prefer_huge_pages(ids.spare_capacity_mut());
    let mut free = &mut ids.spare_capacity_mut()[..len];
    thread::scope(|scope| {
        let mut rest = parts;
        while !rest.is_empty() {
            // As many parts as make a thread's share, and for the last one all that are left.
            let mut count = 0;
            let mut taken = 0;
            while taken < rest.len() && (count < share || rest[taken].is_empty()) {
                count += rest[taken].len();
                taken += 1;
            }
            let (these, others) = rest.split_at(taken);
            let (place, left) = std::mem::take(&mut free).split_at_mut(count);
            (rest, free) = (others, left);
            if rest.is_empty() {
                copy(these, place);
            } else {
                scope.spawn(move || copy(these, place));
            }
        }
    });
    debug_assert!(free.is_empty());
    // SAFETY: the capacity is `len` or more. The places were dealt out one behind the other, each
    // as long as its parts together and written whole by `copy`, which panics otherwise; all parts
    // together are `len` long.
    unsafe { ids.set_len(len) };
    ids
}

/// Writes all of `place`.
fn copy<T: OutputId>(parts: &[&[TokenId]], mut place: &mut [MaybeUninit<T>]) {
    for part in parts {
        let (now, later) = std::mem::take(&mut place).split_at_mut(part.len());
        place = later;
        for (place, &id) in now.iter_mut().zip(*part) {
            place.write(T::of(id));
        }
    }
    assert!(place.is_empty(), "a part is missing");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_as_concat_does() {
        for lens in [
            &[][..],
            &[0],
            &[5],
            &[0, 0, 7, 0],
            &[1000, 1, 0, 3, 999, 0],
            &[1; 100],
        ] {
            let parts: Vec<Vec<u32>> = lens
                .iter()
                .enumerate()
                .map(|(number, &len)| (0..len).map(|at| at * 31 + number as u32).collect())
                .collect();
            let slices: Vec<&[u32]> = parts.iter().map(Vec::as_slice).collect();
            for threads in [1, 2, 3, 8] {
                assert_eq!(joined::<u32>(&slices, threads), parts.concat());
                let short: Vec<u16> = parts.concat().into_iter().map(|id| id as u16).collect();
                assert_eq!(joined::<u16>(&slices, threads), short);
            }
        }
    }
}
