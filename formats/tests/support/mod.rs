//! What the tests of this crate share: the manifest of fixtures, and reading one.

#![allow(dead_code, reason = "each test uses its own part")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bpekit_formats::{
    Bundle, Codec, Definition, Error, Layout, Limits, ReadOptions, files, registry,
};
use serde::Deserialize;

/// One `[[file]]` of fixtures/MANIFEST.toml; its README says what the members mean.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fixture {
    pub(crate) path: String,
    pub(crate) format: String,
    pub(crate) sha256: String,
    pub(crate) source: String,
    pub(crate) licence: String,
    pub(crate) canonical: bool,
    pub(crate) exercises: String,
    pub(crate) companion_of: Option<String>,
    pub(crate) n_vocab: Option<u64>,
    pub(crate) n_tokens: Option<usize>,
    pub(crate) n_merges: Option<usize>,
    pub(crate) n_added: Option<usize>,
}

impl Fixture {
    pub(crate) fn absolute(&self) -> PathBuf {
        root().join(&self.path)
    }

    pub(crate) fn name(&self) -> String {
        files::file_name(Path::new(&self.path))
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        fs::read(self.absolute()).unwrap()
    }

    pub(crate) fn codec(&self) -> &'static dyn Codec {
        registry::by_name(&self.format).unwrap()
    }

    /// The bundle, out of its compression, with the files beside it.
    pub(crate) fn bundle(&self) -> Bundle {
        let name = self.name();
        let mut bundle = files::unpack(&name, self.content(), &Limits::default()).unwrap();
        if self.codec().info().layout == Layout::Directory {
            bundle = Bundle::in_directory(name, bundle.into_bytes());
        }
        for companion in self.companions(&bundle) {
            if let Ok(bytes) = fs::read(self.absolute().with_file_name(&companion)) {
                bundle.add_part(companion, bytes);
            }
        }
        bundle
    }

    /// The names of the files beside it, in the order of reading.
    fn companions(&self, bundle: &Bundle) -> Vec<String> {
        let mut names = Vec::new();
        for name in self.codec().companions(bundle) {
            let Some((folder, ending)) = name.split_once("/*") else {
                names.push(name);
                continue;
            };
            let Ok(entries) = fs::read_dir(self.absolute().with_file_name(folder)) else {
                continue;
            };
            let found = entries.map(|entry| files::file_name(&entry.unwrap().path()));
            let mut found: Vec<String> = found.filter(|name| name.ends_with(ending)).collect();
            found.sort();
            names.extend(found.into_iter().map(|name| format!("{folder}/{name}")));
        }
        names
    }

    /// What is loaded: the directory, for a format of directories.
    pub(crate) fn place(&self) -> PathBuf {
        let mut place = self.absolute();
        if self.codec().info().layout == Layout::Directory {
            place.pop();
        }
        place
    }

    /// The name to write it under: that of the file, or of the directory.
    pub(crate) fn target_name(&self) -> String {
        files::file_name(&self.place())
    }

    pub(crate) fn read(&self) -> Definition {
        self.codec()
            .read(&self.bundle(), &ReadOptions::default())
            .unwrap()
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// Every file of the manifest.
pub(crate) fn manifest() -> Vec<Fixture> {
    #[derive(Deserialize)]
    struct Manifest {
        file: Vec<Fixture>,
    }
    let text = fs::read_to_string(root().join("MANIFEST.toml")).unwrap();
    toml::from_str::<Manifest>(&text).unwrap().file
}

/// The main files below `valid/` or `invalid/`: companions are read with them.
pub(crate) fn main_files(folder: &str) -> Vec<Fixture> {
    let mut found = manifest();
    found.retain(|file| file.path.starts_with(folder) && file.companion_of.is_none());
    assert!(found.len() >= 12, "{folder} has {} files", found.len());
    found
}

/// Every file below a folder of fixtures, as paths relative to the fixtures.
pub(crate) fn files_below(folder: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(root()).unwrap();
                found.insert(relative.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found
}

/// Reads bytes as a file of that name would be: detection, then the codec.
pub(crate) fn read_as(
    name: &str,
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<Definition, Error> {
    let bundle = files::unpack(name, bytes.to_vec(), &options.limits)?;
    registry::detect(&bundle)?.read(&bundle, options)
}

/// 256 rank lines, the bytes in order, and what a test adds.
pub(crate) fn rank_file(more: &str) -> Vec<u8> {
    let bytes: Vec<[u8; 1]> = (0..=255).map(|byte| [byte]).collect();
    let tokens = bytes
        .iter()
        .enumerate()
        .map(|(id, byte)| (id as u32, &byte[..]));
    let vocab = bpekit_formats::Vocab::from_tokens(tokens).unwrap();
    let mut file = bpekit_formats::codecs::tiktoken::write_ranks(&vocab);
    file.extend_from_slice(more.as_bytes());
    file
}
