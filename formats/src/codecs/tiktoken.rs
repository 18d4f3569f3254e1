#![doc = include_str!("tiktoken.md")]

mod lane;
mod read;
mod sidecar;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use self::read::{Outcome, Reader};

use crate::bundle::Bundle;
use crate::codec::{Carries, Codec, Confidence, FormatInfo, Layout, MergeTerms, StepTerms, Terms};
use crate::definition::{Atoms, Definition, Merges};
use crate::error::{Error, Result, escape, show_text};
use crate::foreign;
use crate::limits::ReadOptions;
use crate::loss::{Loss, LossPart};
use crate::vocab::{TokenKind, Vocab};

/// The codec of `.tiktoken` rank files.
pub struct Tiktoken;

const INFO: FormatInfo = FormatInfo {
    name: "tiktoken",
    title: "OpenAI tiktoken rank file, with a sidecar for what it cannot say",
    file_names: &[".tiktoken", "tokenizer.model", "tiktoken.model"],
    layout: Layout::File,
    carries: Carries {
        pattern: true,
        added_tokens: true,
        normalizer: true,
        merges: false,
        post_processor: false,
        roles: false,
        chat_template: false,
    },
    writes: Some(Terms {
        merges: MergeTerms::Ranks,
        steps: StepTerms::Pattern,
    }),
};

impl Codec for Tiktoken {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn companions(&self, main: &Bundle) -> Vec<String> {
        vec![sidecar::name_beside(main.name())]
    }

    fn sniff(&self, input: &Bundle) -> Confidence {
        let bytes = input.bytes();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut lines = bytes
            .split(|byte| matches!(byte, b'\r' | b'\n'))
            .map(<[u8]>::trim_ascii);
        let Some(line) = lines.find(|line| !line.is_empty()) else {
            return Confidence::No;
        };
        let Some(space) = line.iter().position(u8::is_ascii_whitespace) else {
            return Confidence::No;
        };
        let is_base64 = line[..space]
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
        let rank = line[space..].trim_ascii();
        let is_rank = !rank.is_empty() && rank.iter().all(u8::is_ascii_digit);
        match (is_base64, is_rank) {
            (true, true) => Confidence::Sure,
            (true, false) if line.len() < 200 => Confidence::Maybe,
            _ => Confidence::No,
        }
    }

    fn read(&self, input: &Bundle, options: &ReadOptions) -> Result<Definition> {
        if let Some(error) = foreign::recognise(input.bytes()) {
            return Err(error);
        }
        let (outcome, of_file) = beside_sha256(input.bytes(), || {
            let mut reader = Reader::new(input.bytes(), options)?;
            reader.read_lines()?;
            reader.finish()
        });
        let Outcome {
            vocab,
            is_canonical,
            remarks,
            warnings,
        } = outcome?;
        let mut definition = Definition::from_ranks(vocab);
        let sha256 = if is_canonical {
            of_file.clone()
        } else {
            sha256_hex(&write_ranks(&definition.vocab))
        };
        let sidecar_name = sidecar::name_beside(input.name());
        if let Some(bytes) = input.get(&sidecar_name) {
            sidecar::apply(bytes, &of_file, &mut definition, &options.limits)
                .map_err(|error| error.with_path(sidecar_name).with_format(INFO.name))?;
        }
        definition.provenance.format = Some(INFO.name);
        definition.provenance.ranks_sha256 = Some(sha256);
        definition.provenance.remarks = remarks;
        definition.provenance.warnings = warnings;
        Ok(definition)
    }

    fn losses(&self, definition: &Definition) -> Vec<Loss> {
        let mut losses = Vec::new();
        if definition
            .normalizer
            .as_ref()
            .is_some_and(|normalizer| !normalizer.is_neutral())
        {
            losses.push(Loss::refused(
                LossPart::Normalizer,
                "tiktoken does not normalize; only the sidecar keeps the normalizer",
            ));
        }
        let flagged: Vec<_> = definition
            .added_tokens
            .iter()
            .filter(|token| token.lstrip || token.rstrip || token.single_word)
            .collect();
        if let Some(token) = flagged.first() {
            losses.push(Loss::refused(
                LossPart::AddedTokenFlags,
                format!(
                    "{} added tokens have `lstrip`, `rstrip` or `single_word`, the first is `{}`",
                    flagged.len(),
                    show_text(&token.content)
                ),
            ));
        }
        let plain: Vec<_> = definition
            .added_tokens
            .iter()
            .filter(|token| !token.is_special)
            .collect();
        if let Some(token) = plain.first() {
            losses.push(Loss::reported(
                LossPart::NonSpecialTokens,
                format!(
                    "{} added tokens that are not special become special, the first is `{}`",
                    plain.len(),
                    show_text(&token.content)
                ),
            ));
        }
        if definition
            .post_processor
            .as_ref()
            .is_some_and(|processor| !processor.adds_nothing())
        {
            losses.push(Loss::reported(
                LossPart::PostProcessor,
                "tokens put around a text are left to the caller",
            ));
        }
        losses
    }

    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle> {
        if definition.atoms != Atoms::Bytes {
            return Err(Error::unsupported(
                "the tokens are made of characters, not bytes; ranks cannot express that",
            ));
        }
        if definition.merges != Merges::ByRank {
            return Err(Error::missing(
                "the definition lists merges; a rank file needs ranks",
            ));
        }
        if let Some(token) = definition
            .vocab
            .iter()
            .find(|token| token.kind == TokenKind::Literal)
        {
            return Err(Error::unsupported(format!(
                "token {} `{}` stands for no bytes; ranks cannot express that",
                token.id,
                show_text(&String::from_utf8_lossy(token.bytes))
            )));
        }
        let bytes = write_ranks(&definition.vocab);
        let companion = sidecar::write(definition, &bytes)?;
        let mut bundle = Bundle::new(name, bytes);
        if let Some(companion) = companion {
            bundle.add(sidecar::name_beside(name), companion);
        }
        Ok(bundle)
    }
}

/// Checks a file against an expected sha256, given in hex.
///
/// # Errors
///
/// `Data`, with both hashes.
pub fn check_sha256(bytes: &[u8], expected: &str) -> Result<()> {
    compare_sha256(&sha256_hex(bytes), expected)
}

fn compare_sha256(found: &str, expected: &str) -> Result<()> {
    if found.eq_ignore_ascii_case(expected.trim()) {
        return Ok(());
    }
    Err(Error::data(format!(
        "the sha256 of the file is {found}; expected {}",
        escape(expected, 64)
    ))
    .with_hint(
        "the file was changed, cut short or replaced; line ends changed by git count as a change",
    ))
}

/// The rank file of a vocab in its canonical form: sorted by rank, LF line ends.
pub fn write_ranks(vocab: &Vocab) -> Vec<u8> {
    let mut out = Vec::with_capacity(vocab.len() * 20);
    let mut encoded = String::new();
    for token in vocab.iter() {
        if token.bytes.is_empty() {
            // How OpenAI's Whisper writes its empty token; `load_tiktoken_bpe` needs two columns.
            out.push(b'=');
        } else {
            encoded.clear();
            STANDARD.encode_string(token.bytes, &mut encoded);
            out.extend_from_slice(encoded.as_bytes());
        }
        out.push(b' ');
        out.extend_from_slice(token.id.to_string().as_bytes());
        out.push(b'\n');
    }
    out
}

/// The sha256 of the canonical rank file, in hex: the name of the ranks themselves.
///
/// `file` is the file they were read from, if they were: when it is canonical, as published files
/// are, it need not be hashed in another form.
pub fn ranks_sha256(vocab: &Vocab, file: &[u8]) -> String {
    let canonical = write_ranks(vocab);
    sha256_hex(if canonical == file { file } else { &canonical })
}

/// Does some work, and beside it the sha256 of a file: on a second thread where that takes longer
/// than starting one, about 0.05 ms.
fn beside_sha256<T>(bytes: &[u8], work: impl FnOnce() -> T) -> (T, String) {
    if bytes.len() < 1 << 18 {
        return (work(), sha256_hex(bytes));
    }
    std::thread::scope(|scope| {
        let hash = std::thread::Builder::new().spawn_scoped(scope, || sha256_hex(bytes));
        let done = work();
        let hash = hash.ok().and_then(|thread| thread.join().ok());
        (done, hash.unwrap_or_else(|| sha256_hex(bytes)))
    })
}

fn sha256_hex(bytes: &[u8]) -> String {
    let digits = b"0123456789abcdef";
    Sha256::digest(bytes)
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(digits[usize::from(digit)]))
        .collect()
}

/// The error for a vocab without a token for each of the 256 bytes.
pub fn missing_bytes_error(missing: &[u8]) -> Error {
    let mut shown: Vec<String> = missing
        .iter()
        .take(12)
        .map(|byte| format!("0x{byte:02x}"))
        .collect();
    if missing.len() > shown.len() {
        shown.push("…".to_owned());
    }
    Error::data(format!(
        "{} of the 256 bytes {} no token: {}",
        missing.len(),
        if missing.len() == 1 { "has" } else { "have" },
        shown.join(", ")
    ))
    .with_hint("a file cut short looks like this; compare its sha256 or its number of tokens")
    .with_hint(
        "allow missing bytes (`--allow-missing-bytes`, `allow_missing_bytes=True`) to load it; \
         text with such a byte is then an error",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The 256 bytes in order, then what a test adds.
    fn file(more: &str) -> Vec<u8> {
        let bytes: Vec<[u8; 1]> = (0..=255).map(|byte| [byte]).collect();
        let vocab = Vocab::from_tokens(bytes.iter().enumerate().map(|(id, b)| (id as u32, &b[..])))
            .unwrap();
        [write_ranks(&vocab), more.as_bytes().to_vec()].concat()
    }

    fn read(bytes: &[u8], options: &ReadOptions) -> Result<Definition> {
        Tiktoken.read(&Bundle::new("t.tiktoken", bytes.to_vec()), options)
    }

    #[test]
    fn writes_back_what_it_read() {
        let text = file("YWI= 256\nYWJj 300\n= 301\n");
        let definition = read(&text, &ReadOptions::default()).unwrap();
        assert_eq!(definition.vocab.id_of(b"abc"), Some(300));
        assert_eq!(definition.vocab.bytes(301), Some(b"".as_slice()));
        assert_eq!(write_ranks(&definition.vocab), text);
        assert_eq!(
            Tiktoken.write(&definition, "t.tiktoken").unwrap().bytes(),
            text
        );
    }

    #[test]
    fn accepts_other_orders_and_line_ends() {
        let text = file("YWI= 256\n");
        let plain = read(&text, &ReadOptions::default()).unwrap();
        let mut reversed: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        reversed.reverse();
        for other in [
            reversed.join(&b'\n'),
            text.trim_ascii_end().to_vec(),
            [&text[..], b"\n\n"].concat(),
            String::from_utf8(text.clone())
                .unwrap()
                .replace('\n', "\r\n")
                .into_bytes(),
        ] {
            let definition = read(&other, &ReadOptions::default()).unwrap();
            assert_eq!(definition.vocab, plain.vocab);
            assert_eq!(
                definition.provenance.ranks_sha256,
                plain.provenance.ranks_sha256
            );
        }
    }

    #[test]
    fn a_lenient_read_warns() {
        let options = ReadOptions {
            lenient: true,
            ..ReadOptions::default()
        };
        for (text, rank) in [
            (file("YWI=\t256\n"), 256),
            (file("  YWI=   0257\n"), 257),
            (file("YWI= 258\r"), 258),
            ([b"\xef\xbb\xbf".to_vec(), file("YWI= 259\n")].concat(), 259),
        ] {
            let outcome = read(&text, &options).unwrap();
            assert_eq!(outcome.vocab.id_of(b"ab"), Some(rank));
        }
        let text = String::from_utf8(file("YWI= 256\n"))
            .unwrap()
            .replace('\n', "\r");
        let outcome = read(text.as_bytes(), &options).unwrap();
        assert_eq!(outcome.provenance.warnings.len(), 1);
        assert!(read(text.as_bytes(), &ReadOptions::default()).is_err());
    }

    #[test]
    fn sniffs_its_own() {
        let sniff = |text: &str| Tiktoken.sniff(&Bundle::new("x", text.as_bytes().to_vec()));
        assert_eq!(sniff("IQ== 0\n"), Confidence::Sure);
        assert_eq!(sniff("\nIQ== 0"), Confidence::Sure);
        assert_eq!(sniff("{\"a\": 1}"), Confidence::No);
        assert_eq!(sniff(""), Confidence::No);
        assert_eq!(sniff("#version: 0.2\n"), Confidence::No);
    }
}
