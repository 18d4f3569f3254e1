//! The one list of formats, and finding the one a file is of.

use crate::bundle::Bundle;
use crate::codec::{Codec, Confidence, Extent, FormatInfo, Layout};
use crate::codecs::{
    gguf::Gguf, gpt2::Gpt2, hf_dir::HfDir, hf_json::HfJson, hf_json_2::HfJson2, minbpe::Minbpe,
    rank_json::RankJson, sentencepiece::SentencePiece, tekken::Tekken, tiktoken::Tiktoken,
    tiktoken_plugin::TiktokenPlugin,
};
use crate::error::{Error, Result};
use crate::foreign;
use crate::json;
use crate::limits::Limits;

/// Every format, in the order of lists and messages.
pub const CODECS: &[&dyn Codec] = &[
    &Tiktoken,
    &HfJson,
    &HfJson2,
    &HfDir,
    &Gpt2,
    &RankJson,
    &Tekken,
    &SentencePiece,
    &Gguf,
    &Minbpe,
    &TiktokenPlugin,
];

/// Facts about every format.
pub fn formats() -> impl ExactSizeIterator<Item = &'static FormatInfo> {
    CODECS.iter().map(|codec| codec.info())
}

/// The codec of a name, as `hf-json`.
///
/// # Errors
///
/// `Unsupported`, listing the names there are.
///
/// # Examples
///
/// ```
/// use bpekit_formats::registry;
/// assert_eq!(registry::by_name("tiktoken")?.info().name, "tiktoken");
/// assert!(registry::by_name("word").is_err());
/// # Ok::<(), bpekit_formats::Error>(())
/// ```
pub fn by_name(name: &str) -> Result<&'static dyn Codec> {
    CODECS
        .iter()
        .copied()
        .find(|codec| codec.info().name == name)
        .ok_or_else(|| {
            let names: Vec<_> = formats().map(|info| format!("`{}`", info.name)).collect();
            Error::unsupported(format!(
                "unknown format `{}`; expected {}",
                crate::show_text(name),
                names.join(" or ")
            ))
        })
}

/// The codec that a file's name asks for, if it does: for writing, where there is no content. A
/// whole name goes before an ending, and a long ending before a short one, so that `tekken.json`
/// is not any `.json`.
pub fn by_file_name(name: &str) -> Option<&'static dyn Codec> {
    let lower = name.to_ascii_lowercase();
    let stem = crate::compression::strip_suffix(&lower);
    let length = |known: &str| match known {
        name if name == stem => Some(usize::MAX),
        ending if ending.starts_with('.') && stem.ends_with(ending) => Some(ending.len()),
        _ => None,
    };
    files_alone()
        .filter_map(|codec| {
            let names = codec.info().file_names.iter();
            let longest = names.filter_map(|name| length(name)).max()?;
            Some((longest, codec))
        })
        .max_by_key(|(longest, _)| *longest)
        .map(|(_, codec)| codec)
}

fn files_alone() -> impl Iterator<Item = &'static dyn Codec> {
    let is_file = |codec: &&dyn Codec| codec.info().layout == Layout::File;
    CODECS.iter().copied().filter(is_file)
}

/// The codec of a directory in which `has` finds a file by its name, if it is of one.
///
/// # Errors
///
/// `Syntax` if it could be of several.
pub fn by_directory(has: impl Fn(&str) -> bool) -> Result<Option<&'static dyn Codec>> {
    let is_one = |codec: &&dyn Codec| {
        let info = codec.info();
        info.layout == Layout::Directory && info.file_names.first().is_some_and(|main| has(main))
    };
    let found: Vec<&dyn Codec> = CODECS.iter().copied().filter(is_one).collect();
    match found.as_slice() {
        [] => Ok(None),
        [codec] => Ok(Some(*codec)),
        several => Err(could_be(several)),
    }
}

/// How much is read of a file that starts so, whatever its format may turn out to be.
pub(crate) fn extent(start: &[u8]) -> Extent {
    files_alone()
        .map(|codec| codec.extent(start))
        .find(|extent| *extent != Extent::Whole)
        .unwrap_or(Extent::Whole)
}

fn could_be(several: &[&dyn Codec]) -> Error {
    let names: Vec<_> = several.iter().map(|codec| codec.info().name).collect();
    Error::syntax(format!("could be any of {}", names.join(", ")))
        .with_hint("pass the format's name")
}

/// The codec that the content of a file is of. Never a guess between two: only where the content
/// says nothing, the file's name does, so that the error comes from the codec that was meant.
///
/// # Errors
///
/// `Syntax` if the content is of no known format; a foreign kind of file that is recognised (a
/// pickle, a web page) is named. `Unsupported` for the sidecar of a rank file.
pub fn detect(input: &Bundle) -> Result<&'static dyn Codec> {
    if let Some(error) = foreign::recognise(input.bytes()) {
        return Err(error);
    }
    if is_sidecar(input.bytes()) {
        return Err(Error::unsupported(
            "is the sidecar of a tokenizer; load the file beside it",
        ));
    }
    let mut found: Vec<(Confidence, &'static dyn Codec)> = files_alone()
        .map(|codec| (codec.sniff(input), codec))
        .filter(|(confidence, _)| *confidence > Confidence::No)
        .collect();
    found.sort_by_key(|(confidence, _)| std::cmp::Reverse(*confidence));
    match found.as_slice() {
        [] => by_file_name(input.name()).ok_or_else(|| {
            Error::syntax("not a tokenizer file of a known format")
                .with_hint("pass the format's name to see what is wrong with the file")
        }),
        [(_, codec)] => Ok(*codec),
        [(first, codec), (second, _), ..] if first > second => Ok(*codec),
        [(first, _), ..] => {
            let alike = found
                .iter()
                .take_while(|(confidence, _)| confidence == first);
            Err(could_be(
                &alike.map(|(_, codec)| *codec).collect::<Vec<_>>(),
            ))
        }
    }
}

/// The member that only a sidecar has.
const SIDECAR_MEMBER: &str = "bpekit_sidecar";

/// How much of a file tells whether it is a sidecar, in bytes.
pub(crate) const SIDECAR_START: usize = 4096;

/// Whether a file that starts so is to be kept as a sidecar.
pub(crate) fn looks_like_sidecar(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(SIDECAR_START)];
    let quoted = format!("\"{SIDECAR_MEMBER}\"");
    // A member's name only: a tokenizer may have a token of this text.
    memchr::memmem::find_iter(start, &quoted).any(|at| {
        start[at + quoted.len()..]
            .trim_ascii_start()
            .starts_with(b":")
    })
}

/// Parsed where it looks so, as the vocab of a tokenizer may have the member as well.
fn is_sidecar(bytes: &[u8]) -> bool {
    looks_like_sidecar(bytes)
        && json::parse_value(bytes, Limits::default().nesting)
            .is_ok_and(|document| document.get(SIDECAR_MEMBER).is_some())
}
