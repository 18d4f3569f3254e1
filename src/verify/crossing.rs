//! Cuts that only one of two patterns makes, and that no merge would cross.

use bpekit_formats::{Atoms, Definition, show_text};

use super::compare::Open;
use super::live::Live;
use super::{pattern, words};
use crate::pretokenize::LoneCut;

/// More strings than this are not searched with.
const MAX_STRINGS: usize = 400;

/// Why both sides make the same tokens though only one cuts at these places; or the strings across
/// them that may be tokenized differently. docs/equivalence.md, section 6, has the argument.
pub(super) fn compare(
    definitions: [&Definition; 2],
    sides: [&Live; 2],
    cuts: &[LoneCut],
    detail: &str,
) -> Result<String, Open> {
    let cuttings = definitions.map(pattern::cutting_of);
    let holds = |side: usize, string: &[u8]| -> bool {
        let cutting = cuttings[side].as_ref();
        cutting.is_none_or(|cutting| cutting.can_hold(string))
    };
    let mut strings: Vec<Vec<u8>> = Vec::new();
    for cut in cuts {
        let before = cut.before.as_bytes();
        let [cuts, cuts_not] = [cut.side, 1 - cut.side];
        for token in definitions[cuts_not].vocab.iter() {
            // As many bytes of it as stand before the cut.
            for len in 1..token.bytes.len().min(before.len() + 1) {
                let (inside, end) = token.bytes.split_at(len);
                if before.ends_with(inside) {
                    strings.push([before, end].concat());
                }
            }
        }
        strings.extend(looked_up(definitions[cuts], sides[cuts], before));
        strings.retain(|string| holds(cuts_not, string));
    }
    if strings.is_empty() && definitions.iter().all(|one| one.atoms == Atoms::Bytes) {
        let mut texts: Vec<String> = cuts
            .iter()
            .map(|cut| format!("`{}` ({})", show_text(&cut.before), ["A", "B"][cut.side]))
            .collect();
        texts.dedup();
        return Ok(format!(
            "two patterns that cut every text alike but behind {}, where no token goes across",
            texts.join(", ")
        ));
    }
    strings.sort_unstable_by_key(Vec::len);
    strings.truncate(MAX_STRINGS);
    Err(Open::strings(detail.to_owned(), strings))
}

/// Strings of the text before a cut, and a token that only the lookup of a whole pretoken finds and
/// that the cut could make one.
fn looked_up(definition: &Definition, live: &Live, before: &[u8]) -> Vec<Vec<u8>> {
    if !words::looks_up_whole(definition) {
        return Vec::new();
    }
    let tokens = live.unreachable.iter();
    let tokens = tokens.filter_map(|id| definition.vocab.bytes(*id));
    // A pretoken is text.
    let texts = tokens.filter(|bytes| std::str::from_utf8(bytes).is_ok());
    texts
        .flat_map(|bytes| {
            let is_before = bytes == before;
            [
                is_before.then(|| before.to_vec()),
                Some([before, bytes].concat()),
            ]
        })
        .flatten()
        .collect()
}
