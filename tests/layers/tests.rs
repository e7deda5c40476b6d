//! The checks find what they are made for, on small crates.

use super::circles::{circles, imports_of_the_root};
use super::storeys::imports_up;
use super::tree::{Import, Tree};

const STOREYS: &[&str] = &["rules", "pod", "model"];

/// A crate of those files; their paths are below `src`.
fn tree(files: &[(&str, &str)]) -> Tree {
    let text = |wanted: &str| {
        let found = files.iter().find(|(file, _)| wanted.strip_prefix("src/") == Some(file));
        found.map(|(_, text)| (*text).to_owned())
    };
    Tree::read("src/lib.rs", &text).unwrap()
}

/// From where to where the imports of a crate lead, and what they are.
fn imports(files: &[(&str, &str)]) -> Vec<String> {
    let told = |Import { from, to, line, path }: &Import| format!("{from}:{line} {path} -> {to}");
    tree(files).imports.iter().map(told).collect()
}

#[test]
fn an_import_down_is_fine_and_one_up_is_found() {
    let root = ("lib.rs", "mod rules; mod pod; mod model;\npub use rules::RULES;");
    let down = ("rules.rs", "use crate::pod::Pod;\nuse crate::model::image;");
    let fine = tree(&[root, down, ("pod.rs", "use crate::model;"), ("model.rs", "")]);
    assert_eq!(imports_up(&fine, STOREYS), [""; 0]);
    let up = tree(&[root, down, ("pod.rs", "\nuse crate::rules::RULES;"), ("model.rs", "")]);
    let errors = imports_up(&up, STOREYS);
    assert_eq!(errors.len(), 1, "{errors:?}");
    let expected = "src/pod.rs:2: crate::rules::RULES leads up, from the storey pod to rules.";
    assert!(errors[0].starts_with(expected), "{errors:?}");
}

#[test]
fn the_files_of_a_folder_belong_to_its_storey() {
    let files = [
        ("lib.rs", "mod rules; mod model;"),
        ("rules.rs", "pub mod rule; mod one;"),
        ("rules/rule.rs", ""),
        ("rules/one.rs", "use super::rule::Rule;"),
        ("model.rs", "mod image;"),
        ("model/image.rs", "use crate::rules::rule::Rule;"),
    ];
    let errors = imports_up(&tree(&files), STOREYS);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("src/model/image.rs:1: crate::rules::rule::Rule leads up"), "{errors:?}");
}

#[test]
fn a_file_without_a_storey_is_found() {
    let errors = imports_up(&tree(&[("lib.rs", "mod cellar;"), ("cellar.rs", "")]), STOREYS);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("src/cellar.rs belongs to no storey"), "{errors:?}");
}

#[test]
fn a_circle_is_found_and_a_declaration_closes_none() {
    let circle = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "\nuse crate::c::C;"),
        ("c.rs", "use crate::a::A;"),
    ];
    let errors = circles(&tree(&circle));
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("3 files import each other in a circle"), "{errors:?}");
    assert!(errors[0].contains("src/b.rs:2: crate::c::C -> src/c.rs"), "{errors:?}");

    let child = ("a/child.rs", "use super::A;");
    let declares = [("lib.rs", "mod a;"), ("a.rs", "mod child;\npub struct A;"), child];
    assert_eq!(circles(&tree(&declares)), [""; 0]);
    for uses in ["mod child;\npub use child::Child;", "mod child;\nfn f() { child::make() }"] {
        let errors = circles(&tree(&[("lib.rs", "mod a;"), ("a.rs", uses), child]));
        assert_eq!(errors.len(), 1, "{uses}: {errors:?}");
    }
}

#[test]
fn an_import_of_the_root_is_found() {
    let files = [("lib.rs", "mod a;\npub struct Thing;\npub use a::A;"), ("a.rs", "use crate::Thing;")];
    let errors = imports_of_the_root(&tree(&files));
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("src/a.rs:1: crate::Thing is imported from src/lib.rs"), "{errors:?}");
    assert_eq!(circles(&tree(&files)), [""; 0]);
}

#[test]
fn every_way_to_write_an_import_is_read() {
    let b = ("b.rs", "pub mod inner;\npub mod other { pub struct O; }");
    for (text, expected) in [
        (
            "use crate::{b::{self, inner::{X, Y as Z}}, b::*};",
            vec![
                "crate::b::self -> src/b.rs",
                "crate::b::inner::X -> src/b/inner.rs",
                "crate::b::inner::Y -> src/b/inner.rs",
                "crate::b -> src/b.rs",
            ],
        ),
        ("use super::b::other::O;", vec!["super::b::other::O -> src/b.rs"]),
        ("fn f() { use crate::b::inner; }", vec!["crate::b::inner -> src/b/inner.rs"]),
        (
            "fn f(x: crate::b::X) -> u8 { super::b::inner::f(x) }",
            vec!["crate::b::X -> src/b.rs", "super::b::inner::f -> src/b/inner.rs"],
        ),
        ("fn f() { g!(x, [crate::b::inner::f(1)]) }", vec!["crate::b::inner::f -> src/b/inner.rs"]),
        ("mod m { use super::super::b::X; }", vec!["super::super::b::X -> src/b.rs"]),
        ("mod m { pub(in crate::b) fn f() { self::g::h() } }", vec![]),
        ("#[cfg(test)] mod tests { use crate::b::X; }", vec![]),
        (
            "use std::b::X; use ::b::X; fn f(b: u8) { b.x(); Self::b() }\n/// [`crate::b::X`]\nfn g() {}",
            vec![],
        ),
    ] {
        let found = imports(&[("lib.rs", "mod a; mod b;"), ("a.rs", text), b, ("b/inner.rs", "")]);
        let expected: Vec<_> = expected.iter().map(|import| format!("src/a.rs:1 {import}")).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_path_upwards_past_several_modules_is_read() {
    let files = [
        ("lib.rs", "mod a; mod x;"),
        ("a.rs", "mod b;"),
        ("a/b.rs", "mod c;"),
        ("a/b/c.rs", "fn f() { super::super::super::x::f() }"),
        ("x.rs", ""),
    ];
    assert_eq!(imports(&files), ["src/a/b/c.rs:1 super::super::super::x::f -> src/x.rs"]);
}
