//! Circles of imports.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::tree::{Import, Tree};

/// Each import from the root by another file of the crate.
pub(crate) fn imports_of_the_root(tree: &Tree) -> Vec<String> {
    let from_root = tree.imports.iter().filter(|import| import.to == tree.root);
    from_root
        .map(|Import { from, line, path, to }| {
            format!(
                "{from}:{line}: {path} is imported from {to}, the root of its own crate. The root re-exports, and everything \
                 else stands below it: import it from the module that defines it."
            )
        })
        .collect()
}

/// For each group of files that can all reach each other by imports, its shortest circle.
pub(crate) fn circles(tree: &Tree) -> Vec<String> {
    let mut graph: BTreeMap<&str, BTreeMap<&str, &Import>> = BTreeMap::new();
    for import in tree.imports.iter().filter(|import| import.to != tree.root) {
        graph.entry(&import.from).or_default().entry(&import.to).or_insert(import);
    }
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut errors = Vec::new();
    for file in graph.keys() {
        if done.contains(file) {
            continue;
        }
        let group: Vec<_> =
            reached(&graph, file).into_iter().filter(|other| reached(&graph, other).contains(file)).collect();
        let shortest = group.iter().filter_map(|file| circle(&graph, file)).min_by_key(Vec::len);
        if let Some(shortest) = shortest {
            errors.push(told(&group, &shortest));
        }
        done.extend(group);
    }
    errors
}

/// All files that imports lead to from a file; the file itself only where there is a circle.
fn reached<'t>(graph: &BTreeMap<&'t str, BTreeMap<&'t str, &'t Import>>, file: &str) -> BTreeSet<&'t str> {
    let mut reached = BTreeSet::new();
    let mut queue = VecDeque::from([file]);
    while let Some(file) = queue.pop_front() {
        for next in graph.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(*next) {
                queue.push_back(next);
            }
        }
    }
    reached
}

/// The shortest circle through a file.
fn circle<'t>(
    graph: &BTreeMap<&'t str, BTreeMap<&'t str, &'t Import>>,
    file: &'t str,
) -> Option<Vec<&'t Import>> {
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::from([(file, Vec::new())]);
    while let Some((at, way)) = queue.pop_front() {
        for (next, import) in graph.get(at).into_iter().flatten() {
            let way = [way.as_slice(), &[*import]].concat();
            if *next == file {
                return Some(way);
            }
            if seen.insert(*next) {
                queue.push_back((next, way));
            }
        }
    }
    None
}

fn told(group: &[&str], circle: &[&Import]) -> String {
    let steps =
        circle.iter().map(|Import { from, to, line, path }| format!("\n    {from}:{line}: {path} -> {to}"));
    format!(
        "{} files import each other in a circle, so none can be read or changed without the others. Cut one of these imports: \
         move what both need into a file below both.{}\n  All of them: {}",
        group.len(),
        steps.collect::<String>(),
        group.join(", ")
    )
}
