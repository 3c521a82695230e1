//! Applications that verify the assertion with the code that
//! `docs/upstreams.md` gives them, in their own languages.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use doorward::base::keys::{Purpose, Ring};
use doorward::base::secrets;
use doorward::base::timestamp::Timestamp;
use serde_json::{Value, json};

use super::visitor::visitor;

/// What `tests/run` fetches.
pub const LIBRARIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/upstreams");

#[derive(Clone, Copy, Debug)]
pub enum Language {
    Python,
    Node,
}

/// An application that trusts one server.
pub struct Verifier {
    language: Language,
    folder: tempfile::TempDir,
}

impl Verifier {
    /// With the code of the documents; only the addresses are other ones. It
    /// reads the keys by another name than that of the server.
    pub fn new(language: Language, server_port: u16, audience: &str) -> Self {
        assert!(
            Path::new(LIBRARIES).exists(),
            "PyJWT and jose are not there: tests/run fetches them"
        );
        let folder = tempfile::tempdir().unwrap();
        let name = match language {
            Language::Python => "python",
            Language::Node => "js",
        };
        let code = example(name)
            .replace(
                "https://login.example.org/.well-known",
                &format!("http://127.0.0.1:{server_port}/.well-known"),
            )
            .replace("https://login.example.org", &format!("http://localhost:{server_port}"))
            .replace("https://wiki.example.org", audience);
        let (file, rest) = match language {
            Language::Python => (
                "application.py",
                "\nimport json, sys\nprint(json.dumps(visitor({\"X-Doorward-Assertion\": sys.argv[1]})))\n",
            ),
            Language::Node => (
                "application.mjs",
                "\nconsole.log(JSON.stringify(await visitor({ \"x-doorward-assertion\": process.argv[2] })));\n",
            ),
        };
        fs::write(folder.path().join(file), code + rest).unwrap();
        symlink(format!("{LIBRARIES}/node_modules"), folder.path().join("node_modules")).unwrap();
        Self { language, folder }
    }

    /// What it reads in an assertion.
    ///
    /// # Errors
    /// Its words when it rejects it.
    pub fn read(&self, assertion: &str) -> Result<Value, String> {
        let (program, file) = match self.language {
            Language::Python => ("python3", "application.py"),
            Language::Node => ("node", "application.mjs"),
        };
        let ran = Command::new(program)
            .args([file, assertion])
            .current_dir(self.folder.path())
            .env("PYTHONPATH", format!("{LIBRARIES}/python"))
            .output()
            .unwrap_or_else(|why| panic!("{program} is not installed ({why})"));
        match ran.status.success() {
            true => Ok(serde_json::from_slice(&ran.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&ran.stderr).into_owned()),
        }
    }
}

/// The code in that language.
fn example(language: &str) -> String {
    let page = fs::read_to_string("docs/upstreams.md").unwrap();
    let (_, rest) = page.split_once(&format!("```{language}\n")).expect("an example");
    rest.split_once("```").unwrap().0.to_owned()
}

/// Two forgeries: with another name in it, and with another signature.
pub fn forgeries(assertion: &str) -> [String; 2] {
    let [head, claims, signature] = assertion.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut said: Value = serde_json::from_slice(&secrets::decode(claims).unwrap()).unwrap();
    said["preferred_username"] = json!("root");
    let said = secrets::encode(said.to_string().as_bytes());
    let other = if &signature[40..=40] == "A" { "B" } else { "A" };
    let signed = format!("{}{other}{}", &signature[..40], &signature[41..]);
    [format!("{head}.{said}.{signature}"), format!("{head}.{claims}.{signed}")]
}

#[test]
fn the_example_in_rust_is_compiled_and_rejects_what_is_not_for_it() {
    assert_eq!(example("rust"), include_str!("visitor.rs"));
    let now = Timestamp::from_seconds(
        std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().try_into().unwrap(),
    );
    let ring = Ring::generate(now);
    let keys = ring.public_jwks(Purpose::Assertion, now).unwrap();
    let keys = serde_json::from_value(keys).unwrap();
    let good = json!({
        "iss": "https://login.example.org", "aud": "https://wiki.example.org",
        "sub": "1", "exp": now.seconds() + 100,
    });
    let signed = |claims: &Value| ring.signing(Purpose::Assertion).signed_jwt(claims).unwrap();
    assert_eq!(visitor(&signed(&good), &keys), Some(good.clone()));
    for (claim, value) in [
        ("iss", json!("https://evil.example.org")),
        ("aud", json!("https://files.example.org")),
        ("exp", json!(now.seconds() - 100)),
        ("sub", Value::Null),
    ] {
        let mut wrong = good.clone();
        wrong[claim] = value;
        wrong.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        assert_eq!(visitor(&signed(&wrong), &keys), None, "{claim}");
    }
    for forged in forgeries(&signed(&good)) {
        assert_eq!(visitor(&forged, &keys), None);
    }
}
