//! What servers may take a path for. Proxies hand a path on as it was sent, and
//! applications decode it as they like: `/share/..;/admin` is `/admin` to some.
//! A request passes only if it passes under every reading.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

/// More readings than any honest path has.
const MOST: usize = 64;

/// Why a path has no readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Decoded, it has control characters, or is not text (UTF-8).
    NotText,
    /// It can be read in more ways than are tried.
    Ambiguous,
}

/// One way to read a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading {
    /// The path.
    pub path: String,
    /// Whether it is put into lower case, as servers do that know no capitals.
    pub is_folded: bool,
}

/// All readings of a path without its query, that as it was sent first.
///
/// A step of reading is to decode, to take `\` for `/`, to leave out `;` and
/// what follows in a segment, to leave out dots and blanks at the end of a
/// segment, to cut at `?`, `#` and at `:` in the last segment, and to resolve
/// empty and dot segments. Whatever any of these makes of a reading, in any
/// order and repeated, is a reading; so is each in lower case.
///
/// # Errors
/// [`Unreadable`]: no server needs to be asked.
pub fn readings(path: &str) -> Result<Vec<Reading>, Unreadable> {
    let mut known = vec![path.to_owned()];
    let mut next = 0;
    while let Some(reading) = known.get(next).cloned() {
        next += 1;
        let decoded = decoded(&reading)?;
        let made = decoded.into_iter().chain(STEPS.iter().filter_map(|step| step(&reading)));
        for made in made {
            if !known.contains(&made) {
                known.push(made);
            }
        }
        if known.len() > MOST {
            return Err(Unreadable::Ambiguous);
        }
    }
    let folded: BTreeSet<String> = known.iter().map(|path| folded(path)).collect();
    let as_is = known.iter().map(|path| Reading { path: path.clone(), is_folded: false });
    let new = folded.into_iter().map(|path| Reading { path, is_folded: true });
    Ok(as_is.chain(new).collect())
}

/// Makes another reading of one, or none if it would be the same.
type Step = fn(&str) -> Option<String>;

const STEPS: [Step; 6] =
    [with_slashes, without_parameters, without_endings, cut, without_stream, resolved];

fn decoded(path: &str) -> Result<Option<String>, Unreadable> {
    if path.chars().any(char::is_control) {
        return Err(Unreadable::NotText);
    }
    if !path.contains('%') {
        return Ok(None);
    }
    let bytes = path.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let hex = |place: usize| bytes.get(place).and_then(|b| char::from(*b).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    let text = String::from_utf8(out).map_err(|_| Unreadable::NotText)?;
    Ok(Some(text).filter(|text| text != path))
}

fn with_slashes(path: &str) -> Option<String> {
    path.contains('\\').then(|| path.replace('\\', "/"))
}

fn by_segment(path: &str, make: impl Fn(&str) -> &str) -> Option<String> {
    let made = path.split('/').map(make).collect::<Vec<_>>().join("/");
    (made != path).then_some(made)
}

fn without_parameters(path: &str) -> Option<String> {
    by_segment(path, |segment| segment.split(';').next().unwrap_or_default())
}

fn without_endings(path: &str) -> Option<String> {
    by_segment(path, |segment| {
        let is_ending = |c: char| c == '.' || c.is_whitespace();
        let bare = segment.trim_end_matches(is_ending);
        let dots = segment.matches('.').count();
        match (bare.is_empty(), dots) {
            (true, 1) => ".",
            (true, 2..) => "..",
            _ => bare,
        }
    })
}

fn cut(path: &str) -> Option<String> {
    path.find(['?', '#']).map(|at| path[..at].to_owned())
}

/// `file.txt::$DATA` is `file.txt` where files have streams.
fn without_stream(path: &str) -> Option<String> {
    let start = path.rfind('/').map_or(0, |at| at + 1);
    path[start..].find(':').map(|at| path[..start + at].to_owned())
}

fn resolved(path: &str) -> Option<String> {
    let mut kept: Vec<&str> = vec![];
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let last = segments.len().saturating_sub(1);
    for (place, segment) in segments.into_iter().enumerate() {
        let is_last = place == last;
        match segment {
            "" | "." if is_last => kept.push(""),
            "" | "." => {}
            ".." => {
                kept.pop();
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    let made = format!("/{}", kept.join("/"));
    (made != path).then_some(made)
}

fn folded(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    path.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Vec<String> {
        let found = readings(path).unwrap_or_else(|why| panic!("{path}: {why:?}"));
        found.into_iter().map(|reading| reading.path).collect()
    }

    #[test]
    fn an_ordinary_path_has_one_reading() {
        let found = readings("/wiki/page-1.html").unwrap();
        let paths: BTreeSet<&str> = found.iter().map(|reading| &*reading.path).collect();
        assert_eq!(paths.len(), 1);
    }

    #[test]
    fn every_way_round_leads_to_what_a_server_may_serve() {
        for path in [
            "/share/../admin",
            "/share/%2e%2e/admin",
            "/share%2f..%2fadmin",
            "/share/..;/admin",
            "/share/..;a=b/admin",
            "/share/..%5cadmin",
            "/share\\..\\admin",
            "/share/%252e%252e/admin",
            "//admin",
            "/./admin",
            "/ADMIN",
            "/admin%20",
            "/admin.",
            "/admin%2e%20",
            "/%61dmin",
            "/admin;x",
            "/admin%3fx",
            "/admin%23x",
            "/admin::$DATA",
            "/%ef%bd%81dmin",
            "/admin%c2%a0",
            "/a/../admin",
            "/admi%6E",
            "/..%20/admin",
            "/share/%2e%2e;/admin",
        ] {
            assert!(of(path).iter().any(|reading| reading == "/admin"), "{path}: {:?}", of(path));
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for path in ["/a%00", "/a%1f", "/a%7f", "/a%c2%85", "/a%ff", "/a%2500", "/a%c3"] {
            assert_eq!(readings(path), Err(Unreadable::NotText), "{path}");
        }
    }

    #[test]
    fn a_path_with_too_many_readings_is_refused() {
        let path = format!("/%{}2e", "25".repeat(MOST));
        assert_eq!(readings(&path), Err(Unreadable::Ambiguous));
    }

    #[test]
    fn dot_segments_never_lead_above_the_root() {
        assert_eq!(resolved("/../../a").as_deref(), Some("/a"));
        assert_eq!(resolved("/a/..").as_deref(), Some("/"));
        assert_eq!(resolved("/a/.").as_deref(), Some("/a/"));
        assert_eq!(resolved("/a//b/").as_deref(), Some("/a/b/"));
        assert_eq!(resolved("/a/b"), None);
    }
}
