//! Byte pair encoding of one pretoken.
//!
//! Three definitions of the same thing are served. *By rank*: the neighbouring pair whose joined
//! bytes have the lowest rank merges first (tiktoken). *Listed*: the pair that stands first in the
//! list merges first (tokenizers). *By score*: the pair whose joined text has the highest score
//! merges first (SentencePiece), and `scored` has what that needs. In all, of equal pairs the
//! leftmost merges first, until no pair is left that merges.
//!
//! `model` holds the vocab's side of it, `unknown` what becomes of atoms without a token, `rule`
//! says what a pair becomes; `scan` and `queue` are two ways to run the merges that give the same
//! tokens, one for short and one for long pretokens. `scratch` is what encoding works in, and
//! remembers: `short_cache` and `long_cache` pretokens, `pair_memo` pairs; `byte_pairs` are known
//! without a search. `seams` says where a long pretoken falls apart, `borders`
//! the same of one that is made of characters. `output` is where tokens go.
//! `naive` is the textbook version, without any memory, that all are tested against.

mod borders;
mod byte_pairs;
pub(crate) mod live_pairs;
mod long_cache;
mod model;
#[cfg(test)]
mod naive;
mod output;
mod pair_memo;
mod prefetch;
mod queue;
mod rule;
mod scan;
mod scored;
mod scratch;
mod seams;
mod short_cache;
mod short_key;
mod unknown;

pub(crate) use model::Bpe;
pub(crate) use output::{Count, Ids, Output};
pub(crate) use scratch::{Pool, Scratch};
pub(crate) use short_key::{key_bytes, short_key};
