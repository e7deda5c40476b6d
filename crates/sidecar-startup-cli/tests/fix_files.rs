//! How `sidecar-startup fix` treats files: what it prints and writes, and how it ends.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;
    use std::process::{Command, Output, Stdio};

    use tempfile::TempDir;

    /// A Pod that `fix` repairs.
    const FAULTY: &str = "# The shop.\napiVersion: v1\nkind: Pod\nmetadata:\n  name: shop\nspec:\n  initContainers:\n  - name: \
                          istio-proxy\n    image: istio/proxyv2:1.27.0\n    restartPolicy: Always\n  containers:\n  - name: shop\n    \
                          image: shop\n";
    /// A Pod that only its author can repair.
    const HOPELESS: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: other}\nspec:\n  initContainers: [{name: mystery, image: \
                            mystery, restartPolicy: Always}]\n  containers: [{name: shop, image: shop}]\n";

    fn fix(folder: &Path, arguments: &[&str]) -> Output {
        fix_input(folder, arguments, "")
    }

    fn fix_input(folder: &Path, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sidecar-startup"));
        command.arg("fix").args(arguments).current_dir(folder);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Nobody reads it where the arguments are wrong.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn repaired() -> String {
        let probe = "    startupProbe:\n      httpGet:\n        path: /healthz/ready\n        port: 15021\n      periodSeconds: 1\n      \
                     timeoutSeconds: 3\n      failureThreshold: 600\n";
        FAULTY.replace("restartPolicy: Always\n", &format!("restartPolicy: Always\n{probe}"))
    }

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn prints_the_repaired_manifests_and_nothing_else() {
        let folder = folder(&[("a.yaml", FAULTY), ("b.yaml", "# fine\napiVersion: v1\nkind: Service")]);
        let output = fix(folder.path(), &["a.yaml"]);
        assert_eq!((text(&output.stdout), output.status.code()), (repaired().as_str(), Some(0)));
        assert!(text(&output.stderr).starts_with(
            "a.yaml:2: Pod shop: repaired\n  fix: spec.initContainers[0].startupProbe: added a "
        ));
        assert_eq!(fs::read_to_string(folder.path().join("a.yaml")).unwrap(), FAULTY);
        let both = fix(folder.path(), &["a.yaml", "b.yaml"]);
        assert_eq!(text(&both.stdout), format!("{}---\n# fine\napiVersion: v1\nkind: Service", repaired()));
        let turned = fix(folder.path(), &["b.yaml", "a.yaml"]);
        assert_eq!(
            text(&turned.stdout),
            format!("# fine\napiVersion: v1\nkind: Service\n---\n{}", repaired())
        );
        let piped = fix_input(folder.path(), &[], FAULTY);
        assert_eq!(text(&piped.stdout), repaired());
    }

    #[test]
    fn shows_a_diff_that_patch_applies() {
        let text_of_both = format!("{FAULTY}---\n{HOPELESS}---\n{FAULTY}");
        let folder = folder(&[("a.yaml", &text_of_both), ("b.yaml", HOPELESS)]);
        let output = fix(folder.path(), &["--diff", "a.yaml", "b.yaml"]);
        assert_eq!(output.status.code(), Some(1));
        let diff = text(&output.stdout);
        assert!(diff.starts_with("--- a.yaml\n+++ a.yaml\n@@ -8,6 +8,13 @@\n"), "{diff}");
        assert!(!diff.contains("b.yaml") && !diff.contains('\u{1b}'), "{diff}");
        let coloured = fix(folder.path(), &["--diff", "--color=always", "a.yaml"]);
        assert!(text(&coloured.stdout).contains("\u{1b}[32m+    startupProbe:\u{1b}[0m"));
        let Ok(mut patch) =
            Command::new("patch").arg("-p0").current_dir(folder.path()).stdin(Stdio::piped()).spawn()
        else {
            return;
        };
        patch.stdin.take().unwrap().write_all(&output.stdout).unwrap();
        assert!(patch.wait().unwrap().success());
        let patched = fs::read_to_string(folder.path().join("a.yaml")).unwrap();
        assert_eq!(patched, format!("{}---\n{HOPELESS}---\n{}", repaired(), repaired()));
    }

    #[test]
    fn writes_files_as_a_whole_and_keeps_links_and_permissions() {
        let folder = folder(&[("real/a.yaml", FAULTY), ("b.yaml", HOPELESS)]);
        let real = folder.path().join("real/a.yaml");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real/a.yaml", folder.path().join("link.yaml")).unwrap();
        let output = fix(folder.path(), &["--write", "link.yaml", "b.yaml"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(text(&output.stdout), "link.yaml\n");
        assert_eq!(fs::read_to_string(&real).unwrap(), repaired());
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(folder.path().join("link.yaml").is_symlink());
        let names: Vec<_> = fs::read_dir(folder.path().join("real"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["a.yaml"]);
        let again = fix(folder.path(), &["--write", "real"]);
        assert_eq!((text(&again.stdout), again.status.code()), ("", Some(0)));
        let checked = Command::new(env!("CARGO_BIN_EXE_sidecar-startup"))
            .args(["check", "real"])
            .current_dir(folder.path())
            .output();
        assert_eq!(checked.unwrap().status.code(), Some(0));
    }

    #[test]
    fn refuses_to_write_where_it_cannot() {
        let folder = folder(&[("a.yaml", FAULTY)]);
        let path = folder.path().join("a.yaml");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        let output = fix(folder.path(), &["--write", "a.yaml"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("a.yaml: error: cannot be written: the file is read-only"));
        assert_eq!(fs::read_to_string(&path).unwrap(), FAULTY);
        let piped = fix_input(folder.path(), &["--write"], FAULTY);
        assert_eq!((text(&piped.stdout), piped.status.code()), ("", Some(2)));
        assert_eq!(fix(folder.path(), &["nowhere.yaml"]).status.code(), Some(2));
    }

    #[test]
    fn makes_the_repairs_that_are_asked_for() {
        let moved = "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\nspec:\n  containers:\n  - name: shop\n  - name: \
                     cloud-sql-proxy\n    image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.15.0\n    args: [--health-check, \
                     --http-address=0.0.0.0]\n";
        let folder = folder(&[
            ("a.yaml", moved),
            ("safe.yaml", "fix: Safe\n"),
            ("none.yaml", "fix: None\n"),
            ("wrong.yaml", "fix: Some\n"),
        ]);
        let is_moved = |arguments: &[&str]| {
            let output = fix(folder.path(), &[&["a.yaml"], arguments].concat());
            assert!(output.status.code() < Some(2), "{}", text(&output.stderr));
            text(&output.stdout).contains("initContainers:")
        };
        assert!(is_moved(&[]));
        assert!(is_moved(&["--settings=none.yaml"]));
        assert!(!is_moved(&["--settings=safe.yaml"]));
        assert!(is_moved(&["--settings=safe.yaml", "--only=all"]));
        assert!(!is_moved(&["--only=safe"]));
        assert_eq!(fix(folder.path(), &["a.yaml", "--settings=wrong.yaml"]).status.code(), Some(2));
    }
}
