//! Reads objects from a cluster with `kubectl`, which has the user's credentials.

use std::io::{BufReader, Cursor, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, bail};

use crate::input::{self, Sink};

/// What is read: where, and which.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query<'q> {
    /// The kinds, as `kubectl get` takes them.
    pub(crate) kinds: &'q str,
    /// A single object.
    pub(crate) name: Option<&'q str>,
    pub(crate) namespace: Option<&'q str>,
    pub(crate) has_all_namespaces: bool,
    pub(crate) context: Option<&'q str>,
    pub(crate) selector: Option<&'q str>,
}

impl Query<'_> {
    /// Reads the objects as `kubectl` prints them, one after the other. What `kubectl` says on its standard error is passed on.
    ///
    /// # Errors
    /// `kubectl` is missing or fails, or those of `sink`.
    pub(crate) fn read(&self, sink: Sink<'_>) -> anyhow::Result<()> {
        let mut child = self.command().spawn().context("cannot run kubectl")?;
        let outcome = match child.stdout.take() {
            Some(output) => read_all(output, sink),
            None => Ok(()),
        };
        end(child, outcome)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("kubectl");
        command.args(["get", self.kinds]);
        // The name comes after all options, so that it cannot be one.
        for (option, value) in
            [("--namespace", self.namespace), ("--context", self.context), ("--selector", self.selector)]
        {
            command.args(value.map(|value| format!("{option}={value}")));
        }
        if self.has_all_namespaces {
            command.arg("--all-namespaces");
        }
        command.args(["--output", "json"]);
        if let Some(name) = self.name {
            command.args(["--", name]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }
}

fn read_all(output: ChildStdout, sink: Sink<'_>) -> anyhow::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 16, output);
    let mut first = [0];
    // Where it prints nothing, its exit code says why.
    if reader.read(&mut first)? == 0 {
        return Ok(());
    }
    input::read_from(BufReader::new(Cursor::new(first).chain(reader)), sink)
}

/// Waits for the end of `kubectl`. If the objects were not read to their end, nobody reads what it still prints.
fn end(mut child: Child, outcome: anyhow::Result<()>) -> anyhow::Result<()> {
    if outcome.is_err() {
        // It may have ended already.
        let _ = child.kill();
    }
    let status = child.wait().context("cannot wait for kubectl")?;
    outcome?;
    // What was printed before belongs before the error.
    std::io::stdout().flush()?;
    if !status.success() {
        bail!("kubectl failed ({status})");
    }
    Ok(())
}
