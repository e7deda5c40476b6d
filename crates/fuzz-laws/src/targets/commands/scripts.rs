//! Scripts, put together from words that do no harm in whatever order.

use crate::draw::Draw;

const SHELLS: &[&str] = &["sh", "/bin/sh", "bash", "/bin/dash"];

// No login shell: /etc/profile may set PATH, so that it would find the real programs.
const FLAGS: &[&[&str]] = &[
    &["-c"],
    &["-ec"],
    &["-e", "-c"],
    &["-uc"],
    &["-o", "errexit", "-c"],
    &["-exc"],
    &["-o", "pipefail", "-c"],
    &["-c", "-e"],
    &["-c", "--"],
    &["-fc"],
    &["+e", "-c"],
    &["--", "-c"],
    &["-n", "-c"],
];

const COMMANDS: &[&str] = &[
    "true",
    "false",
    "work",
    "exit 0",
    "exit 1",
    "exit",
    "sleep 3",
    "echo hi",
    "work-fails",
    ":",
    "exit 256",
    "exit -1",
    "exit 08",
    "exit 2 3",
    "sleep 0",
    "sleep 1m",
    "sleep 0.5",
    "sleep infinity",
    "sleep inf",
    "sleep 1 2",
    "sleep",
    "sleep -1",
    "sleep x",
    "echo 'hi there' \"# no comment\"",
    "echo -n; ",
    "env true",
    "env A=b false",
    "env work",
    "env",
    "/bin/true",
    "/bin/false",
    "/usr/bin/true",
    "./true",
    "true x",
    "false x",
    "test -f /nonexistent",
    "test -d /",
    "[ -d / ]",
    "! true",
    "! false",
    "! work",
    "! exit 1",
    "! set -e",
    "set -e",
    "set -eu",
    "set +e",
    "set -o errexit",
    "set -x",
    "set -- a b",
    "set",
    "set -n",
    "exec true",
    "exec false",
    "exec work",
    "exec",
    "exec sleep 3",
    "A=b",
    "A=b false",
    "A=b work",
    "'A=b' true",
    "A='b c' true",
    "A= true",
    "PATH= true",
    "1=2 true",
    "sh -c 'exit 1'",
    "sh -c 'work'",
    "sh -c \"true; false\"",
    "sh -ec 'false; true'",
    "sh -c",
    "bash -c 'exit 3'",
    "\"true\"",
    "'false'",
    "tr''ue",
    "\\true",
    "\"wo\"rk",
    "printf hi",
    "printf '%d' x",
    "printf",
    "date",
    "date -u",
    "date +%s",
    "date x",
    "tail -f /dev/null",
    "tail -F x",
    "exec tail -f /dev/null",
    "cd /",
    "cd /nonexistent",
    "command true",
    "command false",
    "eval false",
    "eval work",
    "return 0",
    "return 1",
    "trap 'exit 7' EXIT",
    "trap false EXIT",
    "alias true=false",
    "break",
    "continue",
    "shift",
    "unset A",
    "export A=b",
    "export 1=2",
    "readonly A",
    "read A",
    "wait",
    "nosuchprogram",
    "$A",
    "${A:-work}",
    "$A true",
    "echo $?",
    "\"$@\"",
    "true\\\nfalse",
    "~",
    "*",
    "true # false",
    "true #false; (",
    "true#",
    "echo \u{e4}",
    "",
];

const JOINS: &[&str] = &[
    "; ",
    "\n",
    " && ",
    " || ",
    ";",
    " | ",
    " & ",
    " &&\n",
    " ||\n\n",
    "\n\n",
    " # so it goes\n",
    "&&",
    "||",
    " \t; ",
    "\n;",
    ";;",
    " &&; ",
    "\r\n",
];

/// What goes around commands.
const AROUND: &[(&str, &str)] = &[
    ("", ""),
    ("( ", " )"),
    ("{ ", "; }"),
    ("if ", "; then work; fi"),
    ("if true; then ", "; else work; fi"),
    ("while ", "; do break; done"),
    ("until ", "; do sleep 1; done"),
    ("for a in 1 2; do ", "; done"),
    ("while true; do ", "; done"),
    ("case x in x) ", ";; esac"),
    ("", " > /dev/null 2>&1"),
    ("", " < /dev/null"),
    ("", " 2>/nonexistent/x"),
    ("time ", ""),
    ("`", "`"),
    ("$(", ")"),
    ("\"", "\""),
    ("'", "'"),
    ("(", ""),
    ("", ")"),
    ("{", ""),
    ("", "\\"),
    ("", "'"),
    ("", "; do"),
    ("then ", ""),
    ("\t ", " \t"),
];

/// A command: mostly a shell and its script.
pub(super) fn words(draw: &mut Draw<'_>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    match draw.below(12) {
        0 => {
            // No shell, but some command.
            words.extend(
                draw.one_of(COMMANDS).split(' ').map(|word| word.trim_matches(['\'', '"']).to_owned()),
            );
            words.retain(|word| !word.is_empty());
            return words;
        }
        1 => words.push("env".to_owned()),
        2 => words.extend(["env", "A=b"].map(str::to_owned)),
        _ => {}
    }
    words.push(draw.one_of(SHELLS).to_owned());
    words.extend(draw.one_of(FLAGS).iter().map(|flag| (*flag).to_owned()));
    words.push(script(draw));
    if draw.once_in(8) {
        words.push("argument".to_owned());
    }
    words
}

fn script(draw: &mut Draw<'_>) -> String {
    let mut script = String::new();
    for place in 0..=draw.below(6) {
        if place != 0 {
            script += draw.one_of(JOINS);
        }
        let command = draw.one_of(COMMANDS);
        let (before, after) = if draw.once_in(4) { draw.one_of(AROUND) } else { ("", "") };
        script += &format!("{before}{command}{after}");
    }
    script
}
