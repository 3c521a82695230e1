//! A real nginx in front, and the sample configuration for it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::browser::Browser;
use crate::raw;
use crate::server::{Server, free_port, program, run, wait};

/// A running nginx.
pub struct Proxy {
    process: Child,
    folder: tempfile::TempDir,
}

impl Proxy {
    /// Asks the servers in turn.
    pub fn before(servers: &[Server], port: u16) -> Self {
        let upstream: String = servers
            .iter()
            .map(|one| format!("server 127.0.0.1:{} max_fails=1 fail_timeout=1s;\n", one.port))
            .collect();
        let config = format!(
            "upstream doorward {{ {upstream} keepalive 16; }}
             server {{
               listen 127.0.0.1:{port};
               location / {{
                 proxy_pass http://doorward; proxy_http_version 1.1;
                 proxy_set_header Connection \"\"; proxy_set_header Host $http_host;
                 proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                 proxy_next_upstream error timeout; proxy_connect_timeout 1s;
               }}
             }}"
        );
        Self::start(&config, port)
    }

    /// As in deploy/nginx.conf, but for TLS.
    fn as_in_the_sample(server: &Server, port: u16) -> Self {
        let sample = fs::read_to_string("deploy/nginx.conf").unwrap();
        let (head, https) = sample.split_once("server {\n    listen 443").unwrap();
        let (head, _) = head.split_once("server {\n    listen 80").unwrap();
        let without_tls = |line: &&str| !line.trim().starts_with("ssl_") && !line.contains("[::]");
        let https: Vec<&str> = https.lines().skip(1).filter(without_tls).collect();
        let config = format!("{head}server {{\n listen 127.0.0.1:{port};\n{}", https.join("\n"))
            .replace("127.0.0.1:8000", &format!("127.0.0.1:{}", server.port))
            .replace("server_name login.example.org", "server_name localhost")
            .replace("Host $host;", "Host $http_host;")
            // Tests say where they come from.
            .replace(
                "server_tokens off;",
                "set_real_ip_from 127.0.0.1; real_ip_header X-Comes-From;",
            );
        Self::start(&config, port)
    }

    fn start(config: &str, port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display();
        let config = format!(
            "daemon off; pid {path}/pid; error_log {path}/error.log; worker_processes 1;
             worker_rlimit_nofile 8192;
             events {{ worker_connections 4096; }}
             http {{
               access_log off; client_body_temp_path {path}/a; proxy_temp_path {path}/b;
               fastcgi_temp_path {path}/c; uwsgi_temp_path {path}/d; scgi_temp_path {path}/e;
               {config}
             }}"
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, config).unwrap();
        let process = Command::new("/usr/sbin/nginx")
            .arg("-c")
            .arg(&file)
            .arg("-p")
            .arg(folder.path())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is not installed: tests/run installs it");
        wait(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { process, folder }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let pid = self.process.id().to_string();
        Command::new("kill").args(["-QUIT", &pid]).status().ok();
        self.process.wait().ok();
    }
}

/// A connection from one of ten other addresses that stops in the middle of something.
async fn stall(number: u16, port: u16) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let from = Ipv4Addr::new(127, 0, 0, 2 + (number % 10) as u8);
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = socket.connect(address).await.unwrap();
    let host = format!("Host: localhost:{port}\r\n");
    let sent = match number / 10 % 3 {
        0 => String::new(),
        1 => format!("GET /login HTTP/1.1\r\n{host}Cookie: a"),
        _ => format!(
            "POST /login HTTP/1.1\r\n{host}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ncsrf="
        ),
    };
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream
}

#[test]
fn a_thousand_stalled_connections_keep_nobody_from_logging_in() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).unwrap();
    let port = free_port();
    let base = format!("http://localhost:{port}");
    let settings = [("DOORWARD_BASE_URL", &*base), ("DOORWARD_TRUSTED_PROXIES", "127.0.0.1")];
    let server = Server::with(&settings);
    server.account("ada", &[]);
    let _proxy = Proxy::as_in_the_sample(&server, port);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stalled: Vec<TcpStream> = runtime.block_on(async {
        let mut all = vec![];
        for number in 0..1000 {
            all.push(stall(number, port).await);
        }
        all
    });
    let browser = Browser::at(port);
    browser.log_in("ada");
    for _ in 0..20 {
        assert_eq!(browser.get("/account").status, 200);
    }
    // And nginx lets go of all of them.
    let closed = runtime.block_on(async {
        let mut closed = 0;
        for mut stream in stalled {
            let end = Duration::from_secs(40);
            let read = tokio::time::timeout(end, stream.read_to_end(&mut vec![])).await;
            closed += u32::from(read.is_ok());
        }
        closed
    });
    assert_eq!(closed, 1000);
}

#[test]
fn the_sample_takes_a_network_of_ipv6_for_one_client() {
    let port = free_port();
    let base = format!("http://localhost:{port}");
    let server = Server::with(&[("DOORWARD_BASE_URL", &*base)]);
    let _proxy = Proxy::as_in_the_sample(&server, port);
    let status = |from: &str| {
        let request = format!(
            "GET /healthz HTTP/1.1\r\nHost: localhost:{port}\r\nX-Comes-From: {from}\r\nConnection: close\r\n\r\n"
        );
        raw::exchange(port, request.as_bytes()).expect("an answer").status
    };
    let refused = (0..400u32).filter(|n| status(&format!("2001:db8:1:2:{n:x}:a:0:{n:x}")) == 503);
    assert!(refused.count() > 100, "from one network, each time from another address");
    for other in ["2001:db8:1:3::1", "2001:db8:1::2", "2001:db8::2", "192.0.2.7"] {
        assert_eq!(status(other), 200, "{other}");
    }
}

#[test]
fn the_command_prints_the_samples_with_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let printed = |proxy: &str, name: &str, port: &str| {
        let arguments = ["proxy", proxy, "--name", name];
        let output = run(program(folder.path()).args(arguments).env("ROCKET_PORT", port), "");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for (proxy, file) in [("nginx", "deploy/nginx.conf"), ("caddy", "deploy/Caddyfile")] {
        let sample = fs::read_to_string(file).unwrap();
        assert_eq!(printed(proxy, "login.example.org", "8000"), sample);
        let ours = sample.replace("login.example.org", "login.home.test").replace("8000", "8431");
        assert_eq!(printed(proxy, "Login.Home.test", "8431"), ours);
    }
    assert!(!folder.path().join("data").exists(), "nothing is made");
    for name in ["a;b", "https://login.home.test", "login.home.test:8443"] {
        let output = run(program(folder.path()).args(["proxy", "nginx", "--name", name]), "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && said.contains("is no host"), "{said}");
    }
}

#[test]
fn what_is_printed_runs_with_a_certificate_made_for_the_name_and_lets_certbot_through() {
    const NAME: &str = "login.home.test";
    let (http, https) = (free_port(), free_port());
    let base = format!("https://{NAME}");
    let settings = [("DOORWARD_BASE_URL", &*base), ("DOORWARD_TRUSTED_PROXIES", "127.0.0.1")];
    let server = Server::with(&settings);
    let command = |arguments: &[&str]| {
        let mut command = program(server.folder.path());
        command.args(arguments).env("ROCKET_PORT", server.port.to_string());
        String::from_utf8(run(&mut command, "").stdout).unwrap()
    };
    command(&["dev-certificate", NAME]);
    let webroot = tempfile::tempdir().unwrap();
    let challenge = webroot.path().join(".well-known/acme-challenge");
    fs::create_dir_all(&challenge).unwrap();
    fs::write(challenge.join("token"), "proof").unwrap();
    // nginx started by root reads files as nobody.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(webroot.path(), open).unwrap();
    let config = command(&["proxy", "nginx", "--internal", "--name", NAME])
        .replace("/var/www/html", &webroot.path().display().to_string())
        .replace("listen 80;", &format!("listen 127.0.0.1:{http};"))
        .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{https} ssl;"));
    let lines: Vec<&str> = config.lines().filter(|line| !line.contains("listen [::]")).collect();
    let _proxy = Proxy::start(&lines.join("\n"), https);
    let plain = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n");
        raw::exchange(http, request.as_bytes()).expect("an answer")
    };
    let proof = plain("/.well-known/acme-challenge/token");
    assert!(proof.status == 200 && proof.raw.ends_with("proof"), "{}", proof.raw);
    let moved = plain("/login");
    assert!(moved.status == 308 && moved.raw.contains(&format!("{base}/login")), "{}", moved.raw);
    assert_eq!(plain("/api/login").status, 403);
    let ca = server.its_data("tls-cert.pem").display().to_string();
    let mut client = Command::new("openssl");
    client
        .args(["s_client", "-quiet", "-verify_return_error", "-ign_eof", "-CAfile", &ca])
        .args(["-verify_hostname", NAME, "-servername", NAME])
        .args(["-connect", &format!("127.0.0.1:{https}")]);
    let request = format!("GET /login HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n");
    let answer = String::from_utf8_lossy(&run(&mut client, &request).stdout).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn no_secret_of_an_address_is_in_the_log_of_the_sample() {
    let port = free_port();
    let base = format!("http://localhost:{port}");
    let mut server = Server::with(&[("DOORWARD_BASE_URL", &*base)]);
    let proxy = Proxy::as_in_the_sample(&server, port);
    assert!(server.stop().success());
    for (path, from) in [("/recover/hush-hush", "/"), ("/healthz", "/recover/hush-hush")] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nReferer: {base}{from}\r\nConnection: close\r\n\r\n"
        );
        let answer = raw::exchange(port, request.as_bytes()).expect("an answer");
        assert!((500..505).contains(&answer.status), "{}", answer.raw);
    }
    let log = fs::read_to_string(proxy.folder.path().join("error.log")).unwrap();
    assert!(!log.contains("hush"), "{log}");
}
