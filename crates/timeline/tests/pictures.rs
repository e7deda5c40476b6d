//! Draws each manifest of `tests/pictures` and compares text, SVG and JSON with the files beside it; `UPDATE_EXPECT=1` rewrites them.
//! What the SVG shows is compared with the model, too.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::{env, fs};

use serde_json::json;
use sidecar_startup::{Moment, Timeline};
use timeline::{Charset, LEFT, RIGHT, Scale, svg, text};

fn timeline_of(manifest: &str) -> Timeline {
    let object = manifest::parse_one(manifest).unwrap();
    let group = object["apiVersion"].as_str().unwrap().split_once('/').map_or("", |(group, _)| group);
    let request =
        json!({"operation": "CREATE", "kind": {"group": group, "kind": object["kind"]}, "object": object});
    let mut timelines =
        sidecar_startup::timelines(&json!({"settings": {}, "request": request}).to_string()).unwrap();
    assert_eq!(timelines.len(), 1);
    timelines.remove(0)
}

fn compare(path: &Path, drawn: &str) {
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, drawn).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap_or_default(), drawn, "{}", path.display());
}

#[test]
fn manifests_are_drawn() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures");
    let mut drawn = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let timeline = timeline_of(&fs::read_to_string(&path).unwrap());
        let unicode = text(&timeline, Charset::Unicode);
        let ascii = text(&timeline, Charset::Ascii);
        assert!(ascii.is_ascii(), "{ascii}");
        for line in unicode.lines().chain(ascii.lines()) {
            // A field path cannot be wrapped.
            assert!(line.chars().count() <= 80 || !line.contains(' '), "{line}");
        }
        compare(&path.with_extension("txt"), &format!("{unicode}\n{ascii}"));
        let picture = svg("Example", &timeline);
        compare(&path.with_extension("svg"), &format!("{picture}\n"));
        let model = serde_json::to_string_pretty(&timeline).unwrap();
        compare(&path.with_extension("json"), &format!("{model}\n"));
        check(&picture, &timeline);
        drawn += 1;
    }
    assert!(8 <= drawn, "{drawn}");
}

/// Compares the places of bars, gates and lines in the picture with the model.
fn check(picture: &str, timeline: &Timeline) {
    let document = roxmltree::Document::parse(picture).unwrap();
    let scale = Scale::of(timeline);
    let places = |moment: Moment| {
        let (earliest, latest) = scale.places(moment);
        let pixel = |place: f64| (LEFT + (RIGHT - LEFT) * place).round();
        (pixel(earliest), pixel(latest))
    };
    let lanes: Vec<_> =
        document.descendants().filter(|node| node.attribute("class") == Some("lane")).collect();
    assert_eq!(lanes.len(), timeline.lanes.len());
    let mut middle = 0.0;
    for (drawn, lane) in lanes.iter().zip(&timeline.lanes) {
        let number =
            |node: roxmltree::Node<'_, '_>, name| node.attribute(name).unwrap().parse::<f64>().unwrap();
        let bars: Vec<_> = drawn.children().filter(|node| node.has_tag_name("rect")).collect();
        let crosses = drawn.children().filter(|node| node.attribute("class") == Some("never")).count();
        let Some(starts) = lane.starts else {
            assert!(bars.is_empty() && crosses == 1, "{}", lane.name);
            continue;
        };
        let [may, closed, ..] = bars.as_slice() else { panic!("{}: {bars:?}", lane.name) };
        assert!((number(*may, "x") - places(starts).0).abs() < 0.5);
        assert!((number(*closed, "x") - places(starts).1).abs() < 0.5);
        assert_eq!(crosses, usize::from(lane.opens.is_none()));
        // Lanes are drawn from top to bottom.
        let y = number(*may, "y");
        assert!(middle < y);
        middle = y;
        let gates: Vec<_> = drawn.children().filter(|node| node.attribute("class") == Some("gate")).collect();
        if let (Some(opens), [gate]) = (lane.opens, gates.as_slice()) {
            let x = format!("M{} ", places(opens).1);
            assert!(gate.attribute("d").unwrap().starts_with(&x), "{x}");
        }
        let waits = drawn
            .children()
            .filter(|node| node.attribute("class").is_some_and(|class| class.starts_with("wait")));
        assert_eq!(waits.count(), usize::from(lane.waits_for.is_some()));
    }
    let needs = document.descendants().filter(|node| node.attribute("class") == Some("need")).count();
    assert_eq!(needs, timeline.unmet.iter().filter(|unmet| unmet.provider.is_some()).count());
    let ids: Vec<_> = document.descendants().filter_map(|node| node.attribute("id")).collect();
    assert_eq!(
        document.root_element().attribute("aria-labelledby").unwrap().split(' ').collect::<Vec<_>>(),
        ids
    );
}
