//! Real proxies, with the configuration that the program prints. Only TLS is
//! taken out of it, and the ports are those of the test.

#![expect(clippy::disallowed_types, reason = "it starts proxies")]

use std::fs;
use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// What stands in front of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of Debian.
    Nginx,
    /// Of Debian.
    Caddy,
    /// Of PyPI.
    NewCaddy,
    /// Of PyPI.
    Traefik,
    /// Of Debian.
    Haproxy,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Caddy | Self::NewCaddy => "caddy",
            Self::Traefik => "traefik",
            Self::Haproxy => "haproxy",
        }
    }

    /// From Debian, or from a wheel of PyPI that `tests/run` unpacks.
    fn program(self) -> &'static str {
        match self {
            Self::Nginx => "/usr/sbin/nginx",
            Self::Caddy => "/usr/bin/caddy",
            Self::NewCaddy => {
                concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/proxies/bin/caddy")
            }
            Self::Traefik => {
                concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/proxies/bin/traefik")
            }
            Self::Haproxy => "/usr/sbin/haproxy",
        }
    }
}

/// A running proxy.
pub struct Proxy {
    process: Child,
    folder: tempfile::TempDir,
    /// Where it listens.
    pub port: u16,
}

impl Proxy {
    /// In front of the applications of these short names, all of which have the port
    /// `port` in their hosts. `command` runs a command of the server, which listens at
    /// `server_port`, and returns what it printed.
    pub fn start(
        kind: Kind,
        command: impl Fn(&[&str]) -> String,
        server_port: u16,
        port: u16,
        slugs: &[&str],
    ) -> Self {
        let doorward = format!("127.0.0.1:{server_port}");
        let printed = |name: &str, slug: &str| {
            let arguments = ["application", "proxy", slug, "--for", name, "--doorward", &doorward];
            command(&arguments).trim_end().to_owned() + "\n"
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let files: Vec<String> = slugs.iter().map(|slug| printed(kind.name(), slug)).collect();
        let mut program = Command::new(kind.program());
        match kind {
            Kind::Nginx => {
                let sites = files.join("\n");
                let sites: Vec<&str> =
                    sites.lines().filter(|line| !line.trim().starts_with("ssl_")).collect();
                let sites = sites
                    .join("\n")
                    .replace(&format!("listen {port} ssl;"), &format!("listen 127.0.0.1:{port};"));
                let config = format!(
                    "daemon off; pid {path}/pid; error_log {path}/error.log; worker_processes 1;
                     events {{ worker_connections 1024; }}
                     http {{
                       access_log off; client_body_temp_path {path}/a; proxy_temp_path {path}/b;
                       fastcgi_temp_path {path}/c; uwsgi_temp_path {path}/d; scgi_temp_path {path}/e;
                       server_names_hash_bucket_size 128; large_client_header_buffers 4 32k;
                       client_max_body_size 8m;
                       {sites}
                     }}"
                );
                fs::write(folder.path().join("nginx.conf"), config).unwrap();
                program.args(["-c", &format!("{path}/nginx.conf"), "-p", &path]);
            }
            Kind::Caddy | Kind::NewCaddy => {
                let head = "{\n\tadmin off\n\tauto_https off\n}\n";
                let sites = files.join("\n");
                let sites: Vec<String> = sites
                    .lines()
                    .map(|line| match line.ends_with(&format!(":{port} {{")) {
                        true => format!("http://{line}"),
                        false => line.to_owned(),
                    })
                    .collect();
                fs::write(folder.path().join("Caddyfile"), head.to_owned() + &sites.join("\n"))
                    .unwrap();
                program.args(["run", "--adapter", "caddyfile", "--config"]);
                program.arg(folder.path().join("Caddyfile"));
                program.env("XDG_DATA_HOME", &path).env("XDG_CONFIG_HOME", &path);
            }
            Kind::Traefik => {
                fs::create_dir(folder.path().join("dynamic")).unwrap();
                for (slug, file) in slugs.iter().zip(&files) {
                    let file = file.replace("      tls: {}\n", "");
                    fs::write(folder.path().join(format!("dynamic/{slug}.yml")), file).unwrap();
                }
                let fixed = format!(
                    "entryPoints: {{websecure: {{address: \"127.0.0.1:{port}\", http: {{aliasHeadersStrategy: delete}}}}}}\n\
                     providers: {{file: {{directory: {path}/dynamic}}}}\n"
                );
                fs::write(folder.path().join("traefik.yml"), fixed).unwrap();
                program.arg(format!("--configFile={path}/traefik.yml"));
            }
            Kind::Haproxy => {
                let lua = printed("haproxy-lua", slugs[0]);
                fs::write(folder.path().join("doorward.lua"), lua).unwrap();
                let file = files[0]
                    .replace("/etc/haproxy/doorward.lua", &format!("{path}/doorward.lua"))
                    .replace(
                        "bind :443 ssl crt /etc/haproxy/certs/",
                        &format!("bind 127.0.0.1:{port}"),
                    );
                fs::write(folder.path().join("haproxy.cfg"), file).unwrap();
                program.args(["-f", &format!("{path}/haproxy.cfg")]);
            }
        }
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = program
            .current_dir(folder.path())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|why| {
                panic!("{kind:?} is not installed ({why}): tests/run installs it")
            });
        let proxy = Self { process, folder, port };
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "{kind:?} does not listen: {}", proxy.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        proxy
    }

    /// What it has written.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let pid = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().ok();
        self.process.wait().ok();
    }
}
