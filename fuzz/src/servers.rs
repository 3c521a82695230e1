//! What servers take a path for, written from their documentation and not from
//! the readings of Doorward.

/// Each server with the path that it serves, where it serves any.
pub fn served(path: &str) -> Vec<(&'static str, String)> {
    let mut found = vec![("what is sent", path.to_owned()), ("RFC 3986", resolved(path))];
    // Node: the URL class, then decodeURIComponent and path.normalize as `send` does.
    if let Ok(url) = url::Url::parse(&format!("http://host{path}")) {
        found.push(("URL class", url.path().to_owned()));
        found.extend(decoded(url.path()).map(|path| ("Express", resolved(&merged(&path)))));
    }
    if let Some(once) = decoded(path) {
        // PATH_INFO of WSGI and CGI.
        found.push(("WSGI", once.clone()));
        found.push(("Werkzeug", merged(&once)));
        found.push(("nginx", resolved(&merged(&once))));
        let flat = once.replace('\\', "/");
        // Of the last part all dots and blanks at the end are left out, of others one dot; three
        // dots are a name.
        let last = flat.rfind('/').map_or(0, |at| at + 1);
        let (folders, page) = flat.split_at(last);
        let folders: Vec<&str> = folders
            .split('/')
            .map(|part| match part.strip_suffix('.') {
                Some(bare) if !bare.is_empty() && !bare.ends_with('.') => bare,
                _ => part,
            })
            .collect();
        let page = match page {
            "." | ".." => page,
            _ => page.trim_end_matches([' ', '.']),
        };
        let bare = [folders.join("/"), page.to_owned()];
        found.push(("IIS", resolved(&merged(&bare.concat()))));
        if let Some(twice) = decoded(&once) {
            found.push(("a proxy and PHP", resolved(&merged(&twice))));
        }
    }
    // Tomcat and Jetty: parameters first, then the codes.
    let bare: Vec<&str> =
        path.split('/').map(|part| part.split(';').next().unwrap_or_default()).collect();
    found.extend(decoded(&bare.join("/")).map(|path| ("Tomcat", resolved(&merged(&path)))));
    found
}

fn decoded(path: &str) -> Option<String> {
    let bytes = path.as_bytes();
    let (mut out, mut at) = (vec![], 0);
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let digits = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        let plain = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match plain.and_then(|text| u8::from_str_radix(text, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

fn merged(path: &str) -> String {
    let mut out = String::new();
    for character in path.chars() {
        if character != '/' || !out.ends_with('/') {
            out.push(character);
        }
    }
    out
}

/// Without dot segments (RFC 3986, section 5.2.4).
fn resolved(path: &str) -> String {
    let (mut input, mut output) = (path.to_owned(), String::new());
    while !input.is_empty() {
        if input.starts_with("/./") {
            input.replace_range(..2, "");
        } else if input == "/." {
            "/".clone_into(&mut input);
        } else if input.starts_with("/../") || input == "/.." {
            let rest = input.get(3..).filter(|rest| !rest.is_empty()).unwrap_or("/").to_owned();
            input = rest;
            output.truncate(output.rfind('/').unwrap_or(0));
        } else {
            let next = input[1..].find('/').map_or(input.len(), |at| at + 1);
            output.push_str(&input[..next]);
            input.replace_range(..next, "");
        }
    }
    output
}
