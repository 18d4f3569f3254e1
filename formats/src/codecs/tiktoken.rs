#![doc = include_str!("tiktoken.md")]

use crate::bundle::Bundle;
use crate::codec::{Carries, Codec, Confidence, FormatInfo, Layout, MergeTerms, StepTerms, Terms};
use crate::definition::Definition;
use crate::error::Result;
use crate::limits::ReadOptions;
use crate::loss::Loss;
use crate::rank_file;
use crate::ranks;

pub use crate::ranks::{check_sha256, missing_bytes_error, ranks_sha256, write_ranks};

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
        vec![rank_file::name_beside(main.name())]
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
        let is_pair = !rank.iter().any(u8::is_ascii_whitespace);
        match (is_base64, is_rank) {
            (true, true) => Confidence::Sure,
            (true, false) if is_pair && line.len() < 200 => Confidence::Maybe,
            _ => Confidence::No,
        }
    }

    fn read(&self, input: &Bundle, options: &ReadOptions) -> Result<Definition> {
        rank_file::read(input, INFO.name, options)
    }

    fn losses(&self, definition: &Definition) -> Vec<Loss> {
        ranks::losses(
            definition,
            "tiktoken does not normalize; only the sidecar keeps the normalizer",
        )
    }

    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle> {
        let (bytes, sidecar) = rank_file::write(definition)?;
        let mut bundle = Bundle::new(name, bytes);
        if let Some(sidecar) = sidecar {
            bundle.add(rank_file::name_beside(name), sidecar);
        }
        Ok(bundle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::Vocab;

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
