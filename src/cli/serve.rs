//! `bpekit serve`: a page on this machine.

use std::io;
use std::net::TcpListener;
use std::path::PathBuf;

use bpekit_formats::Error as FileError;

use super::look_args::ServeArgs;
use super::{Failure, Outcome, Streams, YES, diff, output, source};
use crate::find::Places;
use crate::serve::{App, bind, serve};

/// The port where none is named.
const PORT: u16 = 8642;

pub(super) fn run(args: &ServeArgs, streams: &mut Streams<'_>) -> Outcome {
    let demo = [PathBuf::from(source::DEMO)];
    let files: &[PathBuf] = if args.files.is_empty() {
        &demo
    } else {
        &args.files
    };
    let mut first = Vec::new();
    for path in files {
        let load = match files {
            [_] => args.load.clone(),
            _ => diff::for_file(path, &args.load)?,
        };
        let tokenizer = source::open(path, &load, streams)?;
        let name = path
            .file_name()
            .map_or(path.as_path(), std::path::Path::new);
        first.push((output::path(name), tokenizer));
    }
    let mut places = Places::of_environment();
    places.packages = streams.packages.to_vec();
    let app = App::new(first, places);
    let (listener, port) = listen(args.port).map_err(|error| taken(args.port, error))?;
    // A script reads where it is; people are told the rest.
    writeln!(streams.stdout, "http://127.0.0.1:{port}/")?;
    streams.stdout.flush()?;
    writeln!(
        streams.stderr,
        "bpekit: for this machine alone; Ctrl-C ends it"
    )?;
    serve(listener, app).map_err(|error| taken(Some(port), error))?;
    Ok(YES)
}

fn listen(port: Option<u16>) -> io::Result<(TcpListener, u16)> {
    let listener = match port {
        Some(port) => bind(port),
        None => bind(PORT).or_else(|_| bind(0)),
    }?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

fn taken(port: Option<u16>, error: io::Error) -> Failure {
    let place = format!("port {}", port.unwrap_or(PORT));
    let error = FileError::from(error).with_hint("`--port 0` takes any that is free");
    Failure::at(place, error)
}
