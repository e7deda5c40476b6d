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
        Condition::Arg(flag, Test::Off) => either(&[flag_is_absent(flag), once(flag, &re::flag_off(flag))]),
        Condition::Arg(flag, test) => once(flag, &flag_as(flag, test)?),
        Condition::Env(name, Test::Absent) => variable_is_absent(name),
        Condition::Env(name, test) => listed_once(name, &variable_as(name, test)?),
        Condition::ArgOrEnv(flag, name, Test::Absent) => {
            all(&[flag_is_absent(flag), variable_is_absent(name)])
        }
        Condition::ArgOrEnv(flag, name, test) => either(&[
            once(flag, &flag_as(flag, test)?),
            all(&[flag_is_absent(flag), listed_once(name, &variable_as(name, test)?)]),
        ]),
        Condition::Since(version) => image(&re::tag_since(version)),
        Condition::Tag(part) => image(&re::tag_with(part)),
        Condition::NoCommand => "!has(variables.containers[i].command)".to_owned(),
        Condition::AnyOf(conditions) => either(&all_of(conditions)?),
        Condition::AllOf(conditions) => format!("({})", all(&all_of(conditions)?)),
        Condition::Annotation(..) | Condition::Label(..) => {
            return Err("it depends on labels or annotations");
        }
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

fn once(flag: &str, pattern: &str) -> String {
    all(&[words(pattern), format!("!{}", words(&re::flag_twice(flag)))])
}

fn listed_once(name: &str, pattern: &str) -> String {
    all(&[env(pattern), format!("!{}", env(&re::variable_twice(name)))])
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
        sources.push((once(flag, &given), flag_is_absent(flag), number("words", &given)));
    }
    if let Some(name) = name {
        let given = re::variable_with(name, re::PORT);
        sources.push((listed_once(name, &given), variable_is_absent(name), number("env", &given)));
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
