//! Reads the arguments of a client.

use super::syntax::{Operands, Syntax};
use crate::command::words::HOSTS;

/// The arguments that a client has.
pub(super) struct Arguments<'w> {
    /// Options without their dashes, and their values.
    pub(super) options: Vec<(&'w str, Option<&'w str>)>,
    /// The words that are neither options nor their values.
    pub(super) operands: Vec<&'w str>,
}

impl<'w> Arguments<'w> {
    /// Reads the arguments of a client. `None` if one is not known.
    pub(super) fn read(syntax: &Syntax, words: &[&'w str]) -> Option<Self> {
        let mut arguments = Self { options: Vec::new(), operands: Vec::new() };
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            if let Some(option) = word.strip_prefix("--") {
                arguments.long(syntax, option, &mut words)?;
            } else if let Some(options) = word.strip_prefix('-').filter(|options| !options.is_empty()) {
                let read = if syntax.has_letters { Self::letters } else { Self::long };
                read(&mut arguments, syntax, options, &mut words)?;
            } else {
                arguments.operands.push(word);
                if matches!(syntax.operands, Operands::Command | Operands::Request) {
                    break;
                }
            }
        }
        let values = arguments.options.iter().filter_map(|(_, value)| *value);
        let is_certain = values.clone().all(|value| value == "-" || !value.starts_with('-'))
            && !values.chain(arguments.operands.iter().copied()).any(is_variable);
        is_certain.then_some(arguments)
    }

    /// Reads an option with a name.
    fn long(
        &mut self,
        syntax: &Syntax,
        option: &'w str,
        rest: &mut dyn Iterator<Item = &'w str>,
    ) -> Option<()> {
        let (name, joined) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        let value = if syntax.has_flag(name) {
            joined.is_none().then_some(None)?
        } else {
            Some(syntax.has_value(name).then(|| joined.or_else(|| rest.next()))??)
        };
        self.options.push((name, value));
        Some(())
    }

    /// Reads options of one letter. The last one's value may be in the same word.
    fn letters(
        &mut self,
        syntax: &Syntax,
        options: &'w str,
        rest: &mut dyn Iterator<Item = &'w str>,
    ) -> Option<()> {
        let mut options = options;
        while let Some(letter) = options.chars().next() {
            let (name, after) = options.split_at_checked(letter.len_utf8())?;
            if syntax.has_flag(name) {
                self.options.push((name, None));
                options = after;
                continue;
            }
            let value = if !after.is_empty() || syntax.is_joined(name) { Some(after) } else { rest.next() };
            (syntax.has_value(name) || syntax.is_joined(name)).then_some(())?;
            self.options.push((name, Some(value?)));
            break;
        }
        Some(())
    }

    /// The values of the option for the name of a database.
    fn databases(&self) -> impl Iterator<Item = &'w str> {
        let is_database = |name: &str| matches!(name, "d" | "dbname");
        self.options.iter().filter(move |(name, _)| is_database(name)).filter_map(|(_, value)| *value)
    }

    /// Words with the hosts and ports to which the client connects. `None` if they are not certain.
    pub(super) fn targets(self, syntax: &Syntax) -> Option<Vec<&'w str>> {
        let mut targets = Vec::new();
        for (name, value) in &self.options {
            if syntax.has_target(name) {
                if matches!(*name, "p" | "P" | "port") {
                    targets.push("-p");
                }
                targets.push(authority((*value)?)?);
            }
        }
        let operands = match (&syntax.operands, self.operands.as_slice()) {
            (Operands::Target, operands) => operands.get(..1)?,
            // Of several URLs, the last decides.
            (Operands::Targets, operands)
            | (Operands::OneTarget, operands @ [_])
            | (Operands::HostAndPort, operands @ [_, _]) => operands,
            (Operands::Database, [url]) if targets.is_empty() && url.contains("://") => &self.operands,
            (Operands::Database, operands)
                if !self.databases().chain(operands.iter().copied()).any(is_connection) =>
            {
                &[]
            }
            (Operands::Request, [])
            | (Operands::OneTarget | Operands::HostAndPort | Operands::Database, _) => return None,
            (Operands::Command | Operands::Request | Operands::Other, _) => &[],
        };
        for operand in operands {
            targets.push(authority(operand)?);
        }
        let may_use_socket = syntax.has_socket && targets.contains(&"localhost");
        (!may_use_socket).then_some(targets)
    }
}

/// Whether the name of a database is a URL or a connection string, such as `host=db port=5432`.
fn is_connection(database: &str) -> bool {
    database.contains("://") || database.contains('=')
}

/// What a URL or an address says about the host: `http://localhost:8080` of `http://localhost:8080/ready?from=http://shop`. `None` if
/// it names several hosts, one of which may be enough.
fn authority(word: &str) -> Option<&str> {
    let start = word.find("://").map_or(0, |scheme| scheme + 3);
    let length = word.get(start..)?.find(['/', '?', '#']);
    let authority = word.get(..length.map_or(word.len(), |length| start + length))?;
    (!authority.contains(',')).then_some(authority)
}

/// Whether a shell may put anything in place of a word.
fn is_variable(word: &str) -> bool {
    word.starts_with('$') && !HOSTS.iter().any(|host| word.starts_with(host))
}
