//! `Bundle`: the bytes of a tokenizer, which may lie in several files, under their names.

/// A file's name and bytes, and the files that belong to it.
///
/// # Examples
///
/// ```
/// use bpekit_formats::Bundle;
///
/// let mut bundle = Bundle::new("a.tiktoken", b"IQ== 0\n".to_vec());
/// bundle.add("a.tiktoken.json", b"{}".to_vec());
/// assert_eq!(bundle.get("a.tiktoken.json"), Some(b"{}".as_slice()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    name: String,
    bytes: Vec<u8>,
    companions: Vec<Companion>,
    is_directory: bool,
    absent: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Companion {
    name: String,
    bytes: Vec<u8>,
    is_sidecar: bool,
}

impl Bundle {
    /// A bundle of one file. The name is the last part of its path.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            bytes,
            companions: Vec::new(),
            is_directory: false,
            absent: Vec::new(),
        }
    }

    /// A bundle of the files in a directory; the name is that of its main file.
    pub fn in_directory(main: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self {
            is_directory: true,
            ..Self::new(main, bytes)
        }
    }

    /// Adds a sidecar of this toolkit. Saving never puts it in the place of another kind of file.
    pub fn add(&mut self, name: impl Into<String>, bytes: Vec<u8>) {
        self.push(name.into(), bytes, true);
    }

    /// Adds a file which the format itself has beside the main one. Saving replaces what has its
    /// name. In a directory the name may be a path below it, with `/`.
    pub fn add_part(&mut self, name: impl Into<String>, bytes: Vec<u8>) {
        self.push(name.into(), bytes, false);
    }

    fn push(&mut self, name: String, bytes: Vec<u8>, is_sidecar: bool) {
        self.companions.push(Companion {
            name,
            bytes,
            is_sidecar,
        });
    }

    /// Names a file that must not stand beside it, as it would be read as a part. Saving fails
    /// where one does.
    pub fn must_not_have(&mut self, name: impl Into<String>) {
        self.absent.push(name.into());
    }

    /// The files that must not stand beside it.
    pub fn absent(&self) -> &[String] {
        &self.absent
    }

    /// Whether the files are those of a directory.
    pub fn is_directory(&self) -> bool {
        self.is_directory
    }

    /// Whether the file of that name is a sidecar of this toolkit.
    pub fn is_sidecar(&self, name: &str) -> bool {
        self.companions
            .iter()
            .any(|held| held.is_sidecar && held.name == name)
    }

    /// The main file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The main file's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The main file's bytes, taken out.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The bytes of a file that belongs to it.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.companions
            .iter()
            .find(|held| held.name == name)
            .map(|held| held.bytes.as_slice())
    }

    /// The files that belong to it, in the order they were added.
    pub fn companions(&self) -> impl ExactSizeIterator<Item = (&str, &[u8])> {
        self.companions
            .iter()
            .map(|held| (held.name.as_str(), held.bytes.as_slice()))
    }
}
