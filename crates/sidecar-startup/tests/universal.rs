//! Runs the native and the classic copy of a sidecar with real shells, under two small models of a kubelet: one treats the native
//! copy as an ordinary init container, and the other restarts it as a sidecar container.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails says where"
)]

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;
use sidecar_startup::copies::{Pair, pair};
use sidecar_startup::pod::pair::MOUNT_PATH;

/// The time limit for anything that should end.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Native,
    Classic,
}

use Which::{Classic, Native};

/// The state of a copy some time after its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Became {
    Sidecar,
    Asleep,
    Exited(i32),
}

use Became::{Asleep, Exited, Sidecar};

/// A kubelet without (`Old`) or with (`New`) support for sidecar containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kubelet {
    Old,
    New,
}

use Kubelet::{New, Old};

/// A Pod on a node.
struct Pod {
    /// Holds what the containers see (the volume and `/proc`) and the traces that they leave.
    dir: PathBuf,
    pair: Pair,
    kubelet: Kubelet,
    native: Option<Child>,
    classic: Option<Child>,
    sandbox: usize,
    boot: usize,
    /// Whether the volume is full.
    is_full: bool,
}

impl Pod {
    fn new(shell: &Path, kubelet: Kubelet, restarts_always: bool) -> Self {
        static PODS: AtomicUsize = AtomicUsize::new(0);
        let number = PODS.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("universal-{}-{number}", std::process::id()));
        for sub in ["volume", "bin", "proc/self", "proc/sys/kernel/random"] {
            fs::create_dir_all(dir.join(sub)).unwrap();
        }
        symlink(shell, dir.join("bin/sh")).unwrap();
        let command = json!([
            "sh",
            "-c",
            r#": >"$0/$COPY.sidecar.$1.$2"; while :; do sleep 1; done"#,
            dir.to_str().unwrap(),
            "a  b"
        ]);
        let container = json!({"name": "side", "command": command, "args": ["$HOME;"]});
        let pair = pair(container.as_object().unwrap(), "sh", json!({}), restarts_always).unwrap();
        let mut pod =
            Self { dir, pair, kubelet, native: None, classic: None, sandbox: 0, boot: 0, is_full: false };
        pod.new_sandbox();
        pod
    }

    /// Replaces the sandbox: all containers are gone, and new ones see other mounts.
    fn new_sandbox(&mut self) {
        self.crash(Native);
        self.crash(Classic);
        self.sandbox += 1;
        self.write_proc(&format!(
            "1 0 0:1 / / rw - overlay overlay rw\n\
             2 1 8:1 /containerd/sandboxes/{:064x}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n\
             3 1 8:1 /containerd/sandboxes/{:064x}/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw\n\
             4 1 8:1 /pods/x/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n",
            self.sandbox, self.sandbox
        ));
    }

    /// Reboots the node. The volume is kept, which is the harder case.
    fn reboot(&mut self) {
        self.boot += 1;
        self.new_sandbox();
    }

    fn write_proc(&self, mounts: &str) {
        fs::write(self.dir.join("proc/self/mountinfo"), mounts).unwrap();
        let boot = format!("00000000-0000-0000-0000-{:012}\n", self.boot);
        fs::write(self.dir.join("proc/sys/kernel/random/boot_id"), boot).unwrap();
    }

    /// Hides from the containers everything that identifies the sandbox.
    fn hide_sandbox(&self) {
        fs::remove_dir_all(self.dir.join("proc")).unwrap();
    }

    fn child(&mut self, copy: Which) -> &mut Option<Child> {
        match copy {
            Native => &mut self.native,
            Classic => &mut self.classic,
        }
    }

    fn trace(&self, copy: Which, of: &str) -> PathBuf {
        self.dir.join(format!("{copy:?}.{of}"))
    }

    /// The trace of a sidecar; its name proves that the sidecar got the arguments of the container unchanged.
    fn sidecar_trace(&self, copy: Which) -> PathBuf {
        self.trace(copy, "sidecar.a  b.$HOME;")
    }

    /// Starts a copy, and waits until its state is known.
    fn start(&mut self, copy: Which) -> Became {
        let container = if copy == Native { &self.pair.native } else { &self.pair.classic };
        let words: Vec<String> = ["command", "args"]
            .into_iter()
            .flat_map(|field| serde_json::from_value::<Vec<String>>(container[field].clone()).unwrap())
            .collect();
        let dir = self.dir.to_str().unwrap();
        let asleep = self.trace(copy, "asleep");
        let written = if self.is_full { "/dev/full".to_owned() } else { format!("{dir}/volume/state") };
        let replaced = [
            (format!(">>{MOUNT_PATH}/state"), format!(">>{written}")),
            (format!("<{MOUNT_PATH}/"), format!("<{dir}/volume/")),
            ("/proc/".to_owned(), format!("{dir}/proc/")),
            ("while sleep 3600".to_owned(), format!("while : >'{}'; sleep 30", asleep.display())),
        ];
        let script = replaced.iter().fold(words[2].clone(), |script, (old, new)| {
            assert!(script.contains(old), "no {old:?} in {script}");
            script.replace(old, new)
        });
        _ = fs::remove_file(&asleep);
        _ = fs::remove_file(self.sidecar_trace(copy));
        let path = std::env::var("PATH").unwrap();
        // A shell cannot trap signals that were ignored at its start, as they are in background jobs of another shell.
        let child = Command::new("env")
            .args(["--default-signal", "--"])
            .arg(self.dir.join("bin/sh"))
            .args(&words[1..2])
            .arg(script)
            .args(&words[3..])
            .env("PATH", format!("{dir}/bin:{path}"))
            .env("COPY", format!("{copy:?}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(self.trace(copy, "stderr")).unwrap())
            .process_group(0)
            .spawn()
            .unwrap();
        assert!(self.child(copy).replace(child).is_none(), "{copy:?} runs already");
        let since = Instant::now();
        loop {
            if let Some(status) = self.child(copy).as_mut().unwrap().try_wait().unwrap() {
                *self.child(copy) = None;
                return Exited(status.code().unwrap());
            }
            if asleep.exists() {
                return Asleep;
            }
            if self.sidecar_trace(copy).exists() {
                return Sidecar;
            }
            assert!(since.elapsed() < PATIENCE, "{copy:?} comes to nothing");
            sleep(Duration::from_millis(2));
        }
    }

    /// Kills a copy if it is running.
    fn crash(&mut self, copy: Which) {
        self.signal(copy, "KILL");
    }

    /// Sends a signal to a copy, waits until it has ended, and kills any process it left behind.
    fn signal(&mut self, copy: Which, signal: &str) -> Option<ExitStatus> {
        let mut child = self.child(copy).take()?;
        send(signal, &child.id().to_string());
        let since = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(since.elapsed() < PATIENCE, "{copy:?} does not end by {signal}");
            sleep(Duration::from_millis(2));
        };
        send("KILL", &format!("-{}", child.id()));
        Some(status)
    }

    /// Runs the init containers of a new sandbox as the kubelet does.
    fn initialize(&mut self) {
        let became = self.start(Native);
        match (self.kubelet, became) {
            // An init container that exits with 0 is complete.
            (Old, Exited(0)) => {}
            (Old, _) => panic!("the Pod hangs: the init container has {became:?}"),
            (New, _) => self.keep(Native, became),
        }
    }

    /// Restarts a copy that has exited, as the kubelet does, until it runs.
    fn keep(&mut self, copy: Which, mut became: Became) {
        for _ in 0..3 {
            if !matches!(became, Exited(_)) {
                return;
            }
            became = self.start(copy);
        }
        panic!("{copy:?} exits each time: {became:?}");
    }

    /// Starts all containers of a new sandbox as the kubelet does.
    fn run(&mut self) -> Became {
        self.initialize();
        self.start(Classic)
    }

    /// The copies that act as the sidecar, by the traces of those that run.
    fn sidecars(&self) -> Vec<Which> {
        let runs = |copy| if copy == Native { self.native.is_some() } else { self.classic.is_some() };
        [Native, Classic]
            .into_iter()
            .filter(|copy| runs(*copy) && self.sidecar_trace(*copy).exists())
            .collect()
    }

    /// Asserts that the right copy acts as the sidecar, and that the other is in the right state.
    fn settled(&self, classic: Became) {
        let always = self.pair.classic["command"][4] == "Always";
        let (sidecar, expected) = match (self.kubelet, always) {
            (Old, _) => (Classic, Sidecar),
            (New, true) => (Native, Asleep),
            (New, false) => (Native, Exited(0)),
        };
        assert_eq!(self.sidecars(), [sidecar]);
        assert_eq!(classic, expected);
        assert_eq!(self.native.is_some(), self.kubelet == New);
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        for copy in [Native, Classic] {
            if let Some(mut child) = self.child(copy).take() {
                send("KILL", &format!("-{}", child.id()));
                _ = child.wait();
            }
        }
        _ = fs::remove_dir_all(&self.dir);
    }
}

/// Sends a signal to a process or process group.
fn send(signal: &str, process: &str) {
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -s \"$0\" -- \"$1\" 2>/dev/null", signal, process]).status().unwrap();
}

/// The shells installed on this machine.
fn shells() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap();
    let found =
        |name: &&str| std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.exists());
    let shells: Vec<_> = ["sh", "dash", "bash", "busybox"].iter().filter_map(found).collect();
    assert!(!shells.is_empty());
    shells
}

/// Runs a scenario with every shell, on both kinds of kubelet, and under both restart policies.
fn everywhere(scenario: impl Fn(&mut Pod)) {
    for shell in shells() {
        for kubelet in [Old, New] {
            for restarts_always in [true, false] {
                eprintln!("{} {kubelet:?} {restarts_always}", shell.display());
                scenario(&mut Pod::new(&shell, kubelet, restarts_always));
            }
        }
    }
}

fn on(kubelet: Kubelet, scenario: impl Fn(&mut Pod)) {
    everywhere(|pod| {
        if pod.kubelet == kubelet {
            scenario(pod);
        }
    });
}

#[test]
fn fresh() {
    everywhere(|pod| {
        let classic = pod.run();
        pod.settled(classic);
    });
}

#[test]
fn a_new_sandbox_after_everything_ran() {
    everywhere(|pod| {
        for _ in 0..3 {
            pod.run();
            pod.new_sandbox();
        }
        let classic = pod.run();
        pod.settled(classic);
    });
}

#[test]
fn a_new_sandbox_after_the_init_containers_ran() {
    everywhere(|pod| {
        for _ in 0..3 {
            pod.initialize();
            pod.new_sandbox();
        }
        let classic = pod.run();
        pod.settled(classic);
    });
}

#[test]
fn a_new_sandbox_after_the_first_run() {
    everywhere(|pod| {
        for _ in 0..3 {
            assert_eq!(pod.start(Native), Exited(0));
            pod.new_sandbox();
        }
        let classic = pod.run();
        pod.settled(classic);
    });
}

#[test]
fn the_native_copy_crashes() {
    on(New, |pod| {
        let classic = pod.run();
        for _ in 0..3 {
            pod.crash(Native);
            let became = pod.start(Native);
            assert_eq!(became, Sidecar, "without another restart");
            pod.settled(classic);
        }
    });
    // On an old node, it is an init container that fails, here because it cannot write.
    on(Old, |pod| {
        fs::remove_dir(pod.dir.join("volume")).unwrap();
        assert!(fails(pod, Native));
        fs::create_dir(pod.dir.join("volume")).unwrap();
        let classic = pod.run();
        pod.settled(classic);
    });
}

#[test]
fn the_classic_copy_crashes() {
    everywhere(|pod| {
        pod.run();
        for _ in 0..3 {
            pod.crash(Classic);
            let classic = pod.start(Classic);
            pod.settled(classic);
        }
    });
}

#[test]
fn the_node_reboots() {
    everywhere(|pod| {
        for _ in 0..2 {
            pod.run();
            pod.reboot();
        }
        pod.initialize();
        pod.reboot();
        let classic = pod.run();
        pod.settled(classic);
    });
}

/// The kubelet restarts all containers of the Pod.
#[test]
fn all_containers_start_again_in_the_same_sandbox() {
    on(New, |pod| {
        for _ in 0..2 {
            pod.run();
            pod.crash(Native);
            pod.crash(Classic);
        }
        let classic = pod.run();
        pod.settled(classic);
    });
}

/// The exited containers were removed from the node, and no container of the Pod is running.
#[test]
fn an_old_kubelet_loses_track_of_its_init_containers() {
    on(Old, |pod| {
        for _ in 0..3 {
            pod.run();
            pod.crash(Classic);
        }
        let classic = pod.run();
        pod.settled(classic);
    });
}

#[test]
fn a_kubelet_is_upgraded_under_a_running_pod() {
    on(Old, |pod| {
        assert_eq!(pod.run(), Sidecar);
        // The new kubelet finds that the native copy has exited, and restarts it every time.
        pod.kubelet = New;
        pod.keep(Native, Exited(0));
        assert_eq!(pod.sidecars(), [Classic]);
        for _ in 0..2 {
            pod.crash(Classic);
            assert_eq!(pod.start(Classic), Sidecar);
            assert_eq!(pod.sidecars(), [Classic]);
            pod.crash(Native);
            pod.keep(Native, Exited(0));
            assert_eq!(pod.sidecars(), [Classic]);
        }
        ends_at_once(pod, Native, "TERM");
        pod.new_sandbox();
        let classic = pod.run();
        pod.settled(classic);
    });
}

#[test]
fn a_kubelet_is_upgraded_before_the_classic_copy_ran() {
    on(Old, |pod| {
        pod.initialize();
        pod.kubelet = New;
        let classic = pod.run();
        pod.settled(classic);
    });
}

/// If nothing identifies the sandbox, the state file still decides which copy is the sidecar, except if a sandbox died between the
/// starts of the two copies.
#[test]
fn nothing_tells_the_sandbox() {
    everywhere(|pod| {
        for _ in 0..3 {
            pod.hide_sandbox();
            let classic = pod.run();
            pod.settled(classic);
            fs::create_dir_all(pod.dir.join("proc/self")).unwrap();
            fs::create_dir_all(pod.dir.join("proc/sys/kernel/random")).unwrap();
            pod.new_sandbox();
        }
    });
}

/// A sandbox in a virtual machine is identified by the boot id: the files mounted into each container have names of their own.
#[test]
fn only_the_boot_tells_the_sandbox() {
    everywhere(|pod| {
        for _ in 0..3 {
            let mounts = |copy: &str| {
                format!("1 0 0:1 /passthrough/{copy}-resolv.conf /etc/resolv.conf rw - virtiofs x rw\n")
            };
            pod.reboot();
            for run in 0..3 {
                pod.write_proc(&mounts(&format!("native-{run}")));
                let became = pod.start(Native);
                if pod.kubelet == Old || became == Sidecar {
                    break;
                }
                assert_eq!(became, Exited(0));
            }
            pod.write_proc(&mounts("classic"));
            let classic = pod.start(Classic);
            pod.settled(classic);
        }
    });
}

/// A copy was killed while writing, so the last line of the state file is incomplete.
#[test]
fn a_line_is_torn() {
    everywhere(|pod| {
        for cut in [1, 9] {
            assert_eq!(pod.start(Native), Exited(0));
            let state = pod.dir.join("volume/state");
            let whole = fs::read(&state).unwrap();
            fs::write(&state, &whole[..whole.len() - cut]).unwrap();
            let became = pod.start(Native);
            assert_eq!(became, Exited(0));
            if pod.kubelet == New {
                assert_eq!(pod.start(Native), Exited(0), "what was written stands behind the half");
                assert_eq!(pod.start(Native), Sidecar);
            }
            let classic = pod.start(Classic);
            pod.settled(classic);
            pod.new_sandbox();
        }
    });
}

/// Starts a copy, and returns whether it failed with an error message.
fn fails(pod: &mut Pod, copy: Which) -> bool {
    let became = pod.start(copy);
    let said = fs::read_to_string(pod.trace(copy, "stderr")).unwrap();
    matches!(became, Exited(code) if code != 0) && !said.is_empty()
}

#[test]
fn who_cannot_write_does_not_become_the_sidecar() {
    everywhere(|pod| {
        pod.is_full = true;
        assert!(fails(pod, Native));
        pod.is_full = false;
        assert_eq!(pod.start(Native), Exited(0));
        pod.is_full = true;
        let sidecar = if pod.kubelet == Old { Classic } else { Native };
        assert!(fails(pod, sidecar));
        pod.is_full = false;
        assert_eq!(pod.start(sidecar), Sidecar);
        pod.is_full = true;
        pod.crash(sidecar);
        assert_eq!(pod.start(sidecar), Sidecar, "nothing is to be written");
        let classic = if pod.kubelet == Old { Sidecar } else { pod.start(Classic) };
        pod.settled(classic);
    });
}

#[test]
fn the_boot_and_the_mounts_can_be_read_here() {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    assert_eq!((boot.len(), boot.ends_with('\n')), (37, true));
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let root = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find(|words| words[4] == "/");
    assert!(root.unwrap()[3].starts_with('/'));
}

fn ends_at_once(pod: &mut Pod, copy: Which, signal: &str) {
    let since = Instant::now();
    assert_eq!(pod.signal(copy, signal).unwrap().code(), Some(0), "{signal}");
    // The kubelet would wait for 30 s; allow for a busy machine.
    assert!(since.elapsed() < PATIENCE / 2, "{signal} took {:?}", since.elapsed());
}

#[test]
fn the_copy_that_sleeps_ends_at_once() {
    on(New, |pod| {
        for signal in ["TERM", "QUIT", "USR1", "WINCH", "INT", "HUP", "USR2"] {
            let classic = pod.run();
            pod.settled(classic);
            if classic == Asleep {
                ends_at_once(pod, Classic, signal);
            }
            pod.new_sandbox();
        }
    });
}
