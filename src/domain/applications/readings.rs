//! What servers may take a path for. Proxies hand a path on as it was sent, and
//! applications decode it as they like: `/share/..;/admin` is `/admin` to some.
//! A request passes only if it passes under every reading.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

/// More readings than any honest path has.
const MOST: usize = 64;
/// So many are tried however long the path is.
const FEW: usize = 8;
/// More than that many bytes take more time than a request is worth.
const MOST_BYTES: usize = 64 * 1024;

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
/// A step of reading is to decode, all of it or all but the slashes, to leave
/// out a host before the path, to take `\` for `/` and letters for those they
/// look like, to leave out `;` and what follows in a segment, `:` and what
/// follows, dots and blanks at the end of a segment, to cut at `?` and `#`, and
/// to resolve dot segments, with empty ones or without. Whatever any of these
/// makes of a reading, in any order and repeated, is a reading; so is each in
/// lower case.
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
        let bytes: usize = known.iter().map(String::len).sum();
        if known.len() > MOST || (known.len() > FEW && bytes > MOST_BYTES) {
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

const STEPS: [Step; 12] = [
    with_codes,
    decoded_between_slashes,
    without_host,
    with_slashes,
    alike,
    without_parameters,
    without_endings,
    without_streams,
    cut,
    merged,
    resolved,
    resolved_to_the_letter,
];

fn decoded(path: &str) -> Result<Option<String>, Unreadable> {
    if path.chars().any(char::is_control) {
        return Err(Unreadable::NotText);
    }
    decoded_but(path, &[]).ok_or(Unreadable::NotText)
}

/// As the URL class of browsers and of Node.js has it.
fn decoded_between_slashes(path: &str) -> Option<String> {
    decoded_but(path, b"/\\").flatten()
}

/// The path decoded, but for those characters; or none if it stays the same.
/// None at all: it is not text.
fn decoded_but(path: &str, kept: &[u8]) -> Option<Option<String>> {
    if !path.contains('%') {
        return Some(None);
    }
    let bytes = path.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let code = code(bytes, at).filter(|code| !kept.contains(code));
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    let text = String::from_utf8(out).ok()?;
    Some(Some(text).filter(|text| text != path))
}

/// The byte that is written as a `%` and two digits at a place.
fn code(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |place: usize| bytes.get(place).and_then(|b| char::from(*b).to_digit(16));
    let (b'%', high, low) = (bytes[at], digit(at + 1)?, digit(at + 2)?) else { return None };
    Some((high * 16 + low) as u8)
}

/// As in `%u002e`, which old servers read.
fn with_codes(path: &str) -> Option<String> {
    let mut parts = path.split("%u");
    let mut made = parts.next()?.to_owned();
    for part in parts {
        let known = part.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match known.and_then(char::from_u32) {
            Some(character) => made.extend([character.encode_utf8(&mut [0; 4]), &part[4..]]),
            None => made.extend(["%u", part]),
        }
    }
    (made != path).then_some(made)
}

/// `//host/path`, as a reference without its scheme (RFC 3986, section 4.2).
fn without_host(path: &str) -> Option<String> {
    let rest = path.strip_prefix("//")?;
    Some(rest.find('/').map_or_else(|| "/".to_owned(), |at| rest[at..].to_owned()))
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

/// Letters for those that only look otherwise.
fn alike(path: &str) -> Option<String> {
    if path.is_ascii() {
        return None;
    }
    let made: String = path.nfkc().collect();
    (made != path).then_some(made)
}

/// `file.txt::$DATA` is `file.txt` where files have streams, and folders have them, too.
fn without_streams(path: &str) -> Option<String> {
    by_segment(path, |segment| segment.split(':').next().unwrap_or_default())
}

fn cut(path: &str) -> Option<String> {
    path.find(['?', '#']).map(|at| path[..at].to_owned())
}

/// Some leave out empty segments, and dot segments not.
fn merged(path: &str) -> Option<String> {
    let mut made = path.to_owned();
    while made.contains("//") {
        made = made.replace("//", "/");
    }
    (made != path).then_some(made)
}

/// Without empty segments.
fn resolved(path: &str) -> Option<String> {
    resolved_of(path, |segment| !segment.is_empty())
}

/// As RFC 3986 has it: `..` takes an empty segment away like any other.
fn resolved_to_the_letter(path: &str) -> Option<String> {
    resolved_of(path, |_| true)
}

fn resolved_of(path: &str, is_kept: impl Fn(&str) -> bool) -> Option<String> {
    let mut kept: Vec<&str> = vec![];
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let last = segments.len().saturating_sub(1);
    for (place, segment) in segments.into_iter().enumerate() {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ if is_kept(segment) => kept.push(segment),
            _ => {}
        }
        let is_folder = matches!(segment, "." | "..") || !is_kept(segment);
        if place == last && is_folder {
            kept.push("");
        }
    }
    let made = format!("/{}", kept.join("/"));
    (made != path).then_some(made)
}

fn folded(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    // By way of the capitals: the dotless i is an I there, and the long s an S.
    path.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
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
            // As the URL class of browsers and Node reads it: `%2e` is a dot, `%2f` no slash.
            "/share/a%2fb/%2e%2e/%2e%2e/admin",
            "/share/a%5Cb/%2e%2e/%2e%2e/admin",
            // As a reference without a scheme: with a host before the path.
            "//share/admin",
            "/%5cshare%5cadmin",
            // Parts that look like others, before dot segments are resolved.
            "/share/%ef%bc%8e%ef%bc%8e/admin",
            "/share/%e2%80%a5/admin",
            "/share%ef%bc%8f..%ef%bc%8fadmin",
            "/share/%u002e%u002e/admin",
            "/%u0061dmin",
            "/share/%u002e%2f..%2f..%2fadmin",
        ] {
            assert!(of(path).iter().any(|reading| reading == "/admin"), "{path}: {:?}", of(path));
        }
    }

    #[test]
    fn empty_segments_count_where_dot_segments_are_resolved_by_the_letter() {
        assert!(of("/team/x//../../admin").contains(&"/admin".to_owned()));
        assert!(of("/team/x//../../admin").contains(&"/team/admin".to_owned()));
    }

    #[test]
    fn empty_segments_are_left_out_also_where_dot_segments_stay() {
        assert!(of("//admin/../").contains(&"/admin/../".to_owned()));
    }

    #[test]
    fn streams_of_folders_are_left_out_and_letters_folded_both_ways() {
        assert!(of("/admin::$INDEX_ALLOCATION/a").contains(&"/admin/a".to_owned()));
        assert!(of("/adm%c4%b1n").contains(&"/admin".to_owned()));
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
