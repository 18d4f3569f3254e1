//! Token ids to text as they come, one after another.

use bpekit_formats::TokenId;

use super::Tokenizer;
use super::decode::{Decoder, Progress};
use crate::error::Result;

/// Decodes a text whose token ids come bit by bit, as from a model. What it gives, joined, is the
/// text of all ids; bytes that may become a character with the next ones are held back.
///
/// # Examples
///
/// ```
/// let tokenizer = bpekit::Tokenizer::demo()?;
/// let mut decoder = tokenizer.stream_decoder()?;
/// let ids = tokenizer.encode_ordinary("a €")?;
/// let mut text = String::new();
/// for id in ids {
///     text += &decoder.feed(&[id])?;
/// }
/// text += &decoder.finish();
/// assert_eq!(text, "a €");
/// # Ok::<(), bpekit::Error>(())
/// ```
pub struct StreamDecoder {
    decoder: Decoder,
    progress: Progress,
    /// The start of a character.
    pending: Vec<u8>,
}

impl Tokenizer {
    /// A decoder for ids that come bit by bit. It shares what it needs with the tokenizer and
    /// outlives it.
    ///
    /// # Errors
    ///
    /// A file error of kind `Unsupported` if the decoder of a tokenizer.json needs the whole text,
    /// as one which joins the tokens and replaces in what they are together.
    pub fn stream_decoder(&self) -> Result<StreamDecoder> {
        Ok(StreamDecoder {
            progress: self.decoder.start()?,
            decoder: self.decoder.clone(),
            pending: Vec::new(),
        })
    }
}

impl StreamDecoder {
    /// The text that the ids add. What is not UTF-8 becomes U+FFFD, as in
    /// [`String::from_utf8_lossy`] of the whole.
    ///
    /// # Errors
    ///
    /// `UnknownId` for the first id without a token; nothing of the ids is taken then.
    pub fn feed(&mut self, ids: &[TokenId]) -> Result<String> {
        let bytes = self.feed_bytes(ids)?;
        self.pending.extend(bytes);
        let end = self.pending.len() - unfinished_len(&self.pending);
        let text = String::from_utf8_lossy(&self.pending[..end]).into_owned();
        self.pending.drain(..end);
        Ok(text)
    }

    /// The bytes that the ids add, none of them held back. Use one of the two ways for a text.
    ///
    /// # Errors
    ///
    /// As [`Self::feed`].
    pub fn feed_bytes(&mut self, ids: &[TokenId]) -> Result<Vec<u8>> {
        self.decoder.next(ids, &mut self.progress)
    }

    /// What was held back: U+FFFD for half a character, or nothing.
    pub fn finish(self) -> String {
        String::from_utf8_lossy(&self.pending).into_owned()
    }
}

/// How many bytes at the end are a character that lacks further bytes.
fn unfinished_len(bytes: &[u8]) -> usize {
    // A character has up to four bytes, so that three of them may wait for the last.
    (1..=bytes.len().min(3))
        .find(|len| {
            let end = &bytes[bytes.len() - len..];
            let starts = end.first().is_some_and(|byte| *byte >= 0xc0);
            starts
                && std::str::from_utf8(end)
                    .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any bytes, cut anywhere.
    #[test]
    fn gives_what_decoding_all_gives() {
        let tokenizer = Tokenizer::demo().unwrap();
        let bytes_of: Vec<u32> = (0..=255_u8)
            .map(|byte| tokenizer.token_id(&[byte]).unwrap())
            .collect();
        let mut random = 3_u32;
        let mut next = move |below: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) % below
        };
        let starts = [
            0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x91, 0x8d, 0xed, 0xa0, 0xc0, 0x61,
        ];
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..next(12))
                .map(|_| match next(4) {
                    0 => next(256) as u8,
                    _ => starts[next(starts.len() as u32) as usize],
                })
                .collect();
            let mut decoder = tokenizer.stream_decoder().unwrap();
            let mut text = String::new();
            for part in bytes.chunks(1 + next(3) as usize) {
                let ids: Vec<u32> = part
                    .iter()
                    .map(|byte| bytes_of[usize::from(*byte)])
                    .collect();
                text += &decoder.feed(&ids).unwrap();
            }
            text += &decoder.finish();
            assert_eq!(text, String::from_utf8_lossy(&bytes), "{bytes:x?}");
        }
    }

    #[test]
    fn an_unknown_id_changes_nothing() {
        let tokenizer = Tokenizer::demo().unwrap();
        let mut decoder = tokenizer.stream_decoder().unwrap();
        let ids = tokenizer.encode_ordinary("hello").unwrap();
        assert!(decoder.feed(&[ids[0], 9999]).is_err());
        assert_eq!(decoder.feed(&ids).unwrap(), "hello");
    }
}
