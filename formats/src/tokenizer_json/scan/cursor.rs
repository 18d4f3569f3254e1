//! A place in a JSON text, and the steps over its parts.

use std::borrow::Cow;

use memchr::memchr2;

use crate::byte_alphabet;

/// A place in a text. Each step is none where the text is not as it should be; the place is then
/// of no meaning.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Steps over this byte.
    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Steps over white space.
    #[inline]
    pub(super) fn space(&mut self) {
        const SPACES: u64 = u64::from_le_bytes([b' '; 8]);
        while let Some(byte) = self.peek() {
            match byte {
                b' ' => {
                    // Indents are long. Eight bytes at once, of which the first is a space.
                    match self.bytes[self.at..].first_chunk::<8>() {
                        Some(text) => {
                            let others = u64::from_le_bytes(*text) ^ SPACES;
                            self.at += others.trailing_zeros() as usize / 8;
                        }
                        None => self.at += 1,
                    }
                }
                b'\n' | b'\r' | b'\t' => self.at += 1,
                _ => break,
            }
        }
    }

    /// Steps over this byte and the white space around it.
    #[inline]
    pub(super) fn eat_between(&mut self, byte: u8) -> Option<()> {
        self.space();
        self.eat(byte)?;
        self.space();
        Some(())
    }

    /// Steps over an object, giving the names of its members to `value`, which steps over the
    /// value.
    pub(super) fn members(
        &mut self,
        mut value: impl FnMut(&mut Self, &[u8]) -> Option<()>,
    ) -> Option<()> {
        self.eat_between(b'{')?;
        while self.peek()? != b'}' {
            let name = self.raw_string()?;
            // Another spelling of a name that matters.
            if memchr::memchr(b'\\', name).is_some() {
                return None;
            }
            self.eat_between(b':')?;
            value(self, name)?;
            self.space();
            if self.peek()? == b'}' {
                break;
            }
            self.eat_between(b',')?;
        }
        self.eat(b'}')
    }

    /// Steps over a string; what it has between its quotes.
    pub(super) fn raw_string(&mut self) -> Option<&'a [u8]> {
        self.eat(b'"')?;
        let start = self.at;
        loop {
            self.at += memchr2(b'"', b'\\', &self.bytes[self.at..])?;
            if self.bytes[self.at] == b'"' {
                self.at += 1;
                return Some(&self.bytes[start..self.at - 1]);
            }
            // The escaped byte may be a quote.
            self.at += 2;
            if self.at > self.bytes.len() {
                return None;
            }
        }
    }

    /// Steps over a string; its text.
    pub(super) fn text(&mut self) -> Option<Cow<'a, str>> {
        let start = self.at;
        let raw = self.raw_string()?;
        if raw.iter().all(|&byte| byte >= b' ' && byte != b'\\') {
            return std::str::from_utf8(raw).ok().map(Cow::Borrowed);
        }
        serde_json::from_slice(&self.bytes[start..self.at])
            .ok()
            .map(Cow::Owned)
    }

    /// Steps over any value, without a look at whether it is well-formed: strings end where they
    /// do, and brackets are counted.
    pub(super) fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.raw_string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                _ => {
                    let is_of_value =
                        |byte: &u8| !matches!(byte, b'"' | b'{' | b'[' | b'}' | b']' | b',');
                    let rest = &self.bytes[self.at..];
                    let len = rest.iter().take_while(|byte| is_of_value(byte)).count();
                    // A comma inside, or one where a value should be.
                    self.at += len.max(usize::from(depth > 0));
                    if len == 0 && depth == 0 {
                        return None;
                    }
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// Steps over an unsigned number that is a token id.
    #[inline]
    pub(super) fn token_id(&mut self) -> Option<u32> {
        let digits = &self.bytes[self.at..];
        let mut value = 0_u64;
        let mut len = 0;
        while let Some(digit @ b'0'..=b'9') = digits.get(len) {
            value = value * 10 + u64::from(digit - b'0');
            len += 1;
            if len > 10 {
                return None;
            }
        }
        if len == 0 || len > 1 && digits[0] == b'0' {
            return None;
        }
        self.at += len;
        u32::try_from(value).ok().filter(|&id| id != u32::MAX)
    }

    /// Steps over characters of the byte alphabet up to the first byte that belongs to none, as
    /// a quote, or until `out` is full, and writes the bytes they stand for to it. Returns how
    /// many.
    #[inline]
    pub(super) fn byte_level(&mut self, out: &mut [u8]) -> usize {
        let mut len = 0;
        let text = &self.bytes[self.at..];
        let mut at = 0;
        for out in out {
            let Some(&first) = text.get(at) else {
                break;
            };
            if IS_PLAIN[usize::from(first)] {
                *out = first;
                at += 1;
            } else {
                // All others are of two bytes.
                let (0xc2..=0xc5, Some(second @ 0x80..=0xbf)) = (first, text.get(at + 1)) else {
                    break;
                };
                let code = u32::from(first & 0x1f) << 6 | u32::from(second & 0x3f);
                let Some(byte) = char::from_u32(code).and_then(byte_alphabet::to_byte) else {
                    break;
                };
                *out = byte;
                at += 2;
            }
            len += 1;
        }
        self.at += at;
        len
    }
}

/// What stood between two strings: most of a document's strings have the same between them, its
/// white space too, and one comparison steps over it.
#[derive(Default)]
pub(super) struct Separator {
    text: u128,
    more: u128,
    masks: [u128; 2],
    len: usize,
}

impl Separator {
    /// Steps over the same as the last time, or as `step` does.
    #[inline]
    pub(super) fn step<'a>(
        &mut self,
        cursor: &mut Cursor<'a>,
        step: impl FnOnce(&mut Cursor<'a>) -> Option<bool>,
    ) -> Option<bool> {
        if let Some(text) = cursor.bytes[cursor.at..].first_chunk::<32>() {
            let [text, more] = halves(text);
            let others = (text ^ self.text) & self.masks[0] | (more ^ self.more) & self.masks[1];
            if others == 0 && self.len > 0 {
                cursor.at += self.len;
                return Some(true);
            }
        }
        let start = cursor.at;
        let has_more = step(cursor)?;
        if has_more {
            self.learn(&cursor.bytes[start..cursor.at]);
        }
        Some(has_more)
    }

    #[cold]
    fn learn(&mut self, text: &[u8]) {
        let mut padded = [0; 32];
        let mut mask = [0; 32];
        if let Some(start) = padded.get_mut(..text.len()) {
            start.copy_from_slice(text);
            mask[..text.len()].fill(0xff);
            [self.text, self.more] = halves(&padded);
            self.masks = halves(&mask);
            self.len = text.len();
        }
    }
}

#[inline]
fn halves(text: &[u8; 32]) -> [u128; 2] {
    let mut halves = [0; 2];
    let (chunks, _) = text.as_chunks::<16>();
    for (half, chunk) in halves.iter_mut().zip(chunks) {
        *half = u128::from_le_bytes(*chunk);
    }
    halves
}

/// The bytes that stand for themselves, in JSON too.
static IS_PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        table[byte as usize] = !matches!(byte, b'"' | b'\\');
        byte += 1;
    }
    table
};
