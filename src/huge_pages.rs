//! Large pages for large memory.
//!
//! Tables of some megabytes are read all over, and each page of 4 KiB that was not read lately
//! costs a walk through the tables of the system, longer still in a virtual machine. Most systems
//! give pages of 2 MiB to whoever asks for them, one fault for five hundred.

#![cfg_attr(
    target_os = "linux",
    expect(
        unsafe_code,
        reason = "the system is told about addresses, which no safe code does"
    )
)]

use std::mem::MaybeUninit;

/// Asks for large pages behind memory that is about to be written for the first time. A hint:
/// nothing depends on it, and there is nothing to do about a refusal.
pub(crate) fn prefer_huge_pages<T>(memory: &mut [MaybeUninit<T>]) {
    #[cfg(target_os = "linux")]
    {
        const SIZE: usize = 2 << 20;
        let start = memory.as_mut_ptr().cast::<u8>();
        let skipped = start.align_offset(SIZE);
        let len = size_of_val(memory).saturating_sub(skipped) & !(SIZE - 1);
        if len > 0 {
            // SAFETY: the range is inside `memory`; what is written there stays as it is.
            unsafe {
                libc::madvise(start.add(skipped).cast(), len, libc::MADV_HUGEPAGE);
            }
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = memory;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_any_size_is_as_good_as_before() {
        for len in [0, 1, 1000, 1 << 18, (5 << 20) / 8, 1 << 20] {
            let mut numbers: Vec<u64> = Vec::with_capacity(len);
            prefer_huge_pages(numbers.spare_capacity_mut());
            numbers.extend(0..len as u64);
            // Memory that was written keeps what it holds.
            numbers.reserve_exact(len + 1);
            prefer_huge_pages(numbers.spare_capacity_mut());
            numbers.extend(0..len as u64);
            let twice = (0..len as u64).chain(0..len as u64);
            assert!(numbers.iter().copied().eq(twice));
        }
    }
}
