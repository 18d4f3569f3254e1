//! Files to tokenizers: reading, and filling in what a rank file cannot say.

use std::path::Path;

use bpekit_formats::{
    AddedToken, Bundle, Definition, Error as FileError, Normalizer, Part, Pattern, Pretokenizer,
    ReadOptions, codecs, compression, files, registry, show_text,
};

use crate::error::{Error, Result};
use crate::known::{self, KnownEncoding};
use crate::tokenizer::Tokenizer;

/// How to load a tokenizer, and what to fill in.
///
/// # Examples
///
/// ```
/// use bpekit::{LoadOptions, Tokenizer};
///
/// let ranks = bpekit::demo::ranks();
/// let options = LoadOptions { pattern: Some("gpt2".to_owned()), ..LoadOptions::default() };
/// let tokenizer = Tokenizer::from_bytes("mine.tiktoken", ranks.to_vec(), &options)?;
/// assert_eq!(tokenizer.encode_ordinary(" the")?, [262]);
/// # Ok::<(), bpekit::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct LoadOptions {
    /// The format's name; none to tell it by the content.
    pub format: Option<String>,
    /// A split pattern for a rank file, or for a GGUF file whose own is not known: the name of a
    /// published one, or a regular expression in tiktoken's dialect.
    pub pattern: Option<String>,
    /// Special tokens for a rank file, with their ids.
    pub special_tokens: Option<Vec<(String, u32)>>,
    /// Which published encoding a rank file is, where several share their ranks; for any other
    /// file, the name to give it.
    pub name: Option<String>,
    /// The sha256 the file must have, in hex.
    pub sha256: Option<String>,
    /// The number of ids (largest plus one) the tokenizer must have.
    pub n_vocab: Option<u64>,
    /// How the file is read.
    pub read: ReadOptions,
}

impl Tokenizer {
    /// Loads a tokenizer from a file of any known format, with its sidecar.
    ///
    /// A rank file without sidecar that is not given a pattern must be a published one, known by
    /// its ranks; of several with the same ranks, `name` chooses, else the file's name, else it
    /// is the plain one.
    ///
    /// # Errors
    ///
    /// Errors of the file, with path and place; arguments that contradict it.
    pub fn load(path: impl AsRef<Path>, options: &LoadOptions) -> Result<Self> {
        Self::from_definition(load_definition(path.as_ref(), options)?)
    }

    /// Loads a tokenizer from the bytes of a file; the name takes the place of the path.
    ///
    /// # Errors
    ///
    /// As [`Self::load`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>, options: &LoadOptions) -> Result<Self> {
        if let Some(expected) = &options.sha256 {
            codecs::tiktoken::check_sha256(&bytes, expected)?;
        }
        let bundle = files::unpack(name, bytes, &options.read.limits)?;
        Self::from_definition(read_bundle(&bundle, options)?)
    }
}

/// Reads the files of a tokenizer and fills in what they cannot say, without compiling it.
pub(crate) fn read_bundle(bundle: &Bundle, options: &LoadOptions) -> Result<Definition> {
    let codec = match &options.format {
        Some(format) => registry::by_name(format)?,
        None => registry::detect(bundle)?,
    };
    let definition = codec
        .read(bundle, &options.read)
        .map_err(|error| error.with_format(codec.info().name))?;
    resolve(definition, bundle.name(), options)
}

/// Reads a file and fills in what it cannot say, without compiling it.
///
/// # Errors
///
/// As [`Tokenizer::load`].
pub fn load_definition(path: &Path, options: &LoadOptions) -> Result<Definition> {
    let format = options.format.as_deref();
    let definition = match &options.sha256 {
        None => files::load(path, format, &options.read)?,
        Some(expected) => {
            let bytes = files::read_bytes(path, &options.read.limits)?;
            codecs::tiktoken::check_sha256(&bytes, expected)
                .map_err(|error| error.with_path(path))?;
            files::load_bytes(path, bytes, format, &options.read)?
        }
    };
    resolve(definition, &files::file_name(path), options).map_err(|error| match error.into_kind() {
        crate::ErrorKind::File(inner) => inner.with_path(path).into(),
        kind => Error::new(kind),
    })
}

/// Fills in pattern, special tokens and normalizer.
fn resolve(
    mut definition: Definition,
    file_name: &str,
    options: &LoadOptions,
) -> Result<Definition> {
    // A GGUF file names its pattern and has its special tokens; other formats that lack anything
    // lack both.
    let has_ranks = definition.provenance.ranks_sha256.is_some();
    if has_ranks || (definition.extra.gguf.is_none() && !definition.missing.is_empty()) {
        fill_in(&mut definition, file_name, options)?;
    } else {
        refuse_arguments(&definition, options)?;
        if let Some(pattern) = &options.pattern {
            set_pattern(&mut definition, pattern);
        }
        if definition.missing.contains(&Part::Pattern) {
            return Err(codecs::gguf::unknown_pre_error(&definition).into());
        }
        if options.name.is_some() {
            definition.name.clone_from(&options.name);
        }
    }
    if let Some(expected) = options.n_vocab {
        let found = definition.id_bound();
        if found != expected {
            return Err(FileError::data(format!("n_vocab is {found}; expected {expected}")).into());
        }
    }
    Ok(definition)
}

/// A file that carries its own pattern and special tokens is not told others. A GGUF file carries
/// the name of a pattern, which may not be known.
fn refuse_arguments(definition: &Definition, options: &LoadOptions) -> Result<()> {
    let given = [
        (
            "pattern",
            options.pattern.is_some() && !definition.missing.contains(&Part::Pattern),
        ),
        ("special_tokens", options.special_tokens.is_some()),
    ];
    if let Some((name, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
        let format = definition.provenance.format.unwrap_or("this");
        return Err(Error::argument(format!(
            "`{name}` is for rank files; a file of format `{format}` carries its own"
        )));
    }
    Ok(())
}

fn fill_in(definition: &mut Definition, file_name: &str, options: &LoadOptions) -> Result<()> {
    let encoding = find_encoding(definition, file_name, options)?;
    let had_sidecar = !definition.missing.contains(&Part::SpecialTokens);
    if let Some(encoding) = encoding.filter(|_| !had_sidecar || options.name.is_some()) {
        apply_encoding(definition, encoding);
    }
    if let Some(pattern) = &options.pattern {
        set_pattern(definition, pattern);
    }
    if let Some(tokens) = &options.special_tokens {
        definition.added_tokens = tokens
            .iter()
            .map(|(content, id)| AddedToken::special(content.clone(), *id))
            .collect();
        definition
            .missing
            .retain(|part| *part != Part::SpecialTokens);
    }
    if let Some(name) = &options.name
        && encoding.is_none()
    {
        definition.name = Some(name.clone());
    }
    if definition.missing.contains(&Part::Pattern) {
        return Err(unknown_ranks(definition.provenance.format).into());
    }
    Ok(())
}

/// Splits by a pattern, given by its name or as it is.
fn set_pattern(definition: &mut Definition, pattern: &str) {
    let text = known::pattern_by_name(pattern).map_or(pattern, |known| known.tiktoken);
    definition.pretokenizer = Some(Pretokenizer::matches_of(Pattern::fancy(text)));
    definition.missing.retain(|part| *part != Part::Pattern);
}

/// The error that teaches both ways out.
fn unknown_ranks(format: Option<&str>) -> FileError {
    let patterns: Vec<&str> = known::patterns().iter().map(|known| known.name).collect();
    let (what, file) = match format {
        Some("tiktoken") | None => ("these ranks are", "a rank file".to_owned()),
        Some(other) => ("this vocab is", format!("a file of format `{other}`")),
    };
    FileError::missing(format!(
        "{what} of no published encoding, and {file} carries no split pattern"
    ))
    .with_hint(format!(
        "name the pattern it was trained with (`--pattern NAME`, `pattern=\"NAME\"`): {}",
        patterns.join(", ")
    ))
    .with_hint(
        "or give the pattern itself as a regular expression (`--pattern REGEX`, `pattern=r\"…\"`)",
    )
}

fn apply_encoding(definition: &mut Definition, encoding: &KnownEncoding) {
    definition.name = Some(encoding.name.to_owned());
    if let Some(known) = known::pattern_by_name(encoding.pattern) {
        definition.pretokenizer = Some(Pretokenizer::matches_of(Pattern::fancy(known.tiktoken)));
        definition.missing.retain(|part| *part != Part::Pattern);
    }
    definition.added_tokens = encoding
        .special_tokens()
        .into_iter()
        .chain(
            encoding
                .other_texts
                .iter()
                .map(|(text, id)| ((*text).to_owned(), *id)),
        )
        .map(|(content, id)| AddedToken::special(content, id))
        .collect();
    definition
        .missing
        .retain(|part| *part != Part::SpecialTokens);
    definition.normalizer = match encoding.normalizer {
        Some("NFC") => Some(Normalizer::Nfc),
        Some("NFKC") => Some(Normalizer::Nfkc),
        _ => None,
    };
}

/// The published encoding that a rank file is: by the name given, checked against the ranks; by
/// the ranks, and among siblings by the file's name.
fn find_encoding(
    definition: &Definition,
    file_name: &str,
    options: &LoadOptions,
) -> Result<Option<&'static KnownEncoding>> {
    let hash = definition
        .provenance
        .ranks_sha256
        .as_deref()
        .unwrap_or_default();
    let candidates = known::encodings_by_ranks(hash);
    if let Some(name) = &options.name {
        let Some(named) = known::encoding_by_name(name) else {
            // A name of one's own, beside a pattern of one's own.
            if options.pattern.is_some() || !definition.missing.contains(&Part::Pattern) {
                return Ok(None);
            }
            return Err(unknown_name(name, &candidates).into());
        };
        if named.ranks_sha256.is_empty() || named.ranks_sha256.contains(&hash) {
            return Ok(Some(named));
        }
        let found: Vec<_> = candidates
            .iter()
            .map(|known| format!("`{}`", known.name))
            .collect();
        let found = match found.as_slice() {
            [] => "of no published encoding".to_owned(),
            several => format!("those of {}", several.join(", ")),
        };
        return Err(FileError::data(format!(
            "the ranks are not those of `{}`; they are {found}",
            named.name
        ))
        .with_hint("pass `pattern` and `special_tokens` instead of a name to use it all the same")
        .into());
    }
    let name = compression::strip_suffix(file_name);
    let stem = name.strip_suffix(".tiktoken").unwrap_or(name);
    let by_file = known::encoding_by_file_stem(stem)
        .filter(|named| candidates.iter().any(|known| std::ptr::eq(*known, *named)));
    Ok(by_file.or_else(|| candidates.first().copied()))
}

fn unknown_name(name: &str, candidates: &[&KnownEncoding]) -> FileError {
    let names: Vec<&str> = if candidates.is_empty() {
        known::encodings().iter().map(|known| known.name).collect()
    } else {
        candidates.iter().map(|known| known.name).collect()
    };
    FileError::data(format!("`{}` is not a published encoding", show_text(name)))
        .with_hint(format!("expected one of {}", names.join(", ")))
        .with_hint("or pass `pattern` (and `special_tokens`) beside a name of your own")
}
