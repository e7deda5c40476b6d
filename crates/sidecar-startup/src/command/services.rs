//! Commands that ask a Service.

/// Whether a command names a Service where a host belongs, as in `http://shop:8080`, `nc -z shop.prod 8080` or `pg_isready -h shop`. A
/// program of the same name is none.
#[must_use]
pub fn asks_service<S: AsRef<str>>(command: &[S], service: &str) -> bool {
    let is_separator = |c: char| c.is_whitespace() || ";&|()'\"`".contains(c);
    let words: Vec<&str> = command
        .iter()
        .flat_map(|word| word.as_ref().split(is_separator))
        .filter(|word| !word.is_empty())
        .collect();
    words.iter().enumerate().any(|(position, word)| {
        let before = position.checked_sub(1).and_then(|before| words.get(before));
        let is_number = |word: &&str| word.parse::<u16>().is_ok();
        if is_host_of(word, service) {
            return before.is_some_and(|before| before.starts_with('-'))
                || words.get(position + 1).is_some_and(is_number);
        }
        let address = ["://", "@", "/dev/tcp/", "="].iter().find_map(|mark| word.split_once(mark));
        let address = address.map_or(*word, |(_, address)| address);
        after_host(address, service)
            .is_some_and(|rest| rest.starts_with([':', '/']) || rest.is_empty() && address.len() < word.len())
    })
}

/// Whether a host is that of a Service, or of one of its Pods.
#[must_use]
pub fn is_host_of(host: &str, service: &str) -> bool {
    after_host(host, service).is_some_and(str::is_empty)
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
    use super::asks_service;

    #[test]
    fn hosts_are_told_from_other_words() {
        let asks = |command: &[&str]| {
            asks_service(&command.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), "shop")
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
