//! The Pod's own Service, which leads to the Pod only once that is ready, and so after all of its gates.
//!
//! Of a StatefulSet's Pods it is known by `serviceName`, which its controller copies to `subdomain` of each Pod
//! (`pkg/controller/statefulset/stateful_set_utils.go`). Another replica may answer, so nothing is proven.

use crate::startup::graph::{Certainty, Event, Need, Topic};
use crate::startup::lineup::Lineup;
use crate::startup::seat::Seat;

pub(super) fn needs(lineup: &Lineup<'_>) -> Vec<Need> {
    let Some(service) = lineup.pod.service() else { return Vec::new() };
    let mut needs = Vec::new();
    for (member, seat) in lineup.members() {
        needs.extend(field_that_asks(seat, service).map(|field| Need {
            of: Event::Gate(member),
            providers: [].into(),
            certainty: Certainty::Possible,
            topic: Topic::Network,
            field,
            reason: format!("it asks Service {service:?}, which leads to this Pod only once that is ready"),
        }));
    }
    needs
}

/// The field of a member's gate that asks a Service, if one does.
fn field_that_asks(seat: &Seat<'_>, service: &str) -> Option<&'static [&'static str]> {
    let asks = |command: Option<&Vec<String>>, host: Option<&String>| {
        command.is_some_and(|words| asks(words, service))
            || host.is_some_and(|host| after_host(host, service).is_some_and(str::is_empty))
    };
    let probe = seat.startup_probe().is_some_and(|probe| {
        let http = probe.http_get.as_ref().and_then(|http| http.host.as_ref());
        let host = http.or(probe.tcp_socket.as_ref().and_then(|socket| socket.host.as_ref()));
        asks(probe.exec.as_ref().and_then(|exec| exec.command.as_ref()), host)
    });
    let hook = || {
        seat.hook().is_some_and(|hook| {
            let host = hook.http_get.as_ref().and_then(|http| http.host.as_ref());
            asks(hook.exec.as_ref().and_then(|exec| exec.command.as_ref()), host)
        })
    };
    if probe { Some(&["startupProbe"]) } else { hook().then_some(&["lifecycle", "postStart"][..]) }
}

/// Whether a command names a Service where a host belongs, as in `http://shop:8080`, `nc -z shop.prod 8080` or `pg_isready -h shop`. A
/// program of the same name is none.
fn asks(command: &[String], service: &str) -> bool {
    let is_separator = |c: char| c.is_whitespace() || ";&|()'\"`".contains(c);
    let words: Vec<&str> =
        command.iter().flat_map(|word| word.split(is_separator)).filter(|word| !word.is_empty()).collect();
    words.iter().enumerate().any(|(position, word)| {
        let before = position.checked_sub(1).and_then(|before| words.get(before));
        let is_number = |word: &&str| word.parse::<u16>().is_ok();
        if after_host(word, service).is_some_and(str::is_empty) {
            return before.is_some_and(|before| before.starts_with('-'))
                || words.get(position + 1).is_some_and(is_number);
        }
        let address = ["://", "@", "/dev/tcp/", "="].iter().find_map(|mark| word.split_once(mark));
        let address = address.map_or(*word, |(_, address)| address);
        after_host(address, service)
            .is_some_and(|rest| rest.starts_with([':', '/']) || rest.is_empty() && address.len() < word.len())
    })
}

/// What follows a host of a Service: the Service itself, one of its Pods, or either with a domain.
fn after_host<'w>(word: &'w str, service: &str) -> Option<&'w str> {
    let end =
        word.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.')).unwrap_or(word.len());
    let (host, rest) = word.split_at_checked(end)?;
    host.split('.').take(2).any(|label| label == service).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::asks;

    #[test]
    fn hosts_are_told_from_other_words() {
        let asks = |command: &[&str]| {
            asks(&command.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), "shop")
        };
        for command in [
            &["curl", "-f", "http://shop:8080/ready"][..],
            &["sh", "-c", "until nc -z shop.prod.svc 8080; do sleep 1; done"],
            &["pg_isready", "-h", "shop"],
            &["pg_isready", "--host=shop"],
            &["wget", "-q", "http://shop-0.shop/ready"],
            &["bash", "-c", "exec 3<>/dev/tcp/shop/8080"],
            &["grpc_health_probe", "-addr=shop:9000"],
        ] {
            assert!(asks(command), "{command:?}");
        }
        for command in [
            &["shop", "check"][..],
            &["curl", "-f", "http://shop-db:8080/ready"],
            &["curl", "-f", "http://localhost:8080/shop"],
            &["test", "-f", "/shop/ready"],
            &["sh", "-c", "shop-cli ping"],
        ] {
            assert!(!asks(command), "{command:?}");
        }
    }
}
