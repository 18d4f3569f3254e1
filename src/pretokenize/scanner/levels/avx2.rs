//! The classes of a block with AVX2: 32 bytes are compared at once.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without the instructions of its caller"
)]

use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
    _mm256_or_si256, _mm256_set1_epi8, _mm256_sub_epi8,
};

use super::super::planes::{AsciiSets, BeyondAscii, LEN, Planes, Portable, Set};

/// For processors with AVX2: its methods must not be called on others.
pub(super) struct Avx2;

impl Planes for Avx2 {
    #[inline(always)]
    fn ascii(block: &[u8; LEN]) -> AsciiSets {
        // SAFETY: the type says which processors this is for; both reads are of 32 bytes in the
        // block.
        let halves = unsafe {
            let start = block.as_ptr();
            [
                _mm256_loadu_si256(start.cast()),
                _mm256_loadu_si256(start.add(32).cast()),
            ]
        };
        let set = |test: fn(__m256i) -> __m256i| {
            let [low, high] = halves.map(|half| {
                // SAFETY: as above.
                unsafe { _mm256_movemask_epi8(test(half)).cast_unsigned() }
            });
            Set::from(low) | Set::from(high) << 32
        };
        AsciiSets {
            letters: set(|bytes| is_within(lowered(bytes), b'a', 26)),
            capitals: set(|bytes| is_within(bytes, b'A', 26)),
            digits: set(|bytes| is_within(bytes, b'0', 10)),
            spaces: set(|bytes| or(is_within(bytes, b'\t', 5), is(bytes, b' '))),
            tails: set(|bytes| or(or(is(bytes, b'\n'), is(bytes, b'\r')), is(bytes, b'/'))),
            blanks: set(|bytes| is(bytes, b' ')),
            apostrophes: set(|bytes| is(bytes, b'\'')),
            beyond_ascii: set(|bytes| bytes),
        }
    }

    #[inline(always)]
    fn beyond_ascii(block: &[u8; LEN], beyond_ascii: Set) -> BeyondAscii {
        Portable::beyond_ascii(block, beyond_ascii)
    }
}

/// The bytes that are this one.
#[inline(always)]
fn is(bytes: __m256i, byte: u8) -> __m256i {
    // SAFETY: only called by [`Avx2`].
    unsafe { _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte.cast_signed())) }
}

/// The bytes that are one of `count` from `first` on.
#[inline(always)]
fn is_within(bytes: __m256i, first: u8, count: u8) -> __m256i {
    // SAFETY: only called by [`Avx2`].
    unsafe {
        let from_first = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first.cast_signed()));
        let last = _mm256_set1_epi8((count - 1).cast_signed());
        _mm256_cmpeq_epi8(_mm256_min_epu8(from_first, last), from_first)
    }
}

#[inline(always)]
fn or(one: __m256i, other: __m256i) -> __m256i {
    // SAFETY: only called by [`Avx2`].
    unsafe { _mm256_or_si256(one, other) }
}

/// Capitals as small letters; some other bytes change too, but none to a letter.
#[inline(always)]
fn lowered(bytes: __m256i) -> __m256i {
    // SAFETY: only called by [`Avx2`].
    or(bytes, unsafe { _mm256_set1_epi8(0x20) })
}
