//! The conditions of the catalogue: a small closed set of tests on a container and its Pod.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::candidate::Candidate;
use super::flags::{as_bool, forms, is_not_given, is_off, switch, switch_in, value_in, value_of_arg};
use crate::command::{is_shell, last_command};
use crate::model::container_fields::ContainerFields;
use crate::model::glob::matches_repository;
use crate::model::image;
use crate::model::template::Kind;
use crate::model::version::Version;

/// A test on a container and its Pod.
#[derive(Debug)]
pub enum Condition {
    /// A flag or word of `command` or `args`, without leading dashes.
    Arg(&'static str, Test),
    /// A word of `command` or `args` contains this.
    Word(&'static str),
    /// An environment variable with a literal value.
    Env(&'static str, Test),
    /// An environment variable whose value the object does not show: it has no literal one, or may come from an `envFrom`.
    HiddenEnv(&'static str),
    /// A flag, without leading dashes, and the environment variable that sets the same where the flag is not given.
    ArgOrEnv(&'static str, &'static str, Test),
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
    /// The tag is this, or ends in it after a dash.
    Tag(&'static str),
    /// The container mounts a volume of type `hostPath`.
    MountsHostPath,
    /// The Pod runs on: its `restartPolicy` is `Always`, as it is by default.
    RunsOn,
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
    /// A flag that is given as `false`, or not at all, where nothing that cannot be read may set it.
    Off,
    /// It is not set, and nothing that cannot be read may set it.
    Absent,
    /// It equals this.
    Is(&'static str),
    /// It differs from this. An annotation or label may also be missing.
    IsNot(&'static str),
    /// It contains this, and is not empty.
    Has(&'static str),
}

impl Condition {
    /// Whether the condition is proven. One that cannot be decided does not hold.
    pub(super) fn holds(&self, candidate: Candidate<'_>) -> bool {
        let Candidate { fields, repository, pod } = candidate;
        match self {
            Self::Arg(flag, Test::Present) => switch(fields, flag) == Some(true),
            Self::Arg(flag, Test::Off) => is_off(fields, flag, || true),
            Self::Arg(flag, Test::Absent) => is_not_given(fields, flag),
            Self::Arg(flag, test) => {
                value_of_arg(fields, flag).is_some_and(|value| test.accepts(Some(value)))
            }
            Self::Word(part) => fields.words().any(|word| word.contains(part)),
            Self::Env(name, Test::Absent) => fields.lacks_variable(name),
            Self::HiddenEnv(name) => !fields.lacks_variable(name) && fields.variable(name).is_none(),
            Self::Env(name, test) => {
                let value = fields.variable(name);
                value.is_some() && test.accepts(value.as_deref())
            }
            Self::ArgOrEnv(flag, name, test) => holds_of_both(fields, flag, name, test),
            Self::Annotation(key, Test::Has(item)) => {
                let list = pod.annotations.get(key).unwrap_or_default();
                list.split(',').any(|listed| listed.trim() == *item)
            }
            Self::Annotation(key, test) => test.accepts(pod.annotations.get(key)),
            Self::Label(key, test) => test.accepts(pod.labels.get(key)),
            Self::Kind(kind) => pod.kind == *kind,
            Self::Image(glob) => matches_repository(glob, repository),
            Self::Since(version) => {
                let tag = image::tag(&fields.image).map(Version::parse);
                tag.is_some_and(|tag| tag.continues(&Version::parse(version)))
            }
            Self::Tag(end) => image::tag(&fields.image)
                .and_then(|tag| tag.strip_suffix(end))
                .is_some_and(|before| before.is_empty() || before.ends_with('-')),
            Self::MountsHostPath => fields.mounts_one_of(pod.host_paths()),
            Self::RunsOn => pod.runs_on(),
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
    /// Whether the condition holds, or may hold: the value of a flag comes from a variable, or a script gives the flag or sets the variable.
    pub(super) fn may_hold(&self, candidate: Candidate<'_>) -> bool {
        let may_be_given = match self {
            Self::Arg(flag, test) => may_be_given(candidate.fields, flag, test),
            Self::Env(name, test) => may_be_set(candidate.fields, name, test),
            Self::HiddenEnv(name) => is_assigned(candidate.fields, name, &is_not_off),
            Self::ArgOrEnv(flag, name, test) => {
                may_be_given(candidate.fields, flag, test)
                    || switch(candidate.fields, flag).is_none()
                        && value_of_arg(candidate.fields, flag).is_none()
                        && may_be_set(candidate.fields, name, test)
            }
            Self::AnyOf(conditions) => candidate.is_excepted(conditions),
            Self::AllOf(conditions) => conditions.iter().all(|condition| condition.may_hold(candidate)),
            _ => false,
        };
        may_be_given || self.holds(candidate)
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
            (Self::Off, value) => value.is_none_or(|value| as_bool(value) == Some(false)),
            (Self::Is(expected), value) => value == Some(expected),
            (Self::IsNot(other), value) => value != Some(other),
            (Self::Has(part), value) => value.is_some_and(|value| !value.is_empty() && value.contains(part)),
        }
    }
}

/// Whether a test holds of what a flag and a variable set: the flag counts where it is given, as in viper and Consul's flags.
fn holds_of_both(fields: &ContainerFields<'_>, flag: &str, name: &str, test: &Test) -> bool {
    let variable = || fields.variable(name);
    match test {
        Test::Present => switch(fields, flag).unwrap_or_else(|| {
            is_not_given(fields, flag) && variable().as_deref().and_then(as_bool) == Some(true)
        }),
        Test::Off => is_off(fields, flag, || {
            fields.lacks_variable(name) || variable().as_deref().and_then(as_bool) == Some(false)
        }),
        Test::Absent => is_not_given(fields, flag) && fields.lacks_variable(name),
        Test::Is(_) | Test::IsNot(_) | Test::Has(_) => match value_of_arg(fields, flag) {
            Some(value) => test.accepts(Some(value)),
            None => is_not_given(fields, flag) && variable().is_some_and(|value| test.accepts(Some(&value))),
        },
    }
}

/// Whether the value of a variable that the container names comes from elsewhere, so that a test may accept it.
fn may_be_set(fields: &ContainerFields<'_>, name: &str, test: &Test) -> bool {
    let is_hidden = |value: Option<&str>| value.is_none_or(|value| value.contains("$("));
    let is_named = || {
        let variables = fields.variables();
        variables.iter().any(|variable| *variable.name == *name && is_hidden(variable.value.as_deref()))
    };
    let accepts = |value: &str| match test {
        Test::Present => is_not_off(value),
        _ => value.contains(['$', '`']) || test.accepts(Some(value)),
    };
    matches!(test, Test::Present | Test::Is(_) | Test::Has(_))
        && (is_assigned(fields, name, &accepts) || is_named())
}

/// Whether a value does not switch off what it sets.
fn is_not_off(value: &str) -> bool {
    !value.is_empty() && as_bool(value) != Some(false)
}

/// Whether a script of the container sets a variable to a value like this, as in `export NAME=value` and `NAME=value run`.
fn is_assigned(fields: &ContainerFields<'_>, name: &str, accepts: &dyn Fn(&str) -> bool) -> bool {
    if !fields.words().any(is_shell) {
        return false;
    }
    let assigns = |statement: &str| {
        let words = statement.split_whitespace();
        let leading =
            words.take_while(|word| word.contains('=') || matches!(*word, "env" | "exec" | "export"));
        leading
            .filter_map(|word| word.split_once('='))
            .any(|(assigned, value)| assigned == name && accepts(value.trim_matches(['\'', '"'])))
    };
    fields.words().flat_map(|script| script.split([';', '\n', '&', '|', '('])).any(assigns)
}

/// Whether a script of the container decodes a file, as Vault's injector has it do with the configuration that it writes.
fn is_decoded(fields: &ContainerFields<'_>, file: &str) -> bool {
    let decodes = |script: &str| {
        let mut targets = script.split('>').skip(1);
        script.contains("base64 -d")
            && targets.any(|target| {
                target.split([' ', ';', '&', '|', '\n']).find(|word| !word.is_empty()) == Some(file)
            })
    };
    !file.is_empty() && fields.words().any(decodes)
}

/// Whether a flag may be given so that a test accepts it: its value comes from a variable, or a script says so.
fn may_be_given(fields: &ContainerFields<'_>, flag: &str, test: &Test) -> bool {
    if matches!(test, Test::Present | Test::Is(_) | Test::Has(_))
        && value_of_arg(fields, flag).is_some_and(|value| value.contains("$("))
    {
        return true;
    }
    // Most containers run no script.
    if !fields.words().any(is_shell) {
        return false;
    }
    let says = |command: Vec<String>| {
        let words = || command.iter().skip(1).map(String::as_str);
        match test {
            Test::Present => switch_in(words(), flag) == Some(true),
            Test::Is(_) | Test::Has(_) => value_in(words(), flag)
                .is_some_and(|value| test.accepts(Some(value)) && !is_decoded(fields, value)),
            Test::Absent => forms(words(), flag).next().is_none() && value_in(words(), flag).is_none(),
            Test::Off | Test::IsNot(_) => false,
        }
    };
    // Of a script, what it ends with counts: it may have another run of the same program before.
    last_command(&fields.words().collect::<Vec<_>>()).is_some_and(says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::candidate::PodContext;
    use crate::model::object::Spec;
    use crate::model::view::TextMap;

    #[test]
    fn one_of_several_may_hold() {
        const SEVERAL: Condition =
            Condition::AnyOf(&[Condition::Arg("a", Test::Is("x")), Condition::Env("B", Test::Is("y"))]);
        let spec = Spec::default();
        let may_hold = |text: &str| {
            let fields: ContainerFields<'_> = serde_json::from_str(text).unwrap();
            let (annotations, labels) = (TextMap::default(), TextMap::default());
            let pod = PodContext::new(Kind::Pod, &annotations, &labels, &spec);
            SEVERAL.may_hold(Candidate { fields: &fields, repository: "", pod: &pod })
        };
        assert!(may_hold(r#"{"args": ["--a=$(A)"]}"#));
        assert!(may_hold(r#"{"env": [{"name": "B", "valueFrom": {}}]}"#));
        assert!(!may_hold(r#"{"args": ["--a=z"], "env": [{"name": "B", "value": "z"}]}"#));
    }

    #[test]
    fn flags_and_variables() {
        const ON: Test = Test::Present;
        let is_a = || Test::Is("a");
        for (args, env, test, expected) in [
            // The flag counts.
            (r#"["--x"]"#, r#"[{"name": "X", "value": "false"}]"#, ON, true),
            (r#"["--x=false"]"#, r#"[{"name": "X", "value": "true"}]"#, ON, false),
            (r#"["--x=false"]"#, r#"[{"name": "X", "value": "true"}]"#, Test::Off, true),
            (r#"["--x=b"]"#, r#"[{"name": "X", "value": "a"}]"#, is_a(), false),
            (r#"["--x=b", "--x", "a"]"#, "[]", is_a(), true),
            // Without it, the variable does.
            ("[]", r#"[{"name": "X", "value": "1"}]"#, ON, true),
            ("[]", r#"[{"name": "X", "value": "a"}]"#, is_a(), true),
            ("[]", r#"[{"name": "X", "value": "0"}]"#, Test::Off, true),
            ("[]", r#"[{"name": "X", "valueFrom": {}}]"#, Test::Off, false),
            ("[]", r#"[{"name": "X", "valueFrom": {}}]"#, ON, false),
            ("[]", r#"[{"name": "X", "valueFrom": {}}]"#, Test::Absent, false),
            ("[]", "[]", Test::Off, true),
            ("[]", "[]", Test::Absent, true),
            // A variable in the arguments may hold the flag.
            (r#"["$(ARGS)"]"#, r#"[{"name": "X", "value": "true"}]"#, ON, false),
            (r#"["$(ARGS)"]"#, "[]", Test::Off, false),
            (r#"["$(ARGS)"]"#, "[]", Test::Absent, false),
        ] {
            let text = format!(r#"{{"args": {args}, "env": {env}}}"#);
            let container: ContainerFields<'_> = serde_json::from_str(&text).unwrap();
            assert_eq!(holds_of_both(&container, "x", "X", &test), expected, "{text} {test:?}");
        }
    }
}
