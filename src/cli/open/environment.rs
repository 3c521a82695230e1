//! The variables that systemd gives the installed service
//! (`EnvironmentFile` in systemd.exec(5)): root's commands need the same.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::Path;

use rocket::figment::Figment;

use crate::base::error::{Error, Result};
use crate::base::files;
use crate::service::settings;

/// Next to the settings file of the package; only root may read it.
const FILE: &str = "/etc/doorward/environment";

/// Starts this program again with the variables of the installed service that
/// are not set here, if its settings are used and this is root. Not all of them
/// are settings: `PGPASSWORD` and `ROCKET_PROFILE` are read by libraries.
///
/// # Errors
/// The file cannot be read, or somebody else may have written it.
pub(in crate::cli) fn add(figment: &Figment) -> Result<()> {
    let read = settings::file_read(figment);
    let installed = read.is_some_and(|file| file.as_os_str() == settings::INSTALLED);
    if !installed || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let text = match fs::read_to_string(FILE) {
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(()),
        text => text.map_err(|why| Error::broken(format!("{FILE} cannot be read: {why}.")))?,
    };
    files::check_settings(Path::new(FILE))?;
    let mut missing = parse(&text)?;
    missing.retain(|(name, _)| std::env::var_os(name).is_none());
    if missing.is_empty() {
        return Ok(());
    }
    let why = again_with(missing);
    Err(Error::broken(format!("The variables in {FILE} cannot be set: {why}.")))
}

/// This program with the same arguments, in the same process. Returns why not.
#[expect(clippy::disallowed_types, reason = "it is this program again, and no other")]
fn again_with(variables: Vec<(String, String)>) -> std::io::Error {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_else(|| OsString::from("doorward"));
    // Also where the file of the program was replaced since.
    let mut again = std::process::Command::new("/proc/self/exe");
    again.arg0(name).args(arguments).envs(variables).exec()
}

/// The variables in such a file: a line each, with or without quotes.
fn parse(text: &str) -> Result<Vec<(String, String)>> {
    let mut all = vec![];
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let read = line.split_once('=').filter(|(name, _)| is_name(name));
        let read = read.and_then(|(name, text)| Some((name, value(text)?)));
        let (name, value) = read.ok_or_else(|| {
            let number = number + 1;
            Error::broken(format!("Line {number} of {FILE} must be NAME=VALUE, on one line."))
        })?;
        all.push((name.to_owned(), value));
    }
    Ok(all)
}

/// What systemd takes for the name of a variable.
fn is_name(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// What stands behind the `=`; none where a quote is not closed or a line goes on.
fn value(text: &str) -> Option<String> {
    let text = text.trim();
    let quote = text.chars().next().filter(|first| ['"', '\''].contains(first));
    let inner = match quote {
        Some(quote) => text.get(1..)?.strip_suffix(quote)?,
        None => text,
    };
    let (mut value, mut letters) = (String::new(), inner.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if quote != Some('\'') => value.push(letters.next()?),
            _ => value.push(letter),
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_systemd_does() {
        let text = "# a comment\n; another\n\nDOORWARD_A=plain text \nDOORWARD_B=\"a \\\"b\\\" c\"\n  DOORWARD_C='{\"keys\":[\"\\\\\"]}'\nROCKET_PORT=80\nPATH=/x\nDOORWARD_D=\nDOORWARD_E=a=b\\ c\n";
        let expected = [
            ("DOORWARD_A", "plain text"),
            ("DOORWARD_B", "a \"b\" c"),
            ("DOORWARD_C", "{\"keys\":[\"\\\\\"]}"),
            ("ROCKET_PORT", "80"),
            ("PATH", "/x"),
            ("DOORWARD_D", ""),
            ("DOORWARD_E", "a=b c"),
        ];
        let read = parse(text).unwrap();
        let read: Vec<_> = read.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for line in [
            "export",
            "=x",
            "1A=x",
            "A B=x",
            "DOORWARD_A=\"open",
            "DOORWARD_A='",
            "DOORWARD_A=goes on\\",
        ] {
            let error = parse(&format!("A=1\n{line}\n")).unwrap_err().to_string();
            assert!(error.starts_with("Line 2 of /etc/doorward/environment"), "{line}: {error}");
        }
    }
}
