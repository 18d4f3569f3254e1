//! Asking for memory before it is needed.

#![expect(
    unsafe_code,
    reason = "the instruction takes a pointer, of which it reads nothing that a program could see"
)]

/// Has the processor fetch the line of memory where `place` stands. Changes nothing but how long
/// reading it takes.
#[inline]
pub(super) fn prefetch<T>(place: &T) {
    let place = std::ptr::from_ref(place);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch never faults and writes nothing, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(place.cast());
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: a prefetch never faults and writes nothing, whatever the address.
    unsafe {
        std::arch::asm!(
            "prfm pldl1keep, [{place}]",
            place = in(reg) place,
            options(nostack, preserves_flags, readonly)
        );
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = place;
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_changes() {
        let places: Vec<u64> = (0..1000).collect();
        for place in &places {
            super::prefetch(place);
        }
        assert!(places.iter().copied().eq(0..1000));
    }
}
