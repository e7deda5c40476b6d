//! What the containers of a Pod ask for, and how much of it the scheduler sets aside.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// An amount of a resource, in thousandths of its unit, rounded up: of a core, of a byte.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Quantity(f64);

/// Amounts by the name of the resource.
pub type Requests = BTreeMap<String, Quantity>;

/// The suffixes of a quantity and what they stand for
/// (`staging/src/k8s.io/apimachinery/pkg/api/resource/suffix.go`), those of two letters first.
const SUFFIXES: [(&str, f64); 15] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

impl Quantity {
    /// Reads `100m`, `1.5Gi` or `1e3`; what is no quantity counts as nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let suffix = SUFFIXES.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)));
        let (number, unit) = suffix.unwrap_or((text, 1.0));
        let number: f64 = number.parse().unwrap_or_default();
        let thousandths = number * unit * 1000.0;
        // An amount such as 0.1 is no binary fraction; the last digits are not meant.
        let nearest = thousandths.round();
        let is_whole = (thousandths - nearest).abs() < 1e-6 * nearest.abs().max(1.0);
        let thousandths = if is_whole { nearest } else { thousandths.ceil() };
        Self(if thousandths.is_finite() { thousandths } else { 0.0 })
    }
}

impl fmt::Display for Quantity {
    /// As an operator would write it: `1500m` of a core, `128Mi` of memory.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0 / 1000.0;
        if whole.fract() != 0.0 {
            return write!(f, "{}m", self.0);
        }
        let mut units = SUFFIXES.iter().take(6).rev();
        match units.find(|(_, unit)| *unit <= whole && (whole / unit).fract() == 0.0) {
            Some((suffix, unit)) => write!(f, "{}{suffix}", whole / unit),
            None => write!(f, "{whole}"),
        }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Amount;

        impl Visitor<'_> for Amount {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity")
            }

            fn visit_str<E>(self, text: &str) -> Result<Quantity, E> {
                Ok(Quantity::parse(text))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Quantity, E> {
                Ok(Quantity::parse(&number.to_string()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Quantity, E> {
                Ok(Quantity::parse(&number.to_string()))
            }
        }

        deserializer.deserialize_any(Amount)
    }
}

/// How a container uses what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// For a while, before the application starts.
    Init,
    /// From its start on, while others are still to start.
    Sidecar,
    /// Together with all other applications.
    App,
}

/// What a Pod with these containers, in the order in which they start, asks for: what it needs when all are up, or at the most
/// demanding moment before (`staging/src/k8s.io/component-helpers/resource/helpers.go`, `AggregateContainerRequests`).
#[must_use]
pub fn of_pod(containers: impl IntoIterator<Item = (Use, Requests)>) -> Requests {
    let mut running = Requests::new();
    let mut peak = Requests::new();
    for (r#use, requests) in containers {
        if r#use == Use::Init {
            let mut moment = running.clone();
            add(&mut moment, &requests);
            raise(&mut peak, &moment);
        } else {
            add(&mut running, &requests);
        }
    }
    raise(&mut peak, &running);
    peak
}

/// By how much one amount is above another, for each resource.
#[must_use]
pub fn rise(before: &Requests, after: &Requests) -> Requests {
    let rise = |(name, amount): (&String, &Quantity)| {
        let before = before.get(name).copied().unwrap_or_default();
        (before < *amount).then(|| (name.clone(), Quantity(amount.0 - before.0)))
    };
    after.iter().filter_map(rise).collect()
}

fn add(sum: &mut Requests, requests: &Requests) {
    for (name, amount) in requests {
        sum.entry(name.clone()).or_default().0 += amount.0;
    }
}

fn raise(peak: &mut Requests, moment: &Requests) {
    for (name, amount) in moment {
        let peak = peak.entry(name.clone()).or_default();
        peak.0 = peak.0.max(amount.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        for (text, expected) in [
            ("100m", "100m"),
            ("0.1", "100m"),
            ("1.5", "1500m"),
            ("2", "2"),
            ("1e3", "1000"),
            ("128Mi", "128Mi"),
            ("1.5Gi", "1536Mi"),
            ("134217728", "128Mi"),
            ("128M", "125000Ki"),
            ("1n", "1m"),
            ("", "0"),
            ("x", "0"),
            ("inf", "0"),
        ] {
            assert_eq!(Quantity::parse(text).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn pods() {
        let cpu = |amount: &str| Requests::from([("cpu".to_owned(), Quantity::parse(amount))]);
        for (containers, expected) in [
            (vec![(Use::App, cpu("1")), (Use::App, cpu("500m"))], "1500m"),
            (vec![(Use::Init, cpu("2")), (Use::App, cpu("1"))], "2"),
            (vec![(Use::Init, cpu("2")), (Use::Sidecar, cpu("1")), (Use::App, cpu("500m"))], "2"),
            (vec![(Use::Sidecar, cpu("1")), (Use::Init, cpu("2")), (Use::App, cpu("500m"))], "3"),
        ] {
            assert_eq!(of_pod(containers), cpu(expected));
        }
        assert_eq!(rise(&cpu("1"), &cpu("1500m")), cpu("500m"));
        assert_eq!(rise(&cpu("2"), &cpu("1500m")), Requests::new());
    }
}
