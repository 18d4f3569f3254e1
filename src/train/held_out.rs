//! How well a trained tokenizer does on text it was not trained on.

use std::sync::Arc;

use bpekit_formats::{Definition, TokenId};
use rustc_hash::FxHashMap;

use super::count::CountOptions;
use super::counts::PretokenCounts;
use super::pretokenization::Pretokenization;
use super::report::Curve;
use super::trainer::{Trained, follow};
use crate::bpe::{Bpe, Ids, Scratch};
use crate::error::Result;
use crate::source::MemoryText;
use crate::watch::Watch;

/// The compression of a text for each size of the vocab.
///
/// With the first k merges a pretoken has as many tokens as are left of it once those are made. A
/// token of the whole vocab holds all merges of the tokens it was made of, so that taking it apart
/// again, back to the bytes, says which merges were made and how often.
///
/// `base` is what the training went on from. Where it takes pretokens that are tokens as they are,
/// those of its own tokens were never cut, whether or not a merge made such a token later.
pub(super) fn curve(
    trained: &Trained,
    base: Option<&Definition>,
    how: &Pretokenization,
    text: &str,
    watch: &dyn Watch,
) -> Result<Curve> {
    let mut counts = PretokenCounts::new(how.clone())?;
    let mut texts = MemoryText::new(text, how.cutter()?);
    counts.count(&mut texts, &CountOptions::default(), watch)?;
    let bpe = Bpe::new(Arc::new(trained.definition.clone()))?;
    let step_of: FxHashMap<TokenId, usize> = trained
        .merges
        .iter()
        .enumerate()
        .map(|(step, merge)| (merge.product, step))
        .collect();
    let is_old = |id: TokenId| base.is_some_and(|base| base.vocab.bytes(id).is_some());
    let ignore_merges = trained.definition.options.ignore_merges;
    // How often each token stands in the text, by the merge that makes it.
    let mut made = vec![0_u64; trained.merges.len()];
    let mut out = Ids::default();
    let mut scratch = Scratch::default();
    let (mut bytes, mut last) = (0, 0);
    counts.for_each(|pretoken, count| {
        out.clear();
        bpe.encode(pretoken, 0..pretoken.len(), &mut out, &mut scratch)?;
        let ids = out.as_slice();
        bytes += pretoken.len() as u64 * count;
        last += ids.len() as u64 * count;
        if let [id] = *ids
            && ignore_merges
            && is_old(id)
        {
            return Ok(());
        }
        for id in ids {
            if let Some(&step) = step_of.get(id) {
                made[step] += count;
            }
        }
        Ok(())
    })?;
    // A token that is taken apart gives its two parts, which were made by earlier steps.
    for step in (0..made.len()).rev() {
        let merge = trained.merges[step];
        for part in [merge.left, merge.right] {
            if let Some(&earlier) = step_of.get(&part) {
                made[earlier] += made[step];
            }
        }
    }
    let mut curve = Curve {
        bytes,
        first_size: trained.report.curve.first_size,
        tokens: vec![last + made.iter().sum::<u64>()],
    };
    for (count, merge) in made.into_iter().zip(&trained.merges) {
        follow(&mut curve, count, !is_old(merge.product));
    }
    Ok(curve)
}
