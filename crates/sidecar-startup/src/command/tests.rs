//! Tables of commands and their results.

use super::*;

const SUCCESS: Outcome = Outcome::harmless(Ends::Success);
const FAILURE: Outcome = Outcome::harmless(Ends::Failure);
const UNKNOWN: Outcome = Outcome::UNKNOWN;
/// Does work, and ends this way in any case.
const WORKS: Outcome = Outcome { works: true, ..SUCCESS };
const FAILS: Outcome = Outcome { works: true, ..FAILURE };

/// Succeeds after that many seconds.
const fn sleeps(seconds: u32) -> Outcome {
    Outcome { sleeps: seconds, ..SUCCESS }
}

/// Ends this way after that many seconds and some work.
const fn works_after(seconds: u32, ends: Ends) -> Outcome {
    Outcome { ends, sleeps: seconds, works: true }
}

#[test]
fn outcomes_of_words() {
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
        (&["printf", "%d"], UNKNOWN),
        (&["printf", "\\xg"], UNKNOWN),
        (&["printf", "-x"], UNKNOWN),
        (&["printf", "%d", "x"], UNKNOWN),
        // Shell builtins and syntax, which exec does not know.
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
fn outcomes_of_simple_scripts() {
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
        ("echo 'still #here'; true", SUCCESS),
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
fn outcomes_of_joined_commands() {
    assert_outcomes(&[
        // One command decides about the next.
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
        // A failure ends the shell.
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
fn only_sleep_before_any_work_counts() {
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
        // The rest cannot be parsed.
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
fn unreadable_scripts_are_unknown() {
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
        // Syntax errors.
        ("; true", UNKNOWN),
        ("true;; true", UNKNOWN),
        ("true &&", UNKNOWN),
        ("true\n&& true", UNKNOWN),
        ("|| true", UNKNOWN),
        ("!", UNKNOWN),
    ]);
}

#[test]
fn only_loops_that_certainly_take_any_answer_are_found() {
    for (script, expected) in [
        ("until curl localhost:15000; do sleep 1; done", true),
        ("until curl --head localhost:15000 ; do echo Waiting for Sidecar; sleep 3 ; done", true),
        ("until curl -s -o /dev/null http://localhost:15021/healthz/ready\ndo\n  sleep 1\ndone\n", true),
        ("while ! /usr/bin/curl -sSm1 'http://a/?x=y' > /dev/null 2>&1; do :; done", true),
        ("set -e; echo hi\nuntil curl --max-time 2 https://$HOST:${PORT}/; do sleep 1; done; echo ok", true),
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
        ("until wget localhost; do sleep 1; done", false),
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
