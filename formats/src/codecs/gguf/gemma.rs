//! `gemma4`: BPE over characters by listed merges, cut at line breaks alone.
//!
//! llama.cpp looks up a run of line breaks whole before it merges any (`llm_tokenizer_bpe_session`,
//! "fix for gemma 4"); the published merges make the same token of each such run, which is made sure
//! of here, so that nothing else is needed. It puts the BOS token in front whatever the file says.

use super::characters::{decoder, merge_run, normalizer, read_vocab, run_len};
use super::frame::{Frame, read_roles};
use super::keys::{self, Keys};
use super::merges;
use super::tokens::{Tokens, place};
use crate::definition::{Atoms, Definition, Merge, Merges, ModelOptions, Provenance, Role};
use crate::error::{Error, Result, show_text};
use crate::extra::Extra;
use crate::limits::ReadOptions;
use crate::pipeline::{Needle, Pattern, Pretokenizer, SplitBehavior};

pub(super) fn read(keys: &Keys<'_>, options: &ReadOptions) -> Result<Definition> {
    let tokens = Tokens::read(keys, &options.limits)?;
    let vocab = read_vocab(&tokens, options)?;
    let mut repeated = 0;
    let merges = merges::read(
        keys.needed(keys::MERGES)?.strings()?,
        &vocab,
        Atoms::Characters,
        options,
        &mut repeated,
    )?;
    check_line_breaks(&tokens, &merges)?;
    let roles = read_roles(keys, tokens.len())?;
    let added_tokens = tokens.added(&roles, &vocab, keys, &options.limits)?;
    let frame = Frame {
        bos: Frame::with_bos(&roles)?.bos,
        ..Frame::read(keys, true, &roles)?
    };
    let unknown = roles.get(&Role::Unk).map(|id| tokens.texts[*id as usize]);
    Ok(Definition {
        name: None,
        atoms: Atoms::Characters,
        merges: Merges::Listed(merges),
        // As in published files; with a token for each byte nothing is unknown.
        options: ModelOptions {
            unk_token: unknown.map(str::to_owned),
            fuse_unk: true,
            byte_fallback: true,
            ..ModelOptions::default()
        },
        added_tokens,
        normalizer: Some(normalizer(false)),
        pretokenizer: Some(Pretokenizer::Split {
            needle: Needle::Regex(Pattern::oniguruma(r"[^\n]+|[\n]+")),
            behavior: SplitBehavior::Isolated,
            invert: false,
        }),
        post_processor: frame.post_processor(&tokens),
        decoder: Some(decoder(false)),
        roles,
        chat_template: None,
        missing: Vec::new(),
        extra: Extra::default(),
        provenance: Provenance {
            warnings: merges::warnings(repeated),
            ..Provenance::default()
        },
        vocab,
    })
}

/// Refuses a vocab whose merges make other tokens of a run of line breaks than the run itself.
fn check_line_breaks(tokens: &Tokens<'_>, merges: &[Merge]) -> Result<()> {
    /// Longer tokens of the kind have no use, and take long to try.
    const LIMIT: usize = 64;
    let len_of = |id: u32| {
        let text = tokens.texts[id as usize];
        run_len(text).filter(|_| text.starts_with('\n'))
    };
    let pairs: Vec<(usize, usize)> = merges
        .iter()
        .filter_map(|merge| Some((len_of(merge.left)?, len_of(merge.right)?)))
        .collect();
    let place_of = |left, right| pairs.iter().position(|pair| *pair == (left, right));
    for (index, text) in tokens.texts.iter().enumerate() {
        let Some(len) = len_of(index as u32) else {
            continue;
        };
        if len > LIMIT || merge_run(len, place_of) != [len] {
            return Err(Error::unsupported(format!(
                "llama.cpp looks up `{}` whole, and merges do not make it",
                show_text(text)
            ))
            .at_json(place(index)));
        }
    }
    Ok(())
}
