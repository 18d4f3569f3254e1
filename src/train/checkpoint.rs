//! What a training keeps in a folder, to go on after an interruption.
//!
//! `checkpoint.json` says what was asked for and which texts were counted, each with the sha256 of
//! its bytes; `counts-N.bpecounts` has the counts of one of them, and `merges.log` the merges so
//! far. Every file but the log is written aside and renamed, and the log's records carry check
//! values: whenever a process is killed, what is there is whole. A lock keeps two processes from
//! one folder.

use std::fmt::Write;
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bpekit_formats::{
    Definition, Error as FileError, MergeLogWriter, MergeRecord, Merges, files, merge_log,
    show_text,
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::counts::PretokenCounts;
use super::job::{Source, Trainer};
use super::merge::Merged;
use super::pretokenization::Pretokenization;
use crate::error::Result;
use crate::watch::Watch;

/// A folder that is locked for one training.
pub(super) struct Checkpoint {
    folder: PathBuf,
    manifest: Manifest,
    /// Released when it is closed, also by the death of the process.
    _lock: File,
}

/// The content of `checkpoint.json`.
struct Manifest {
    /// Names and values, as messages show them.
    settings: Vec<(String, String)>,
    /// The files, sorted; none for texts.
    sources: Option<Vec<String>>,
    counted: Vec<Counted>,
}

/// Texts that were counted.
struct Counted {
    source: String,
    sha256: String,
    /// The name of the file with the counts.
    counts: String,
}

/// What was counted at once.
pub(super) enum Unit {
    /// All texts that a caller handed over.
    Texts,
    /// A file, by its path.
    File(String),
}

impl Unit {
    pub(super) fn of_file(path: &Path) -> Self {
        Self::File(name_of(path))
    }

    fn name(&self) -> &str {
        match self {
            Self::Texts => TEXTS,
            Self::File(name) => name,
        }
    }
}

/// The name of texts that come from no file.
const TEXTS: &str = "texts";
const VERSION: u64 = 1;
const MANIFEST: &str = "checkpoint.json";
/// Where the manifest has the sha256 of its other members, as JSON without spaces.
const CHECK: &str = "check";
const LOCK: &str = "checkpoint.lock";
const LOG: &str = "merges.log";

/// How much is read of a file between two looks at the watch.
const BLOCK: usize = 1 << 20;

fn name_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl Checkpoint {
    /// Opens a folder for a training. A new one is made; one that has a checkpoint must be of the
    /// same training, and is gone on with if the caller says so.
    ///
    /// # Errors
    ///
    /// `File`: (I/O) for a folder that cannot be made or written; (data) if another process uses
    /// it, if it has a checkpoint and the caller does not want to resume, if that is damaged, or
    /// of a training with other settings or files, naming them.
    pub(super) fn open(
        folder: &Path,
        resume: bool,
        trainer: &Trainer,
        source: &Source<'_>,
    ) -> Result<Self> {
        let in_folder = |error: std::io::Error| FileError::from(error).with_path(folder);
        fs::create_dir_all(folder).map_err(in_folder)?;
        let lock = lock(folder)?;
        let path = folder.join(MANIFEST);
        let asked = Manifest {
            settings: settings(trainer),
            sources: match source {
                Source::Files(paths) => {
                    let mut names: Vec<_> = paths.iter().map(|path| name_of(path)).collect();
                    names.sort_unstable();
                    Some(names)
                }
                Source::Text(_) | Source::Fed(_) => None,
            },
            counted: Vec::new(),
        };
        let manifest = match fs::read(&path) {
            Ok(_) if !resume => {
                return Err(FileError::data("the folder has a checkpoint already")
                    .with_path(folder)
                    .with_hint("to go on with it: `resume=True` (`--resume`)")
                    .with_hint("or name another folder, or delete this one")
                    .into());
            }
            Ok(bytes) => {
                let held = Manifest::read(&bytes).map_err(|error| error.with_path(&path))?;
                held.check_same(&asked)
                    .map_err(|error| error.with_path(&path))?;
                held
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                files::write_atomic(&path, &asked.write()?)?;
                asked
            }
            Err(error) => return Err(FileError::from(error).with_path(&path).into()),
        };
        Ok(Self {
            folder: folder.to_path_buf(),
            manifest,
            _lock: lock,
        })
    }

    /// The counts of texts with this sha256, if they were kept.
    ///
    /// # Errors
    ///
    /// `File` (data) if the checkpoint has counts of other texts.
    pub(super) fn text_counts(
        &self,
        sha256: [u8; 32],
        how: &Pretokenization,
    ) -> Result<Option<PretokenCounts>> {
        match self.manifest.counted(TEXTS) {
            None => Ok(None),
            Some(counted) if counted.sha256 == hex(&sha256) => self.read(counted, how).map(Some),
            Some(_) => Err(
                FileError::data("the checkpoint was made with other texts than these")
                    .with_path(&self.folder)
                    .with_hint(OTHER_FOLDER)
                    .into(),
            ),
        }
    }

    /// The counts of a file, if they were kept.
    ///
    /// # Errors
    ///
    /// `File` (data) if the file has changed since; (I/O) if it cannot be read.
    pub(super) fn file_counts(
        &self,
        path: &Path,
        how: &Pretokenization,
        watch: &dyn Watch,
    ) -> Result<Option<PretokenCounts>> {
        let Some(counted) = self.manifest.counted(&name_of(path)) else {
            return Ok(None);
        };
        if sha256_of(path, watch)? != counted.sha256 {
            return Err(
                FileError::data("the file has changed since the checkpoint counted it")
                    .with_path(path)
                    .with_hint(OTHER_FOLDER)
                    .into(),
            );
        }
        self.read(counted, how).map(Some)
    }

    fn read(&self, counted: &Counted, how: &Pretokenization) -> Result<PretokenCounts> {
        let path = self.folder.join(&counted.counts);
        let counts = PretokenCounts::load(&path)?;
        how.check_same(counts.pretokenization())?;
        Ok(counts)
    }

    /// Keeps the counts of some texts.
    ///
    /// # Errors
    ///
    /// `File` (I/O).
    pub(super) fn keep_counts(
        &mut self,
        unit: &Unit,
        sha256: Option<[u8; 32]>,
        counts: &PretokenCounts,
    ) -> Result<()> {
        let name = counts_name(self.manifest.counted.len());
        counts.save(&self.folder.join(&name))?;
        self.manifest.counted.push(Counted {
            source: unit.name().to_owned(),
            sha256: hex(&sha256.unwrap_or_default()),
            counts: name,
        });
        files::write_atomic(&self.folder.join(MANIFEST), &self.manifest.write()?)?;
        Ok(())
    }

    /// The log of merges, cut behind its last whole record.
    ///
    /// # Errors
    ///
    /// `File`: (I/O); (data) if it is damaged, or of other settings or texts.
    pub(super) fn merges(&self) -> Result<Log> {
        let path = self.folder.join(LOG);
        let settings = self.manifest.identity();
        let open = || OpenOptions::new().create(true).append(true).open(&path);
        let in_log = |error: std::io::Error| FileError::from(error).with_path(&path);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(in_log(error).into()),
        };
        if bytes.len() < merge_log::HEADER_LEN {
            // A process was killed before it had written the header: there is no merge yet.
            File::create(&path).map_err(in_log)?;
            let file = open().map_err(in_log)?;
            let writer =
                MergeLogWriter::new(file, &settings).map_err(|error| error.with_path(&path))?;
            return Ok(Log::new(path, writer, Vec::new()));
        }
        let held = merge_log::read(&bytes).map_err(|error| error.with_path(&path))?;
        if held.settings != settings {
            return Err(
                FileError::data("the merges were made with other settings or texts")
                    .with_path(&path)
                    .with_hint("delete the log: merging starts again from the counts")
                    .into(),
            );
        }
        let file = open().map_err(in_log)?;
        file.set_len(held.valid_len as u64).map_err(in_log)?;
        let earlier = held.records.iter().map(|record| Merged {
            left: record.left,
            right: record.right,
            count: record.count,
            saved: record.saved,
        });
        let earlier = earlier.collect();
        let writer = MergeLogWriter::resume(file, &held);
        Ok(Log::new(path, writer, earlier))
    }
}

const OTHER_FOLDER: &str = "name another folder, or delete this one, to start anew";

/// The merges of a training, as they are made.
pub(super) struct Log {
    path: PathBuf,
    writer: MergeLogWriter<File>,
    earlier: Vec<Merged>,
    pending: Vec<MergeRecord>,
    written: Instant,
}

/// Merges are written when this many wait, or the oldest for so long.
const PENDING: usize = 4096;
const WRITE_EVERY: Duration = Duration::from_millis(200);

impl Log {
    fn new(path: PathBuf, writer: MergeLogWriter<File>, earlier: Vec<Merged>) -> Self {
        Self {
            path,
            writer,
            earlier,
            pending: Vec::new(),
            written: Instant::now(),
        }
    }

    /// Those that an earlier run made.
    pub(super) fn earlier(&self) -> &[Merged] {
        &self.earlier
    }

    pub(super) fn keep(&mut self, merged: &Merged) -> Result<()> {
        self.pending.push(MergeRecord {
            left: merged.left,
            right: merged.right,
            count: merged.count,
            saved: merged.saved,
        });
        if self.pending.len() >= PENDING || self.written.elapsed() >= WRITE_EVERY {
            self.flush()?;
        }
        Ok(())
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        self.writer
            .append(&self.pending)
            .map_err(|error| error.with_path(&self.path))?;
        self.pending.clear();
        self.written = Instant::now();
        Ok(())
    }
}

impl Manifest {
    fn counted(&self, source: &str) -> Option<&Counted> {
        self.counted.iter().find(|counted| counted.source == source)
    }

    /// The sha256 of everything that the merges depend on.
    fn identity(&self) -> String {
        let mut texts: Vec<_> = match &self.sources {
            None => self.counted.iter().map(|counted| &counted.sha256).collect(),
            Some(names) => names
                .iter()
                .filter_map(|name| self.counted(name))
                .map(|counted| &counted.sha256)
                .collect(),
        };
        texts.sort_unstable();
        let all = json!({ "settings": self.settings_json(), "texts": texts });
        hex(&Sha256::digest(all.to_string()).into())
    }

    fn settings_json(&self) -> Value {
        let members = self.settings.iter();
        Value::Object(
            members
                .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
                .collect::<Map<_, _>>(),
        )
    }

    fn write(&self) -> Result<Vec<u8>> {
        let counted = self.counted.iter().map(|counted| {
            json!({
                "source": counted.source,
                "sha256": counted.sha256,
                "counts": counted.counts,
            })
        });
        let mut value = json!({
            "bpekit_checkpoint": VERSION,
            "settings": self.settings_json(),
            "sources": self.sources,
            "counted": counted.collect::<Vec<_>>(),
        });
        value[CHECK] = Value::from(hex(&Sha256::digest(value.to_string()).into()));
        let mut bytes = serde_json::to_vec_pretty(&value)
            .map_err(|error| FileError::from(std::io::Error::from(error)))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn read(bytes: &[u8]) -> std::result::Result<Self, FileError> {
        let damaged = |what: &str| {
            FileError::data(format!("the checkpoint is damaged: {what}")).with_hint(OTHER_FOLDER)
        };
        let mut value: Value =
            serde_json::from_slice(bytes).map_err(|error| damaged(&error.to_string()))?;
        match value["bpekit_checkpoint"].as_u64() {
            Some(VERSION) => {}
            Some(other) => {
                return Err(FileError::unsupported(format!(
                    "a checkpoint of version {other}; expected {VERSION}"
                ))
                .with_hint(OTHER_FOLDER));
            }
            None => return Err(damaged("no version in `bpekit_checkpoint`")),
        }
        let check = value.as_object_mut().and_then(|all| all.remove(CHECK));
        let expected = hex(&Sha256::digest(value.to_string()).into());
        let is_whole = check == Some(Value::from(expected));
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let settings = value["settings"]
            .as_object()
            .and_then(|members| {
                let members = members.iter();
                members
                    .map(|(name, value)| Some((name.clone(), text(value)?)))
                    .collect::<Option<Vec<_>>>()
            })
            .ok_or_else(|| damaged("`settings`"))?;
        let sources = match &value["sources"] {
            Value::Null => None,
            Value::Array(names) => Some(
                names
                    .iter()
                    .map(text)
                    .collect::<Option<Vec<_>>>()
                    .ok_or_else(|| damaged("`sources`"))?,
            ),
            _ => return Err(damaged("`sources`")),
        };
        let counted = value["counted"]
            .as_array()
            .and_then(|all| {
                all.iter()
                    .enumerate()
                    .map(|(number, one)| {
                        Some(Counted {
                            source: text(&one["source"])?,
                            sha256: text(&one["sha256"])?,
                            counts: text(&one["counts"])
                                .filter(|name| *name == counts_name(number))?,
                        })
                    })
                    .collect::<Option<Vec<_>>>()
            })
            .ok_or_else(|| damaged("`counted`"))?;
        // Last, as the place of a fault says more.
        if !is_whole {
            return Err(damaged(
                "its content has another sha256 than it says; expected that one",
            ));
        }
        Ok(Self {
            settings,
            sources,
            counted,
        })
    }

    fn check_same(&self, asked: &Self) -> std::result::Result<(), FileError> {
        let other = |what: String| FileError::data(what).with_hint(OTHER_FOLDER);
        for (name, value) in &asked.settings {
            let held = self.settings.iter().find(|(held, _)| held == name);
            let held = held.map_or("nothing", |(_, value)| value.as_str());
            if held != value {
                return Err(other(format!(
                    "the checkpoint was made with {name} `{}`; expected that, and not `{}`",
                    show_text(held),
                    show_text(value)
                )));
            }
        }
        let (held, asked) = match (&self.sources, &asked.sources) {
            (None, None) => return Ok(()),
            (Some(held), Some(asked)) => (held, asked),
            (held, _) => {
                let was = if held.is_some() { "files" } else { "texts" };
                return Err(other(format!(
                    "the checkpoint was made of {was}; expected those"
                )));
            }
        };
        if let Some(name) = asked.iter().find(|name| !held.contains(name)) {
            return Err(other(format!(
                "the checkpoint was made without the file `{}`",
                show_text(name)
            )));
        }
        if let Some(name) = held.iter().find(|name| !asked.contains(name)) {
            return Err(other(format!(
                "the checkpoint was made with one more file, `{}`",
                show_text(name)
            )));
        }
        if held.len() != asked.len() {
            return Err(other(
                "the checkpoint was made with a file more or less often".to_owned(),
            ));
        }
        Ok(())
    }
}

/// The name of the file with the counts that were kept after so many others.
fn counts_name(number: usize) -> String {
    format!("counts-{number}.bpecounts")
}

/// Everything that the merges depend on, beside the texts.
fn settings(trainer: &Trainer) -> Vec<(String, String)> {
    let (train, how) = (&trainer.train, &trainer.how);
    let optional = |value: Option<u64>| value.map_or("none".to_owned(), |value| value.to_string());
    let byte_order = train.byte_order.unwrap_or(train.order.byte_order());
    let form = trainer.form.as_ref();
    let base = train.base.as_ref();
    [
        ("pattern", how.pattern_name()),
        ("normalizer", how.normalizer_name()),
        ("special tokens", json!(how.special_tokens()).to_string()),
        ("vocab_size", train.vocab_size.to_string()),
        ("order", train.order.name().to_owned()),
        ("byte_order", byte_order.name().to_owned()),
        ("min_frequency", train.min_frequency.max(1).to_string()),
        ("max_token_length", optional(train.max_token_length)),
        ("min_count", trainer.count.min_count.to_string()),
        ("errors", trainer.count.invalid.name().to_owned()),
        (
            "form",
            form.map_or("by name".to_owned(), |form| format!("{form:?}")),
        ),
        (
            "base",
            base.map_or("none".to_owned(), |base| identity_of(base)),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn identity_of(base: &Definition) -> String {
    let mut sha256 = Sha256::new();
    for token in base.vocab.iter() {
        sha256.update(token.id.to_le_bytes());
        sha256.update((token.bytes.len() as u64).to_le_bytes());
        sha256.update(token.bytes);
    }
    if let Merges::Listed(merges) = &base.merges {
        for merge in merges {
            for id in [merge.left, merge.right, merge.product] {
                sha256.update(id.to_le_bytes());
            }
        }
    }
    for token in &base.added_tokens {
        sha256.update(format!("{token:?}"));
    }
    hex(&sha256.finalize().into())
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| FileError::from(error).with_path(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(FileError::data(
            "another process trains with this checkpoint",
        )
        .with_path(folder)
        .with_hint("wait for it, or name another folder")
        .into()),
        Err(fs::TryLockError::Error(error)) => Err(FileError::from(error).with_path(&path).into()),
    }
}

fn sha256_of(path: &Path, watch: &dyn Watch) -> Result<String> {
    let at = |error: std::io::Error| FileError::from(error).with_path(path);
    let mut file = File::open(path).map_err(at)?;
    let mut sha256 = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        watch.go_on()?;
        match file.read(&mut block).map_err(at)? {
            0 => return Ok(hex(&sha256.finalize().into())),
            len => sha256.update(&block[..len]),
        }
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
