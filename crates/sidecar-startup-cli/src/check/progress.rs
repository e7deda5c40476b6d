//! Shows the progress of a long run, on a terminal to which nothing else is printed.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A run that is over earlier needs no progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// The progress of a run.
pub(super) struct Progress {
    /// None where it is not shown.
    begin: Option<Instant>,
    bar: Option<ProgressBar>,
    objects: u64,
}

impl Progress {
    /// Begins a run. `is_alone` says that it prints nothing before its end.
    pub(super) fn new(is_alone: bool) -> Self {
        let is_shown = io::stderr().is_terminal() && (is_alone || !io::stdout().is_terminal());
        Self { begin: is_shown.then(Instant::now), bar: None, objects: 0 }
    }

    /// Another object was read.
    pub(super) fn step(&mut self) {
        self.objects += 1;
        let Some(begin) = self.begin else { return };
        if self.bar.is_none() && PATIENCE < begin.elapsed() {
            let style =
                ProgressStyle::with_template("{spinner} {human_pos} objects, {per_sec:.0}, {elapsed}");
            let bar = ProgressBar::new_spinner();
            self.bar = Some(style.map(|style| bar.clone().with_style(style)).unwrap_or(bar));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.objects);
        }
    }

    /// The run is over.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
