//! Links between documents, and from them to files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::documents;

#[test]
fn every_link_leads_to_a_file_that_exists_and_to_a_heading_in_it() {
    let (mut count, mut dead) = (0, vec![]);
    for document in documents() {
        for link in links(&fs::read_to_string(&document).unwrap()) {
            if ["https://", "http://", "mailto:"].iter().any(|begin| link.starts_with(begin)) {
                continue;
            }
            count += 1;
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => document.clone(),
                _ => document.parent().unwrap().join(file),
            };
            if !target.exists() || !heading.is_empty() && !anchors(&target).contains(heading) {
                dead.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(count > 50, "{count}");
    assert!(dead.is_empty(), "these links lead nowhere:\n{}", dead.join("\n"));
}

#[test]
fn every_page_of_the_documents_is_in_the_index() {
    let index = links(&fs::read_to_string("docs/index.md").unwrap());
    let linked: BTreeSet<PathBuf> = index.iter().map(|link| Path::new("docs").join(link)).collect();
    for page in documents().iter().filter(|page| page.starts_with("docs")) {
        let is_index = page == Path::new("docs/index.md");
        assert!(is_index || linked.contains(page), "{} is not in docs/index.md", page.display());
    }
}

#[test]
fn links_are_found_in_text_and_not_in_code() {
    let text = "[a](b.md#c) `[d](e)`\n```sh\n[f](g)\n```\n<img src=\"h.png\"> [![i](j)](k)";
    assert_eq!(links(text), ["b.md#c", "h.png", "j", "k"]);
    assert_eq!(anchor("What to `watch`, and when?"), "what-to-watch-and-when");
}

/// Where the links and pictures of a document lead.
fn links(text: &str) -> Vec<String> {
    let (mut links, mut in_code) = (vec![], false);
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        if in_code {
            continue;
        }
        let text: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for (begin, end) in [("](", ')'), ("src=\"", '"'), ("srcset=\"", '"')] {
            let after = text.split(begin).skip(1);
            links.extend(after.filter_map(|rest| Some(rest.split_once(end)?.0.to_owned())));
        }
    }
    links.sort();
    links
}

/// The anchors of a document's headings.
fn anchors(document: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(document).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

/// The anchor that GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}
