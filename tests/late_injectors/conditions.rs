//! The conditions of the catalogue as CEL, for the container at `variables.containers[i]`. Each holds only where the catalogue's does.

use acceptance::library::catalogue::condition::{Condition, Test};
use acceptance::library::catalogue::injectable::PortSource;

use crate::patterns as re;

/// Why something cannot be said in CEL.
pub(crate) type Reason = &'static str;

/// The words of `command` and `args` match. They are lines, and so are variables.
fn words(pattern: &str) -> String {
    format!("variables.words[i].matches(r'{pattern}')")
}

/// The environment variables match.
fn env(pattern: &str) -> String {
    format!("variables.env[i].matches(r'{pattern}')")
}

/// The image matches.
pub(crate) fn image(pattern: &str) -> String {
    format!("variables.images[i].matches(r'{pattern}')")
}

/// All of these hold.
pub(crate) fn all(conditions: &[String]) -> String {
    conditions.join(" && ")
}

/// One of these holds.
fn either(conditions: &[String]) -> String {
    format!("({})", conditions.join(" || "))
}

/// All of these conditions.
pub(crate) fn all_of(conditions: &[Condition]) -> Result<Vec<String>, Reason> {
    conditions.iter().map(condition).collect()
}

/// None of these conditions holds: what they are about is not set at all.
pub(crate) fn none_of(conditions: &[Condition]) -> Result<Vec<String>, Reason> {
    let absent = |condition: &Condition| match condition {
        Condition::Arg(flag, Test::Present | Test::Is(_) | Test::Has(_)) => Ok(flag_is_absent(flag)),
        Condition::Env(name, Test::Present | Test::Is(_) | Test::Has(_)) => Ok(variable_is_absent(name)),
        _ => Err("what must not hold is not about a flag or a variable"),
    };
    conditions.iter().map(absent).collect()
}

fn condition(condition: &Condition) -> Result<String, Reason> {
    Ok(match condition {
        Condition::Arg(flag, Test::Absent) => flag_is_absent(flag),
        Condition::Arg(flag, Test::Off) => either(&[flag_is_absent(flag), words(&re::flag_off(flag))]),
        Condition::Arg(flag, test) => words(&flag_as(flag, test)?),
        Condition::Env(name, Test::Absent) => variable_is_absent(name),
        Condition::Env(name, test) => env(&variable_as(name, test)?),
        Condition::ArgOrEnv(flag, name, Test::Absent) => {
            all(&[flag_is_absent(flag), variable_is_absent(name)])
        }
        Condition::ArgOrEnv(flag, name, test) => either(&[
            words(&flag_as(flag, test)?),
            all(&[flag_is_absent(flag), env(&variable_as(name, test)?)]),
        ]),
        Condition::Since(version) => image(&re::tag_since(version)),
        Condition::Tag(part) => image(&re::tag_with(part)),
        Condition::NoCommand => "!has(variables.containers[i].command)".to_owned(),
        Condition::AnyOf(conditions) => either(&all_of(conditions)?),
        Condition::AllOf(conditions) => format!("({})", all(&all_of(conditions)?)),
        Condition::Annotation(..) | Condition::Label(..) => {
            return Err("it depends on labels or annotations");
        }
        Condition::Word(_) => return Err("it depends on a part of a word"),
        Condition::HiddenEnv(_) => return Err("it depends on a variable that the object does not show"),
        Condition::Kind(_) => return Err("it depends on the owner"),
        Condition::ReadinessProbe(..) => return Err("it depends on another probe"),
        Condition::Image(_) | Condition::MountsHostPath | Condition::RunsOn => {
            return Err("it depends on the Pod");
        }
    })
}

/// What a flag must look like.
fn flag_as(flag: &str, test: &Test) -> Result<String, Reason> {
    match test {
        Test::Present => Ok(re::flag_on(flag)),
        Test::Is(value) => Ok(re::flag_with(flag, &re::literal(value))),
        _ => Err("it depends on a part of a flag"),
    }
}

/// What a variable must look like.
fn variable_as(name: &str, test: &Test) -> Result<String, Reason> {
    match test {
        Test::Present => Ok(re::variable_with(name, re::TRUE)),
        Test::Is(value) => Ok(re::variable_with(name, &re::literal(value))),
        _ => Err("it depends on a part of a variable"),
    }
}

/// What must hold of all flags and variables that some conditions and a port are about: none is given twice, since the last would count.
pub(crate) fn none_twice(conditions: &[Condition], port: Option<&PortSource>) -> Vec<String> {
    let (mut flags, mut variables) = (Vec::new(), Vec::new());
    subjects(conditions, &mut flags, &mut variables);
    flags.extend(port.and_then(|source| source.arg));
    variables.extend(port.and_then(|source| source.env));
    let twice = |patterns: Vec<String>, matches: fn(&str) -> String| {
        (!patterns.is_empty()).then(|| format!("!{}", matches(&re::any(patterns))))
    };
    let flags = twice(flags.into_iter().map(re::flag_twice).collect(), words);
    flags.into_iter().chain(twice(variables.into_iter().map(re::variable_twice).collect(), env)).collect()
}

/// The flags and variables whose values count.
fn subjects(conditions: &[Condition], flags: &mut Vec<&'static str>, variables: &mut Vec<&'static str>) {
    for condition in conditions {
        match condition {
            Condition::Arg(_, Test::Absent)
            | Condition::Env(_, Test::Absent)
            | Condition::ArgOrEnv(_, _, Test::Absent) => {}
            Condition::Arg(flag, _) => flags.push(flag),
            Condition::Env(name, _) => variables.push(name),
            Condition::ArgOrEnv(flag, name, _) => {
                flags.push(flag);
                variables.push(name);
            }
            Condition::AnyOf(conditions) | Condition::AllOf(conditions) => {
                subjects(conditions, flags, variables);
            }
            _ => {}
        }
    }
}

/// Containers whose arguments cannot be read are no candidates.
fn flag_is_absent(flag: &str) -> String {
    format!("!{}", words(&re::flag(flag)))
}

fn variable_is_absent(name: &str) -> String {
    all(&[format!("!{}", env(&re::variable(name))), "!has(variables.containers[i].envFrom)".to_owned()])
}

/// The condition under which the port is known, and its value.
pub(crate) fn port(source: &PortSource) -> Result<(String, String), Reason> {
    let PortSource { arg, env: name, named, default } = source;
    if named.is_some() {
        return Err("its port depends on another field");
    }
    // The first that is set counts.
    let mut sources = Vec::new();
    if let Some(flag) = arg {
        let given = re::flag_with(flag, re::PORT);
        sources.push((words(&given), flag_is_absent(flag), number("words", &given)));
    }
    if let Some(name) = name {
        let given = re::variable_with(name, re::PORT);
        sources.push((env(&given), variable_is_absent(name), number("env", &given)));
    }
    let end = default.map(|port| ("true".to_owned(), port.to_string()));
    let folded = sources.into_iter().rev().fold(end, |rest, (given, absent, value)| {
        Some(match rest {
            None => (given, value),
            Some((known, port)) => {
                let known = if known == "true" { absent } else { all(&[absent, known]) };
                (either(&[given.clone(), known]), format!("({given} ? {value} : {port})"))
            }
        })
    });
    folded.ok_or("its port is not known")
}

/// The only number in what a pattern finds.
fn number(variable: &str, pattern: &str) -> String {
    format!("int(variables.{variable}[i].find(r'{pattern}').find('[0-9]+'))")
}
