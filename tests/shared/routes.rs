//! The addresses of the program, as the attributes of its routes name them; on
//! which page each form stands, what its fields take, and what a person types.

use std::fs;
use std::path::{Path, PathBuf};

use crate::page::{Field, Form, Page};
use crate::source::{product, rust_files};

/// A route.
#[derive(Clone, Debug)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Its address with its variable parts, as in `/admin/accounts/<id>`.
    pub address: String,
    /// Its source, from the root of the repository on.
    pub file: PathBuf,
    /// What it reads as `Submitted<…>` or `Timely<…, …>`; empty for one that takes no form.
    pub form: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The source of the pages: each file from the root on, and its text without tests.
fn pages() -> Vec<(PathBuf, String)> {
    let root = root();
    let mut files = rust_files(&root.join("src/web"));
    files.sort();
    let text = |file: PathBuf| {
        let source = product(&fs::read_to_string(&file).unwrap());
        (file.strip_prefix(&root).unwrap().to_owned(), source)
    };
    files.into_iter().map(text).collect()
}

/// Every route, sorted by its address.
pub fn routes() -> Vec<Route> {
    let server = fs::read_to_string(root().join("src/web/mod.rs")).unwrap();
    let mounts: Vec<(&str, &str)> = server
        .split(".mount(\"")
        .skip(1)
        .map(|mount| mount.split_once("\", ").unwrap())
        .map(|(base, routes)| (routes.split("::").next().unwrap(), base))
        .collect();
    let mut found = vec![];
    for (file, source) in pages() {
        let module = file.strip_prefix("src/web").unwrap().iter().next().unwrap();
        let module = module.to_str().unwrap().trim_end_matches(".rs");
        for (at, method) in attributes(&source) {
            let route = &source[at..];
            let path = route.split('"').nth(1).unwrap().split('?').next().unwrap();
            let (_, base) = mounts.iter().find(|(name, _)| *name == module).unwrap();
            let address = format!("{}{path}", base.trim_end_matches('/'));
            let address = if address == "/" { "/" } else { address.trim_end_matches('/') };
            let of_route = &route[..attributes(&route[1..]).first().map_or(route.len(), |it| it.0)];
            // What a macro makes has its form above.
            let form = match (method, submitted(of_route)) {
                ("GET", _) => None,
                (_, form) => form.or_else(|| submitted(&source)),
            };
            let (address, file) = (address.to_owned(), file.clone());
            found.push(Route { method, address, file, form: form.unwrap_or_default().to_owned() });
        }
    }
    found.sort_by(|one, other| (&one.address, one.method).cmp(&(&other.address, other.method)));
    found
}

/// Where the attributes of routes stand in a source, and their methods.
fn attributes(source: &str) -> Vec<(usize, &'static str)> {
    let of = |start: &str, method| {
        source.match_indices(start).map(move |(at, _)| (at, method)).collect::<Vec<_>>()
    };
    let mut found = [of("#[get(\"", "GET"), of("#[post(\"", "POST")].concat();
    found.sort_unstable();
    found
}

fn submitted(source: &str) -> Option<&str> {
    let at_once = source.split_once(": Submitted<").map(|(_, rest)| rest);
    let timely = || source.split_once(": Timely<")?.1.split_once(", ").map(|(_, rest)| rest);
    let rest = at_once.or_else(timely)?;
    let end = rest.find(['>', '<'])?;
    Some(&rest[..end])
}

/// The forms of browsers: routes that take what is posted, but for the API.
pub fn forms() -> Vec<Route> {
    let is_form = |route: &Route| route.method == "POST" && !route.address.starts_with("/api/");
    let forms: Vec<Route> = routes().into_iter().filter(is_form).collect();
    assert!(forms.len() > 20, "{}", forms.len());
    forms
}

/// Where a form stands, if not on the page of its own address.
const ELSEWHERE: [(&str, &str); 18] = [
    ("/leave", "/leave?application=wiki"),
    ("/logout", "/account"),
    ("/account/sessions/revoke-others", "/account/sessions"),
    ("/account/sessions/<sid>/leave/<slug>", "/account/sessions"),
    ("/account/sessions/<sid>/revoke", "/account/sessions"),
    ("/account/tokens/<tid>/revoke", "/account/tokens"),
    ("/admin/accounts/<id>/forgive", "/admin/accounts/<id>"),
    // Only about somebody.
    ("/admin/accounts/disable", "/admin/accounts/disable?id=<id>"),
    ("/admin/accounts/enable", "/admin/accounts/enable?id=<id>"),
    ("/admin/accounts/end-sessions", "/admin/accounts/end-sessions?id=<id>"),
    ("/admin/accounts/delete", "/admin/accounts/delete?id=<id>"),
    ("/admin/accounts/add-role", "/admin/accounts/add-role?id=<id>"),
    ("/admin/accounts/remove-role", "/admin/accounts/remove-role?id=<id>"),
    ("/admin/sessions/end", "/admin/sessions/end?account=<id>"),
    // In the message after the act.
    ("/admin/undo/disable", "/admin/accounts"),
    ("/admin/undo/roles", "/admin/accounts"),
    ("/admin/undo/edit", "/admin/accounts"),
    ("/admin/undo/applications", "/admin/applications"),
];

/// The page with the form that is sent to that address.
pub fn page_of(address: &str) -> &str {
    let elsewhere = ELSEWHERE.iter().find(|(form, _)| *form == address);
    elsewhere.map_or(address, |(_, page)| *page)
}

/// A path of that address, about the account of that id. The other variable
/// parts name a role, `editors`, and what there is not.
pub fn filled(address: &str, id: &str) -> String {
    let path = address
        .replace("<sid>", "AAAAAAAAAAAAAAAAAAAAAA")
        .replace("<tid>", "AAAAAAAAAAAAAAAAAAAAAA")
        .replace("<token>", "A")
        .replace("<name>", "editors")
        .replace("<slug>", "wiki")
        .replace("<number>", "0")
        .replace("<id>", id);
    assert!(!path.contains('<'), "say here what stands in {address}");
    path
}

/// Whether a path is one of that address.
pub fn fits(address: &str, path: &str) -> bool {
    let (known, asked): (Vec<_>, Vec<_>) =
        (address.split('/').collect(), path.split('/').collect());
    let same = known.iter().zip(&asked).all(|(part, other)| part == other || part.starts_with('<'));
    same && known.len() == asked.len()
}

/// The form of a page that is sent to that address.
pub fn form_to<'p>(page: &'p Page, address: &str) -> Option<Form<'p>> {
    page.posted().into_iter().find(|form| fits(address, &form.action))
}

/// What a person types, by the name of the field. Into others: some words.
const TYPED: [(&str, &str); 16] = [
    ("open_url", ""),
    ("upstream", ""),
    ("confirm_seconds", ""),
    ("networks", ""),
    ("slug", "wiki"),
    ("hosts", "wiki.localhost:9000"),
    ("needs", "nobody"),
    ("path", "/docs*"),
    ("identity", "both"),
    ("account", "ada"),
    ("username", "newcomer"),
    ("email", "newcomer@example.org"),
    ("name", "writers"),
    ("description", ""),
    ("role", "editors"),
    ("reason", "asked for by phone"),
];

/// The fields of a form as somebody sends it who ticks everything, keeps what
/// stands in it, and otherwise types `these`, or what is usual.
pub fn filled_in(form: &Form<'_>, these: &[(&str, &str)]) -> Vec<(String, String)> {
    let value = |field: &Field| {
        let known = these.iter().chain(&TYPED).find(|(name, _)| *name == field.name);
        match (&*field.kind, known) {
            ("checkbox", _) => "on".to_owned(),
            ("hidden", _) => field.value.clone(),
            (_, Some((_, text))) => (*text).to_owned(),
            _ if field.value.is_empty() => "some words".to_owned(),
            _ => field.value.clone(),
        }
    };
    form.fields().iter().map(|field| (field.name.clone(), value(field))).collect()
}

/// What each field of a form takes, by the comments where it is read: the name
/// of the field and the rule, as in ``// `name`: 2 to 32 letters``.
pub fn rules_of(form: &str) -> Vec<(String, String)> {
    let pages = pages();
    let heads = [format!("PageForm for {form} {{"), format!("PageForm for {form}<N> {{")];
    let heads = heads.iter().chain([&format!("impl {form} {{")]).cloned().collect::<Vec<_>>();
    let find = |head: &String| pages.iter().find_map(|(_, source)| source.split_once(&**head));
    let (_, block) = heads.iter().find_map(find).unwrap_or_else(|| panic!("no form {form}"));
    let block = block.split("\n}").next().unwrap();
    let (mut rules, mut in_rule): (Vec<(String, String)>, bool) = (vec![], false);
    for line in block.lines().map(str::trim) {
        let comment = line.strip_prefix("//").map(|text| text.trim_start_matches('/').trim());
        let begins = comment.and_then(|text| text.strip_prefix('`')?.split_once("`: "));
        if let Some((name, rule)) = begins {
            rules.push((name.to_owned(), rule.to_owned()));
        } else if let (Some(more), true, Some((_, rule))) = (comment, in_rule, rules.last_mut()) {
            *rule = format!("{rule} {more}");
        }
        in_rule = begins.is_some() || in_rule && comment.is_some();
        for part in line.split("::read(fields)").collect::<Vec<_>>().split_last().unwrap().1 {
            rules.extend(rules_of(part.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap()));
        }
    }
    rules
}
