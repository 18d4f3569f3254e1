//! Sources against the whole text at once: whatever the batches are, the pretokens are the same.

mod border_tests;
mod file_tests;
mod json_tests;
mod special_tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bpekit_formats::compression::{self, Compression};
use tempfile::TempDir;

use super::*;
use crate::error::Result;
use crate::train::{Pretokenization, Segmenter};

/// Pretokens and how often each was met.
type Counts = BTreeMap<Vec<u8>, u64>;

/// What a source gave.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    counts: Counts,
    texts: u64,
    nulls: u64,
    batches: u64,
}

/// A temporary folder with files.
struct Dir(TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn how(pattern: &str) -> Pretokenization {
    Pretokenization::new(pattern).unwrap()
}

fn add_all(segmenter: &Segmenter, text: &str, counts: &mut Counts) -> Result<()> {
    segmenter.for_each(text, |source, start, end| {
        *counts.entry(source[start..end].to_vec()).or_default() += 1;
        Ok(())
    })
}

/// The pretokens of texts, each as a whole.
fn whole(how: &Pretokenization, texts: &[&str]) -> Counts {
    let segmenter = Segmenter::new(how).unwrap();
    let mut counts = Counts::new();
    for text in texts {
        add_all(&segmenter, text, &mut counts).unwrap();
    }
    counts
}

/// Everything a source gives.
fn drain(texts: &mut dyn Texts, how: &Pretokenization, invalid: Invalid) -> Result<Found> {
    let segmenter = Segmenter::new(how)?;
    let mut found = Found {
        counts: Counts::new(),
        texts: 0,
        nulls: 0,
        batches: 0,
    };
    let mut batch = Batch::default();
    while texts.next(&mut batch)? {
        found.batches += 1;
        found.nulls += batch.for_each_text(invalid, |text, is_whole| {
            found.texts += u64::from(is_whole);
            add_all(&segmenter, text, &mut found.counts)
        })?;
    }
    Ok(found)
}

/// The texts of a file, read in batches of this length.
fn read(
    path: &Path,
    form: &FileForm,
    how: &Pretokenization,
    invalid: Invalid,
    batch_len: usize,
) -> Result<Found> {
    let texts = FileTexts::open(path, form, how.cutter()?, true)?;
    let mut texts = texts.with_batch_len(batch_len);
    let found = drain(&mut texts, how, invalid)?;
    let on_disk = std::fs::read(path).unwrap();
    let len = on_disk.len() as u64;
    assert_eq!(texts.progress(), (len, Some(len)));
    assert_eq!(texts.sha256(), Some(sha256(&on_disk)));
    Ok(found)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).into()
}

fn pack(kind: Compression, bytes: &[u8]) -> Vec<u8> {
    compression::compress(kind, bytes).unwrap()
}

fn batch_lens() -> impl Iterator<Item = usize> {
    (1..=64).chain([256])
}
