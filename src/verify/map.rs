//! A tokenizer under other ids.

use bpekit_formats::{Definition, Merges, PostProcessor, TemplatePart, TokenId, VocabBuilder};
use rustc_hash::FxHashMap;

use crate::bpe::live_pairs;
use crate::error::{Error, Result};

/// From the ids of A to those of B. Ids that are not in it stay as they are.
#[derive(Clone, Debug, Default)]
pub struct IdMap(FxHashMap<TokenId, TokenId>);

impl IdMap {
    /// A map of these pairs.
    ///
    /// # Errors
    ///
    /// `Argument` if it has two ids for one, on either side.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit::verify::IdMap;
    ///
    /// let map = IdMap::new([(5, 6), (6, 5)])?;
    /// assert_eq!((map.apply(5), map.apply(7)), (6, 7));
    /// assert!(IdMap::new([(5, 6), (7, 6)]).is_err());
    /// # Ok::<(), bpekit::Error>(())
    /// ```
    pub fn new(pairs: impl IntoIterator<Item = (TokenId, TokenId)>) -> Result<Self> {
        let mut map = FxHashMap::default();
        let mut from = FxHashMap::default();
        for (a, b) in pairs {
            if map.insert(a, b).is_some_and(|held| held != b) {
                return Err(Error::argument(format!(
                    "the id map has two ids for {a} of A"
                )));
            }
            if from.insert(b, a).is_some_and(|held| held != a) {
                return Err(Error::argument(format!(
                    "the id map has {b} of B for two ids"
                )));
            }
        }
        Ok(Self(map))
    }

    /// Whether it changes no id.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|(a, b)| a == b)
    }

    /// The id of B for one of A.
    pub fn apply(&self, id: TokenId) -> TokenId {
        self.0.get(&id).copied().unwrap_or(id)
    }

    /// The definition with other ids and otherwise the same: ranks become the list of merges they
    /// stand for, as their order would change with the ids.
    ///
    /// # Errors
    ///
    /// `Argument` if two tokens get one id.
    pub(crate) fn renamed(&self, definition: &Definition) -> Result<Definition> {
        let mut renamed = definition.clone();
        if renamed.merges == Merges::ByRank {
            renamed.merges = Merges::Listed(live_pairs::of_ranks(&definition.vocab).merges);
            renamed.options.ignore_merges = true;
        }
        if let Merges::Listed(merges) = &mut renamed.merges {
            for merge in merges {
                for id in [&mut merge.left, &mut merge.right, &mut merge.product] {
                    *id = self.apply(*id);
                }
            }
        }
        let vocab = &definition.vocab;
        let mut builder = VocabBuilder::with_capacity(vocab.len(), vocab.len() * 8);
        for token in vocab.iter() {
            builder.push(self.apply(token.id), token.bytes, token.kind);
        }
        renamed.vocab = builder
            .finish()
            .map_err(|_| Error::argument("the id map gives two tokens of A one id"))?;
        for token in &mut renamed.added_tokens {
            token.id = self.apply(token.id);
        }
        if let Some(processor) = &mut renamed.post_processor {
            self.rename_frame(processor);
        }
        for id in renamed.roles.values_mut() {
            *id = self.apply(*id);
        }
        Ok(renamed)
    }

    fn rename_frame(&self, processor: &mut PostProcessor) {
        match processor {
            PostProcessor::Template { single, pair } => {
                for part in single.iter_mut().chain(pair) {
                    if let TemplatePart::Special { ids, .. } = part {
                        for id in ids {
                            *id = self.apply(*id);
                        }
                    }
                }
            }
            PostProcessor::ClsSep { cls, sep } => {
                cls.1 = self.apply(cls.1);
                sep.1 = self.apply(sep.1);
            }
            PostProcessor::Sequence(steps) => {
                for step in steps {
                    self.rename_frame(step);
                }
            }
            _ => {}
        }
    }
}
