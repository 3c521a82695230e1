//! Templates, stylesheets, font and icons, carried inside the binary. Static files
//! have their hash in the name.

use std::collections::HashMap;
use std::sync::LazyLock;

use rocket_dyn_templates::tera::Value;
use rocket_dyn_templates::{Engines, tera};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::frame;
use super::view::grouped;
use crate::base::timestamp::Timestamp;
use crate::base::zone::Zone;

#[derive(RustEmbed)]
#[folder = "static"]
#[exclude = "*.md"]
struct Static;

#[derive(RustEmbed)]
#[folder = "templates"]
#[include = "*.tera"]
struct Templates;

/// A static file as it is served.
pub struct StaticFile {
    /// Its name without the hash.
    pub name: String,
    /// Its content; a stylesheet names the files it loads by their hashed names.
    pub content: Vec<u8>,
}

/// By hashed name.
static FILES: LazyLock<HashMap<String, StaticFile>> = LazyLock::new(|| {
    let mut files = HashMap::new();
    // A stylesheet has the names of others in it, and its own hash must change with theirs.
    let (styles, others): (Vec<_>, Vec<_>) =
        Static::iter().partition(|name| name.ends_with(".css"));
    for name in others.into_iter().chain(styles) {
        let mut content = Static::get(&name).expect("an embedded file").data.into_owned();
        if name.ends_with(".css") {
            content = with_names(&String::from_utf8_lossy(&content), &files).into_bytes();
        }
        let file = StaticFile { name: name.into_owned(), content };
        files.insert(hashed(&file), file);
    }
    files
});

/// The page for failures, with the names of its static files filled in.
pub static FAILURE_PAGE: LazyLock<String> =
    LazyLock::new(|| with_hashed_names(include_str!("../../../templates/failure.html")));

fn hashed(file: &StaticFile) -> String {
    let hash = Sha256::digest(&file.content);
    let hash: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    match file.name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}.{hash}.{ending}"),
        None => format!("{}.{hash}", file.name),
    }
}

fn with_hashed_names(text: &str) -> String {
    with_names(text, &FILES)
}

fn with_names(text: &str, files: &HashMap<String, StaticFile>) -> String {
    files.iter().fold(text.to_owned(), |text, (hashed, file)| {
        text.replace(&format!("/static/{}\"", file.name), &format!("/static/{hashed}\""))
    })
}

/// The frame with its gaps, and what pages extend in its place: their blocks alone.
pub const FRAME: &str = "frame.html";
const BLOCKS: &str = "blocks.html";

/// Registers every template under a name that ends in `.html`: Tera escapes in
/// no other. They show times in `zone`.
///
/// # Errors
/// A template that does not parse; the server then does not start.
pub fn templates(engines: &mut Engines, zone: Zone) -> Result<(), Box<dyn std::error::Error>> {
    let mut sources = Vec::new();
    for file in Templates::iter() {
        let source = Templates::get(&file).expect("an embedded file");
        let source = with_hashed_names(&String::from_utf8_lossy(&source.data));
        let name = file.trim_end_matches(".tera");
        if name == "base.html" {
            let (frame, blocks) = frame::split(&source)?;
            sources.extend([(FRAME.to_owned(), frame), (BLOCKS.to_owned(), blocks)]);
        } else {
            let base = format!("{{% extends \"{BLOCKS}\" %}}");
            sources.push((name.to_owned(), source.replace("{% extends \"base.html\" %}", &base)));
        }
    }
    engines.tera.add_raw_templates(sources)?;
    engines.tera.set_escape_fn(escape);
    engines
        .tera
        .register_filter("ago", move |at: &Value, with: &HashMap<_, _>| ago(zone, at, with));
    engines.tera.register_filter("grouped", number);
    engines.tera.register_filter("words", move |at: &Value, _: &HashMap<_, _>| words(zone, at));
    // A template has no business with the server's environment.
    engines.tera.register_function("get_env", |_: &HashMap<_, _>| {
        Err(tera::Error::msg("templates cannot read the environment"))
    });
    Ok(())
}

/// `text` for HTML. Most of what pages show needs no escape, and to see that
/// takes a fraction of the time of copying it letter by letter.
fn escape(text: &str) -> String {
    let special = |byte| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'' | b'/');
    if text.bytes().any(special) { tera::escape_html(text) } else { text.to_owned() }
}

/// `{{ at.ms | ago(now=page_now) }}`: a moment as lists show it.
fn ago(zone: Zone, at: &Value, arguments: &HashMap<String, Value>) -> tera::Result<Value> {
    let now = arguments.get("now").unwrap_or(&Value::Null);
    Ok(Value::String(zone.ago(moment(at)?, moment(now)?)))
}

/// `{{ at.ms | words }}`: all of a moment.
fn words(zone: Zone, at: &Value) -> tera::Result<Value> {
    Ok(Value::String(zone.words(moment(at)?)))
}

/// `{{ count | grouped }}`: a number as pages show it.
fn number(number: &Value, _: &HashMap<String, Value>) -> tera::Result<Value> {
    let whole = number.as_i64().ok_or_else(|| tera::Error::msg("`grouped` takes a number"))?;
    Ok(Value::String(grouped(whole)))
}

fn moment(value: &Value) -> tera::Result<Timestamp> {
    let milliseconds = value.as_i64().map(Timestamp);
    milliseconds.ok_or_else(|| tera::Error::msg("a moment is a number of milliseconds"))
}

/// Whether there is a static file of that hashed name.
pub fn has(hashed: &str) -> bool {
    FILES.contains_key(hashed)
}

/// The static file of that hashed name.
pub fn named(hashed: &str) -> Option<&'static StaticFile> {
    FILES.get(hashed)
}
