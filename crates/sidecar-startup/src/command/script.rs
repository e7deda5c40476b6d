//! Parses shell scripts, as far as they consist of simple commands.

use super::words::is_plain_assignment;

/// A parsed shell script: its leading simple commands, and the rest.
#[derive(Default)]
pub(super) struct Script<'a> {
    pub(super) commands: Vec<Command<'a>>,
    /// How `unread`, or else the end of the script, is joined to the commands.
    pub(super) join: Join,
    /// The text from the first command that cannot be parsed, or that may run in the background with it.
    pub(super) unread: Option<&'a str>,
}

/// A simple command.
pub(super) struct Command<'a> {
    /// The text of the script from it on.
    from: &'a str,
    pub(super) join: Join,
    /// Whether `!` inverts its exit status.
    pub(super) is_negated: bool,
    /// Its words, without quotes and without leading variable assignments.
    pub(super) words: Vec<String>,
}

/// How a command is joined to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Join {
    /// By `;` or a newline.
    #[default]
    Then,
    /// By `&&`.
    And,
    /// By `||`.
    Or,
}

/// What ends a simple command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    Join(Join),
    Line,
    End,
}

impl<'a> Script<'a> {
    /// Parses a script up to the first command that is not simple.
    pub(super) fn read(text: &'a str) -> Self {
        let mut script = Self::default();
        let mut rest = text;
        loop {
            let start = rest.trim_start_matches([' ', '\t']);
            let Some((separator, after)) = script.read_command(start) else {
                script.leave_unread(start);
                return script;
            };
            if separator == Separator::End {
                return script;
            }
            rest = after;
        }
    }

    /// Parses one command and its separator. Returns the separator and the text after it, or `None` if the command cannot be
    /// parsed.
    fn read_command(&mut self, start: &'a str) -> Option<(Separator, &'a str)> {
        let (text, separator, after) = split_at_separator(start)?;
        let text = text.trim_end_matches([' ', '\t']);
        match (text, separator) {
            // A newline between `&&` and the next command is ignored.
            ("", Separator::Line) => return Some((separator, after)),
            ("", Separator::End) if self.join == Join::Then => return Some((separator, after)),
            // A syntax error in any shell.
            ("", _) => return None,
            _ => self.commands.push(Command::read(text, start, self.join)?),
        }
        self.join = if let Separator::Join(join) = separator { join } else { Join::Then };
        // If the script ends with `&&` or `||`, the next call finds that it is incomplete.
        Some((separator, after))
    }

    /// Ends the script before `text`, which cannot be parsed. If that may run in the background, so may the commands joined to it
    /// by `&&` and `||`, and it ends before those.
    fn leave_unread(&mut self, mut text: &'a str) {
        let may_run_in_background = text.replace("&&", "").replace(">&", "").contains('&');
        let mut join = self.join;
        while may_run_in_background && join != Join::Then {
            let Some(command) = self.commands.pop() else { break };
            (join, text) = (command.join, command.from);
            self.join = join;
        }
        self.unread = Some(text);
    }
}

/// Splits a script into the text of its first command, the separator, and the rest. `None` if the text has a character, quoted or
/// not, that requires more than word splitting.
fn split_at_separator(script: &str) -> Option<(&str, Separator, &str)> {
    let mut quote = None;
    let mut last = ' ';
    for (at, c) in script.char_indices() {
        let (text, rest) = script.split_at_checked(at)?;
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), ';' | '&' | '\n') => return None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ';') => return Some((text, Separator::Join(Join::Then), rest.strip_prefix(';')?)),
            (None, '&') => return Some((text, Separator::Join(Join::And), rest.strip_prefix("&&")?)),
            (None, '|') => return Some((text, Separator::Join(Join::Or), rest.strip_prefix("||")?)),
            (None, '\n') => return Some((text, Separator::Line, rest.strip_prefix('\n')?)),
            (None, '#') if matches!(last, ' ' | '\t') => {
                let next_line = rest.split_once('\n').map(|(_, next)| (text, Separator::Line, next));
                return next_line.or(Some((text, Separator::End, "")));
            }
            _ if "$`\\(){}|<>*?[~".contains(c) || (c.is_control() && c != '\t') => return None,
            _ => {}
        }
        last = c;
    }
    quote.is_none().then_some((script, Separator::End, ""))
}

impl<'a> Command<'a> {
    /// Parses the text of a simple command, where `from` is that of the script from it on. `None` if it is not one, such as the start of
    /// a loop.
    fn read(text: &str, from: &'a str, join: Join) -> Option<Self> {
        const KEYWORDS: [&str; 17] = [
            "!", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if",
            "select", "then", "time", "until", "while",
        ];
        let negated = text.strip_prefix('!').filter(|rest| rest.starts_with([' ', '\t']));
        let text = negated.unwrap_or(text).trim_start_matches([' ', '\t']);
        let words = shlex::split(text)?;
        if words.first().is_none_or(|first| KEYWORDS.contains(&first.as_str())) {
            return None;
        }
        let assignments = count_assignments(text, &words)?;
        Some(Self {
            from,
            join,
            is_negated: negated.is_some(),
            words: words.into_iter().skip(assignments).collect(),
        })
    }
}

/// The number of leading variable assignments. `None` if one is not plain, or if quotes leave it open whether it is an assignment.
fn count_assignments(text: &str, words: &[String]) -> Option<usize> {
    let assignments = || words.iter().take_while(|word| word.contains('='));
    let is_quoted = text.contains(['\'', '"']);
    let is_certainly_first =
        |word: &String| word.split_inclusive('=').next().is_some_and(|name| text.starts_with(name));
    let count = assignments().count();
    let are_variables = !is_quoted || count == 0 || (count == 1 && assignments().all(is_certainly_first));
    (are_variables && assignments().all(|word| is_plain_assignment(word))).then_some(count)
}
