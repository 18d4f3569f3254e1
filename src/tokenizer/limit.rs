//! What a text costs in ids, up to a limit. What lies behind the limit is not encoded.

use bpekit_formats::TokenId;

use super::Tokenizer;
use super::encode::Special;
use crate::bpe::{Count, Ids, Output, Scratch};
use crate::error::{Error, ErrorKind, Result};

impl Tokenizer {
    /// The number of ids of a text, or `None` if there are more than `limit`. The text is encoded
    /// as far as the limit, and searched for disallowed special tokens as a whole.
    ///
    /// # Errors
    ///
    /// As [`Self::encode`], for the part of the text up to the limit; `DisallowedSpecial` for all of
    /// it.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit::{Special, Tokenizer};
    /// let tokenizer = Tokenizer::demo()?;
    /// assert_eq!(tokenizer.count_till_limit("hello world", &Special::refused(), 4)?, Some(4));
    /// assert_eq!(tokenizer.count_till_limit("hello world", &Special::refused(), 3)?, None);
    /// # Ok::<(), bpekit::Error>(())
    /// ```
    pub fn count_till_limit(
        &self,
        text: &str,
        special: &Special<'_>,
        limit: usize,
    ) -> Result<Option<usize>> {
        self.scratches.with(|scratch| {
            let mut count = Count::default();
            self.encode_till_limit(text, special, limit, &mut count, scratch)?;
            Ok((count.len() <= limit).then_some(count.len()))
        })
    }

    /// The longest prefix of the text's ids of at most `limit` ids which decodes to whole
    /// characters, and how many bytes of the text it covers.
    ///
    /// The ids are the first of those of the whole text, not the ids of a shorter text: a model
    /// sees what it would see of the whole. A text of which all ids fit is covered whole.
    ///
    /// # Errors
    ///
    /// As [`Self::count_till_limit`]; `Argument` if the text must be cut and its ids do not decode to
    /// it, as with a normalizer that changes it, so that no place in the text belongs to them.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit::{Special, Tokenizer};
    /// let tokenizer = Tokenizer::demo()?;
    /// let text = "hello world";
    /// let (ids, len) = tokenizer.truncate(text, &Special::refused(), 3)?;
    /// assert_eq!((ids, &text[..len]), (vec![258, 297, 78], "hello"));
    /// # Ok::<(), bpekit::Error>(())
    /// ```
    pub fn truncate(
        &self,
        text: &str,
        special: &Special<'_>,
        limit: usize,
    ) -> Result<(Vec<TokenId>, usize)> {
        let mut ids = self.scratches.with(|scratch| {
            let mut ids = Ids::default();
            self.encode_till_limit(text, special, limit, &mut ids, scratch)
                .map(|()| ids.into_vec())
        })?;
        if ids.len() <= limit {
            return Ok((ids, text.len()));
        }
        ids.truncate(limit);
        let (bytes, ends) = self.decode_with_ends(&ids)?;
        if !text.as_bytes().starts_with(&bytes) {
            return Err(Error::argument(
                "the text cannot be cut: its ids do not decode to it, so that no place in it \
                 belongs to them; encode it and cut the ids",
            ));
        }
        let whole = ends.iter().rposition(|end| text.is_char_boundary(*end));
        let covered = whole.and_then(|index| ends.get(index).copied());
        ids.truncate(whole.map_or(0, |index| index + 1));
        Ok((ids, covered.unwrap_or(0)))
    }

    /// Puts out the ids of a text until there are more than `limit`: all of them, or the first few
    /// more than that.
    fn encode_till_limit(
        &self,
        text: &str,
        special: &Special<'_>,
        limit: usize,
        out: &mut impl Output,
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.check_disallowed(text, special)?;
        // An error is the one way out of the loop over the text.
        let outcome = self.encode_watched(text, special.permit(), out, scratch, |len| {
            if len > limit {
                return Err(Error::new(ErrorKind::Interrupted));
            }
            Ok(())
        });
        if out.len() > limit { Ok(()) } else { outcome }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_never_ends_inside_a_character() {
        let tokenizer = Tokenizer::demo().unwrap();
        let special = Special::allowed();
        let long = "hello wörld, 👍 ".repeat(40) + "<|endoftext|>";
        let texts = [
            "",
            "a€b👍👍",
            "hello<|endoftext|> wörld",
            "€",
            "\0\u{301}e",
            &long,
        ];
        for text in texts {
            let all = tokenizer.encode(text, &special).unwrap();
            for limit in 0..all.len() + 2 {
                let (ids, len) = tokenizer.truncate(text, &special, limit).unwrap();
                assert!(ids.len() <= limit && all.starts_with(&ids));
                assert_eq!(tokenizer.decode(&ids).unwrap(), text[..len]);
                // No longer prefix would do.
                let further = (ids.len() + 1..=limit.min(all.len()))
                    .find(|count| tokenizer.decode(&all[..*count]).is_ok());
                assert_eq!(further, None, "{text:?} {limit}");
                let count = tokenizer.count_till_limit(text, &special, limit).unwrap();
                assert_eq!(count, (all.len() <= limit).then_some(all.len()));
            }
        }
    }

    /// What is behind the limit is an error that nobody meets.
    #[test]
    fn text_behind_the_limit_is_not_encoded() {
        let mut builder = bpekit_formats::VocabBuilder::with_capacity(1, 1);
        builder.push(0, b"a", bpekit_formats::TokenKind::Ordinary);
        let mut definition = bpekit_formats::Definition::from_ranks(builder.finish().unwrap());
        definition.pretokenizer = Some(bpekit_formats::Pretokenizer::matches_of(
            bpekit_formats::Pattern::fancy(String::from("(?s:.)")),
        ));
        definition.missing.clear();
        let tokenizer = Tokenizer::from_definition(definition).unwrap();
        let text = "a".repeat(100_000) + "b";
        let special = Special::refused();
        assert_eq!(
            tokenizer.count_till_limit(&text, &special, 10).unwrap(),
            None
        );
        let (ids, len) = tokenizer.truncate(&text, &special, 10).unwrap();
        assert_eq!((ids.len(), len), (10, 10));
        let error = tokenizer.count_till_limit(&text, &special, 100_000);
        assert!(matches!(
            error.unwrap_err().kind(),
            ErrorKind::MissingByte(b'b')
        ));
    }
}
