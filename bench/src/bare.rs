//! The same pages on Rocket with nothing around it, in a process of its own.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use doorward::base::timestamp::Timestamp;
use doorward::base::zone::Zone;
use rocket::http::Header;
use rocket::{get, routes};
use rocket_dyn_templates::{Engines, Template, tera};
use serde_json::{Value, json};

use crate::server;

/// This program again, serving only the pages.
pub(crate) struct Process {
    _process: server::Process,
    pub(crate) port: u16,
}

impl Process {
    pub(crate) async fn start() -> Self {
        let port = server::free_port();
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["bare-rocket", &port.to_string()]);
        Self { _process: server::Process::start(program, port).await, port }
    }
}

/// What the pages show, made once, in the very form that the server gives its templates.
static ACCOUNT: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "page_signed_in": true, "page_account": "page",
        "page_sessions": "", "page_password": "", "page_staff": false, "page_refused": false,
        "page_message": null, "page_undo": null, "page_registration_open": true,
        "page_csrf": TOKEN,
        "username": "ada", "display_name": "", "email": "ada@example.org", "roles": [],
        "created_iso": "2026-01-01T12:00:00Z", "created_ms": 1_767_268_800_000_i64,
        "password_iso": "2026-01-01T12:00:00Z", "password_ms": 1_767_268_800_000_i64,
        "last_login": null, "failures": 0, "sessions": 1, "applications": [],
    })
});

static LOGIN: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "page_signed_in": false, "page_account": "",
        "page_sessions": "", "page_password": "", "page_staff": false, "page_refused": false,
        "page_message": null, "page_undo": null, "page_registration_open": true,
        "page_csrf": TOKEN,
        "form": { "csrf": TOKEN, "values": { "next": "" }, "errors": [], "stale": false },
        "reason": null,
    })
});

const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[get("/account")]
fn account() -> Template {
    Template::render("account.html", &*ACCOUNT)
}

/// What the check answers.
#[derive(rocket::Responder)]
struct Checked {
    body: (),
    user: Header<'static>,
    groups: Header<'static>,
    name: Header<'static>,
    email: Header<'static>,
    assertion: Header<'static>,
    kept: Header<'static>,
    vary: Header<'static>,
}

#[get("/check")]
fn check() -> Checked {
    Checked {
        body: (),
        user: Header::new("Remote-User", "ada"),
        groups: Header::new("Remote-Groups", ""),
        name: Header::new("Remote-Name", "ada"),
        email: Header::new("Remote-Email", ""),
        assertion: Header::new("X-Doorward-Assertion", ASSERTION),
        kept: Header::new("Cache-Control", "no-store"),
        vary: Header::new("Vary", "Cookie, Authorization"),
    }
}

/// As long as a real one.
const ASSERTION: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiIsImtpZCI6IjAxMjM0NTY3ODlhYmNkZWYifQ.eyJpc3MiOiJodHRwOi8vbG9jYWxob3N0OjgwMDAiLCJhdWQiOiJodHRwOi8vYXBwLTAubG9jYWxob3N0OjgwMDAiLCJzdWIiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAiLCJwcmVmZXJyZWRfdXNlcm5hbWUiOiJhZGEiLCJlbWFpbCI6IiIsImdyb3VwcyI6W10sImF1dGhfdGltZSI6MTc2NzI2ODgwMCwiaWF0IjoxNzY3MjY4ODAwLCJuYmYiOjE3NjcyNjg4MDAsImV4cCI6MTc2NzI2ODkyMH0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[get("/login")]
fn login() -> Template {
    Template::render("login.html", &*LOGIN)
}

/// A moment as it is written on pages.
fn words(at: &Value, _: &HashMap<String, Value>) -> tera::Result<Value> {
    let at = Timestamp(at.as_i64().unwrap_or_default());
    Ok(Value::String(Zone::UTC.words(at)))
}

/// Serves the pages until the process is ended.
pub(crate) fn serve(port: u16) {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates");
    let read = move |name: &str| {
        let source = std::fs::read_to_string(templates.join(format!("{name}.tera"))).unwrap();
        (name.to_owned(), source)
    };
    let empty = tempfile::tempdir().unwrap();
    let figment = rocket::Config::figment()
        .merge(("port", port))
        .merge(("log_level", "off"))
        .merge(("template_dir", empty.path()));
    let rocket = rocket::custom(figment).mount("/", routes![account, login, check]).attach(
        Template::custom(move |engines: &mut Engines| {
            let names = ["base.html", "fields.html", "account.html", "login.html"];
            let sources = names.map(&read);
            engines.tera.add_raw_templates(sources).unwrap();
            engines.tera.register_filter("words", words);
            engines.tera.register_filter("ago", words);
        }),
    );
    rocket::execute(rocket.launch()).unwrap();
}
