//! Workflow commands of GitHub Actions, which become annotations
//! (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>).

use std::io::{self, Write};

use super::entry::{Entry, Level, Report};
use crate::totals::Totals;

/// Annotations, and the totals as a plain line.
pub(super) struct Github;

impl Report for Github {
    fn add(&mut self, entry: &Entry<'_>, output: &mut dyn Write) -> io::Result<()> {
        for finding in entry.findings.iter().filter(|finding| finding.counts()) {
            let command = if finding.level == Level::Warning { "warning" } else { "error" };
            let mut properties = format!("file={}", property(entry.file));
            if let Some(position) = finding.position {
                properties += &format!(",line={},col={}", position.line, position.column);
            }
            let object = entry.object.map(|object| format!(": {} {}", object.kind, object.full_name()));
            let title = format!("{}{}", finding.id, object.unwrap_or_default());
            properties += &format!(",title={}", property(&title));
            writeln!(output, "::{command} {properties}::{}", data(&finding.message))?;
        }
        Ok(())
    }

    fn end(&mut self, totals: &Totals, output: &mut dyn Write) -> io::Result<()> {
        writeln!(output, "{totals}")
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(data("50%: a, b\r\nc"), "50%25: a, b%0D%0Ac");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
