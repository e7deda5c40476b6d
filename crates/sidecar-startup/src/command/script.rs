//! Shell scripts, as far as they can be read.

use super::words::is_plain_assignment;

/// A shell script, as far as it can be read.
#[derive(Default)]
pub(super) struct Script<'a> {
    pub(super) commands: Vec<Command>,
    /// How the unread rest is joined to the commands.
    pub(super) join: Join,
    /// What comes from the first command on that cannot be read.
    pub(super) unread: Option<&'a str>,
}

/// A simple command.
pub(super) struct Command {
    pub(super) join: Join,
    /// Whether `!` turns its end around.
    pub(super) is_negated: bool,
    /// Its words, without quotes and without the variables that it sets.
    pub(super) words: Vec<String>,
}

/// How a command is joined to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Join {
    /// By `;` or a line's end.
    #[default]
    Then,
    /// By `&&`.
    And,
    /// By `||`.
    Or,
}

/// What comes after the text of a simple command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Join(Join),
    Line,
    End,
}

impl<'a> Script<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        let mut script = Self::default();
        let mut rest = text;
        loop {
            let start = rest.trim_start_matches([' ', '\t']);
            let Some((mark, after)) = script.read_command(start) else {
                script.leave_unread(start);
                return script;
            };
            if mark == Mark::End {
                return script;
            }
            rest = after;
        }
    }

    /// Reads a command up to the mark after it, and gives what comes then. There is none where it cannot be read.
    fn read_command(&mut self, start: &'a str) -> Option<(Mark, &'a str)> {
        let (text, mark, after) = split_at_mark(start)?;
        let text = text.trim_end_matches([' ', '\t']);
        match (text, mark) {
            // A line's end between `&&` and what it joins means nothing.
            ("", Mark::Line) => return Some((mark, after)),
            ("", Mark::End) if self.join == Join::Then => return Some((mark, after)),
            // Shells complain about these.
            ("", _) => return None,
            _ => self.commands.push(Command::read(text, self.join)?),
        }
        self.join = if let Mark::Join(join) = mark { join } else { Join::Then };
        // A script that ends with `&&` or `||` is not complete, which the next turn notices.
        Some((mark, after))
    }

    /// Ends the script before what cannot be read. If that may run in the background, so may the commands it is joined to.
    fn leave_unread(&mut self, text: &'a str) {
        self.unread = Some(text);
        let may_be_in_background = text.replace("&&", "").replace(">&", "").contains('&');
        let mut join = self.join;
        while may_be_in_background && join != Join::Then {
            join = self.commands.pop().map_or(Join::Then, |command| command.join);
            self.join = join;
        }
    }
}

/// Splits a script after its first simple command: its text, what comes after it, and the rest. There is none where the text has
/// anything in it that takes more than splitting words, quoted or not.
fn split_at_mark(script: &str) -> Option<(&str, Mark, &str)> {
    let mut quote = None;
    let mut last = ' ';
    for (at, c) in script.char_indices() {
        let (text, rest) = script.split_at_checked(at)?;
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), ';' | '&' | '\n') => return None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ';') => return Some((text, Mark::Join(Join::Then), rest.strip_prefix(';')?)),
            (None, '&') => return Some((text, Mark::Join(Join::And), rest.strip_prefix("&&")?)),
            (None, '|') => return Some((text, Mark::Join(Join::Or), rest.strip_prefix("||")?)),
            (None, '\n') => return Some((text, Mark::Line, rest.strip_prefix('\n')?)),
            (None, '#') if matches!(last, ' ' | '\t') => {
                let next_line = rest.split_once('\n').map(|(_, next)| (text, Mark::Line, next));
                return next_line.or(Some((text, Mark::End, "")));
            }
            _ if "$`\\(){}|<>*?[~".contains(c) || (c.is_control() && c != '\t') => return None,
            _ => {}
        }
        last = c;
    }
    quote.is_none().then_some((script, Mark::End, ""))
}

impl Command {
    /// Reads the text of a simple command. There is none if it is the beginning of something else.
    pub(super) fn read(text: &str, join: Join) -> Option<Self> {
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
            join,
            is_negated: negated.is_some(),
            words: words.into_iter().skip(assignments).collect(),
        })
    }
}

/// How many variables a command sets. There is none if one of them is not plain, or may be no variable since it is quoted.
fn count_assignments(text: &str, words: &[String]) -> Option<usize> {
    let assignments = || words.iter().take_while(|word| word.contains('='));
    let is_quoted = text.contains(['\'', '"']);
    let is_surely_first =
        |word: &String| word.split_inclusive('=').next().is_some_and(|name| text.starts_with(name));
    let count = assignments().count();
    let are_variables = !is_quoted || count == 0 || (count == 1 && assignments().all(is_surely_first));
    (are_variables && assignments().all(|word| is_plain_assignment(word))).then_some(count)
}
