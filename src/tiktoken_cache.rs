//! The cache in which tiktoken keeps what it downloads: which file has which name there, and
//! whether it is what tiktoken expects.
//!
//! tiktoken (`load.py`, `read_file_cached`) names a file by the sha1 of its URL, and looks into the
//! cache before it downloads. With the right files put there it needs no network; one that is not
//! what it expects it removes, and downloads.

use std::fs;
use std::path::{Path, PathBuf};

use bpekit_formats::{Error as FileError, Limits, ReadOptions, files, registry, show_text};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::error::Result;

/// A file that tiktoken downloads for encodings of its own.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedFile {
    /// Where tiktoken downloads it.
    pub url: &'static str,
    /// The sha256 tiktoken expects, in lower-case hex.
    pub sha256: &'static str,
    /// The encodings that are made of it.
    pub encodings: &'static [&'static str],
}

/// Every file of tiktoken 0.14 (`tiktoken_ext/openai_public.py`).
pub const PUBLISHED: &[PublishedFile] = &[
    PublishedFile {
        url: "https://openaipublic.blob.core.windows.net/gpt-2/encodings/main/vocab.bpe",
        sha256: "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
        encodings: &["gpt2"],
    },
    PublishedFile {
        url: "https://openaipublic.blob.core.windows.net/gpt-2/encodings/main/encoder.json",
        sha256: "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
        encodings: &["gpt2"],
    },
    PublishedFile {
        url: "https://openaipublic.blob.core.windows.net/encodings/r50k_base.tiktoken",
        sha256: "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
        encodings: &["r50k_base"],
    },
    PublishedFile {
        url: "https://openaipublic.blob.core.windows.net/encodings/p50k_base.tiktoken",
        sha256: "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069",
        encodings: &["p50k_base", "p50k_edit"],
    },
    PublishedFile {
        url: "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken",
        sha256: "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        encodings: &["cl100k_base"],
    },
    PublishedFile {
        url: "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken",
        sha256: "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        encodings: &["o200k_base", "o200k_harmony"],
    },
];

/// The name of a file in the cache: the sha1 of the URL, in lower-case hex.
///
/// # Examples
///
/// ```
/// use bpekit::tiktoken_cache::file_name;
///
/// let url = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken";
/// assert_eq!(file_name(url), "9b5ad71b2ce5302211f9c61530b329a4922fc6a4");
/// ```
pub fn file_name(url: &str) -> String {
    hex(&Sha1::digest(url.as_bytes()))
}

/// Where tiktoken has its cache, by the environment: `TIKTOKEN_CACHE_DIR`, else
/// `DATA_GYM_CACHE_DIR`, else `data-gym-cache` among the temporary files. `None` where one of the
/// two is empty, which turns the cache off.
pub fn folder() -> Option<PathBuf> {
    let named = ["TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"]
        .into_iter()
        .find_map(std::env::var_os);
    match named {
        Some(folder) if folder.is_empty() => None,
        Some(folder) => Some(folder.into()),
        None => Some(std::env::temp_dir().join("data-gym-cache")),
    }
}

/// A file that was put into the cache.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Put {
    /// Where it is.
    pub path: PathBuf,
    /// The URL it stands for.
    pub url: String,
    /// Its sha256, in lower-case hex: for a file of your own, what `expected_hash` of
    /// `tiktoken.load.load_tiktoken_bpe` may be given.
    pub sha256: String,
    /// Whether the same bytes were there before.
    pub was_there: bool,
}

/// Puts a file into the cache, which is made if it is not there. Without a URL it is known by its
/// sha256 as one of [`PUBLISHED`]. Compressed files are unpacked, as tiktoken reads none.
///
/// # Errors
///
/// Those of reading and writing; `Unsupported` for a file that is none of [`PUBLISHED`], without a
/// URL; `Data` for the URL of a published file with other bytes; for another URL, what is wrong
/// with the rank file.
///
/// # Examples
///
/// ```
/// use bpekit::tiktoken_cache::{file_name, put};
/// use bpekit::{Tokenizer, convert};
///
/// let folder = tempfile::tempdir()?;
/// let mine = folder.path().join("mine.tiktoken");
/// convert::save(&Tokenizer::demo()?, &mine, &convert::ConvertOptions::default())?;
/// let url = "https://example.com/mine.tiktoken";
/// let there = put(&mine, Some(url), &folder.path().join("cache"))?;
/// assert!(there.path.ends_with(file_name(url)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn put(file: &Path, url: Option<&str>, folder: &Path) -> Result<Put> {
    let limits = Limits::default();
    let name = files::file_name(file);
    let bytes = files::read_bytes(file, &limits)?;
    let bundle = files::unpack(&name, bytes, &limits).map_err(|error| error.with_path(file))?;
    let sha256 = hex(&Sha256::digest(bundle.bytes()));
    let url = if let Some(url) = url {
        match PUBLISHED.iter().find(|published| published.url == url) {
            Some(published) => expect(&sha256, published),
            None => check_ranks(&bundle),
        }
        .map_err(|error| error.with_path(file))?;
        url
    } else {
        let found = PUBLISHED.iter().find(|known| known.sha256 == sha256);
        found.ok_or_else(|| unknown(&sha256).with_path(file))?.url
    };
    let path = folder.join(file_name(url));
    let was_there = fs::read(&path).is_ok_and(|held| held == bundle.bytes());
    if !was_there {
        fs::create_dir_all(folder).map_err(|error| FileError::from(error).with_path(folder))?;
        files::write_atomic(&path, bundle.bytes())?;
    }
    Ok(Put {
        path,
        url: url.to_owned(),
        sha256,
        was_there,
    })
}

fn expect(sha256: &str, published: &PublishedFile) -> bpekit_formats::Result<()> {
    if sha256 == published.sha256 {
        return Ok(());
    }
    Err(FileError::data(format!(
        "the sha256 is {sha256}; tiktoken expects {} of this URL, and would remove the file",
        published.sha256
    ))
    .with_hint("line ends changed by git count as a change"))
}

/// tiktoken would fail on what is no rank file each time.
fn check_ranks(bundle: &bpekit_formats::Bundle) -> bpekit_formats::Result<()> {
    let options = ReadOptions {
        allow_missing_bytes: true,
        ..ReadOptions::default()
    };
    registry::by_name("tiktoken")?
        .read(bundle, &options)
        .map(drop)
}

fn unknown(sha256: &str) -> FileError {
    FileError::unsupported(format!(
        "is none of the files that tiktoken downloads for its encodings (sha256 {sha256})"
    ))
    .with_hint("for a file of your own, name the URL from which tiktoken would load it (`--url`)")
    .with_hint("line ends changed by git count as a change")
}

/// What there is of a file in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum State {
    /// What tiktoken expects.
    Right,
    /// Something else: tiktoken removes it.
    Wrong,
    /// Nothing.
    Absent,
    /// A file of another URL, of which nothing is expected.
    Other,
}

/// A file of the cache, or one that could be there.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its name: the sha1 of a URL.
    pub name: String,
    /// What it is for; `None` for [`State::Other`].
    pub published: Option<&'static PublishedFile>,
    /// What there is.
    pub state: State,
}

/// The published files in their order, whether they are there or not, then the others by name.
/// What has no name of the cache is passed over. A folder that is not there is empty.
///
/// # Errors
///
/// `Io`, with the path.
pub fn list(folder: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for published in PUBLISHED {
        let name = file_name(published.url);
        let path = folder.join(&name);
        let state = match fs::read(&path) {
            Ok(bytes) if hex(&Sha256::digest(&bytes)) == published.sha256 => State::Right,
            Ok(_) => State::Wrong,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => State::Absent,
            Err(error) => return Err(FileError::from(error).with_path(path).into()),
        };
        entries.push(Entry {
            name,
            published: Some(published),
            state,
        });
    }
    let held = match fs::read_dir(folder) {
        Ok(held) => held,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(entries),
        Err(error) => return Err(FileError::from(error).with_path(folder).into()),
    };
    let is_name = |name: &str| {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        name.len() == 40 && name.bytes().all(is_digit)
    };
    let mut others: Vec<String> = held
        .filter_map(std::result::Result::ok)
        .map(|entry| files::file_name(&entry.path()))
        .filter(|name| is_name(name) && !entries.iter().any(|known| known.name == *name))
        .collect();
    others.sort_unstable();
    entries.extend(others.into_iter().map(|name| Entry {
        name,
        published: None,
        state: State::Other,
    }));
    Ok(entries)
}

/// The files of an encoding of tiktoken's own.
///
/// # Errors
///
/// `Argument` for a name that is none, with those there are.
pub fn files_of(encoding: &str) -> Result<Vec<&'static PublishedFile>> {
    let is_one = |published: &&PublishedFile| published.encodings.contains(&encoding);
    let found: Vec<_> = PUBLISHED.iter().filter(is_one).collect();
    if found.is_empty() {
        let mut names: Vec<_> = PUBLISHED
            .iter()
            .flat_map(|known| known.encodings)
            .copied()
            .collect();
        names.dedup();
        return Err(crate::Error::argument(format!(
            "`{}` is no encoding of tiktoken's own; expected one of {}",
            show_text(encoding),
            names.join(", ")
        )));
    }
    Ok(found)
}

fn hex(digest: &[u8]) -> String {
    let digits = b"0123456789abcdef";
    digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(digits[usize::from(digit)]))
        .collect()
}
