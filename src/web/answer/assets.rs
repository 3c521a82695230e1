//! Templates, stylesheet and icons, carried inside the binary. Static files
//! have their hash in the name.

use std::collections::HashMap;
use std::sync::LazyLock;

use rocket_dyn_templates::tera::Value;
use rocket_dyn_templates::{Engines, tera};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::frame;
use crate::base::timestamp::Timestamp;

#[derive(RustEmbed)]
#[folder = "static"]
#[exclude = "*.md"]
struct Static;

#[derive(RustEmbed)]
#[folder = "templates"]
#[include = "*.tera"]
struct Templates;

/// Hashed name → file name.
static NAMES: LazyLock<HashMap<String, String>> =
    LazyLock::new(|| Static::iter().map(|file| (hashed(&file), file.into_owned())).collect());

/// The page for failures, with the names of its static files filled in.
pub static FAILURE_PAGE: LazyLock<String> =
    LazyLock::new(|| with_hashed_names(include_str!("../../../templates/failure.html")));

fn hashed(file: &str) -> String {
    let hash = Static::get(file).expect("an embedded file").metadata.sha256_hash();
    let hash: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    match file.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}.{hash}.{ending}"),
        None => format!("{file}.{hash}"),
    }
}

fn with_hashed_names(text: &str) -> String {
    NAMES.iter().fold(text.to_owned(), |text, (hashed, file)| {
        text.replace(&format!("/static/{file}\""), &format!("/static/{hashed}\""))
    })
}

/// The frame with its gaps, and what pages extend in its place: their blocks alone.
pub const FRAME: &str = "frame.html";
const BLOCKS: &str = "blocks.html";

/// Registers every template under a name that ends in `.html`: Tera escapes in
/// no other.
///
/// # Errors
/// A template that does not parse; the server then does not start.
pub fn templates(engines: &mut Engines) -> Result<(), Box<dyn std::error::Error>> {
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
    engines.tera.register_filter("ago", ago);
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
fn ago(at: &Value, arguments: &HashMap<String, Value>) -> tera::Result<Value> {
    let moment = |value: Option<&Value>| value.and_then(Value::as_i64).map(Timestamp);
    match (moment(Some(at)), moment(arguments.get("now"))) {
        (Some(at), Some(now)) => Ok(Value::String(at.ago(now))),
        _ => Err(tera::Error::msg("`ago` takes milliseconds, and `now`")),
    }
}

/// Whether there is a static file of that hashed name.
pub fn has(hashed: &str) -> bool {
    NAMES.contains_key(hashed)
}

/// The static file of that hashed name, with the name it has without the hash.
pub fn named(hashed: &str) -> Option<(&'static str, EmbeddedFile)> {
    let name = NAMES.get(hashed)?;
    Some((name, Static::get(name)?))
}
