//! The conditions of the catalogue: a small closed set of tests on a container and its Pod.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::candidate::Candidate;
use crate::command::is_shell;
use crate::model::container_fields::ContainerFields;
use crate::model::glob::matches;
use crate::model::image;
use crate::model::template::Kind;
use crate::model::version::Version;

/// A test on a container and its Pod.
#[derive(Debug)]
pub enum Condition {
    /// A flag or word of `command` or `args`, without leading dashes.
    Arg(&'static str, Test),
    /// An environment variable with a literal value.
    Env(&'static str, Test),
    /// An annotation of the Pod.
    Annotation(&'static str, Test),
    /// A label of the Pod.
    Label(&'static str, Test),
    /// The kind of the object with the Pod template, or of the controller that owns the Pod.
    Kind(Kind),
    /// The image repository fits this glob.
    Image(&'static str),
    /// The tag is this version or a later one.
    Since(&'static str),
    /// The tag contains this.
    Tag(&'static str),
    /// The container mounts a volume of type `hostPath`.
    MountsHostPath,
    /// The container has no `command`.
    NoCommand,
    /// Its `readinessProbe` is an `httpGet` with this path and port.
    ReadinessProbe(&'static str, i32),
    /// At least one of these holds.
    AnyOf(&'static [Condition]),
    /// All of these hold.
    AllOf(&'static [Condition]),
}

/// The test on a value.
#[derive(Debug)]
pub enum Test {
    /// It is set. A flag is set if it stands alone or is `true`.
    Present,
    /// It is not set, and nothing that cannot be read may set it.
    Absent,
    /// It equals this.
    Is(&'static str),
    /// It is not set, or differs from this.
    IsNot(&'static str),
    /// It contains this.
    Has(&'static str),
}

impl Condition {
    /// Whether the condition is proven. One that cannot be decided does not hold.
    pub(super) fn holds(&self, candidate: Candidate<'_>) -> bool {
        let Candidate { fields, repository, pod } = candidate;
        match self {
            Self::Arg(flag, Test::Present) => has_arg(fields, flag),
            Self::Arg(flag, Test::Absent) => {
                !has_arg(fields, flag) && value_of_arg(fields, flag).is_none() && !is_opaque(fields)
            }
            Self::Arg(flag, test) => {
                value_of_arg(fields, flag).is_some_and(|value| test.accepts(Some(value)))
            }
            Self::Env(name, Test::Absent) => fields.lacks_variable(name),
            Self::Env(name, test) => {
                let value = fields.variable(name);
                value.is_some() && test.accepts(value.as_deref())
            }
            Self::Annotation(key, Test::Has(item)) => {
                let list = pod.annotations.get(key).unwrap_or_default();
                list.split(',').any(|listed| listed.trim() == *item)
            }
            Self::Annotation(key, test) => test.accepts(pod.annotations.get(key)),
            Self::Label(key, test) => test.accepts(pod.labels.get(key)),
            Self::Kind(kind) => pod.kind == *kind,
            Self::Image(glob) => matches(glob, repository),
            Self::Since(version) => {
                let tag = image::tag(&fields.image).map(Version::parse);
                tag.is_some_and(|tag| tag.continues(&Version::parse(version)))
            }
            Self::Tag(part) => image::tag(&fields.image).is_some_and(|tag| tag.contains(part)),
            Self::MountsHostPath => pod.spec.host_path_volumes().any(|volume| fields.mounts(&volume)),
            Self::NoCommand => fields.command.is_empty(),
            Self::ReadinessProbe(path, port) => {
                let request = fields.readiness_probe.as_ref().and_then(|probe| probe.http_get.as_ref());
                request.is_some_and(|request| {
                    request.path.as_deref() == Some(path) && request.port == IntOrString::Int(*port)
                })
            }
            Self::AnyOf(conditions) => conditions.iter().any(|condition| condition.holds(candidate)),
            Self::AllOf(conditions) => conditions.iter().all(|condition| condition.holds(candidate)),
        }
    }
}

impl Condition {
    /// Whether the condition holds, or may hold since the value of a flag comes from a variable.
    pub(super) fn may_hold(&self, candidate: Candidate<'_>) -> bool {
        let is_variable = match self {
            Self::Arg(flag, Test::Is(_) | Test::Has(_)) => {
                value_of_arg(candidate.fields, flag).is_some_and(|value| value.contains("$("))
            }
            _ => false,
        };
        is_variable || self.holds(candidate)
    }
}

impl Candidate<'_> {
    /// Whether all conditions hold.
    pub(super) fn fulfils(self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| condition.holds(self))
    }

    /// Whether one of the exceptions holds or may hold. Doubt must lead to silence, not to a denial.
    pub(super) fn is_excepted(self, conditions: &[Condition]) -> bool {
        conditions.iter().any(|condition| condition.may_hold(self))
    }

    /// Whether at least one condition holds.
    pub(super) fn fulfils_one(self, conditions: &[Condition]) -> bool {
        conditions.iter().any(|condition| condition.holds(self))
    }
}

impl Test {
    fn accepts(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (Self::Present, value) => value.is_some(),
            (Self::Absent, value) => value.is_none(),
            (Self::Is(expected), value) => value == Some(expected),
            (Self::IsNot(other), value) => value != Some(other),
            (Self::Has(part), value) => value.is_some_and(|value| value.contains(part)),
        }
    }
}

/// Whether `command` or `args` has the word `flag`, or the flag alone or with the value `true`. Of a repeated flag the last counts.
fn has_arg(container: &ContainerFields<'_>, flag: &str) -> bool {
    let forms = container.words().filter_map(|word| without_dashes(word).strip_prefix(flag));
    let last = forms.filter(|rest| rest.is_empty() || rest.starts_with('=')).last();
    matches!(last, Some("" | "=true"))
}

/// The value of a flag, after `=` or as the next word. Of a repeated flag the last counts, as in Go's flag and pflag.
pub(super) fn value_of_arg<'a>(container: &'a ContainerFields<'_>, flag: &str) -> Option<&'a str> {
    let mut words = container.words();
    let mut last = None;
    while let Some(word) = words.next() {
        match without_dashes(word).strip_prefix(flag) {
            Some("") if word.starts_with('-') => {
                last = words.next().filter(|value| !value.starts_with('-'));
            }
            Some(rest) if rest.starts_with('=') => last = rest.strip_prefix('='),
            _ => {}
        }
    }
    last
}

/// Whether the process may get other arguments than `command` and `args` show: through a shell or `$(VAR)`.
pub(super) fn is_opaque(container: &ContainerFields<'_>) -> bool {
    let is_busybox = |word: &str| word.rsplit('/').next() == Some("busybox");
    container.words().any(|word| is_shell(word) || is_busybox(word) || word.contains("$("))
}

/// Strips one or two leading dashes: Go programs accept either.
fn without_dashes(word: &str) -> &str {
    word.strip_prefix("--").or_else(|| word.strip_prefix('-')).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags() {
        let text = r#"{"command": ["/proxy", "--address", "0.0.0.0"], "args": ["-port=80", "--check", "--last", "router"]}"#;
        let container: ContainerFields<'_> = serde_json::from_str(text).unwrap();
        for (flag, is_there, value) in [
            ("address", true, Some("0.0.0.0")),
            ("port", false, Some("80")),
            ("check", true, None),
            ("last", true, Some("router")),
            ("router", true, None),
            ("addr", false, None),
        ] {
            assert_eq!(has_arg(&container, flag), is_there, "{flag}");
            assert_eq!(value_of_arg(&container, flag), value, "{flag}");
        }
        assert!(!is_opaque(&container));
    }
}
