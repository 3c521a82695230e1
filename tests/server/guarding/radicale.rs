//! An application as people run it: Radicale, a calendar server that knows its
//! visitors by `Remote-User`, with the setting that the documents name.

use std::fs;
use std::process::{Child, Command, Stdio};

use super::upstream::Upstream;
use super::verifiers::LIBRARIES;
use super::{Place, Visitor};
use crate::server::{free_port, wait};
use shared::proxies::Kind;

struct Radicale {
    process: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Radicale {
    fn start() -> Self {
        let documents = fs::read_to_string("docs/protect-an-app.md").unwrap();
        let (_, setting) = documents.split_once("```ini\n").expect("an example");
        let (setting, _) = setting.split_once("```").unwrap();
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let path = folder.path().display();
        let config = format!(
            "[server]\nhosts = 127.0.0.1:{port}\n[storage]\nfilesystem_folder = {path}/collections\n{setting}"
        );
        fs::write(folder.path().join("config"), config).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new("python3")
            .args(["-m", "radicale", "--config"])
            .arg(folder.path().join("config"))
            .env("PYTHONPATH", format!("{LIBRARIES}/python"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("python3 is installed");
        wait(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { process, folder, port }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Radicale {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[test]
fn a_calendar_server_gives_each_visitor_their_own_calendars_alone() {
    let radicale = Radicale::start();
    let place = Place::before(Upstream::at(radicale.port), Kind::Nginx);
    place.server.account("ada", &[]);
    place.server.account("bob", &[]);
    let ask = |visitor: &Visitor<'_>, headers: &str| {
        let headers = format!("Depth: 0\r\nContent-Length: 0\r\n{headers}");
        visitor.send("PROPFIND", "/ada/", &headers, b"").status
    };
    let (ada, bob) = (place.signed_in("ada"), place.signed_in("bob"));
    assert_eq!(ask(&ada, ""), 207, "{}", radicale.log());
    for forged in ["", "Remote-User: ada\r\n", "Remote_User: ada\r\nX-Remote-User: ada\r\n"] {
        assert_eq!(ask(&bob, forged), 403, "{forged}");
        assert_eq!(ask(&place.visitor(), forged), 401, "{forged}");
    }
}
