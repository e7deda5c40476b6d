//! The parts of a text in YAML: quoted and plain texts, and collections in flow style.

use std::ops::Range;

/// Reads a text from `at` on.
pub(super) struct Scanner<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// The value that was looked for, once it is found.
    pub(super) value: Option<Range<usize>>,
    /// If a block scalar has begun, the column that its lines are indented from.
    pub(super) scalar: Option<usize>,
}

/// What is expected next at the top level of a mapping in flow style. It says whether the entry is the one that is looked for.
#[derive(Clone, Copy)]
enum Next {
    Key,
    Colon(bool),
    Value(bool),
    End(bool),
}

impl<'t> Scanner<'t> {
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn skip(&mut self, is_skipped: impl Fn(char) -> bool) {
        self.at = self.text.len() - self.rest().trim_start_matches(is_skipped).len();
    }

    pub(super) fn line(&self) -> &'t str {
        self.rest().lines().next().unwrap_or_default()
    }

    pub(super) fn skip_line(&mut self) {
        self.skip(|c| c != '\n');
        self.at = self.text.len().min(self.at + 1);
    }

    /// Whether a blank, a line break or nothing follows the next character.
    pub(super) fn is_alone(&self) -> bool {
        self.rest().chars().nth(1).is_none_or(char::is_whitespace)
    }

    /// The number of characters before a position in its line.
    pub(super) fn column(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.rsplit('\n').next().unwrap_or_default().chars().count()
    }

    /// Passes over a quoted text, which may go over several lines.
    pub(super) fn quoted(&mut self) -> Option<&'t str> {
        let quote = self.peek()?;
        let inner = self.rest().get(1..)?;
        let mut characters = inner.char_indices().peekable();
        while let Some((end, c)) = characters.next() {
            let is_escape = (c == '\\' && quote == '"')
                || (c == '\'' && quote == '\'' && characters.peek().is_some_and(|(_, next)| *next == '\''));
            if is_escape {
                characters.next();
            } else if c == quote {
                self.at += 1 + end + 1;
                return inner.get(..end);
            }
        }
        None
    }

    /// Passes over a text without quotes, up to the end of the line at most.
    pub(super) fn plain(&mut self, is_in_flow: bool) -> Option<&'t str> {
        let rest = self.rest();
        let mut before = 'x';
        let end = rest.char_indices().find(|(at, c)| {
            let next = || rest.get(at + 1..).and_then(|rest| rest.chars().next());
            let ends = match c {
                '\n' => true,
                '#' => before.is_whitespace(),
                ':' => next().is_none_or(|next| {
                    next.is_whitespace() || (is_in_flow && matches!(next, ',' | '[' | ']' | '{' | '}'))
                }),
                ',' | '[' | ']' | '{' | '}' => is_in_flow,
                _ => false,
            };
            before = *c;
            ends
        });
        let text = rest.get(..end.map_or(rest.len(), |(end, _)| end))?.trim_end();
        self.at += text.len();
        (!text.is_empty()).then_some(text)
    }

    /// Passes over an anchor, an alias or a tag.
    pub(super) fn property(&mut self, is_in_flow: bool) {
        self.skip(|c| !(c.is_whitespace() || (is_in_flow && matches!(c, ',' | ']' | '}'))));
    }

    /// Passes over a collection in flow style, and finds the value of the entry with one of these keys in the outermost one.
    pub(super) fn flow(&mut self, keys: &[&str]) -> Option<()> {
        let mut open = Vec::new();
        let mut next = Next::Key;
        loop {
            self.skip(char::is_whitespace);
            let at = self.at;
            let is_outermost = open.len() == 1;
            let c = self.peek()?;
            let scalar = match c {
                '#' => {
                    self.skip_line();
                    continue;
                }
                '{' | '[' => {
                    open.push(if c == '{' { '}' } else { ']' });
                    self.at += 1;
                    None
                }
                '}' | ']' => {
                    if open.pop() != Some(c)
                        || (is_outermost && matches!(next, Next::Colon(true) | Next::Value(true)))
                    {
                        return None;
                    }
                    self.at += 1;
                    if open.is_empty() {
                        return Some(());
                    }
                    continue;
                }
                ',' | ':' => {
                    self.at += 1;
                    next = match (is_outermost, c, next) {
                        (true, ':', Next::Colon(is_wanted)) => Next::Value(is_wanted),
                        (true, ',', Next::Colon(true) | Next::Value(true)) => return None,
                        (true, ',', _) => Next::Key,
                        _ => next,
                    };
                    continue;
                }
                '&' | '!' => {
                    self.property(true);
                    continue;
                }
                '"' | '\'' => Some(self.quoted()?),
                '*' => {
                    self.property(true);
                    None
                }
                '?' if self.is_alone() => return None,
                _ => Some(self.plain(true)?),
            };
            if !is_outermost {
                continue;
            }
            next = match next {
                Next::Key => Next::Colon(scalar.is_some_and(|key| keys.contains(&key))),
                Next::Value(true) if self.value.is_some() || scalar.is_none() => return None,
                Next::Value(is_wanted) => {
                    if is_wanted {
                        self.value = Some(at..self.at);
                    }
                    Next::End(is_wanted)
                }
                // A text that goes on in the next line.
                Next::Colon(true) | Next::End(true) => return None,
                Next::Colon(false) | Next::End(false) => next,
            };
        }
    }
}
