//! What the page is told about manifests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use explorer::{Fault, Session, Source, Verdict};
use sidecar_startup::{Action, RuleId};

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  initContainers:
    - name: proxy
      image: proxy
      restartPolicy: Always
      readinessProbe:
        httpGet: {path: /ready, port: 8080}
  containers:
    - name: shop
      image: shop
";

fn read(manifest: &str, settings: &str) -> Session {
    Session::read(manifest, settings).unwrap()
}

#[test]
fn violations_have_places_in_the_whole_text() {
    let summary = read(&format!("# first\n---\n{POD}"), "").summary();
    let [entry] = summary.objects.as_slice() else { panic!("{summary:?}") };
    assert_eq!((&*entry.kind, &*entry.name, entry.line), ("Pod", "shop", 3));
    assert_eq!(entry.verdict, Verdict::Denied);
    let [mark] = entry.marks.as_slice() else { panic!("{entry:?}") };
    assert_eq!((mark.line, mark.column), (8, 7));
    assert_eq!((mark.rule, mark.action), (Some(RuleId::SidecarWithoutStartupProbe), Action::Deny));
    assert_eq!(mark.path, "spec.initContainers[0].startupProbe");
}

#[test]
fn settings_decide() {
    let verdict = |settings| read(POD, settings).summary().objects.remove(0).verdict;
    assert_eq!(verdict("defaultAction: Warn"), Verdict::Allowed);
    assert_eq!(verdict("fix: All"), Verdict::Repaired);
    // A probe is derived from another one only with All.
    assert_eq!(verdict("fix: Safe"), Verdict::Denied);
}

#[test]
fn a_repaired_manifest_is_allowed() {
    for settings in ["", "fix: All"] {
        let session = read(POD, settings);
        let detail = session.detail(0).unwrap();
        assert_eq!((detail.before.len(), detail.after.len()), (1, 1));
        let changed = detail.changes.iter().flatten();
        assert!(changed.clone().any(|line| line.sign == '+' && line.text.trim() == "startupProbe:"));
        let repaired = session.repaired(Some(0));
        let summary = read(&repaired, settings).summary();
        assert_eq!(summary.objects[0].verdict, Verdict::Allowed, "{repaired}");
        let after = read(&repaired, settings).detail(0).unwrap();
        assert_eq!(after.before, detail.after);
        assert_eq!((after.after, after.changes), (vec![], vec![]));
    }
}

#[test]
fn one_object_or_all_are_repaired() {
    let other = POD.replace("name: shop}", "name: bar}");
    let service = "---\napiVersion: v1\nkind: Service # of shop\nmetadata: {name: shop}\n";
    let session = read(&format!("{POD}{service}---\n{other}"), "");
    let verdicts = |text: &str| {
        let objects = read(text, "").summary().objects;
        objects.into_iter().map(|entry| entry.verdict).collect::<Vec<_>>()
    };
    let one = session.repaired(Some(2));
    assert_eq!(verdicts(&one), [Verdict::Denied, Verdict::Skipped, Verdict::Allowed]);
    assert!(one.starts_with(&format!("{POD}{service}")), "{one}");
    let all = session.repaired(None);
    assert_eq!(verdicts(&all), [Verdict::Allowed, Verdict::Skipped, Verdict::Allowed]);
    assert!(all.contains(service), "{all}");
}

#[test]
fn a_repair_keeps_the_rest_of_the_text() {
    let text = format!("# shop\n---\n{}", POD.replace("image: shop", "image: 'shop'  # the shop"));
    let detail = read(&text, "").detail(0).unwrap();
    let changed: Vec<_> = detail.changes.iter().flatten().filter(|line| line.sign != ' ').collect();
    assert!(changed.iter().all(|line| line.sign == '+'), "{changed:?}");
    let mut lines: Vec<_> = text.lines().collect();
    for line in &changed {
        lines.insert(line.new.unwrap() - 1, &line.text);
    }
    assert_eq!(read(&text, "").repaired(None), lines.join("\n") + "\n");
}

#[test]
fn what_cannot_be_edited_has_a_place() {
    let pod = POD.trim_end().replace('\n', "\n    ");
    let text = format!("---\n{{}}\n---\napiVersion: v1\nkind: List\nitems:\n  - &pod\n    {pod}\n  - *pod\n");
    let session = read(&text, "");
    let detail = session.detail(1).unwrap();
    assert!(!detail.after.is_empty() && detail.changes.is_empty(), "{detail:?}");
    assert_eq!(detail.refusal.as_deref(), Some("line 8: this is used elsewhere, too, by an alias"));
    assert_eq!(session.repaired(Some(1)), text);
}

#[test]
fn items_of_lists_stay_in_their_list() {
    let items = POD.replace("apiVersion: v1\nkind: Pod\n", "").replace('\n', "\n    ");
    let list = format!("apiVersion: v1\nkind: PodList\nitems:\n  - {}", items.trim_end());
    let session = read(&list, "");
    assert_eq!(session.summary().objects[0].marks[0].line, 7);
    let repaired = manifest::parse_one(&session.repaired(None)).unwrap();
    assert_eq!(repaired["kind"], "PodList");
    assert_eq!(repaired["items"][0].get("kind"), None);
    assert!(repaired["items"][0]["spec"]["initContainers"][0]["startupProbe"].is_object(), "{repaired}");
}

#[test]
fn what_cannot_be_read_has_a_place() {
    let fault = |manifest, settings| {
        let Fault { source, line, column, .. } = Session::read(manifest, settings).unwrap_err();
        (source, line, column)
    };
    assert_eq!(fault("a: 1\n---\nb: [\nc: 2\n", ""), (Source::Manifest, 4, 1));
    assert_eq!(fault("", "fix: All\nrules:\n  none-such: Deny\n"), (Source::Settings, 3, 3));
    assert_eq!(fault("", "fix: All\n---\nfix: All\n"), (Source::Settings, 3, 1));
}

#[test]
fn an_object_that_the_api_server_rejects_has_a_place() {
    let summary = read(&POD.replace("restartPolicy: Always", "restartPolicy: [Always]"), "").summary();
    let [mark] = summary.objects[0].marks.as_slice() else { panic!("{summary:?}") };
    assert_eq!((mark.line, mark.rule), (8, None), "{mark:?}");
    assert!(mark.path.ends_with("spec.initContainers[0].restartPolicy"), "{mark:?}");
}

#[test]
fn what_is_no_object_is_skipped() {
    let summary = read("a: 1\n", "").summary();
    assert_eq!((&*summary.objects[0].kind, summary.objects[0].verdict), ("", Verdict::Skipped));
    assert!(read("", "").summary().objects.is_empty());
}
