//! The same pages on Rocket with nothing around it, in a process of its own.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use rocket::{get, routes};
use rocket_dyn_templates::{Engines, Template};
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
        "username": "ada", "email": "ada@example.org", "roles": [],
        "created_iso": "2026-01-01T12:00:00Z", "created_words": "1 Jan 2026, 12:00 UTC",
        "password_iso": "2026-01-01T12:00:00Z", "password_words": "1 Jan 2026, 12:00 UTC",
        "last_login": null, "failures": 0, "sessions": 1,
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

#[get("/login")]
fn login() -> Template {
    Template::render("login.html", &*LOGIN)
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
    let rocket = rocket::custom(figment).mount("/", routes![account, login]).attach(
        Template::custom(move |engines: &mut Engines| {
            let names = ["base.html", "fields.html", "account.html", "login.html"];
            let sources = names.map(&read);
            engines.tera.add_raw_templates(sources).unwrap();
        }),
    );
    rocket::execute(rocket.launch()).unwrap();
}
