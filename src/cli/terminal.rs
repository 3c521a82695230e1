//! What a command says, and what it asks for.

use std::io::{BufRead, IsTerminal, Write};

use zeroize::Zeroizing;

use crate::base::error::{Error, Result};
use crate::domain::passwords::policy::Password;

/// A line on standard output. A reader that has gone away is no error.
pub(super) fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// A number of things, as in "1 session" and "2 sessions".
pub(super) fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// A line on standard error that explains what is on standard output.
pub(super) fn explain(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// A line on standard error, in addition to what the command does.
pub(super) fn warn(line: &str) {
    drop(writeln!(std::io::stderr(), "doorward: {line}"));
}

/// A secret from standard input, or asked for at the terminal.
pub(super) fn secret(prompt: &str, from_stdin: bool) -> Result<Zeroizing<String>> {
    let unreadable = |why| Error::broken(format!("It cannot be read: {why}."));
    if from_stdin {
        let mut line = Zeroizing::new(String::new());
        std::io::stdin().lock().read_line(&mut line).map_err(unreadable)?;
        return Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()));
    }
    if !std::io::stdin().is_terminal() {
        return Err(Error::broken("There is no terminal to ask at: pass it on standard input."));
    }
    rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(unreadable)
}

/// A new password, asked for twice at the terminal.
pub(super) fn new_password(from_stdin: bool) -> Result<Password> {
    let first = secret("New password: ", from_stdin)?;
    if !from_stdin && *first != *secret("Repeat it: ", false)? {
        return Err(Error::broken("The two are not the same."));
    }
    Password::parse(&first).ok_or_else(|| {
        Error::broken("A password has 1 to 256 characters, and no control characters.")
    })
}

/// Asks whether to do what cannot be undone, unless the command line says so already.
///
/// # Errors
/// The answer was no, or there is nobody to ask.
pub(super) fn confirm(question: &str, yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Error::broken(format!(
            "{question} There is no terminal to ask at: add --yes if you mean it."
        )));
    }
    drop(write!(std::io::stderr(), "{question} [y/N] "));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|why| Error::broken(format!("It cannot be read: {why}.")))?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Error::broken("Nothing was done.")),
    }
}
