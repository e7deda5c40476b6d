//! The links of the pages lead to files of this repository, and to headings in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use libtest_mimic::Trial;

/// Where pages are; folders without those in them.
const PLACES: [&str; 6] = [".", "docs", "deploy", "deploy/late-injectors", "chart", ".github"];

pub(super) fn trial(root: &Path) -> Trial {
    let root = root.to_owned();
    super::trial::trial("links::lead_somewhere", move || {
        let (mut links, mut dead) = (0, Vec::new());
        for place in PLACES {
            for page in fs::read_dir(root.join(place))? {
                let page = page?.path();
                if page.extension().is_none_or(|extension| extension != "md") {
                    continue;
                }
                for link in links_of(&prose(&fs::read_to_string(&page)?)) {
                    links += 1;
                    if !leads_somewhere(&page, &link) {
                        dead.push(format!("{}: {link}", page.display()));
                    }
                }
            }
        }
        ensure!(100 < links, "only {links} links are found");
        ensure!(dead.is_empty(), "{}", dead.join("\n"));
        Ok(())
    })
}

/// A page without its blocks of code.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// The links within the repository.
fn links_of(text: &str) -> Vec<String> {
    let links = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    links.filter(|link| !link.starts_with("http")).map(str::to_owned).collect()
}

fn leads_somewhere(page: &Path, link: &str) -> bool {
    let (path, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => page.to_owned(),
        _ => page.parent().map_or_else(PathBuf::new, |folder| folder.join(path)),
    };
    if heading.is_empty() {
        return target.exists();
    }
    fs::read_to_string(target).is_ok_and(|text| has_heading(&prose(&text), heading))
}

/// Whether a heading of a page has this address: in small letters, with dashes for spaces, without punctuation.
fn has_heading(text: &str, address: &str) -> bool {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| line.trim_start_matches('#').trim()).any(|heading| {
        let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.collect::<String>().to_lowercase().replace(' ', "-") == address
    })
}
