//! Reads the objects in manifests, one after the other.

mod found;
mod json_list;
mod json_stream;
mod kustomize;
pub(crate) mod walk;
pub(crate) mod yaml;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

pub(crate) use self::found::{Found, Sink, Unreadable};

/// A document that is larger than any object that a cluster can hold (etcd takes 1.5 MiB) must be a list; its items are streamed.
const LARGE: u64 = 8 << 20;

/// What is said of an empty standard input.
pub(crate) const NOTHING_IS_PIPED: &str = "nothing is piped in";

/// Whether standard input is a pipe or a file, and no terminal or `/dev/null`. An empty pipe means that the command before it has failed,
/// which the shell does not say.
pub(crate) fn is_piped() -> bool {
    let stdin = io::stdin();
    #[cfg(unix)]
    {
        use std::os::{fd::AsFd as _, unix::fs::FileTypeExt as _};
        let file = stdin.as_fd().try_clone_to_owned().map(File::from);
        file.and_then(|file| file.metadata()).is_ok_and(|file| !file.file_type().is_char_device())
    }
    #[cfg(not(unix))]
    {
        use std::io::IsTerminal as _;
        !stdin.is_terminal()
    }
}

/// Reads what is piped in. Returns whether that is anything.
///
/// # Errors
/// The standard input cannot be read, or those of `sink`.
pub(crate) fn read_pipe(sink: Sink<'_>) -> anyhow::Result<bool> {
    let mut first = [0];
    if io::stdin().lock().read(&mut first)? == 0 {
        return Ok(false);
    }
    read_from(BufReader::new(Cursor::new(first).chain(io::stdin())), sink)?;
    Ok(true)
}

/// Reads the file at a path; `-` is standard input.
///
/// # Errors
/// Those of `sink`. What cannot be read goes to the sink.
pub(crate) fn read(path: &Path, sink: Sink<'_>) -> anyhow::Result<()> {
    if path == Path::new("-") {
        return if read_pipe(sink)? {
            Ok(())
        } else {
            // The command before the pipe has failed, which the shell does not say.
            sink(Found::Unreadable(Unreadable::whole(NOTHING_IS_PIPED.to_owned())))
        };
    }
    match File::open(path) {
        Ok(file) => read_from(BufReader::with_capacity(1 << 16, file), sink),
        Err(error) => sink(Found::Unreadable(Unreadable::whole(format!("cannot be opened: {error}")))),
    }
}

/// Reads a stream: JSON if it begins as such, else YAML.
pub(crate) fn read_from(mut reader: impl BufRead + Send + 'static, sink: Sink<'_>) -> anyhow::Result<()> {
    let outcome = match begins_as_json(&mut reader) {
        Ok((blanks, true)) => read_json(Cursor::new(blanks).chain(reader), sink),
        Ok((blanks, false)) => return yaml::read(Cursor::new(blanks).chain(reader), sink),
        Err(error) => Err(error),
    };
    match outcome {
        Ok(outcome) => outcome,
        Err(error) => sink(Found::Unreadable(Unreadable::whole(format!("cannot be read: {error}")))),
    }
}

/// Whether the first byte that is not blank opens a JSON object, with the blanks before it.
fn begins_as_json(reader: &mut impl BufRead) -> io::Result<(Vec<u8>, bool)> {
    let mut blanks = Vec::new();
    loop {
        let buffer = reader.fill_buf()?;
        let text =
            if blanks.is_empty() { buffer.strip_prefix(b"\xef\xbb\xbf").unwrap_or(buffer) } else { buffer };
        let first = text.iter().position(|byte| !byte.is_ascii_whitespace());
        let used = buffer.len() - text.len() + first.unwrap_or(text.len());
        let is_json = first.and_then(|first| text.get(first)) == Some(&b'{');
        let is_known = first.is_some() || buffer.is_empty();
        blanks.extend_from_slice(buffer.get(..used).unwrap_or_default());
        reader.consume(used);
        if is_known {
            return Ok((blanks, is_json));
        }
    }
}

/// Reads what begins as JSON. It may be YAML all the same, or be followed by YAML.
fn read_json(mut reader: impl BufRead + Send + 'static, sink: Sink<'_>) -> io::Result<anyhow::Result<()>> {
    let mut head = Vec::new();
    let read = reader.by_ref().take(LARGE).read_to_end(&mut head)?;
    if manifest::stream::has_marker(&head) {
        return Ok(yaml::read(Cursor::new(head).chain(reader), sink));
    }
    if LARGE <= read as u64 {
        return Ok(json_stream::read(Cursor::new(head).chain(reader), sink));
    }
    Ok(match std::str::from_utf8(&head) {
        Ok(text) => match json_list::error(text) {
            None => json_list::read_text(text, sink),
            // Flow style is YAML only.
            Some(error) if is_meant_as_json(text) && manifest::parse(text).is_err() => {
                sink(Found::Unreadable(json_list::unreadable(&error, text)))
            }
            Some(_) => yaml::read(Cursor::new(head), sink),
        },
        Err(_) => yaml::read(Cursor::new(head), sink),
    })
}

/// Whether the first key of an object is quoted, as JSON requires and hardly any YAML does.
fn is_meant_as_json(text: &str) -> bool {
    text.trim_start().strip_prefix('{').is_some_and(|fields| fields.trim_start().starts_with('"'))
}
