//! Which instructions the scanner runs with: the widest that the processor has.
//!
//! A kernel: code that is compiled for instructions which not every processor has may be called only
//! where they are. Nothing outside this module can call it in any other way than by [`Fill`], and
//! a [`Fill`] is made only after the processor was asked.

#![expect(
    unsafe_code,
    reason = "code for some processors must not be called on others, which no compiler can check"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

use super::family::Family;
use super::fill::{BATCH, Fixed, Held, Source, fill};
use super::planes::Portable;

/// [`fill`], for a family and instructions.
type Code = unsafe fn(&Family, &[u8], usize, &mut [usize; BATCH]) -> usize;

/// The code for each of [`Family::PUBLISHED`], and for any family.
struct Codes {
    published: [Code; Family::PUBLISHED.len()],
    any: Code,
}

macro_rules! codes {
    ($code:ident) => {
        Codes {
            published: [
                $code::<Fixed<0>>,
                $code::<Fixed<1>>,
                $code::<Fixed<2>>,
                $code::<Fixed<3>>,
                $code::<Fixed<4>>,
                $code::<Fixed<5>>,
                $code::<Fixed<6>>,
                $code::<Fixed<7>>,
            ],
            any: $code::<Held>,
        }
    };
}

static PORTABLE: Codes = codes!(portable);

fn portable<S: Source>(
    family: &Family,
    text: &[u8],
    start: usize,
    ends: &mut [usize; BATCH],
) -> usize {
    fill::<S, Portable>(family, text, start, ends)
}

#[cfg(target_arch = "x86_64")]
static AVX2: Codes = codes!(avx2);

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn avx2<S: Source>(family: &Family, text: &[u8], start: usize, ends: &mut [usize; BATCH]) -> usize {
    fill::<S, avx2::Avx2>(family, text, start, ends)
}

#[cfg(target_arch = "x86_64")]
static AVX512: Codes = codes!(avx512);

#[cfg(target_arch = "x86_64")]
#[target_feature(
    enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt"
)]
fn avx512<S: Source>(
    family: &Family,
    text: &[u8],
    start: usize,
    ends: &mut [usize; BATCH],
) -> usize {
    fill::<S, avx512::Avx512>(family, text, start, ends)
}

/// What this processor can run, the best first.
fn levels() -> impl Iterator<Item = &'static Codes> {
    #[cfg(target_arch = "x86_64")]
    let wide = {
        let has_bits = is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        let has_avx512 = has_bits
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2");
        let has_avx2 = has_bits && is_x86_feature_detected!("avx2");
        [has_avx512.then_some(&AVX512), has_avx2.then_some(&AVX2)]
    };
    // What every 64-bit ARM processor has is used by the portable code.
    #[cfg(not(target_arch = "x86_64"))]
    let wide = [];
    wide.into_iter().flatten().chain([&PORTABLE])
}

/// Finds the ends of pretokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fill(Code);

impl Fill {
    /// The fastest one for a family.
    pub(super) fn of(family: &Family) -> Self {
        let codes = levels().next().unwrap_or(&PORTABLE);
        let fixed = Family::PUBLISHED.iter().zip(codes.published);
        let found = fixed
            .into_iter()
            .find(|(published, _)| *published == family);
        Self(found.map_or(codes.any, |(_, code)| code))
    }

    /// Every one for a family.
    #[cfg(test)]
    pub(super) fn all_of(family: &Family) -> Vec<Self> {
        let of_family = |codes: &'static Codes| {
            let fixed = Family::PUBLISHED.iter().zip(codes.published);
            fixed
                .filter(|(published, _)| *published == family)
                .map(|(_, code)| code)
                .chain([codes.any])
        };
        levels().flat_map(of_family).map(Self).collect()
    }

    /// Finds the ends of the pretokens from `start` on, as many as there is room for, and says how
    /// many.
    #[inline]
    pub(super) fn call(
        self,
        family: &Family,
        text: &[u8],
        start: usize,
        ends: &mut [usize; BATCH],
    ) -> usize {
        // SAFETY: the code is of `levels`, so that the processor has its instructions.
        unsafe { (self.0)(family, text, start, ends) }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "x86_64")]
    mod x86 {
        use super::super::super::planes::{LEN, Planes, Portable};
        use super::super::{avx2::Avx2, avx512::Avx512};

        /// Blocks of characters of all lengths at all alignments, as many of each class as of any.
        fn blocks() -> Vec<[u8; LEN]> {
            let mut random = 1_u64;
            let mut next = move |below: u32| {
                random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                (random >> 33) as u32 % below
            };
            let mut text = String::new();
            for code in 0..=char::MAX as u32 {
                // Most code points are not assigned; of those a few are enough.
                if code > 0x32000 && code % 64 != 0 {
                    continue;
                }
                text.extend(char::from_u32(code));
                if next(3) == 0 {
                    text.extend(char::from_u32(next(0x3000)));
                    text.push_str(["", "a", "Z ", "\r\n/", "'9"][next(5) as usize]);
                }
            }
            let starts = (0..text.len()).filter(|&at| text.is_char_boundary(at));
            starts
                .filter_map(|at| text.as_bytes()[at..].first_chunk().copied())
                .collect()
        }

        fn agrees<P: Planes>(name: &str) {
            for block in blocks() {
                let ascii = P::ascii(&block);
                assert_eq!(ascii, Portable::ascii(&block), "{name} {block:x?}");
                let beyond = ascii.beyond_ascii;
                assert_eq!(
                    P::beyond_ascii(&block, beyond),
                    Portable::beyond_ascii(&block, beyond),
                    "{name} {block:x?}"
                );
            }
        }

        #[test]
        fn wide_instructions_find_the_same_classes() {
            if is_x86_feature_detected!("avx2") {
                agrees::<Avx2>("AVX2");
            }
            if is_x86_feature_detected!("avx512vbmi2") && is_x86_feature_detected!("avx512bw") {
                agrees::<Avx512>("AVX-512");
            }
        }
    }
}
