//! The same page on Rocket with nothing around it, in a process of its own.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use rocket::{get, routes};
use rocket_dyn_templates::{Engines, Template};
use serde_json::{Value, json};

use crate::server;

/// This program again, serving only the page.
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

/// What the page shows, made once.
static CONTENT: LazyLock<Value> = LazyLock::new(|| {
    let moment = json!({ "iso": "2026-01-01T12:00:00Z", "words": "1 Jan 2026, 12:00 UTC" });
    json!({
        "page": {
            "csrf": "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "signed_in": true, "section": "account", "staff": false, "message": null, "registration_open": true,
            "may": { "look": false, "audit": false, "end_sessions": false, "manage_accounts": false, "administer": false },
        },
        "account": {
            "username": "ada", "email": "ada@example.org", "roles": [],
            "created_at": moment, "password_changed_at": moment,
        },
        "last_login": null, "failures": 0, "sessions": 1,
    })
});

#[get("/account")]
fn account() -> Template {
    Template::render("account.html", &*CONTENT)
}

/// Serves the page until the process is ended.
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
    let rocket = rocket::custom(figment).mount("/", routes![account]).attach(Template::custom(
        move |engines: &mut Engines| {
            let sources = ["base.html", "fields.html", "account.html"].map(&read);
            engines.tera.add_raw_templates(sources).unwrap();
        },
    ));
    rocket::execute(rocket.launch()).unwrap();
}
