//! Runs commands where they find only programs that do no harm, and notes which of these they run.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

/// What has not ended by then is taken never to end.
const PATIENCE: Duration = Duration::from_millis(300);

/// The same for what is said to end, on a busy machine.
const LONG_PATIENCE: Duration = Duration::from_secs(20);

/// Programs that run as they are.
const REAL: [&str; 8] = ["sh", "bash", "true", "false", "test", "env", "date", "["];

/// Programs that only say that they ran.
const FAKE: [(&str, &str); 4] = [
    ("work", "exit 0"),
    ("work-fails", "exit 1"),
    (
        "sleep",
        "case $# in 1) ;; *) exit 1 ;; esac; case $1 in inf*) exec /bin/sleep 5 ;; [0-9.]*[0-9smhd]|[0-9]) exit 0 ;; *) exit 1 ;; esac",
    ),
    ("tail", "case $1 in -f|-F) exec /bin/sleep 5 ;; esac; exit 0"),
];

/// A folder with programs.
pub(super) struct Sandbox(TempDir);

/// What became of a command.
#[derive(Debug)]
pub(super) struct Run {
    /// Its exit code; none if it did not end, or was ended by a signal.
    pub(super) code: Option<i32>,
    /// The programs that only say that they ran, each with its arguments.
    log: Vec<String>,
}

impl Run {
    /// What was run whose name begins like this.
    pub(super) fn programs(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.log.iter().map(String::as_str).filter(move |line| line.starts_with(name))
    }

    /// Whether it failed before it ran anything that says so, or where its syntax is wrong: dash runs the lines before.
    pub(super) fn is_refused(&self) -> bool {
        self.code == Some(2) || self.log.is_empty() && self.code.is_some_and(|code| code != 0)
    }

    /// For how long it slept before it did any work, in whole seconds; for ever, where it did not end.
    pub(super) fn slept_first(&self) -> u32 {
        if self.code.is_none() {
            return u32::MAX;
        }
        let lengths = self.log.iter().map_while(|line| line.strip_prefix("sleep ")).map(|length| {
            let unit = length.chars().last().map_or(1.0, |unit| match unit {
                'm' => 60.0,
                'h' => 3_600.0,
                'd' => 86_400.0,
                _ => 1.0,
            });
            length.trim_end_matches(['s', 'm', 'h', 'd']).parse::<f64>().unwrap_or_default() * unit
        });
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few minutes")]
        lengths.map(|length| length as u32).fold(0, u32::saturating_add)
    }
}

/// The only sandbox of this process.
pub(super) fn sandbox() -> anyhow::Result<&'static Sandbox> {
    static SANDBOX: LazyLock<anyhow::Result<Sandbox>> = LazyLock::new(Sandbox::new);
    SANDBOX.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))
}

impl Sandbox {
    fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let bin = folder.path().join("bin");
        fs::create_dir(&bin)?;
        fs::create_dir(folder.path().join("work"))?;
        for name in REAL {
            let found = ["/bin", "/usr/bin"]
                .iter()
                .map(|folder| Path::new(folder).join(name))
                .find(|path| path.exists());
            symlink(found.with_context(|| format!("there is no {name}"))?, bin.join(name))?;
        }
        for (name, script) in FAKE {
            let path = bin.join(name);
            fs::write(&path, format!("#!/bin/sh\necho \"{name} $*\" >> \"$LOG\"\n{script}\n"))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
        Ok(Self(folder))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a command; nothing where its program is not there.
    pub(super) fn run(&self, words: &[String], is_said_to_end: bool) -> anyhow::Result<Option<Run>> {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let Some((program, arguments)) = words.split_first() else { return Ok(None) };
        // Tests run side by side.
        let log = self.path(&format!("log-{}", RUNS.fetch_add(1, Ordering::Relaxed) % 64));
        fs::write(&log, "")?;
        let program =
            match program.strip_prefix("/usr").unwrap_or(program).strip_prefix("/bin/").unwrap_or(program) {
                "dash" => PathBuf::from("/bin/dash"),
                name => self.path("bin").join(name),
            };
        if !program.is_file() {
            return Ok(None);
        }
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("LOG", &log)
            .current_dir(self.path("work"))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let code = wait(&mut child, if is_said_to_end { LONG_PATIENCE } else { PATIENCE })?;
        // What it left in the background would go on, and write to the log of another run.
        let group = Pid::from_raw(i32::try_from(child.id())?).context("it has no number")?;
        match kill_process_group(group, Signal::KILL) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
        child.wait()?;
        let log = fs::read_to_string(log)?;
        Ok(Some(Run { code, log: log.lines().map(|line| line.trim_end().to_owned()).collect() }))
    }
}

/// The exit code; none of what does not end.
fn wait(child: &mut Child, patience: Duration) -> anyhow::Result<Option<i32>> {
    let begun = Instant::now();
    let mut pause = Duration::from_micros(100);
    while begun.elapsed() < patience {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(5));
    }
    Ok(None)
}
