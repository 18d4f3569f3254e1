//! `bpekit show`: the tokens of a text, to look at.

use std::path::Path;

use super::encode::Encoder;
use super::look_args::{ShowArgs, When};
use super::text::Input;
use super::{Failure, Outcome, Streams, YES, output, source};
use crate::show::{Shown, TerminalOptions};

pub(super) fn run(args: &ShowArgs, streams: &mut Streams<'_>) -> Outcome {
    let encoder = Encoder {
        tokenizer: source::tokenizer(&args.tokenizer, &args.load, streams)?,
        special: args.special.policy(),
        has_frame: args.special.add_special_tokens,
    };
    let ids = if let Some(text) = &args.text {
        encoder.encode(text)?
    } else {
        let input = match &args.file {
            Some(path) if path != Path::new("-") => Input::File(path),
            _ => Input::Stdin,
        };
        encoder.encode_input(input, streams)?.0
    };
    let shown = Shown::of(&encoder.tokenizer, &ids)?;
    if args.html {
        writeln!(streams.stdout, "{}", shown.to_html())?;
        return Ok(YES);
    }
    let options = TerminalOptions {
        has_color: match args.color {
            When::Auto => output::is_colorful(&std::io::stdout()),
            When::Always => true,
            When::Never => false,
        },
        width: args.width.unwrap_or_else(output::columns),
    };
    if args.ids {
        print_ids(&shown, &options, streams)?;
    } else {
        streams
            .stdout
            .write_all(shown.to_terminal(&options).as_bytes())?;
    }
    writeln!(streams.stderr, "{}", shown.summary())?;
    Ok(YES)
}

/// A line for each token.
fn print_ids(
    shown: &Shown,
    options: &TerminalOptions,
    streams: &mut Streams<'_>,
) -> Result<(), Failure> {
    let digits = |id: u32| id.to_string().len();
    let tokens = shown.tokens();
    let id_width = tokens
        .iter()
        .map(|token| digits(token.id))
        .max()
        .unwrap_or(0);
    let hex_width = tokens
        .iter()
        .map(|token| 2 * token.bytes.len())
        .max()
        .unwrap_or(0);
    // One very long token must not push the others out of sight.
    let hex_width = hex_width.min(24);
    for token in tokens {
        let alone = Shown::from(vec![token.clone()]);
        let text = alone.to_terminal(&TerminalOptions {
            width: 0,
            ..*options
        });
        let text = text.trim_end_matches('\n');
        let hex = token.hex("");
        writeln!(
            streams.stdout,
            "{:>id_width$}  {hex:<hex_width$}  {text}",
            token.id
        )?;
    }
    Ok(())
}
