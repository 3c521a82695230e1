//! Several servers behind nginx on one PostgreSQL, as one service.

use shared::databases;

use crate::browser::Browser;
use crate::proxy::Proxy;
use crate::raw;
use crate::server::{PASSWORD, Server, free_port};

pub struct Cluster {
    pub servers: Vec<Server>,
    pub port: u16,
    _proxy: Proxy,
}

impl Cluster {
    /// Servers on a database of their own; none where there is no PostgreSQL.
    pub fn start(count: usize, settings: &[(&str, &str)]) -> Option<Self> {
        databases::needed_postgres()?;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let url = runtime.block_on(databases::fresh(std::path::Path::new("/")));
        let port = free_port();
        let base = format!("http://localhost:{port}");
        let first = tempfile::tempdir().unwrap();
        let keys = first.path().join("keys.json").display().to_string();
        let mut all = vec![
            ("DOORWARD_DATABASE_URL", url.as_str()),
            ("DOORWARD_BASE_URL", &base),
            ("DOORWARD_KEYS_FILE", &keys),
            ("DOORWARD_TRUSTED_PROXIES", "127.0.0.1"),
            ("DOORWARD_DATABASE_CONNECTIONS", "8"),
        ];
        all.extend(settings);
        let mut servers = vec![Server::in_folder(first, &all)];
        for _ in 1..count {
            servers.push(Server::in_folder(tempfile::tempdir().unwrap(), &all));
        }
        let proxy = Proxy::before(&servers, port);
        Some(Self { servers, port, _proxy: proxy })
    }

    pub fn settings_of_first(&self) -> Vec<(&str, &str)> {
        let own = |name: &&(String, String)| name.0 != "ROCKET_PORT";
        let settings = self.servers[0].environment.iter().filter(own);
        settings.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    pub fn browser(&self) -> Browser {
        Browser::at(self.port)
    }

    /// A JSON request to one of the servers, under the name of the service.
    pub fn ask(
        &self,
        server: usize,
        method: &str,
        path: &str,
        bearer: &str,
        body: &str,
    ) -> raw::Answer {
        let bearer = match bearer {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n{bearer}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        raw::exchange(self.servers[server].port, request.as_bytes()).expect("an answer")
    }

    /// The tokens of a script that logs in at one of the servers.
    pub fn login(&self, server: usize, name: &str) -> (String, String) {
        let body = format!(r#"{{"login":"{name}","password":"{PASSWORD}"}}"#);
        let answer = self.ask(server, "POST", "/api/login", "", &body);
        assert_eq!(answer.status, 200, "{}", answer.raw);
        let tokens: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        (text("access_token"), text("refresh_token"))
    }

    pub fn is_let_in(&self, server: usize, token: &str) -> bool {
        match self.ask(server, "GET", "/api/me", token, "").status {
            200 => true,
            401 => false,
            other => panic!("{other}"),
        }
    }
}
