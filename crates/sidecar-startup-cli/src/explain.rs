//! `sidecar-startup why`.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, anyhow, bail};
use sidecar_startup::{Settings, Timestamp, why};

use crate::check::{Status, is_broken_pipe};
use crate::config::Config;
use crate::input::{self, Found, Unreadable};
use crate::kubectl::Query;
use crate::object::Object;

/// The arguments of `why`.
#[derive(clap::Args)]
pub(crate) struct Explain {
    /// A file with Pods and their status, - for standard input, or the name of a Pod, which kubectl reads.
    #[arg(value_name = "FILE|POD")]
    pod: Option<String>,
    /// The namespace of the Pod.
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    /// The context of the cluster, as kubectl knows it.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// The settings, in YAML or JSON, or a policy with settings; without it, .sidecar-startup.yaml in this folder or above.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The time at which the status was read, in RFC 3339; now if omitted.
    #[arg(long, value_name = "TIME", hide = true, value_parser = time)]
    now: Option<Timestamp>,
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "expected a time such as 2026-01-31T12:00:00Z".to_owned())
}

impl Explain {
    /// Explains each Pod.
    ///
    /// # Errors
    /// The Pod or the settings cannot be read, or there is no Pod.
    pub(crate) fn run(&self) -> anyhow::Result<Status> {
        let config = Config::read(self.settings.as_deref(), None)?;
        let settings = Settings::from_value(&config.settings)?;
        let mut answers = Answers { explain: self, settings, count: 0, held: 0, failed: 0 };
        match self.read(&mut |found| answers.found(found)) {
            // Whoever reads the answer has seen enough.
            Err(error) if !is_broken_pipe(&error) => return Err(error),
            _ => {}
        }
        if answers.count == 0 && answers.failed == 0 {
            bail!("there is no Pod in it");
        }
        Ok(match (answers.failed, answers.held) {
            (0, 0) => Status::Clean,
            (0, _) => Status::Denied,
            _ => Status::Failed,
        })
    }

    fn read(&self, sink: input::Sink<'_>) -> anyhow::Result<()> {
        let pod = self.pod.as_deref().unwrap_or("-");
        // A Pod's name can have dots, but a file that exists is meant as such unless something else says that a cluster is.
        let is_of_cluster = self.namespace.is_some() || self.context.is_some();
        let name = ["pod/", "pods/", "po/"].iter().find_map(|kind| pod.strip_prefix(kind));
        let is_path = pod == "-" || name.is_none() && pod.contains('/');
        let exists = Path::new(pod).exists();
        if self.pod.is_none() && !input::is_piped() {
            bail!("name a Pod, or pipe in what `kubectl get pod NAME -o yaml` prints");
        }
        let is_file = [".yaml", ".yml", ".json"].iter().any(|end| pod.ends_with(end));
        if (is_path || is_file && name.is_none() && !is_of_cluster) && pod != "-" && !exists {
            bail!(
                "{pod}: there is no such file; a Pod of the cluster goes by its name, as `kubectl get pods` prints it"
            );
        }
        if is_path || (!is_of_cluster && exists) {
            return input::read(Path::new(pod), sink);
        }
        let pod = name.unwrap_or(pod);
        Query {
            kinds: "pods",
            name: Some(pod),
            namespace: self.namespace.as_deref(),
            context: self.context.as_deref(),
            ..Query::default()
        }
        .read(sink)
    }

    fn now(&self) -> anyhow::Result<Timestamp> {
        if let Some(now) = self.now {
            return Ok(now);
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).context("the clock is wrong")?;
        Timestamp::from_second(i64::try_from(now.as_secs())?).map_err(|_| anyhow!("the clock is wrong"))
    }
}

/// Prints an answer for each Pod, and counts.
struct Answers<'e> {
    explain: &'e Explain,
    settings: Settings,
    count: usize,
    held: usize,
    failed: usize,
}

impl Answers<'_> {
    fn found(&mut self, found: Found<'_>) -> anyhow::Result<()> {
        match found {
            Found::Object(object) if object.head.kind() == "Pod" && object.head.group().is_empty() => {
                self.pod(&object)
            }
            Found::Object(object) => {
                let advice = if object.has_template() { "; name one of its Pods" } else { "" };
                self.fail(&format!("expected a Pod, but found a {}{advice}", object.head.kind()));
                Ok(())
            }
            Found::Fragment => {
                self.fail("expected a Pod, as `kubectl get pod -o yaml` prints it");
                Ok(())
            }
            Found::Unreadable(Unreadable { position, reason, .. }) => {
                let place = self.explain.pod.as_deref().unwrap_or("-");
                let line = position.map(|position| format!(":{}", position.line)).unwrap_or_default();
                self.fail(&format!("{place}{line}: {reason}"));
                Ok(())
            }
        }
    }

    fn pod(&mut self, object: &Object<'_>) -> anyhow::Result<()> {
        let namespace = object.head.namespace().or(self.explain.namespace.as_deref()).unwrap_or_default();
        let name = object.head.name().escape_debug();
        // What the API server returns always has one.
        if object.value().get("status").is_none() {
            self.fail(&format!(
                "Pod {name}: it has no status, so it is a manifest: `sidecar-startup timeline` draws how that starts, and \
                 `kubectl get pod -o yaml` prints the status of a Pod"
            ));
            return Ok(());
        }
        match why(&object.json, self.settings.clone(), namespace, self.explain.now()?) {
            Ok(answer) => {
                self.count += 1;
                self.held += usize::from(!answer.is_well);
                writeln!(io::stdout().lock(), "Pod {name}: {answer}")?;
            }
            Err(error) => self.fail(&format!("Pod {name}: {error}")),
        }
        Ok(())
    }

    fn fail(&mut self, reason: &str) {
        self.failed += 1;
        eprintln!("error: {reason}");
    }
}
