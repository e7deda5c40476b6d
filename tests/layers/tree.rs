//! The modules of a crate, the files that they stand in, and what these import from each other.

use std::collections::{BTreeMap, VecDeque};

use super::imports::{Reader, Written};

/// The modules of a crate.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The file with the root module.
    pub(crate) root: String,
    /// Each module, from the root, and its file.
    modules: BTreeMap<Vec<String>, String>,
    /// What each file imports from another one of the crate.
    pub(crate) imports: Vec<Import>,
}

/// An import from one file by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    /// The file that imports.
    pub(crate) from: String,
    /// The file that is imported from.
    pub(crate) to: String,
    /// Where in the file.
    pub(crate) line: usize,
    /// The path that is imported, as it is written.
    pub(crate) path: String,
}

impl Tree {
    /// Reads the crate with that root. `text` gives the text of a file, where there is one.
    pub(crate) fn read(root: &str, text: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut modules = BTreeMap::from([(Vec::new(), root.to_owned())]);
        let mut written: Vec<(String, Written)> = Vec::new();
        let mut queue = VecDeque::from([(Vec::new(), root.to_owned(), folder_of(root).to_owned())]);
        while let Some((module, file, folder)) = queue.pop_front() {
            let source = text(&file).ok_or_else(|| format!("cannot read {file}"))?;
            let reader = Reader::read(&source, &module).map_err(|error| format!("{file}: {error}"))?;
            written.extend(reader.written.into_iter().map(|path| (file.clone(), path)));
            for declared in reader.declared {
                let below = declared.path.get(module.len()..).unwrap_or_default().join("/");
                let path = format!("{folder}/{below}");
                let candidates = [format!("{path}.rs"), format!("{path}/mod.rs")];
                let found = if declared.is_inline {
                    file.clone()
                } else {
                    let found = candidates.into_iter().find(|candidate| text(candidate).is_some());
                    let found = found.ok_or_else(|| format!("{file}: there is no file for mod {below}"))?;
                    queue.push_back((declared.path.clone(), found.clone(), path));
                    found
                };
                modules.insert(declared.path, found);
            }
        }
        let mut tree = Self { root: root.to_owned(), modules, imports: Vec::new() };
        tree.imports = written.iter().filter_map(|(from, path)| tree.import(from, path)).collect();
        Ok(tree)
    }

    /// Each module with its file.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (&[String], &str)> {
        self.modules.iter().map(|(module, file)| (module.as_slice(), file.as_str()))
    }

    /// The import that a path is, where it leads into another file of the crate.
    fn import(&self, from: &str, written: &Written) -> Option<Import> {
        let path = self.absolute(written)?;
        let module = (0..=path.len()).rev().find_map(|end| self.modules.get(path.get(..end)?))?;
        (module != from).then(|| Import {
            from: from.to_owned(),
            to: module.clone(),
            line: written.line,
            path: written.names.join("::"),
        })
    }

    /// The path from the root of the crate; nothing where it leads out of the crate.
    fn absolute(&self, written: &Written) -> Option<Vec<String>> {
        let (first, rest) = written.names.split_first()?;
        if first == "crate" {
            return Some(rest.to_vec());
        }
        if first == "self" || first == "super" {
            let ups = written.names.iter().take_while(|name| *name == "self" || *name == "super");
            let (known, ups) = (ups.clone().count(), ups.filter(|name| *name == "super").count());
            let module = written.module.get(..written.module.len().checked_sub(ups)?)?;
            return Some([module, written.names.get(known..)?].concat());
        }
        let child = [written.module.as_slice(), std::slice::from_ref(first)].concat();
        self.modules.contains_key(&child).then(|| [child.as_slice(), rest].concat())
    }
}

fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or(".", |(folder, _)| folder)
}
