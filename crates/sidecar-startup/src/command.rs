//! What running a command comes to, as far as its words tell.
//!
//! A shell script is read, not searched: simple commands, joined by `;`, `&&`, `||` or a line's end, are followed the way a
//! shell follows them. What needs more than that, be it a variable, a pipe, a redirection or a loop, is left alone, since whoever
//! is told that a command always succeeds may well be denied for it.

/// How a command ends, whatever it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// With 0.
    Success,
    /// With something else.
    Failure,
    /// That depends on what it finds, or it never does.
    Unknown,
}

/// What running a command comes to, as far as its words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// How it ends, whatever it finds.
    pub ends: Ends,
    /// How long it surely sleeps before it does anything else, or ends, in whole seconds, rounded down. It is [`u32::MAX`] for
    /// `sleep infinity`.
    pub sleeps: u32,
    /// Whether it runs anything but `sleep`, `true`, `false`, `:`, `echo`, `printf`, `date`, `set` or `exit`, that is, whether
    /// it does, or may do, real work.
    pub works: bool,
}

impl Outcome {
    /// What nothing is known of.
    const UNKNOWN: Self = Self { ends: Ends::Unknown, sleeps: 0, works: true };

    /// What ends like that and has no other effect.
    const fn harmless(ends: Ends) -> Self {
        Self { ends, sleeps: 0, works: false }
    }
}

/// What an exec with these words comes to.
#[must_use]
pub fn outcome<S: AsRef<str>>(words: &[S]) -> Outcome {
    outcome_of_words(&as_strs(words))
}

/// Whether these words are a loop that waits for an HTTP server with `curl` and takes any answer of it, even an error, for
/// success. That is what `curl` does without `--fail`; `wget` fails on HTTP errors by itself.
#[must_use]
pub fn takes_any_answer<S: AsRef<str>>(words: &[S]) -> bool {
    let words = as_strs(words);
    Shell::called_by(unwrapped(&words)).is_some_and(|(shell, script)| {
        let script = Script::read(script);
        shell.surely_reaches_unread(&script) && script.unread.is_some_and(is_loop_for_any_answer)
    })
}

fn as_strs<S: AsRef<str>>(words: &[S]) -> Vec<&str> {
    words.iter().map(AsRef::as_ref).collect()
}

fn outcome_of_words(words: &[&str]) -> Outcome {
    let words = unwrapped(words);
    if let Some((shell, script)) = Shell::called_by(words) {
        return shell.outcome(&Script::read(script));
    }
    let Some((first, arguments)) = words.split_first() else { return Outcome::UNKNOWN };
    match (program(first), arguments) {
        ("true", []) | ("echo", _) | ("date", [] | ["-u"]) => Outcome::harmless(Ends::Success),
        ("date", [format] | ["-u", format]) if format.starts_with('+') => Outcome::harmless(Ends::Success),
        ("printf", [text]) if !text.starts_with('-') && !text.contains(['%', '\\']) => {
            Outcome::harmless(Ends::Success)
        }
        ("false", []) => Outcome::harmless(Ends::Failure),
        ("sleep", [length]) => seconds(length).map_or(Outcome::UNKNOWN, |sleeps| Outcome {
            // What sleeps forever never ends.
            ends: if sleeps == u32::MAX { Ends::Unknown } else { Ends::Success },
            sleeps,
            works: false,
        }),
        _ => Outcome::UNKNOWN,
    }
}

/// The words without the `env` and `busybox` before them, which only pass them on.
fn unwrapped<'a, 'w>(mut words: &'a [&'w str]) -> &'a [&'w str] {
    const APPLETS: [&str; 8] = ["ash", "date", "echo", "env", "false", "sh", "sleep", "true"];
    loop {
        match words {
            [first, rest @ ..] if program(first) == "env" => {
                let assignments = rest.iter().take_while(|word| is_plain_assignment(word)).count();
                words = rest.get(assignments..).unwrap_or_default();
            }
            [first, rest @ ..]
                if base_name(first) == "busybox"
                    && rest.first().is_some_and(|name| APPLETS.contains(name)) =>
            {
                words = rest;
            }
            _ => return words,
        }
    }
}

/// The name of a program where that says which one it is: on the path, or where the system keeps its own.
fn program(word: &str) -> &str {
    word.strip_prefix("/usr").unwrap_or(word).strip_prefix("/bin/").unwrap_or(word)
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Whether a word gives a value to a variable that no shell guards and that nothing here depends on.
fn is_plain_assignment(word: &str) -> bool {
    const DELICATE: [&str; 8] =
        ["EUID", "LINENO", "OPTIND", "PATH", "POSIXLY_CORRECT", "PPID", "SHELLOPTS", "UID"];
    let Some((name, _)) = word.split_once('=') else { return false };
    let is_name = !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_delicate = DELICATE.contains(&name) || name.starts_with("BASH") || name.starts_with("LD_");
    !name.is_empty() && is_name && !is_delicate
}

/// How long a `sleep` with this argument sleeps, in whole seconds.
fn seconds(length: &str) -> Option<u32> {
    if matches!(length, "inf" | "infinity") {
        return Some(u32::MAX);
    }
    let units = [('s', 1.0), ('m', 60.0), ('h', 3_600.0), ('d', 86_400.0)];
    let with_unit = units.iter().find_map(|(unit, seconds)| Some((length.strip_suffix(*unit)?, *seconds)));
    let (number, unit) = with_unit.unwrap_or((length, 1.0));
    if !number.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let length = std::time::Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit);
    Some(length.map_or(u32::MAX, |length| u32::try_from(length.as_secs()).unwrap_or(u32::MAX)))
}

/// A shell script, as far as it can be read.
#[derive(Default)]
struct Script<'a> {
    commands: Vec<Command>,
    /// How the unread rest is joined to the commands.
    join: Join,
    /// What comes from the first command on that cannot be read.
    unread: Option<&'a str>,
}

/// A simple command.
struct Command {
    join: Join,
    /// Whether `!` turns its end around.
    is_negated: bool,
    /// Its words, without quotes and without the variables that it sets.
    words: Vec<String>,
}

/// How a command is joined to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Join {
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
    fn read(text: &'a str) -> Self {
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
    fn read(text: &str, join: Join) -> Option<Self> {
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

/// A shell on its way through a script. Where it cannot be told which way that is, it stands for all of them.
struct Shell {
    /// Whether it is `bash`, the only one that surely knows `pipefail`.
    is_bash: bool,
    /// Whether it exits when a command fails.
    exits_on_error: bool,
    /// How the last command ended, where it still runs.
    running: Option<Ends>,
    /// How it exited, where it has.
    exited: Option<Ends>,
    sleeps: u32,
    works: bool,
}

/// What a simple command does to the shell.
enum Effect {
    /// It ends like that.
    Ends(Outcome),
    /// The shell ends like that.
    Exits(Outcome),
    /// The shell ends like the command before.
    ExitsAlike,
    /// The shell exits from now on when a command fails, or does not change in that.
    Sets { exits_on_error: bool },
    /// It may do anything, to the commands after it too.
    Unknown,
}

/// The flags of a shell, or of its command `set`.
#[derive(Default)]
struct Flags {
    has_script: bool,
    exits_on_error: bool,
}

impl Shell {
    /// The shell that these words start, and the script that they give to it.
    fn called_by<'w>(words: &[&'w str]) -> Option<(Self, &'w str)> {
        let (first, arguments) = words.split_first()?;
        let name = base_name(first);
        let is_bash = name == "bash";
        if !is_bash && !matches!(name, "sh" | "ash" | "dash") {
            return None;
        }
        let (flags, rest) = Flags::read(arguments, "cefluvx", is_bash)?;
        let shell = Self {
            is_bash,
            exits_on_error: flags.exits_on_error,
            running: Some(Ends::Success),
            exited: None,
            sleeps: 0,
            works: false,
        };
        rest.first().filter(|_| flags.has_script).map(|script| (shell, *script))
    }

    fn outcome(mut self, script: &Script<'_>) -> Outcome {
        let is_followed = self.follow(script);
        if is_followed.is_none() || script.unread.is_some() {
            return Outcome { sleeps: self.sleeps, ..Outcome::UNKNOWN };
        }
        let ends = match (self.exited, self.running) {
            (Some(ends), None) | (None, Some(ends)) => ends,
            // Whoever lets a shell exit half-way, or not, meant that to make a difference.
            _ => Ends::Unknown,
        };
        Outcome { ends, sleeps: self.sleeps, works: self.works }
    }

    /// Whether a script only idles until it comes to what could not be read of it, and surely comes there.
    fn surely_reaches_unread(mut self, script: &Script<'_>) -> bool {
        let is_followed = self.follow(script).is_some();
        is_followed && !self.works && self.exited.is_none() && {
            let (goes_on, skips) = ways(script.join, self.running);
            goes_on.is_some() && skips.is_none()
        }
    }

    /// Runs what can be read of a script. There is none if that stops half-way, because what comes next cannot be told.
    fn follow(&mut self, script: &Script<'_>) -> Option<()> {
        let next_joins = script.commands.iter().skip(1).map(|command| command.join).chain([script.join]);
        for (command, next_join) in script.commands.iter().zip(next_joins) {
            let (before, skipped) = ways(command.join, self.running);
            let Some(before) = before else { continue };
            let words = as_strs(&command.words);
            let after = match self.effect(&words) {
                Effect::Ends(outcome) => {
                    self.account_for(outcome);
                    let can_exit = self.exits_on_error && next_join == Join::Then && !command.is_negated;
                    self.after(outcome.ends, command.is_negated, can_exit)
                }
                // Too odd to be sure of.
                _ if command.is_negated => return None,
                Effect::Exits(outcome) => {
                    self.account_for(outcome);
                    self.exit(outcome.ends)
                }
                Effect::ExitsAlike => self.exit(before),
                Effect::Sets { exits_on_error } if skipped.is_none() => {
                    self.exits_on_error |= exits_on_error;
                    Some(Ends::Success)
                }
                Effect::Sets { .. } | Effect::Unknown => return None,
            };
            self.running = either(skipped, after);
        }
        Some(())
    }

    fn effect(&self, words: &[&str]) -> Effect {
        match words {
            [] | [":", ..] => Effect::Ends(Outcome::harmless(Ends::Success)),
            ["exit"] => Effect::ExitsAlike,
            ["exit", code] => {
                exit_code(code).map_or(Effect::Unknown, |ends| Effect::Exits(Outcome::harmless(ends)))
            }
            ["exec", command @ ..] if !command.is_empty() => Effect::Exits(outcome_of_words(command)),
            ["set", flags @ ..] if !flags.is_empty() => match Flags::read(flags, "eux", self.is_bash) {
                Some((Flags { exits_on_error, .. }, [])) => Effect::Sets { exits_on_error },
                _ => Effect::Unknown,
            },
            [first, ..] => match outcome_of_words(words) {
                Outcome::UNKNOWN if is_delicate(program(first)) => Effect::Unknown,
                outcome => Effect::Ends(outcome),
            },
        }
    }

    /// Counts what a command does. Only the sleep before any work is sure.
    fn account_for(&mut self, outcome: Outcome) {
        if !self.works {
            self.sleeps = self.sleeps.saturating_add(outcome.sleeps);
        }
        self.works |= outcome.works;
        if outcome.sleeps == u32::MAX {
            // It may never come further, so no end is sure.
            self.exited = Some(Ends::Unknown);
        }
    }

    /// How the shell goes on after a command that ends like that, if it does.
    fn after(&mut self, ends: Ends, is_negated: bool, can_exit: bool) -> Option<Ends> {
        match ends {
            Ends::Failure if can_exit => self.exit(Ends::Failure),
            Ends::Unknown if can_exit => {
                self.exit(Ends::Failure);
                Some(Ends::Success)
            }
            Ends::Success if is_negated => Some(Ends::Failure),
            Ends::Failure if is_negated => Some(Ends::Success),
            ends => Some(ends),
        }
    }

    /// Ends the shell, after which it does not go on.
    fn exit(&mut self, ends: Ends) -> Option<Ends> {
        self.exited = either(self.exited, Some(ends));
        None
    }
}

/// Whether a command may change the shell itself, or what later words mean, or ends the shell when it goes wrong.
fn is_delicate(name: &str) -> bool {
    const DELICATE: &str = ". alias bg bind break builtin cd chdir command continue declare dirs disown enable \
        eval exec exit export fc fg getopts hash kill killall let local logout mapfile pkill \
        popd printf pushd read readarray readonly return set shift shopt source suspend \
        times trap typeset ulimit unalias unset wait";
    DELICATE.split(' ').any(|delicate| delicate == name)
}

/// Splits the ways that a shell may have come into those that run the next command, and those that skip it.
fn ways(join: Join, running: Option<Ends>) -> (Option<Ends>, Option<Ends>) {
    let (runs, skips) = match join {
        Join::Then => return (running, None),
        Join::And => (Ends::Success, Ends::Failure),
        Join::Or => (Ends::Failure, Ends::Success),
    };
    let may_end = |ends| Some(ends).filter(|_| running == Some(ends) || running == Some(Ends::Unknown));
    (may_end(runs), may_end(skips))
}

/// What is sure if either of two ways may have been taken.
fn either(one: Option<Ends>, other: Option<Ends>) -> Option<Ends> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Some(Ends::Unknown),
        _ => one.or(other),
    }
}

/// How `exit` with this number ends. Shells differ about numbers that do not fit into a byte.
fn exit_code(code: &str) -> Option<Ends> {
    let is_number = code.chars().all(|c| c.is_ascii_digit());
    let code: u8 = code.parse().ok().filter(|_| is_number)?;
    Some(if code == 0 { Ends::Success } else { Ends::Failure })
}

impl Flags {
    /// Reads flags, of which only the known letters and a few long names make sense, and gives the words after them.
    fn read<'a, 'w>(mut words: &'a [&'w str], known: &str, is_bash: bool) -> Option<(Self, &'a [&'w str])> {
        let mut flags = Self::default();
        while let Some((bundle, mut rest)) = words.split_first()
            && let Some(letters) = bundle.strip_prefix('-')
        {
            if letters.is_empty() {
                return None;
            }
            for letter in letters.chars() {
                match letter {
                    'o' => {
                        let (name, after) = rest.split_first()?;
                        flags.name(name, is_bash)?;
                        rest = after;
                    }
                    _ if !known.contains(letter) => return None,
                    'c' => flags.has_script = true,
                    'e' => flags.exits_on_error = true,
                    _ => {}
                }
            }
            words = rest;
        }
        Some((flags, words))
    }

    /// Takes the name after `-o`. There is none if not every shell knows it.
    fn name(&mut self, name: &str, is_bash: bool) -> Option<()> {
        match name {
            "errexit" => self.exits_on_error = true,
            "nounset" | "xtrace" => {}
            "pipefail" if is_bash => {}
            _ => return None,
        }
        Some(())
    }
}

/// Whether a text is a loop until a `curl` gets any answer, with nothing of weight after it.
fn is_loop_for_any_answer(text: &str) -> bool {
    let condition = after_word(text, "until")
        .or_else(|| after_word(text, "while").and_then(|negated| after_word(negated, "!")));
    condition.and_then(split_at_condition_end).is_some_and(|(condition, rest)| {
        is_curl_for_any_answer(condition) && after_word(rest, "do").is_some_and(is_rest_of_loop)
    })
}

/// What comes after a word that a text begins with.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(word).filter(|rest| rest.starts_with(char::is_whitespace));
    rest.map(str::trim_start)
}

/// Splits a text after the first command in it, however complex that is.
fn split_at_condition_end(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ';' | '\n') => {
                let (condition, rest) = text.split_at_checked(at)?;
                return Some((condition, rest.strip_prefix([';', '\n'])?.trim_start()));
            }
            _ => {}
        }
    }
    None
}

/// Whether a text is the body of a loop and its end, with no other loop in it, and then at most what idles and succeeds.
fn is_rest_of_loop(text: &str) -> bool {
    const LOOPS: [&str; 4] = ["for", "select", "until", "while"];
    const BEFORE_COMMANDS: [&str; 6] = ["!", "do", "elif", "else", "if", "then"];
    let is_gap = |c: char| matches!(c, '\n' | ';' | '&' | '|' | '(' | ')' | '{' | '}' | '`');
    let begins_loop = |command: &str| {
        let first = command.split_whitespace().find(|word| !BEFORE_COMMANDS.contains(word));
        first.is_some_and(|first| LOOPS.contains(&first))
    };
    if text.contains("<<") || text.split(is_gap).any(begins_loop) {
        return false;
    }
    let mut ends = text.match_indices("done").filter_map(|(at, word)| {
        let (body, rest) = text.split_at_checked(at)?;
        let rest = rest.strip_prefix(word)?;
        let is_command = body.trim_end_matches([' ', '\t']).ends_with([';', '\n']);
        let is_whole = rest.is_empty() || rest.starts_with([' ', '\t']) || rest.starts_with(is_gap);
        (is_command && is_whole).then_some(rest)
    });
    let Some(rest) = ends.next().filter(|_| ends.next().is_none()) else { return false };
    let rest = rest.trim_matches([' ', '\t']);
    let after = rest.strip_prefix([';', '\n']).or_else(|| rest.strip_prefix("&&"));
    rest.is_empty()
        || after.is_some_and(|script| {
            let outcome = outcome_of_words(&["sh", "-c", script]);
            outcome.ends == Ends::Success && !outcome.works
        })
}

/// Whether a command is a `curl` that succeeds with any answer, and nothing else.
fn is_curl_for_any_answer(text: &str) -> bool {
    const SILENCERS: [&str; 6] =
        [" > /dev/null", " >/dev/null", " 1>/dev/null", " 2> /dev/null", " 2>/dev/null", " 2>&1"];
    let text = SILENCERS.iter().fold(text.to_owned(), |text, silencer| text.replace(silencer, ""));
    if text.replace("${", "").contains(['`', '\\', '(', ')', '{', '|', '&', '<', '>', '*', '#']) {
        return false;
    }
    let words = shlex::split(&text).unwrap_or_default();
    words.split_first().is_some_and(|(first, arguments)| {
        base_name(first) == "curl" && asks_one_url_for_any_answer(arguments) == Some(true)
    })
}

/// Whether these arguments of `curl` name one HTTP URL and nothing that makes an answer count as a failure. There is none where
/// that is not sure, because of a flag that is not known here.
fn asks_one_url_for_any_answer(arguments: &[String]) -> Option<bool> {
    let mut urls = 0;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if takes_value(argument)? {
            arguments.next().filter(|value| !value.starts_with(['-', '$']))?;
        }
        urls += u8::from(!argument.starts_with('-'));
        if urls > 1 {
            return Some(false);
        }
    }
    Some(urls == 1)
}

/// Whether the next word belongs to this argument of `curl`. There is none if the argument is not known.
fn takes_value(argument: &str) -> Option<bool> {
    if let Some(name) = argument.strip_prefix("--") {
        return match name {
            "compressed" | "get" | "head" | "http1.1" | "include" | "insecure" | "ipv4" | "ipv6"
            | "location" | "no-buffer" | "no-progress-meter" | "show-error" | "silent" | "verbose" => {
                Some(false)
            }
            "connect-timeout" | "data" | "header" | "max-time" | "output" | "request" | "user"
            | "user-agent" => Some(true),
            _ => None,
        };
    }
    let Some(letters) = argument.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
        return is_http_url(argument).then_some(false);
    };
    let mut letters = letters.chars();
    match letters.find(|letter| !"46GILNSgiksv".contains(*letter)) {
        None => Some(false),
        // The value is the rest of the word, if there is any.
        Some('A' | 'H' | 'X' | 'd' | 'm' | 'o' | 'u') => Some(letters.as_str().is_empty()),
        Some(_) => None,
    }
}

/// Whether `curl` surely takes a word for the URL of an HTTP server. Without a scheme, it guesses another one from some names.
fn is_http_url(word: &str) -> bool {
    const OTHERS: [&str; 8] = ["-", "$", "dict.", "ftp.", "imap.", "ldap.", "pop3.", "smtp."];
    let is_guessed = || !word.contains("://") && !OTHERS.iter().any(|start| word.starts_with(start));
    word.starts_with("http://") || word.starts_with("https://") || is_guessed()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUCCESS: Outcome = Outcome::harmless(Ends::Success);
    const FAILURE: Outcome = Outcome::harmless(Ends::Failure);
    const UNKNOWN: Outcome = Outcome::UNKNOWN;
    /// What works, and then ends like this all the same.
    const WORKS: Outcome = Outcome { works: true, ..SUCCESS };
    const FAILS: Outcome = Outcome { works: true, ..FAILURE };

    /// What ends well after that many seconds.
    const fn sleeps(seconds: u32) -> Outcome {
        Outcome { sleeps: seconds, ..SUCCESS }
    }

    /// What ends like that after that many seconds and some work.
    const fn works_after(seconds: u32, ends: Ends) -> Outcome {
        Outcome { ends, sleeps: seconds, works: true }
    }

    #[test]
    fn words_are_seen_for_what_they_are() {
        let forever = Outcome { ends: Ends::Unknown, ..sleeps(u32::MAX) };
        for (words, expected) in [
            (&[][..], UNKNOWN),
            (&["true"], SUCCESS),
            (&["/bin/true"], SUCCESS),
            (&["/usr/bin/true"], SUCCESS),
            (&["/opt/true"], UNKNOWN),
            (&["/usrtrue"], UNKNOWN),
            (&["truely"], UNKNOWN),
            (&["true", "or", "not"], UNKNOWN),
            (&["false"], FAILURE),
            (&["/bin/false"], FAILURE),
            (&["echo", "$(NAME)", ">", "file"], SUCCESS),
            (&["date"], SUCCESS),
            (&["date", "-u", "+%s"], SUCCESS),
            (&["date", "--rfc"], UNKNOWN),
            (&["printf", "ready"], SUCCESS),
            (&["printf", "%d", "x"], UNKNOWN),
            // Only a shell knows these.
            (&["exit", "0"], UNKNOWN),
            (&[":"], UNKNOWN),
            (&["exec", "true"], UNKNOWN),
            (&["env"], UNKNOWN),
            (&["env", "true"], SUCCESS),
            (&["env", "A=b", "true"], SUCCESS),
            (&["/usr/bin/env", "A=b", "C=", "false"], FAILURE),
            (&["env", "PATH=/opt", "true"], UNKNOWN),
            (&["env", "-i", "true"], UNKNOWN),
            (&["env", "exit", "0"], UNKNOWN),
            (&["env", "sh", "-c", "exit 1"], FAILURE),
            (&["busybox", "sh", "-c", "exit 0"], SUCCESS),
            (&["/bin/busybox", "sleep", "3"], sleeps(3)),
            (&["busybox"], UNKNOWN),
            (&["busybox", "bash", "-c", "true"], UNKNOWN),
            (&["sleep", "30"], sleeps(30)),
            (&["sleep", "0"], SUCCESS),
            (&["sleep", "1.5"], sleeps(1)),
            (&["sleep", "1.5m"], sleeps(90)),
            (&["/bin/sleep", "2h"], sleeps(7200)),
            (&["sleep", "7s"], sleeps(7)),
            (&["sleep", "1d"], sleeps(86_400)),
            (&["sleep", "infinity"], forever),
            (&["sleep", "99999999999999999999999999"], forever),
            (&["sleep", "1e3"], UNKNOWN),
            (&["sleep", "."], UNKNOWN),
            (&["sleep", "-1"], UNKNOWN),
            (&["sleep", "1ms"], UNKNOWN),
            (&["sleep", "$(SECONDS)"], UNKNOWN),
            (&["sleep"], UNKNOWN),
            (&["pilot-agent", "wait"], UNKNOWN),
            (&["test", "-f", "/ready"], UNKNOWN),
            (&["nohup", "true"], UNKNOWN),
            // Shells.
            (&["sh"], UNKNOWN),
            (&["sh", "-c"], UNKNOWN),
            (&["sh", "-c", ""], SUCCESS),
            (&["sh", "-c", " exit 0\n"], SUCCESS),
            (&["sh", "-c", "exit 0", "exit 1"], SUCCESS),
            (&["sh", "exit 0"], UNKNOWN),
            (&["sh", "-e", "true"], UNKNOWN),
            (&["sh", "-ec", "exec true"], SUCCESS),
            (&["sh", "-e", "-c", "false; true"], FAILURE),
            (&["sh", "-c", "-e", "false; true"], FAILURE),
            (&["/bin/bash", "-c", ": "], SUCCESS),
            (&["/usr/local/bin/bash", "-xec", "false; true"], FAILURE),
            (&["bash", "-lc", "false; true"], SUCCESS),
            (&["bash", "-euo", "pipefail", "-c", "false; true"], FAILURE),
            (&["bash", "-ceuo", "pipefail", "sleep 5"], sleeps(5)),
            (&["dash", "-o", "errexit", "-c", "false; true"], FAILURE),
            (&["sh", "-o", "pipefail", "-c", "true"], UNKNOWN),
            (&["ash", "-nc", "false"], UNKNOWN),
            (&["sh", "-c", "--", "true"], UNKNOWN),
            (&["sh", "+e", "-c", "true"], UNKNOWN),
            (&["zsh", "-c", "true"], UNKNOWN),
            (&["bash", "-c", "set -euo pipefail; false; true"], FAILURE),
        ] {
            assert_eq!(outcome(words), expected, "{words:?}");
        }
        assert_eq!(outcome(&["false".to_owned()]), FAILURE);
    }

    fn assert_outcomes(rows: &[(&str, Outcome)]) {
        for (script, expected) in rows {
            assert_eq!(outcome(&["sh", "-c", script]), *expected, "{script}");
        }
    }

    #[test]
    fn scripts_are_read() {
        assert_outcomes(&[
            ("\n\n", SUCCESS),
            ("# nothing; exit 1", SUCCESS),
            ("  # (nothing)\n\texit 1", FAILURE),
            ("exit 1 # $?", FAILURE),
            ("true #", SUCCESS),
            ("exit", SUCCESS),
            ("exit 00", SUCCESS),
            ("exit 256", UNKNOWN),
            ("exit -1", UNKNOWN),
            ("exit +0", UNKNOWN),
            ("exit 0 1", UNKNOWN),
            ("exit $?", UNKNOWN),
            ("exit 0\r", UNKNOWN),
            ("false\nexit", FAILURE),
            ("sleep 0; true", SUCCESS),
            ("exec false; true", FAILURE),
            ("exec; true", UNKNOWN),
            ("exit 1; true", FAILURE),
            (": 'it is' \"fine\"", SUCCESS),
            ("echo 'still here'; date +%s", SUCCESS),
            ("'true'", SUCCESS),
            ("'' || true", WORKS),
            ("a#b; true", WORKS),
            ("A=b", SUCCESS),
            ("A=b C=d false", FAILURE),
            ("A='b c' false", FAILURE),
            ("'A=b' true", UNKNOWN),
            ("A=b 'C=d' true", UNKNOWN),
            ("UID=1; true", UNKNOWN),
            ("PATH=/opt; env true", UNKNOWN),
            ("sh -c 'exit 1' || true", SUCCESS),
            ("sh -c 'exit 1'", FAILURE),
        ]);
    }

    #[test]
    fn scripts_are_followed() {
        assert_outcomes(&[
            // Where one command decides about the next.
            ("false || true", SUCCESS),
            ("true && false", FAILURE),
            ("true || false", SUCCESS),
            ("true || grep -q x f", SUCCESS),
            ("false && exit 0; true", SUCCESS),
            ("false && true || false", FAILURE),
            ("true &&\n\n # or\n false", FAILURE),
            ("grep x f", UNKNOWN),
            ("grep x f; true", WORKS),
            ("grep x f || true", WORKS),
            ("grep x f || false", UNKNOWN),
            ("grep x f && false", FAILS),
            ("grep x f && exit 1", UNKNOWN),
            ("grep x f && exit 0; true", UNKNOWN),
            ("grep -q x f || exit 1", UNKNOWN),
            ("grep x f || exit; true", UNKNOWN),
            ("grep x f && exit 1 || exit 3", FAILS),
            ("grep x f && exit; true", UNKNOWN),
            ("! true", FAILURE),
            ("! false", SUCCESS),
            ("! grep x f", UNKNOWN),
            ("! exit 1", UNKNOWN),
            ("! ! true", UNKNOWN),
            ("!true", UNKNOWN),
            ("'!' true", UNKNOWN),
            // Where a failure ends the shell.
            ("set -e; false; true", FAILURE),
            ("set -e\ngrep x f\ntrue", UNKNOWN),
            ("set -eu; grep x f; exit 1", FAILS),
            ("set -e; false || true", SUCCESS),
            ("set -e; false && true; true", SUCCESS),
            ("set -e; true && false; true", FAILURE),
            ("set -e; ! true; true", SUCCESS),
            ("set -x; false; true", SUCCESS),
            ("set -o errexit; false; true", FAILURE),
            ("set -o pipefail; true", UNKNOWN),
            ("set +e; true", UNKNOWN),
            ("set -e x; true", UNKNOWN),
            ("set; true", UNKNOWN),
            ("grep x f && set -e; true", UNKNOWN),
        ]);
    }

    #[test]
    fn sleep_before_anything_else_is_counted() {
        assert_outcomes(&[
            ("sleep 30 && exec java -jar app.jar", works_after(30, Ends::Unknown)),
            ("echo hi; sleep 5; true", sleeps(5)),
            ("sleep 5; sleep 1m", sleeps(65)),
            ("sleep 5 || sleep 7", sleeps(5)),
            ("java; sleep 3", WORKS),
            ("sleep 2; java; sleep 3", works_after(2, Ends::Success)),
            ("env sh -c 'sleep 4'; sleep 3", sleeps(7)),
            ("exit 0; sleep 3", SUCCESS),
            ("sleep infinity; true", Outcome { ends: Ends::Unknown, ..sleeps(u32::MAX) }),
            ("sleep infinity; java", works_after(u32::MAX, Ends::Unknown)),
            // Where the rest cannot be read.
            ("sleep 30; until curl -f x; do sleep 1; done", works_after(30, Ends::Unknown)),
            ("sleep 30 && java $OPTS", works_after(30, Ends::Unknown)),
            ("sleep 30 && java $OPTS 2>&1", works_after(30, Ends::Unknown)),
            ("sleep 30; java $OPTS &", works_after(30, Ends::Unknown)),
            ("sleep 30 && java $OPTS & true", UNKNOWN),
            ("sleep 30 & true", UNKNOWN),
            ("sleep 30 | true", UNKNOWN),
            ("sleep 30 > /dev/null", UNKNOWN),
            ("sleep 9; exit 0; $X", works_after(9, Ends::Unknown)),
            ("sleep 9; trap true EXIT; exit 0", works_after(9, Ends::Unknown)),
        ]);
    }

    #[test]
    fn what_cannot_be_read_is_left_alone() {
        assert_outcomes(&[
            ("until curl -f x; do sleep 1; done", UNKNOWN),
            ("if true; then false; fi", UNKNOWN),
            ("true() (false); true", UNKNOWN),
            ("eval exit 1; true", UNKNOWN),
            ("cd /; true", UNKNOWN),
            ("export A=b; true", UNKNOWN),
            ("kill 1; true", UNKNOWN),
            ("echo \"$A\"; true", UNKNOWN),
            ("echo 'a; b'; true", UNKNOWN),
            ("echo a\\\n; true", UNKNOWN),
            ("echo 'a", UNKNOWN),
            // Where shells complain.
            ("; true", UNKNOWN),
            ("true;; true", UNKNOWN),
            ("true &&", UNKNOWN),
            ("true\n&& true", UNKNOWN),
            ("|| true", UNKNOWN),
            ("!", UNKNOWN),
        ]);
    }

    #[test]
    fn only_loops_that_surely_take_any_answer_are_told() {
        for (script, expected) in [
            ("until curl localhost:15000; do sleep 1; done", true),
            ("until curl --head localhost:15000 ; do echo Waiting for Sidecar; sleep 3 ; done", true),
            ("until curl -s -o /dev/null http://localhost:15021/healthz/ready\ndo\n  sleep 1\ndone\n", true),
            ("while ! /usr/bin/curl -sSm1 'http://a/?x=y' > /dev/null 2>&1; do :; done", true),
            (
                "set -e; echo hi\nuntil curl --max-time 2 https://$HOST:${PORT}/; do sleep 1; done; echo ok",
                true,
            ),
            ("until curl -so/dev/null a:80; do n=$((n+1)); [ $n -lt 9 ] || exit 1; done && exit 0", true),
            ("until curl -f localhost; do sleep 1; done", false),
            ("until curl -sf localhost; do sleep 1; done", false),
            ("until curl -fsS localhost; do sleep 1; done", false),
            ("until curl --fail localhost; do sleep 1; done", false),
            ("until curl -s --fail-with-body localhost; do sleep 1; done", false),
            ("until curl localhost -f; do sleep 1; done", false),
            ("until curl -K curlrc localhost; do sleep 1; done", false),
            ("until curl --retry 9 localhost; do sleep 1; done", false),
            ("until curl -o -f localhost; do sleep 1; done", false),
            ("until curl $OPTIONS localhost; do sleep 1; done", false),
            ("until curl; do sleep 1; done", false),
            ("until curl a b; do sleep 1; done", false),
            ("until curl telnet://db:5432; do sleep 1; done", false),
            ("until curl -s localhost | grep UP; do sleep 1; done", false),
            ("until curl -s localhost && test -f x; do sleep 1; done", false),
            ("until curl -s localhost; test -f x; do sleep 1; done", false),
            ("until [ $(curl -sw '%{http_code}' localhost) = 200 ]; do sleep 1; done", false),
            ("until curl -sw '%{http_code}' localhost; do sleep 1; done", false),
            ("until curl localhost &>/dev/null; do sleep 1; done", false),
            ("until ! curl localhost; do sleep 1; done", false),
            ("while curl localhost; do sleep 1; done", false),
            ("until wget -q localhost; do sleep 1; done", false),
            ("until curl a; do until curl -f b; do sleep 1; done; done", false),
            ("until curl a; do sleep 1; done; until curl -f a; do sleep 1; done", false),
            ("until curl a; do sleep 1; done; pilot-agent wait", false),
            ("until curl a; do sleep 1; done; exit 1", false),
            ("until curl a; do sleep 1; done &", false),
            ("until curl a; do sleep 1", false),
            ("pilot-agent wait; until curl a; do sleep 1; done", false),
            ("exit 0; until curl a; do sleep 1; done", false),
            ("false && until curl a; do sleep 1; done", false),
            ("curl a", false),
            ("", false),
        ] {
            assert_eq!(takes_any_answer(&["sh", "-c", script]), expected, "{script}");
        }
        assert!(takes_any_answer(&["busybox", "sh", "-ec", "until curl a; do sleep 1; done"]));
        assert!(!takes_any_answer(&["sh", "until curl a; do sleep 1; done"]));
        assert!(!takes_any_answer::<&str>(&[]));
    }
}
