//! Resource requests of containers, and the effective requests of their Pod.

use std::fmt;

use serde_json::Value;

/// An amount of a resource in thousandths of its unit (cores, bytes), rounded up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(u64);

/// The binary suffixes of a quantity, in ascending order: each is 1,024 times the one before.
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// The decimal suffixes, from a billionth up: each is 1,000 times the one before.
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

impl Quantity {
    /// Reads a quantity in an object, where a number is one, too.
    #[must_use]
    pub fn of(amount: &Value) -> Option<Self> {
        amount.as_str().map_or_else(|| Self::read(&amount.to_string()), Self::read)
    }

    /// Reads a quantity such as `100m`, `1.5Gi` or `2e3` (`staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go`), if it is a valid
    /// one that is not negative. One that is too large is the maximum.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix('+').unwrap_or(text);
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        // Digits after the ninth are less than a billionth, and ignored.
        let fraction = fraction.get(..9).unwrap_or(fraction);
        let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
        let place = |suffixes: &[&str], suffix: &str| suffixes.iter().position(|known| *known == suffix);
        let (times, billions) = match (place(&BINARY, suffix), place(&DECIMAL, suffix)) {
            (Some(place), _) => (1_u128 << (10 * (place + 1)), 1_000_000_000),
            (_, Some(place)) => (1_000_u128.saturating_pow(u32::try_from(place).unwrap_or(0)), 1),
            (None, None) => {
                let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
                let power = 10_u128.saturating_pow(exponent.unsigned_abs());
                let billionths = 1_000_000_000;
                if exponent < 0 { (1, (billionths / power).max(1)) } else { (power, billionths) }
            }
        };
        // Computed in billionths; a thousandth is a million of them.
        let amount = digits.saturating_mul(times).saturating_mul(billions);
        let unit =
            10_u128.saturating_pow(u32::try_from(fraction.len()).unwrap_or(0)).saturating_mul(1_000_000);
        Some(Self(u64::try_from(amount.div_ceil(unit)).unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for Quantity {
    /// Writes it as people would: `1500m` CPU, `128Mi` memory.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_multiple_of(1000) {
            return write!(f, "{}m", self.0);
        }
        let (mut number, mut suffix) = (self.0 / 1000, "");
        for larger in BINARY {
            if number == 0 || !number.is_multiple_of(1024) {
                break;
            }
            (number, suffix) = (number / 1024, larger);
        }
        write!(f, "{number}{suffix}")
    }
}

/// Requested amounts by resource name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests(Vec<(String, Quantity)>);

impl Requests {
    /// The requests in the field `resources` of a container or Pod. A missing request defaults to the limit
    /// (`pkg/apis/core/v1/defaults.go`, `SetDefaults_Pod`).
    #[must_use]
    pub fn of(resources: &Value) -> Self {
        let mut requests = Self::default();
        for list in ["limits", "requests"] {
            for (name, amount) in resources.get(list).and_then(Value::as_object).into_iter().flatten() {
                requests.set(name, |_| Quantity::of(amount).unwrap_or_default());
            }
        }
        requests
    }

    /// The amount of a resource, if any is requested.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Quantity> {
        self.iter().find(|(known, _)| *known == name).map(|(_, amount)| amount)
    }

    /// All resources and their amounts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Quantity)> {
        self.0.iter().map(|(name, amount)| (name.as_str(), *amount))
    }

    /// The same requests, but the amounts in `over` take precedence.
    #[must_use]
    pub fn overridden_by(mut self, over: &Self) -> Self {
        over.iter().for_each(|(name, amount)| self.set(name, |_| amount));
        self
    }

    /// The amount by which each resource exceeds that of `other`; without the resources that do not.
    #[must_use]
    pub fn above(&self, other: &Self) -> Self {
        let excess = |(name, amount): (&str, Quantity)| {
            let excess = amount.0.saturating_sub(other.get(name).unwrap_or_default().0);
            (excess != 0).then(|| (name.to_owned(), Quantity(excess)))
        };
        Self(self.iter().filter_map(excess).collect())
    }

    fn add(&mut self, other: &Self) {
        for (name, amount) in other.iter() {
            self.set(name, |sum| Quantity(sum.0.saturating_add(amount.0)));
        }
    }

    fn raise_to(&mut self, other: &Self) {
        for (name, amount) in other.iter() {
            self.set(name, |peak| peak.max(amount));
        }
    }

    fn set(&mut self, name: &str, new: impl FnOnce(Quantity) -> Quantity) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, amount)) => *amount = new(*amount),
            None => self.0.push((name.to_owned(), new(Quantity::default()))),
        }
    }
}

/// When a container uses what it requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Until it completes, before the application starts: an ordinary init container.
    Init,
    /// From its start on, while other containers are still to start: a sidecar container.
    Sidecar,
    /// Together with all other app containers.
    App,
}

/// The effective requests of a Pod with these containers, which must be in the order in which they start: the sum of those that keep
/// running, or the peak during initialization if that is higher, for each resource
/// (`staging/src/k8s.io/component-helpers/resource/helpers.go`, `AggregateContainerRequests`).
#[must_use]
pub fn of_pod(containers: impl IntoIterator<Item = (Use, Requests)>) -> Requests {
    let mut running = Requests::default();
    let mut peak = Requests::default();
    for (r#use, requests) in containers {
        if r#use == Use::Init {
            let mut moment = running.clone();
            moment.add(&requests);
            peak.raise_to(&moment);
        } else {
            running.add(&requests);
        }
    }
    peak.raise_to(&running);
    peak
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A quantity as requests count it: an invalid one is zero.
    fn parse(text: &str) -> Quantity {
        Quantity::read(text).unwrap_or_default()
    }

    #[test]
    fn quantities() {
        for (text, expected) in [
            ("100m", "100m"),
            ("0.1", "100m"),
            ("1.5", "1500m"),
            ("2", "2"),
            ("1e3", "1000"),
            ("1500e-3", "1500m"),
            ("1e-12", "1m"),
            ("+1E+3", "1000"),
            ("2P", "1953125000000Ki"),
            ("17Ei", "18446744073709551615m"),
            ("0.0001", "1m"),
            ("128Mi", "128Mi"),
            ("1.5Gi", "1536Mi"),
            ("134217728", "128Mi"),
            ("128M", "125000Ki"),
            ("1n", "1m"),
            ("", "0"),
            ("x", "0"),
            ("-1", "0"),
            ("1.", "1"),
            (".5", "500m"),
        ] {
            assert_eq!(parse(text).to_string(), expected, "{text}");
        }
        for invalid in ["", ".", "x", "-1", "1 Gi", "1GB", "1.5.5", "1e", "1ee3", "1e0.5", "Mi", "++1"] {
            assert_eq!(Quantity::read(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn pods() {
        let cpu = |amount: &str| Requests(vec![("cpu".to_owned(), parse(amount))]);
        for (containers, expected) in [
            (vec![(Use::App, cpu("1")), (Use::App, cpu("500m"))], "1500m"),
            (vec![(Use::Init, cpu("2")), (Use::App, cpu("1"))], "2"),
            (vec![(Use::Init, cpu("2")), (Use::Sidecar, cpu("1")), (Use::App, cpu("500m"))], "2"),
            (vec![(Use::Sidecar, cpu("1")), (Use::Init, cpu("2")), (Use::App, cpu("500m"))], "3"),
        ] {
            assert_eq!(of_pod(containers), cpu(expected));
        }
        assert_eq!(cpu("1500m").above(&cpu("1")), cpu("500m"));
        assert_eq!(cpu("1500m").above(&cpu("2")), Requests::default());
        let resources =
            serde_json::json!({"limits": {"cpu": 2, "memory": "1Gi"}, "requests": {"cpu": "500m"}});
        assert_eq!(Requests::of(&resources).get("cpu"), Some(parse("500m")));
        assert_eq!(Requests::of(&resources).get("memory"), Some(parse("1Gi")));
    }
}
