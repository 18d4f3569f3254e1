//! The fast lane for lines as a writer writes them: `<base64> <rank>`, LF, ranks ascending.
//!
//! Token and rank are taken in one go from the start of the line, without looking for its end
//! first, and the bytes are decoded into the place where they stay. Whatever is not this plain is
//! left to the reader of single lines, which knows the words for what is wrong.

use crate::limits::Limits;
use crate::ranks::BITS;
use crate::vocab::VocabBuilder;

/// Longer tokens are left to the reader of single lines.
const MAX_TOKEN: usize = 240;

/// So many lines are read before the builder is told.
const RUN: usize = 64;

/// How much of the builder's spare bytes a token may need: whole quads are written.
const SPARE: usize = MAX_TOKEN + 4;

/// What the bits of a symbol become in the upper 24 bits of its quad, for each place in it.
/// The lower 8 say what is no symbol: [`PADDING`] for `=` in the last two places, else `OTHER`.
static PLACES: [[u32; 256]; 4] = {
    let mut table = [[OTHER; 256]; 4];
    let mut symbol = 0;
    while symbol < 256 {
        let mut place = 0;
        while place < 4 && BITS[symbol] != 0xff {
            table[place][symbol] = (BITS[symbol] as u32) << (26 - 6 * place);
            place += 1;
        }
        symbol += 1;
    }
    table[2][b'=' as usize] = PADDING[2];
    table[3][b'=' as usize] = PADDING[3];
    table
};

const OTHER: u32 = 0x80;
const PADDING: [u32; 4] = [0, 0, 1, 2];

/// The bits of four symbols.
#[inline]
fn quad_bits(quad: [u8; 4]) -> u32 {
    let [a, b, c, d] = quad.map(usize::from);
    PLACES[0][a] | PLACES[1][b] | PLACES[2][c] | PLACES[3][d]
}

/// How many bytes the last quad of a token has; none if it is not strict base64: there are bits
/// behind the last byte, or what is no symbol.
#[inline]
fn last_len(bits: u32) -> Option<usize> {
    let (len, stray) = match bits & 0xff {
        0 => (3, 0),
        2 => (2, 0xff << 8),
        3 => (1, 0xffff << 8),
        _ => return None,
    };
    (bits & stray == 0).then_some(len)
}

/// The text of the rank that comes next in a file without holes, and the line end: one comparison
/// tells that it stands there.
#[derive(Clone, Copy)]
struct Expected {
    rank: u32,
    /// A space, the digits and LF, in the order of memory; then nothing.
    text: u64,
    mask: u64,
    /// How many bytes of text there are.
    len: usize,
}

impl Expected {
    /// As many digits as fit between the space and LF.
    const MAX: u32 = 999_999;

    fn new(rank: u32) -> Option<Self> {
        if rank > Self::MAX {
            return None;
        }
        let digits = rank.to_string();
        let mut text = [0; 8];
        text[0] = b' ';
        text[1..=digits.len()].copy_from_slice(digits.as_bytes());
        text[digits.len() + 1] = b'\n';
        let len = digits.len() + 2;
        Some(Self {
            rank,
            text: u64::from_le_bytes(text),
            mask: u64::MAX >> (64 - 8 * len),
            len,
        })
    }

    #[inline]
    fn next(self) -> Option<Self> {
        let mut text = self.text;
        let mut digit = 8 * (self.len - 2);
        while text >> digit & 0xff == u64::from(b'9') {
            if digit == 8 {
                return Self::new(self.rank + 1);
            }
            text -= 9 << digit;
            digit -= 8;
        }
        Some(Self {
            rank: self.rank + 1,
            text: text + (1 << digit),
            ..self
        })
    }
}

/// Reads lines from the start of `bytes` into `builder`, as long as they are plain and their
/// ranks ascend from above `last_rank`. Returns how many lines and bytes that were; the rank of
/// the last line is put into `last_rank`.
pub(super) fn read_lines(
    bytes: &[u8],
    limits: &Limits,
    last_rank: &mut Option<u32>,
    builder: &mut VocabBuilder,
) -> (usize, usize) {
    let token_limit = limits.token_len.min(MAX_TOKEN as u64) as usize;
    let room = usize::try_from(limits.token_count)
        .unwrap_or(usize::MAX)
        .saturating_sub(builder.len());
    let mut expected = Expected::new(last_rank.map_or(0, |last| last.saturating_add(1)));
    let mut at = 0;
    let mut count = 0;
    let mut lens = [0; RUN];
    while count < room {
        let lens = &mut lens[..RUN.min(room - count)];
        let out = builder.spare(RUN * SPARE);
        if let Some(first) = expected {
            let run = read_run(&bytes[at..], token_limit, first, out, lens);
            if run.count > 0 {
                let lens = lens[..run.count].iter().map(|&len| usize::from(len));
                builder.seal_run(first.rank, lens);
                *last_rank = Some(first.rank + run.count as u32 - 1);
                expected = run.expected;
                at += run.len;
                count += run.count;
                continue;
            }
        }
        // A hole, or a rank of more digits.
        let line = &bytes[at..];
        let Some((token_len, symbols)) = decode(line, out) else {
            break;
        };
        let Some((rank, rank_len)) = plain_rank(&line[symbols..]) else {
            break;
        };
        if token_len > token_limit || last_rank.is_some_and(|last| last >= rank) {
            break;
        }
        builder.seal_run(rank, [token_len]);
        *last_rank = Some(rank);
        expected = Expected::new(rank).and_then(Expected::next);
        at += symbols + rank_len;
        count += 1;
    }
    (count, at)
}

/// The lines of a run.
struct Run {
    count: usize,
    /// In bytes.
    len: usize,
    /// What comes behind it, if its digits are few enough.
    expected: Option<Expected>,
}

/// Reads lines whose ranks follow one another, as many as `lens` has room for: their bytes into
/// `out`, the number of these into `lens`.
fn read_run(
    bytes: &[u8],
    token_limit: usize,
    first: Expected,
    out: &mut [u8],
    lens: &mut [u8],
) -> Run {
    let mut run = Run {
        count: 0,
        len: 0,
        expected: Some(first),
    };
    let mut end = 0;
    for held in lens {
        let line = &bytes[run.len..];
        let (Some(expected), Some((len, symbols))) = (run.expected, decode(line, &mut out[end..]))
        else {
            break;
        };
        let Some(text) = line[symbols..].first_chunk::<8>() else {
            break;
        };
        if u64::from_le_bytes(*text) & expected.mask != expected.text || len > token_limit {
            break;
        }
        *held = len as u8;
        end += len;
        run.len += symbols + expected.len;
        run.count += 1;
        run.expected = expected.next();
    }
    run
}

/// Decodes the base64 that `line` starts with: how many bytes, from how many symbols. None if it
/// is not strict base64 followed by a space, or is empty or long.
#[inline]
fn decode(line: &[u8], out: &mut [u8]) -> Option<(usize, usize)> {
    const EACH_BYTE: u128 = u128::MAX / 0xff;
    if let Some(text) = line.first_chunk::<16>() {
        // The lowest byte that is zero here is the first space.
        let spaces = u128::from_le_bytes(*text) ^ (EACH_BYTE * u128::from(b' '));
        let found = spaces.wrapping_sub(EACH_BYTE) & !spaces & (EACH_BYTE << 7);
        if found != 0 {
            return decode_short(text, found.trailing_zeros() as usize / 8, out);
        }
    }
    decode_long(line, out)
}

/// As [`decode`], for fewer than 16 symbols. Four quads are decoded, whatever they are, because
/// how many a token has cannot be foreseen by the processor.
#[inline]
fn decode_short(text: &[u8; 16], symbols: usize, out: &mut [u8]) -> Option<(usize, usize)> {
    let out = out.first_chunk_mut::<13>()?;
    let count = symbols / 4;
    if !symbols.is_multiple_of(4) || count == 0 {
        return None;
    }
    let (quads, _) = text.as_chunks::<4>();
    let bits: [u32; 4] = std::array::from_fn(|at| quad_bits(quads[at]));
    for (at, bits) in bits.iter().enumerate() {
        out[3 * at..][..4].copy_from_slice(&bits.to_be_bytes());
    }
    let before = [0, 1, 2].map(|at| if at + 1 < count { bits[at] } else { 0 });
    let last = last_len(bits[count - 1])?;
    let [.., faults] = (before[0] | before[1] | before[2]).to_be_bytes();
    (faults == 0).then_some((3 * (count - 1) + last, symbols))
}

/// As [`decode`], for any length.
#[inline(never)]
fn decode_long(line: &[u8], out: &mut [u8]) -> Option<(usize, usize)> {
    let out = out.first_chunk_mut::<SPARE>()?;
    let mut len = 0;
    let mut symbols = 0;
    loop {
        let quad = line.get(symbols..)?.first_chunk::<4>()?;
        let bits = quad_bits(*quad);
        *out.get_mut(len..)?.first_chunk_mut::<4>()? = bits.to_be_bytes();
        symbols += 4;
        if line.get(symbols) == Some(&b' ') {
            return Some((len + last_len(bits)?, symbols));
        }
        if bits & 0xff != 0 {
            return None;
        }
        len += 3;
    }
}

/// A space, a rank as a writer writes it, and LF: the rank, and how many bytes that is.
fn plain_rank(text: &[u8]) -> Option<(u32, usize)> {
    let digits = text.strip_prefix(b" ")?;
    let len = digits.iter().take(11).position(|&byte| byte == b'\n')?;
    let digits = &digits[..len];
    let is_plain =
        digits.iter().all(u8::is_ascii_digit) && matches!(digits, [b'0'] | [b'1'..=b'9', ..]);
    let value = digits.iter().fold(0, |sum, digit| {
        sum * 10 + u64::from(digit.wrapping_sub(b'0'))
    });
    let rank = u32::try_from(value).ok()?;
    (is_plain && rank != u32::MAX).then_some((rank, len + 2))
}
