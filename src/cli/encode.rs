//! `bpekit encode`: text to token ids.

use std::io::{self, Write};

use bpekit_formats::TokenId;

use super::args::EncodeArgs;
use super::text::{self, Input};
use super::{Failure, Outcome, Streams, YES, id_file, source};
use crate::tokenizer::{Special, Tokenizer};

pub(super) fn run(args: &EncodeArgs, streams: &mut Streams<'_>) -> Outcome {
    if let Some(out) = &args.id_file.out {
        return id_file::run(args, out, streams);
    }
    let encoder = Encoder {
        tokenizer: source::tokenizer(&args.tokenizer, &args.load, streams)?,
        special: args.special.policy(),
        has_frame: args.special.add_special_tokens,
    };
    for input in text::inputs(&args.files) {
        if args.lines {
            input.for_each_line(streams, |line, number, out| {
                let ids = encoder
                    .encode(line)
                    .map_err(|error| Failure::at(format!("{}:{number}", input.name()), error))?;
                Ok(print(out, &ids, args.json)?)
            })?;
        } else {
            let (ids, _) = encoder.encode_input(input, streams)?;
            print(streams.stdout, &ids, args.json)?;
        }
    }
    Ok(YES)
}

/// A tokenizer, and how it is to be used.
pub(super) struct Encoder {
    pub(super) tokenizer: Tokenizer,
    pub(super) special: Special<'static>,
    pub(super) has_frame: bool,
}

impl Encoder {
    /// The ids of an input and its number of bytes.
    pub(super) fn encode_input(
        &self,
        input: Input<'_>,
        streams: &mut Streams<'_>,
    ) -> Result<(Vec<TokenId>, usize), Failure> {
        let text = input.text(streams)?;
        let ids = self
            .encode(&text)
            .map_err(|error| Failure::at(input.name(), error))?;
        Ok((ids, text.len()))
    }

    /// The ids of a text.
    pub(super) fn encode(&self, text: &str) -> crate::Result<Vec<TokenId>> {
        let ids = self.tokenizer.encode(text, &self.special)?;
        Ok(if self.has_frame {
            self.tokenizer.with_frame(ids)
        } else {
            ids
        })
    }
}

/// One line: ids between spaces, or a JSON array.
fn print(out: &mut dyn Write, ids: &[TokenId], is_json: bool) -> io::Result<()> {
    let mut line = String::with_capacity(ids.len() * 7 + 3);
    for id in ids {
        if !line.is_empty() {
            line.push_str(if is_json { ", " } else { " " });
        }
        line.push_str(&id.to_string());
    }
    if is_json {
        writeln!(out, "[{line}]")
    } else {
        writeln!(out, "{line}")
    }
}
