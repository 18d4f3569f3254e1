//! The classes of a block with AVX-512: all 64 bytes are compared at once, and sixteen characters
//! beyond ASCII are decoded and looked up at once.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without the instructions of its caller"
)]

use std::arch::x86_64::{
    __m128i, __m512i, _mm256_set_m128i, _mm512_add_epi8, _mm512_and_si512, _mm512_castsi256_si512,
    _mm512_cmpeq_epi8_mask, _mm512_cmpge_epu8_mask, _mm512_cmpge_epu32_mask,
    _mm512_cmplt_epu8_mask, _mm512_cvtepi32_epi8, _mm512_cvtepu8_epi32, _mm512_extracti32x4_epi32,
    _mm512_i32gather_epi32, _mm512_loadu_si512, _mm512_mask_mov_epi32, _mm512_maskz_compress_epi8,
    _mm512_maskz_expand_epi8, _mm512_min_epu32, _mm512_movepi8_mask, _mm512_or_si512,
    _mm512_permutexvar_epi8, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_slli_epi32,
    _mm512_sub_epi8, _mm512_test_epi8_mask,
};

use super::super::classes::{
    Class, HAN, LETTER, MARK, NUMBER, SPACE, TABLE_PADDING, UNCASED, UPPER, table,
};
use super::super::planes::{AsciiSets, BeyondAscii, LEN, Planes, Set};

/// For processors with AVX-512 BW, VBMI and VBMI2: its methods must not be called on others.
pub(super) struct Avx512;

/// The numbers of the bytes of a block.
static PLACES: [u8; LEN] = {
    let mut places = [0; LEN];
    let mut at = 0;
    while at < LEN {
        places[at] = at as u8;
        at += 1;
    }
    places
};

#[inline(always)]
fn load(bytes: &[u8; LEN]) -> __m512i {
    // SAFETY: only called by [`Avx512`]; the bytes are 64.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

impl Planes for Avx512 {
    #[inline(always)]
    fn ascii(block: &[u8; LEN]) -> AsciiSets {
        let bytes = load(block);
        // SAFETY: the type says which processors this is for.
        unsafe {
            let all = |byte: u8| _mm512_set1_epi8(byte.cast_signed());
            let is = |byte| _mm512_cmpeq_epi8_mask(bytes, all(byte));
            let is_within = |bytes, first, count| {
                _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, all(first)), all(count))
            };
            let blanks = is(b' ');
            AsciiSets {
                letters: is_within(_mm512_or_si512(bytes, all(0x20)), b'a', 26),
                capitals: is_within(bytes, b'A', 26),
                digits: is_within(bytes, b'0', 10),
                spaces: is_within(bytes, b'\t', 5) | blanks,
                tails: is(b'\n') | is(b'\r') | is(b'/'),
                blanks,
                apostrophes: is(b'\''),
                beyond_ascii: _mm512_movepi8_mask(bytes),
            }
        }
    }

    #[inline(always)]
    fn beyond_ascii(block: &[u8; LEN], beyond_ascii: Set) -> BeyondAscii {
        let bytes = load(block);
        // SAFETY: the type says which processors this is for.
        let (all_leads, of_three, of_four) = unsafe {
            (
                _mm512_cmpge_epu8_mask(bytes, _mm512_set1_epi8(0xc0_u8.cast_signed())),
                _mm512_cmpge_epu8_mask(bytes, _mm512_set1_epi8(0xe0_u8.cast_signed())),
                _mm512_cmpge_epu8_mask(bytes, _mm512_set1_epi8(0xf0_u8.cast_signed())),
            )
        };
        let cut = all_leads & 1 << 63 | of_three & 3 << 62 | of_four & 7 << 61;
        let leads = all_leads & !cut;
        let inner = beyond_ascii & !all_leads;
        let classes = classes_of(bytes, leads);
        // A bit added behind a lead runs through the other bytes of the character.
        let set = |class: Class| {
            // SAFETY: as above.
            let first =
                unsafe { _mm512_test_epi8_mask(classes, _mm512_set1_epi8(class.cast_signed())) };
            first | inner & !(first << 1).wrapping_add(inner)
        };
        BeyondAscii {
            leads,
            upper: set(UPPER),
            uncased: set(UNCASED),
            letters: set(LETTER),
            marks: set(MARK),
            stops: set(NUMBER | SPACE),
            han: set(HAN),
            end: cut.trailing_zeros() as usize,
        }
    }
}

/// The classes of the characters that start at `leads`, there.
#[inline(always)]
fn classes_of(bytes: __m512i, leads: Set) -> __m512i {
    // SAFETY: only called by [`Avx512`].
    unsafe {
        // The first bytes of all characters side by side, and the second ones, and so on.
        let places = load(&PLACES);
        let behind = |distance: i8| {
            let places = _mm512_add_epi8(places, _mm512_set1_epi8(distance));
            _mm512_maskz_compress_epi8(leads, _mm512_permutexvar_epi8(places, bytes))
        };
        let rows = [behind(0), behind(1), behind(2), behind(3)];
        // A character has two bytes or more.
        let count = leads.count_ones();
        let first = of_sixteen(rows.map(|row| _mm512_extracti32x4_epi32::<0>(row)));
        let second = if count > 16 {
            of_sixteen(rows.map(|row| _mm512_extracti32x4_epi32::<1>(row)))
        } else {
            first
        };
        let classes = _mm512_castsi256_si512(_mm256_set_m128i(second, first));
        _mm512_maskz_expand_epi8(leads, classes)
    }
}

/// The classes of sixteen characters, their bytes given row by row; of what is no character, any.
#[inline(always)]
fn of_sixteen(rows: [__m128i; 4]) -> __m128i {
    const LAST: u32 = char::MAX as u32;
    let table = table();
    assert!(table.len() > LAST as usize + TABLE_PADDING);
    // SAFETY: only called by [`Avx512`]. What is looked up is at most `LAST`, and four bytes from
    // there on are in the table.
    unsafe {
        let [a, b, c, d] = rows.map(|row| _mm512_cvtepu8_epi32(row));
        let all = |number: u32| _mm512_set1_epi32(number.cast_signed());
        let low = |bytes| _mm512_and_si512(bytes, all(0x3f));
        let tail = _mm512_or_si512(_mm512_slli_epi32::<6>(low(b)), low(c));
        let two = _mm512_or_si512(
            _mm512_slli_epi32::<6>(_mm512_and_si512(a, all(0x1f))),
            low(b),
        );
        let three = _mm512_or_si512(
            _mm512_slli_epi32::<12>(_mm512_and_si512(a, all(0x0f))),
            tail,
        );
        let four = _mm512_or_si512(
            _mm512_slli_epi32::<18>(_mm512_and_si512(a, all(0x07))),
            _mm512_or_si512(_mm512_slli_epi32::<6>(tail), low(d)),
        );
        let is_three = _mm512_cmpge_epu32_mask(a, all(0xe0));
        let is_four = _mm512_cmpge_epu32_mask(a, all(0xf0));
        let codes = _mm512_mask_mov_epi32(two, is_three, three);
        let codes = _mm512_mask_mov_epi32(codes, is_four, four);
        let codes = _mm512_min_epu32(codes, all(LAST));
        _mm512_cvtepi32_epi8(_mm512_i32gather_epi32::<1>(codes, table.as_ptr().cast()))
    }
}
