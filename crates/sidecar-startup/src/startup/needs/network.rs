//! The network: once a Pod's traffic is redirected to a proxy, its containers have no network until the proxy is up.

use super::asks::asks;
use crate::catalogue::belongs_to_mesh;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::startup::before::Before;
use crate::startup::graph::{Certainty, Event, Member, Need, Topic};
use crate::startup::injectors::Part;
use crate::startup::lineup::Lineup;
use crate::startup::seat::{Seat, Who};

pub(super) fn needs(lineup: &Lineup<'_>, before: Option<&Before<'_>>) -> Vec<Need> {
    let Some((proxy, seat)) = lineup.members().find(|(_, seat)| seat.is_proxy()) else { return Vec::new() };
    let redirect = Redirect::of(lineup, proxy);
    let mut needs = Vec::new();
    for (member, other) in lineup.members() {
        if member < proxy && redirect.covers(member) && !other.is_proxy() {
            needs.extend(redirect.needs(member, other, proxy, seat));
        }
        if let Some(before) = before.filter(|_| seat.container().is_some() && !other.is_proxy()) {
            needs.extend(mutual_tls(lineup.pod, before, member, other, &redirect));
        }
    }
    needs
}

/// How the traffic of a Pod gets to its proxy.
struct Redirect<'p> {
    /// The member after which it is redirected. None if a CNI plugin does that before the first member starts, or if an injector will
    /// add the member, at a place that is not certain.
    from: Option<Member>,
    /// The ports whose inbound traffic is not redirected.
    excluded: Vec<(i32, i32)>,
    /// The init container that is certain to redirect all other inbound traffic.
    proven_by: Option<&'p Container<'p>>,
}

impl<'p> Redirect<'p> {
    fn of(lineup: &Lineup<'p>, proxy: Member) -> Self {
        let is_redirect = |container: &Container<'_>| {
            let name = &*container.fields.name;
            container.is_init_task() && belongs_to_mesh(name) && !name.contains("validat")
        };
        let there = lineup.members().take(proxy).find_map(|(member, seat)| {
            Some((member, seat.container().filter(|container| is_redirect(container))?))
        });
        let mut excluded = excluded_by_annotations(lineup.pod);
        let mut proven_by = None;
        if let Some((_, container)) = there {
            let words: Vec<_> = container.fields.words().collect();
            excluded.extend(excluded_by_arguments(&words));
            proven_by = takes_all_inbound(&words).then_some(container);
        }
        Self { from: there.map(|(member, _)| member), excluded, proven_by }
    }

    /// Whether a member starts, or may start, after the traffic is redirected.
    fn covers(&self, member: Member) -> bool {
        self.from.is_none_or(|from| from < member)
    }

    fn is_excluded(&self, port: i32) -> bool {
        self.excluded.iter().any(|(first, last)| (*first..=*last).contains(&port))
    }

    fn needs(&self, member: Member, seat: &Seat<'_>, proxy: Member, of: &Seat<'_>) -> Vec<Need> {
        if matches!(&seat.who, Who::Injected(injected) if injected.part == Part::Redirect)
            || seat
                .container()
                .is_some_and(|container| container.is_init_task() && belongs_to_mesh(&container.fields.name))
        {
            return Vec::new();
        }
        let name = of.quoted();
        let mut needs = vec![Need {
            of: Event::Up(member),
            providers: [proxy].into(),
            certainty: Certainty::Possible,
            topic: Topic::Network,
            field: &[],
            reason: format!("gets its traffic through {name}"),
        }];
        // A hook may show that a container comes up without the network. That says nothing about its probes.
        let asked = asks(seat).into_iter().find(|ask| ask.is_of_kubelet && !self.is_excluded(ask.port));
        needs.extend(asked.map(|ask| Need {
            of: Event::Gate(member),
            providers: [proxy].into(),
            certainty: if self.proven_by.is_some() { Certainty::Proven } else { Certainty::Possible },
            topic: Topic::Port(ask.port),
            field: ask.field,
            reason: match self.proven_by {
                Some(redirect) => {
                    format!("is probed on port {}, which {} redirects to {name}", ask.port, redirect.name())
                }
                None => format!("is probed on port {}, which may be redirected to {name}", ask.port),
            },
        }));
        needs
    }
}

/// A `startupProbe` that a repair adds to a Pod with an injected proxy may fail for lack of mutual TLS: injectors rewrite probes and
/// exclude their ports only at injection (Istio `app_probe.go`, consul-k8s `redirect_traffic.go`). An exec probe is not affected.
fn mutual_tls(
    pod: &Pod<'_>,
    before: &Before<'_>,
    member: Member,
    seat: &Seat<'_>,
    redirect: &Redirect<'_>,
) -> Option<Need> {
    let probe = seat.startup_probe().filter(|_| !pod.spec().host_network)?;
    if before.had_startup_probe(seat) || probe.exec.is_some() {
        return None;
    }
    let ask = asks(seat).into_iter().find(|ask| ask.is_of_kubelet && !redirect.is_excluded(ask.port))?;
    Some(Need {
        of: Event::Gate(member),
        providers: [].into(),
        certainty: Certainty::Possible,
        topic: Topic::Network,
        field: ask.field,
        reason: format!("the mesh may refuse a probe of port {} added after its injection", ask.port),
    })
}

/// The inbound ports that the annotations of a Pod exclude.
fn excluded_by_annotations(pod: &Pod<'_>) -> Vec<(i32, i32)> {
    const KEYS: [&str; 4] = [
        "traffic.sidecar.istio.io/excludeInboundPorts",
        "config.linkerd.io/skip-inbound-ports",
        "traffic.kuma.io/exclude-inbound-ports",
        "consul.hashicorp.com/transparent-proxy-exclude-inbound-ports",
    ];
    KEYS.iter().filter_map(|key| pod.annotations().get(key)).flat_map(ranges).collect()
}

/// The flags of istio-iptables, linkerd2-proxy-init and kumactl that exclude inbound ports.
const EXCLUDING: [&str; 4] =
    ["-d", "--istio-local-exclude-ports", "--inbound-ports-to-ignore", "--exclude-inbound-ports"];

fn excluded_by_arguments(words: &[&str]) -> Vec<(i32, i32)> {
    value_of(words, &EXCLUDING).map(|list| ranges(list).collect()).unwrap_or_default()
}

/// The flags of istio-iptables and linkerd2-proxy-init that exclude inbound traffic by something other than its port. The kubelet's
/// probes may come from there.
const EXCLUDING_OTHERWISE: [&str; 3] = ["-c", "--istio-exclude-interfaces", "--subnets-to-ignore"];

/// The flags of istio-iptables and linkerd2-proxy-init with which they redirect nothing, or only some ports.
const REDIRECTING_LESS: [&str; 6] =
    ["-n", "--dry-run", "--skip-rule-apply", "--simulate", "-r", "--ports-to-redirect"];

/// Whether the arguments of an init container redirect all inbound traffic, except for the ports that they exclude.
fn takes_all_inbound(words: &[&str]) -> bool {
    let takes_all = value_of(words, &["-b", "--istio-inbound-ports"]) == Some("*")
        || value_of(words, &["--inbound-ports-to-ignore"]).is_some();
    let is_other = |word: &&str| {
        REDIRECTING_LESS
            .iter()
            .any(|flag| word.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    };
    takes_all
        && value_of(words, &EXCLUDING_OTHERWISE).is_none_or(str::is_empty)
        && !words.iter().any(is_other)
}

/// The value of the last of these flags that is given, as in `-b *`, `-b*` or `--istio-inbound-ports=*`.
fn value_of<'w>(words: &[&'w str], flags: &[&str]) -> Option<&'w str> {
    let value_at = |(position, word): (usize, &&'w str)| {
        flags.iter().find_map(|flag| match word.strip_prefix(flag)? {
            "" => words.get(position + 1).copied(),
            joined if flag.starts_with("--") => joined.strip_prefix('='),
            joined => Some(joined.strip_prefix('=').unwrap_or(joined)),
        })
    };
    words.iter().enumerate().rev().find_map(value_at)
}

/// The ports in a list such as `15090,15021,4567-4568`.
fn ranges(list: &str) -> impl Iterator<Item = (i32, i32)> {
    list.split(',').filter_map(|item| {
        let item = item.trim();
        let (from, to) = item.split_once('-').unwrap_or((item, item));
        Some((from.parse().ok()?, to.parse().ok()?))
    })
}
