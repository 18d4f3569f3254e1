//! From one format to another: in the target's terms, checked, and nothing lost silently.
//!
//! `prepare` restates a definition in the terms of a target: ranks become merges (`to_listed`),
//! merges become ranks where that is exact (`to_ranks`), patterns change their dialect
//! (`patterns`), and scores and steps of SentencePiece become those of a tokenizer.json
//! (`crate::sentencepiece`). What the target cannot carry is a loss, refused unless the caller
//! allows it.
//! Before a file is put in its place it is read back and both tokenizers encode a verification set
//! (`check`).

mod check;
mod patterns;
mod report;
mod roles;
mod to_listed;
mod to_ranks;

use std::path::Path;

use bpekit_formats::{
    Atoms, Bundle, Codec, Definition, Dialect, Error as FileError, FormatInfo, Loss, LossPart,
    MergeTerms, Merges, ReadOptions, Severity, StepTerms, Terms, files, registry, show_text,
};

use crate::error::{Error, Result};
use crate::load::{LoadOptions, load_definition, read_bundle};
use crate::tokenizer::Tokenizer;

pub(crate) use crate::bpe::live_pairs::unreachable_tokens;
pub(crate) use report::losses_to_json;
pub use report::{Report, Verdict};

/// How to convert.
#[derive(Clone, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct ConvertOptions {
    /// The target format's name; none to take it from the target's file name, and if that says
    /// nothing, to be refused.
    pub to: Option<String>,
    /// The parts that may be lost.
    pub allow_loss: Vec<LossPart>,
    /// Whether the merges of a tokenizer.json are strings (`"a b"`), which every version of
    /// tokenizers before 1.0 reads, in place of the pairs (`["a", "b"]`) that a file had which a
    /// version since 0.20 wrote.
    pub string_merges: bool,
}

/// Converts a file to another. The target appears whole and checked, or not at all.
///
/// # Errors
///
/// Errors of either file; of category `Loss` if something would be lost that is not allowed;
/// `Unsupported` if no target of that format can say the same, or, with the text, if the check
/// finds one that encodes differently.
///
/// # Examples
///
/// ```
/// use bpekit::convert::{ConvertOptions, convert};
/// use bpekit::{LoadOptions, Tokenizer};
///
/// let folder = tempfile::tempdir().unwrap();
/// let (from, to) = (folder.path().join("demo.tiktoken"), folder.path().join("tokenizer.json"));
/// bpekit::convert::save(&Tokenizer::demo()?, &from, &ConvertOptions::default())?;
/// let report = convert(&from, &to, &LoadOptions::default(), &ConvertOptions::default())?;
/// assert!(report.is_exact());
/// # Ok::<(), bpekit::Error>(())
/// ```
pub fn convert(
    from: &Path,
    to: &Path,
    load: &LoadOptions,
    options: &ConvertOptions,
) -> Result<Report> {
    let source = Tokenizer::from_definition(load_definition(from, load)?)?;
    save(&source, to, options)
}

/// Writes a tokenizer to a file, with the same checks as [`convert`].
///
/// # Errors
///
/// As [`convert`].
pub fn save(source: &Tokenizer, to: &Path, options: &ConvertOptions) -> Result<Report> {
    let name = files::file_name(to);
    let options = &with_directory(options, to);
    let (bundle, report) = to_bundle(source, &name, options).map_err(|error| in_file(error, to))?;
    files::save(&bundle, to)?;
    Ok(report)
}

/// The options, with the format of directories where the target is one and no format is named:
/// one that is there, or a path that ends with a slash.
pub(crate) fn with_directory(options: &ConvertOptions, to: &Path) -> ConvertOptions {
    let text = to.as_os_str().as_encoded_bytes();
    let ends_with_slash = text
        .last()
        .is_some_and(|&byte| byte == b'/' || (cfg!(windows) && byte == b'\\'));
    let mut options = options.clone();
    if options.to.is_none() && (ends_with_slash || to.is_dir()) {
        options.to = Some("hf-dir".to_owned());
    }
    options
}

/// The files of a tokenizer in a format, under a name, with the same checks as [`convert`].
///
/// # Errors
///
/// As [`convert`], without a path.
pub fn to_bundle(
    source: &Tokenizer,
    name: &str,
    options: &ConvertOptions,
) -> Result<(Bundle, Report)> {
    let codec = target_codec(name, options)?;
    let format = codec.info().name;
    let (prepared, losses) = prepare_allowed(source.definition(), codec, options)?;
    let bundle = codec
        .write(&prepared, name)
        .map_err(|error| error.with_format(format))?;
    let (texts, proof) = check::check(source, &bundle, codec, &losses)?;
    let from = source.definition().provenance.format.unwrap_or("memory");
    let mut report = Report::new(from, format, &bundle, &prepared, losses);
    report.checked_texts = texts;
    report.proof = Some(proof);
    Ok((bundle, report))
}

/// What a reader of a format gets of a tokenizer, with the same checks as [`convert`]; under the
/// name that the tokenizer has.
///
/// # Errors
///
/// As [`convert`], without a path.
pub fn restated(source: &Tokenizer, options: &ConvertOptions) -> Result<Tokenizer> {
    let (bundle, report) = to_bundle(source, "tokenizer", options)?;
    let load = LoadOptions {
        format: Some(report.to),
        ..LoadOptions::default()
    };
    let mut definition = read_bundle(&bundle, &load)?;
    definition.name.clone_from(&source.definition().name);
    Tokenizer::from_definition(definition)
}

/// Refuses a target whose format is not known, or which cannot say what a definition says, before
/// the work that fills the definition is begun.
///
/// # Errors
///
/// As [`convert`], without a path.
pub(crate) fn check_target(
    source: &Definition,
    name: &str,
    options: &ConvertOptions,
) -> Result<()> {
    prepare_allowed(source, target_codec(name, options)?, options).map(drop)
}

/// As [`prepare`], and an error for what may not be lost.
fn prepare_allowed(
    source: &Definition,
    codec: &dyn Codec,
    options: &ConvertOptions,
) -> Result<(Definition, Vec<Loss>)> {
    let (mut prepared, losses) = prepare(source, codec)?;
    if options.string_merges {
        let is_tokenizer_json = codec
            .info()
            .writes
            .is_some_and(|terms| terms.steps == StepTerms::Steps);
        if !is_tokenizer_json {
            return Err(FileError::unsupported(format!(
                "format `{}` has no choice of how merges are written; hf-json and hf-dir have",
                codec.info().name
            ))
            .with_hint("leave string merges out")
            .into());
        }
        prepared.extra.string_merges = true;
    }
    let refused: Vec<Loss> = losses
        .iter()
        .filter(|loss| loss.severity == Severity::Refused)
        .filter(|loss| !options.allow_loss.contains(&loss.part))
        .cloned()
        .collect();
    if refused.is_empty() {
        return Ok((prepared, losses));
    }
    Err(loss_error(refused, codec.info().name).into())
}

/// A definition in the terms of a target format, and what the target changes or drops.
///
/// # Errors
///
/// `Unsupported` if no allowance makes it possible.
pub fn prepare(source: &Definition, codec: &dyn Codec) -> Result<(Definition, Vec<Loss>)> {
    let mut losses = Vec::new();
    let wants_ranks = |terms: &Terms| terms.merges == MergeTerms::Ranks;
    let is_listed = matches!(source.merges, Merges::Listed(_));
    let is_restated = is_listed && codec.info().writes.as_ref().is_some_and(wants_ranks);
    if source.provenance.format == Some(codec.info().name) && !is_restated {
        // What was read from the format can be written in it, but for what an edit may have brought:
        // added tokens of another kind, and merges in another order than that of ids.
        let losses = codec.losses(source).into_iter();
        let of_added = losses.filter(|loss| is_of_added_tokens(loss.part));
        return Ok((source.clone(), of_added.collect()));
    }
    let Some(terms) = codec.info().writes else {
        return Err(not_written(codec.info()).into());
    };
    let mut prepared = source.clone();
    if codec.info().carries.roles {
        roles::fill_in(&mut prepared);
    }
    match terms.merges {
        MergeTerms::Listed => to_listed::restate_merges(&mut prepared)?,
        MergeTerms::PlainList => to_listed::restate_plainly(&mut prepared)?,
        MergeTerms::IdOrder => {
            to_ranks::restate_merges(&mut prepared, &mut losses)?;
            to_listed::restate_plainly(&mut prepared)?;
        }
        MergeTerms::Ranks => to_ranks::restate_merges(&mut prepared, &mut losses)?,
        // The codec refuses what has none in words of its own.
        MergeTerms::Scores => {}
    }
    match terms.steps {
        // The document of a tokenizer.json can go to another place as it is.
        StepTerms::Steps if source.extra.json.is_some() => {}
        StepTerms::Steps => {
            to_listed::restate_steps(&mut prepared, Dialect::Oniguruma, &mut losses)?;
        }
        // The codec refuses other atoms in words of its own.
        StepTerms::NamedSteps if prepared.atoms == Atoms::Bytes => {
            to_listed::restate_steps(&mut prepared, Dialect::Oniguruma, &mut losses)?;
            to_listed::publish_steps(&mut prepared);
            to_ranks::report_unread(&prepared, &mut losses);
        }
        StepTerms::NamedSteps | StepTerms::Own => {}
        StepTerms::FancySteps => {
            to_listed::restate_steps(&mut prepared, Dialect::FancyRegex, &mut losses)?;
            patterns::report_unknown(prepared.pretokenizer.as_ref(), &mut losses);
        }
        StepTerms::Pattern => to_ranks::restate_steps(&mut prepared, &mut losses)?,
    }
    if let Some(wanted) = codec.implied_ignore_merges(&prepared) {
        to_listed::settle_ignore_merges(&mut prepared, wanted);
    }
    report_uncarried(source, codec.info(), &mut losses);
    losses.extend(codec.losses(&prepared));
    Ok((prepared, losses))
}

fn is_of_added_tokens(part: LossPart) -> bool {
    matches!(part, LossPart::AddedTokenFlags | LossPart::NonSpecialTokens)
}

fn not_written(info: &FormatInfo) -> FileError {
    FileError::unsupported(format!("format `{}` is read, not written", info.name))
        .with_hint(format!("write one of {}", written_formats()))
}

fn written_formats() -> String {
    let written = registry::formats().filter(|info| info.writes.is_some());
    let names: Vec<_> = written.map(|info| info.name).collect();
    names.join(", ")
}

/// What a target has no place for and no ids hang on.
fn report_uncarried(source: &Definition, info: &FormatInfo, losses: &mut Vec<Loss>) {
    if !source.roles.is_empty() && !info.carries.roles {
        losses.push(Loss::reported(
            LossPart::Roles,
            "which tokens begin a text, end it, or fill a batch is left out",
        ));
    }
    if source.chat_template.is_some() && !info.carries.chat_template {
        losses.push(Loss::reported(
            LossPart::ChatTemplate,
            "the template by which a talk is written out is left out",
        ));
    }
    // Of the two versions of tokenizer.json neither takes what only the other may have.
    let left_out = match info.writes.map(|terms| terms.steps) {
        Some(StepTerms::Steps) => source.extra.json_2.as_ref(),
        Some(StepTerms::FancySteps) => source.extra.json.as_ref(),
        _ => None,
    };
    if let Some(document) = left_out {
        to_ranks::report_unknown(document, losses);
    }
    let extra = &source.extra;
    let unread = [
        (
            "tokenizer_config.json",
            extra.hf_dir.as_ref().map(|files| &files.unread),
        ),
        ("the file", extra.carried.as_ref().map(|held| &held.unread)),
    ];
    for (place, names) in unread {
        let Some(names) = names.filter(|names| !names.is_empty()) else {
            continue;
        };
        let names: Vec<String> = names.iter().map(|name| show_text(name)).collect();
        losses.push(Loss::reported(
            LossPart::UnknownFields,
            format!("members of {place} are left out: {}", names.join(", ")),
        ));
    }
}

fn target_codec(name: &str, options: &ConvertOptions) -> Result<&'static dyn Codec> {
    if let Some(format) = &options.to {
        let codec = registry::by_name(format)?;
        if codec.info().writes.is_none() {
            return Err(not_written(codec.info()).into());
        }
        return Ok(codec);
    }
    let codec = registry::by_file_name(name).ok_or_else(|| {
        FileError::unsupported("the name does not say a format")
            .with_hint(format!("name the format: {}", written_formats()))
    })?;
    if codec.info().writes.is_none() {
        return Err(not_written(codec.info()).into());
    }
    Ok(codec)
}

fn loss_error(refused: Vec<Loss>, format: &str) -> FileError {
    let mut names: Vec<&str> = refused.iter().map(|loss| loss.part.name()).collect();
    names.sort_unstable();
    names.dedup();
    let names = names.join(",");
    FileError::new(bpekit_formats::ErrorKind::Loss(refused))
        .with_hint(format!(
            "format `{format}` cannot carry this; pass `--allow-loss {names}` to write it all the same"
        ))
        .with_hint("or choose a format that can: `bpekit formats` lists what each carries")
}

/// Puts the target's path to an error about it.
fn in_file(error: Error, path: &Path) -> Error {
    match error.into_kind() {
        crate::ErrorKind::File(inner) => inner.with_path(path).into(),
        kind => Error::new(kind),
    }
}

/// Reads a bundle back, as a check of what was written.
fn read_back(bundle: &Bundle, codec: &dyn Codec) -> Result<Definition> {
    let mut options = ReadOptions {
        allow_missing_bytes: true,
        ..ReadOptions::default()
    };
    // What was in memory may be written, whatever the limits for files from outside are.
    options.limits.file_len = u64::MAX;
    options.limits.token_count = u64::MAX;
    options.limits.token_len = u64::MAX / 4;
    options.limits.merge_count = u64::MAX;
    options.limits.added_token_count = u64::MAX;
    Ok(codec.read(bundle, &options)?)
}

/// The number of merges of a definition, whichever way it has them.
fn merge_count(definition: &Definition) -> Option<usize> {
    match &definition.merges {
        Merges::ByRank | Merges::ByScore(_) => None,
        Merges::Listed(merges) => Some(merges.len()),
    }
}
