//! Completions, the manual page, and the name as a plugin of kubectl.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::{folder, run};

#[test]
fn bash_reads_its_completions() {
    let output = run(&["completions", "bash"], None);
    let file = folder("completions").join("script");
    std::fs::write(&file, &output.stdout).unwrap();
    assert!(Command::new("bash").arg("-n").arg(&file).status().unwrap().success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("complete -F"));
}

#[test]
fn the_manual_page_has_every_subcommand() {
    let page = String::from_utf8(run(&["man"], None).stdout).unwrap();
    for name in ["CHECK", "FIX", "TIMELINE", "WHY", "RULES", "COMPLETIONS", "MAN"] {
        assert!(page.contains(&format!(".SH \"{name}\"")), "{name}");
    }
}

#[test]
fn as_a_plugin_it_calls_itself_so() {
    let plugin = folder("plugin").join("kubectl-sidecar_startup");
    symlink(env!("CARGO_BIN_EXE_sidecar-startup"), &plugin).unwrap();
    let help = Command::new(plugin).arg("--help").output().unwrap().stdout;
    assert!(String::from_utf8(help).unwrap().contains("Usage: kubectl sidecar-startup <COMMAND>"));
}
