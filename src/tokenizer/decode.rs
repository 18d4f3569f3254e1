//! Token ids to bytes and text.
//!
//! tiktoken joins the bytes of the tokens. A tokenizer.json has a chain of steps instead, which
//! are run on the tokens one by one so that each token's share of the text is known; joined, the
//! shares are what HuggingFace's chain gives, up to how invalid UTF-8 is shown.

mod chain;
mod table;

use std::sync::{Arc, OnceLock};

use bpekit_formats::{Decoder as DecoderSpec, Definition, Merges, TokenId, TokenKind};
use rustc_hash::FxHashMap;

use super::Tokenizer;
use crate::error::{Error, ErrorKind, Result};

pub(super) use chain::Progress;

use chain::Chain;
use table::Table;

/// From this many ids on, decoding goes through the table, which is made then.
const LONG: usize = 256;

/// How tokens become text. A copy shares all of it.
#[derive(Clone)]
pub(super) struct Decoder(Arc<Parts>);

struct Parts {
    definition: Arc<Definition>,
    chain: Chain,
    /// The texts of added tokens that stand for themselves rather than for their vocab entry.
    added: FxHashMap<TokenId, Box<[u8]>>,
    /// The texts of tokens that are decoded to something else than they are.
    shown: FxHashMap<TokenId, Box<[u8]>>,
    table: OnceLock<Table>,
}

impl Decoder {
    pub(super) fn new(definition: &Arc<Definition>) -> Result<Self> {
        let by_rank = definition.merges == Merges::ByRank;
        let mut added = FxHashMap::default();
        for token in &definition.added_tokens {
            // Of two texts with one id the first counts. By rank, tiktoken looks in the vocab
            // first; the texts are the same then.
            if !by_rank || definition.vocab.position(token.id).is_none() {
                added
                    .entry(token.id)
                    .or_insert_with(|| token.content.clone().into_bytes().into());
            }
        }
        Ok(Self(Arc::new(Parts {
            definition: Arc::clone(definition),
            chain: Chain::new(definition)?,
            shown: shown(definition),
            added,
            table: OnceLock::new(),
        })))
    }

    fn token_bytes(&self, id: TokenId) -> Option<&[u8]> {
        let parts = &*self.0;
        let added = parts.added.get(&id).map(AsRef::as_ref);
        added.or_else(|| parts.definition.vocab.bytes(id))
    }

    fn need_bytes(&self, id: TokenId) -> Result<&[u8]> {
        self.token_bytes(id)
            .ok_or_else(|| Error::new(ErrorKind::UnknownId(id)))
    }

    fn table(&self) -> &Table {
        let parts = &*self.0;
        parts.table.get_or_init(|| {
            let vocab = &parts.definition.vocab;
            // A hole takes a line; an id far above the others is looked up instead.
            let count = vocab.len() + parts.added.len();
            let bound = parts.definition.id_bound().min(2 * count as u64 + 1024);
            let tokens = vocab.iter().map(|token| (token.id, token.bytes));
            let added = parts.added.iter().map(|(id, text)| (*id, text.as_ref()));
            Table::new(bound as usize, tokens.chain(added))
        })
    }

    /// Appends the bytes of the tokens one behind another, whatever the chain would make of them.
    fn join(&self, ids: &[TokenId], out: &mut Vec<u8>) -> Result<()> {
        if ids.len() < LONG && self.0.table.get().is_none() {
            return self.join_plainly(ids, out);
        }
        let table = self.table();
        let mut rest = ids;
        loop {
            rest = &rest[table.append(rest, out)..];
            let Some((id, others)) = rest.split_first() else {
                return Ok(());
            };
            out.extend_from_slice(self.need_bytes(*id)?);
            rest = others;
        }
    }

    /// The same, token by token: what the table is compared with.
    fn join_plainly(&self, ids: &[TokenId], out: &mut Vec<u8>) -> Result<()> {
        for &id in ids {
            out.extend_from_slice(self.need_bytes(id)?);
        }
        Ok(())
    }

    fn joined(&self, ids: &[TokenId]) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(ids.len() * 4);
        self.join(ids, &mut bytes)?;
        Ok(bytes)
    }

    /// What the chain makes the text of a token of.
    fn piece(&self, id: TokenId) -> Result<Vec<u8>> {
        let shown = self.0.shown.get(&id).map(|bytes| bytes.to_vec());
        shown.map_or_else(|| self.need_bytes(id).map(<[u8]>::to_vec), Ok)
    }

    /// The same for each token on its own.
    fn pieces(&self, ids: &[TokenId]) -> Result<Vec<Vec<u8>>> {
        ids.iter().map(|&id| self.piece(id)).collect()
    }

    /// The start of a text that is decoded in parts.
    ///
    /// # Errors
    ///
    /// A file error of kind `Unsupported` if no part of the text is certain before its end.
    pub(super) fn start(&self) -> Result<Progress> {
        match self.0.chain.step_that_waits() {
            None => Ok(self.0.chain.start()),
            Some(step) => Err(bpekit_formats::Error::unsupported(format!(
                "the decoder cannot go part by part: its step {step} needs the whole text"
            ))
            .at_json("decoder")
            .with_hint("decode all ids at once")
            .into()),
        }
    }

    /// The bytes of the next part of a text. An error leaves `progress` as it was.
    pub(super) fn next(&self, ids: &[TokenId], progress: &mut Progress) -> Result<Vec<u8>> {
        if self.0.chain.is_empty() {
            return self.joined(ids);
        }
        let mut after = progress.clone();
        let pieces = self.0.chain.run_on(self.pieces(ids)?, &mut after)?;
        *progress = after;
        Ok(pieces.concat())
    }
}

impl Tokenizer {
    /// The bytes of a token as they stand in the vocab; of an added token, its text.
    pub fn token_bytes(&self, id: TokenId) -> Option<&[u8]> {
        self.decoder.token_bytes(id)
    }

    /// The token with these bytes: of the vocab, or an added token with this text.
    pub fn token_id(&self, bytes: &[u8]) -> Option<TokenId> {
        let vocab = &self.definition.vocab;
        vocab.id_of(bytes).or_else(|| {
            let added = &self.definition.added_tokens;
            added
                .iter()
                .find(|token| token.content.as_bytes() == bytes)
                .map(|token| token.id)
                .or_else(|| vocab.id_of_literal(std::str::from_utf8(bytes).ok()?))
        })
    }

    /// The bytes that the tokens stand for.
    ///
    /// # Errors
    ///
    /// `UnknownId` for the first id without a token.
    pub fn decode_bytes(&self, ids: &[TokenId]) -> Result<Vec<u8>> {
        if self.decoder.0.chain.is_empty() {
            return self.decoder.joined(ids);
        }
        Ok(self.decode_pieces(ids)?.concat())
    }

    /// The same, behind what is there: memory that is there already is faster than new memory.
    ///
    /// # Errors
    ///
    /// As [`Self::decode_bytes`]; `out` then ends with the bytes of some of the ids before the
    /// unknown one.
    ///
    /// # Examples
    ///
    /// ```
    /// let tokenizer = bpekit::Tokenizer::demo()?;
    /// let mut bytes = b"> ".to_vec();
    /// tokenizer.decode_into(&[258, 297, 78, 995], &mut bytes)?;
    /// assert_eq!(bytes, b"> hello world");
    /// # Ok::<(), bpekit::Error>(())
    /// ```
    pub fn decode_into(&self, ids: &[TokenId], out: &mut Vec<u8>) -> Result<()> {
        if self.decoder.0.chain.is_empty() {
            return self.decoder.join(ids, out);
        }
        for piece in self.decode_pieces(ids)? {
            out.extend_from_slice(&piece);
        }
        Ok(())
    }

    /// Each token's share of the bytes; joined, they are what [`Self::decode_bytes`] gives.
    ///
    /// # Errors
    ///
    /// `UnknownId` for the first id without a token.
    pub fn decode_pieces(&self, ids: &[TokenId]) -> Result<Vec<Vec<u8>>> {
        self.decoder.0.chain.run(self.decoder.pieces(ids)?)
    }

    /// The bytes that the tokens stand for, and where each token's share of them ends.
    ///
    /// # Errors
    ///
    /// `UnknownId` for the first id without a token.
    ///
    /// # Examples
    ///
    /// ```
    /// let tokenizer = bpekit::Tokenizer::demo()?;
    /// let ids = tokenizer.encode_ordinary("hello world")?;
    /// let (bytes, ends) = tokenizer.decode_with_ends(&ids)?;
    /// assert_eq!(bytes, b"hello world");
    /// assert_eq!(ends, [2, 4, 5, 11]);
    /// # Ok::<(), bpekit::Error>(())
    /// ```
    pub fn decode_with_ends(&self, ids: &[TokenId]) -> Result<(Vec<u8>, Vec<usize>)> {
        let mut ends = Vec::with_capacity(ids.len());
        let mut end = 0;
        let mut next_end = |len: usize| {
            end += len;
            end
        };
        if self.decoder.0.chain.is_empty() {
            let bytes = self.decoder.joined(ids)?;
            for &id in ids {
                ends.push(next_end(self.decoder.need_bytes(id)?.len()));
            }
            return Ok((bytes, ends));
        }
        let pieces = self.decode_pieces(ids)?;
        ends.extend(pieces.iter().map(|piece| next_end(piece.len())));
        Ok((pieces.concat(), ends))
    }

    /// The text of the tokens, and for each token the index in it, in characters, of the first
    /// character that holds a byte of the token. Tokens inside one character share its index.
    ///
    /// # Errors
    ///
    /// As [`Self::decode`].
    pub fn decode_with_offsets(&self, ids: &[TokenId]) -> Result<(String, Vec<usize>)> {
        let (bytes, mut ends) = self.decode_with_ends(ids)?;
        let continues = |byte: &u8| (0x80..0xc0).contains(byte);
        let mut count = 0_usize;
        let mut start = 0;
        for place in &mut ends {
            let end = std::mem::replace(&mut start, *place);
            let share = bytes.get(end..*place).unwrap_or_default();
            let is_inside = share.first().is_some_and(continues);
            *place = count.saturating_sub(usize::from(is_inside));
            count += share.iter().filter(|byte| !continues(byte)).count();
        }
        Ok((text_of(bytes)?, ends))
    }

    /// The bytes of one token on its own: as it would stand in the middle of a text.
    ///
    /// # Errors
    ///
    /// `UnknownId`.
    pub fn decode_token(&self, id: TokenId) -> Result<Vec<u8>> {
        let bytes = self.decoder.piece(id)?;
        let chain = &self.decoder.0.chain;
        if chain.is_empty() {
            return Ok(bytes);
        }
        // A neighbour on each side keeps the token from being the first or last of the text.
        let pieces = chain.run(vec![b"x".to_vec(), bytes, b"x".to_vec()])?;
        Ok(pieces.into_iter().nth(1).unwrap_or_default())
    }

    /// The text of the tokens.
    ///
    /// # Errors
    ///
    /// `UnknownId`; `NotUtf8` if the bytes are not text, as half a character is not.
    pub fn decode(&self, ids: &[TokenId]) -> Result<String> {
        text_of(self.decode_bytes(ids)?)
    }

    /// Whether the token is found only by its text: an entry of a byte-level vocab that has a
    /// character outside the byte alphabet.
    pub fn is_literal(&self, id: TokenId) -> bool {
        self.definition
            .vocab
            .token(id)
            .is_some_and(|token| token.kind == TokenKind::Literal)
    }
}

/// SentencePiece decodes special tokens to nothing, and the unknown token to a text of its own.
fn shown(definition: &Definition) -> FxHashMap<TokenId, Box<[u8]>> {
    let mut shown = FxHashMap::default();
    let Some(DecoderSpec::SentencePiece { unknown, .. }) = &definition.decoder else {
        return shown;
    };
    let specials = definition
        .added_tokens
        .iter()
        .filter(|token| token.is_special);
    shown.extend(specials.map(|token| (token.id, Box::default())));
    let unk_token = definition.options.unk_token.as_ref();
    if let Some(id) = unk_token.and_then(|text| definition.vocab.id_of(text.as_bytes())) {
        shown.insert(id, unknown.as_bytes().into());
    }
    shown
}

fn text_of(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let valid_up_to = error.utf8_error().valid_up_to();
        Error::new(ErrorKind::NotUtf8 {
            bytes: error.into_bytes(),
            valid_up_to,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long and short lists of ids, with holes, added tokens and ids far above the others.
    #[test]
    fn the_table_gives_what_looking_up_gives() {
        use bpekit_formats::{AddedToken, TokenKind, VocabBuilder};

        let mut builder = VocabBuilder::with_capacity(300, 3000);
        for byte in 0..=255_u8 {
            builder.push(u32::from(byte) * 2, &[byte], TokenKind::Ordinary);
        }
        for len in 2..60 {
            builder.push(
                600 + len * 3,
                &vec![b'a'; len as usize],
                TokenKind::Ordinary,
            );
        }
        let mut definition = Definition::from_ranks(builder.finish().unwrap());
        definition.pretokenizer = Some(bpekit_formats::Pretokenizer::matches_of(
            bpekit_formats::Pattern::fancy(String::from("(?s:.+)")),
        ));
        definition.missing.clear();
        definition.added_tokens = vec![
            AddedToken::special("<|near|>".to_owned(), 1001),
            AddedToken::special("<|far|>".to_owned(), u32::MAX - 1),
        ];
        let tokenizer = Tokenizer::from_definition(definition).unwrap();
        let known: Vec<u32> = (0..1100)
            .chain([u32::MAX - 1])
            .filter(|id| tokenizer.token_bytes(*id).is_some())
            .collect();
        let mut random = 7_u32;
        for round in 0..2000 {
            let ids: Vec<u32> = (0..round % 700)
                .map(|_| {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    known[(random >> 8) as usize % known.len()]
                })
                .collect();
            let mut plain = Vec::new();
            tokenizer.decoder.join_plainly(&ids, &mut plain).unwrap();
            assert_eq!(tokenizer.decode_bytes(&ids).unwrap(), plain);
            let (bytes, ends) = tokenizer.decode_with_ends(&ids).unwrap();
            assert_eq!((bytes, ends.len()), (plain, ids.len()));
        }
        let mut ids = known.repeat(3);
        ids.extend([1, 3]);
        let error = tokenizer.decode_bytes(&ids).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::UnknownId(1)));
    }
}
