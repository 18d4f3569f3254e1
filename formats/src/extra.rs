//! What a file carries beyond the definition, kept so that the same format can be written back
//! as it was.

use serde_json::{Map, Value};

/// Parts of a file that are carried and not interpreted.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Extra {
    /// The tokenizer.json this definition was read from, less its two huge arrays.
    pub json: Option<JsonDocument>,
    /// The same of a tokenizer.json of version 2.0, whose members have other words.
    pub json_2: Option<JsonDocument>,
    /// Whether the merges of a tokenizer.json are to be strings, or it is not written: not as pairs,
    /// whatever the file had that this was read from.
    pub string_merges: bool,
    /// What stands beside it in a directory of transformers.
    pub hf_dir: Option<HfDirFiles>,
    /// The document of another format that is JSON, less what the definition has of it.
    pub carried: Option<CarriedDocument>,
    /// How GPT-2's vocab.json is laid out.
    pub gpt2: Option<Gpt2Layout>,
    /// How a tekken.json is laid out.
    pub tekken: Option<TekkenLayout>,
    /// The metadata of the GGUF file this definition was read from, less its two huge arrays.
    pub gguf: Option<GgufDocument>,
    /// What a SentencePiece model says beside its pieces.
    pub sentencepiece: Option<SentencePieceDocument>,
}

/// The files of a directory of transformers beside its tokenizer.json.
///
/// The writer gives them back as they stand here wherever reading them again gives what the
/// definition has.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct HfDirFiles {
    /// Names and bytes, in the order of reading.
    pub files: Vec<(String, Vec<u8>)>,
    /// The members of `tokenizer_config.json` that are carried without reading.
    pub unread: Vec<String>,
}

/// The key-value pairs of a GGUF file, in its order; written back as tokenizer.json's members are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct GgufDocument {
    /// The pairs.
    pub entries: Vec<GgufEntry>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct GgufEntry {
    /// The key, as `general.name`.
    pub key: String,
    /// The number of the value's type.
    pub kind: u32,
    /// The value's bytes in the file; none for the two arrays.
    pub value: Vec<u8>,
}

/// The fields of a SentencePiece model but for its pieces, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct SentencePieceDocument {
    /// Their bytes, one field after the other.
    pub fields: Vec<u8>,
    /// The sha256 of the bytes of the pieces: with others the tests that a model has for itself may
    /// not hold.
    pub sha256_of_pieces: [u8; 32],
    /// Whether the pieces of the usual type say it, as those do that Python has written.
    pub says_normal: bool,
}

/// A tokenizer.json without `model.vocab` and `model.merges`.
///
/// The writer puts a member back as it stands here wherever reading it again gives the part the
/// definition has; so unknown members, their order and old spellings survive, and a part that was
/// changed is written anew.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::exhaustive_structs)]
pub struct JsonDocument {
    /// The document in the order of the file, with `null` in the place of the two arrays.
    pub members: Map<String, Value>,
    /// Whether it is written over many lines with two spaces of indent.
    pub is_pretty: bool,
    /// Whether merges are pairs (`["a", "b"]`), not strings (`"a b"`).
    pub has_merge_pairs: bool,
    /// Whether a line end closes the file.
    pub has_final_newline: bool,
}

/// A JSON document of which the definition holds a part, for the writer of the same format.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::exhaustive_structs)]
pub struct CarriedDocument {
    /// The format's name: no other format looks at the rest.
    pub format: &'static str,
    /// The document in the order of the file, with `null` for what the definition has.
    pub members: Map<String, Value>,
    /// Whether it is written over many lines.
    pub is_pretty: bool,
    /// Whether a line end closes the file.
    pub has_final_newline: bool,
    /// The members that no reader of this crate looks at, as paths.
    pub unread: Vec<String>,
}

/// How a vocab.json of GPT-2's kind is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Gpt2Layout {
    /// Written as Python's `json.dumps` does by default, in ASCII with spaces, and not as
    /// tokenizers does.
    pub is_ascii: bool,
}

/// How a tekken.json is laid out: Mistral's own files come from two programs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, clippy::struct_excessive_bools)]
pub struct TekkenLayout {
    /// The spaces of a level; none for one line.
    pub indent: Option<usize>,
    /// A space behind each colon and, in one line, each comma.
    pub is_spaced: bool,
    /// What is not ASCII is escaped.
    pub is_ascii: bool,
    /// So is U+007F, as jq does.
    pub escapes_delete: bool,
}

impl Default for TekkenLayout {
    fn default() -> Self {
        Self {
            indent: Some(4),
            is_spaced: true,
            is_ascii: true,
            escapes_delete: false,
        }
    }
}

impl Extra {
    /// What a format carries of its own.
    pub(crate) fn carried_by(&self, format: &str) -> Option<&CarriedDocument> {
        self.carried.as_ref().filter(|held| held.format == format)
    }
}
