//! HTTP in raw bytes, and what must hold for whatever is sent.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::browser::Browser;
use crate::server::Server;

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Everything that came, to count answers.
    pub raw: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let raw = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = raw.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            (name.to_lowercase(), value.trim().to_owned())
        };
        let headers = lines.map(header).collect();
        Some(Self { status, headers, body: body.to_owned(), raw: raw.clone() })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Sends bytes, closes the sending side, reads all that comes. `None` when nothing did.
pub fn exchange(port: u16, bytes: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(15))).ok()?;
    stream.write_all(bytes).ok()?;
    read(&mut stream)
}

pub fn read(stream: &mut TcpStream) -> Option<Answer> {
    let mut all = Vec::new();
    let mut buffer = [0; 16384];
    while let Ok(count) = stream.read(&mut buffer) {
        if count == 0 {
            break;
        }
        all.extend_from_slice(&buffer[..count]);
    }
    Answer::parse(&all)
}

fn has_security_headers(answer: &Answer, what: &str) {
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(
        policy.contains("frame-ancestors 'none'") && policy.contains("object-src 'none'"),
        "{what}: {}",
        answer.raw
    );
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{what}");
    assert_eq!(answer.header("server"), None, "{what}");
}

#[test]
fn a_request_that_breaks_the_rules_gets_one_refusal_and_the_server_goes_on() {
    let server = Server::start();
    let host = format!("Host: localhost:{}\r\nConnection: close\r\n", server.port);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let cases: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("unknown method", format!("FOO /login HTTP/1.1\r\n{host}\r\n").into(), &[400, 404]),
        ("CONNECT", format!("CONNECT localhost:1 HTTP/1.1\r\n{host}\r\n").into(), &[400, 404, 421]),
        ("TRACE", format!("TRACE /login HTTP/1.1\r\n{host}\r\n").into(), &[400, 404, 405]),
        ("OPTIONS", format!("OPTIONS /login HTTP/1.1\r\n{host}\r\n").into(), &[404, 405]),
        ("PUT", format!("PUT /login HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n").into(), &[404, 405]),
        ("DELETE", format!("DELETE /account HTTP/1.1\r\n{host}\r\n").into(), &[404, 405]),
        ("no Host", b"GET /login HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec(), &[400, 421]),
        ("two Hosts", format!("GET /login HTTP/1.1\r\n{host}Host: evil.example\r\n\r\n").into(), &[400, 421]),
        ("foreign Host", b"GET /login HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".to_vec(), &[421]),
        ("user in Host", format!("GET /login HTTP/1.1\r\nHost: a@localhost:{}\r\nConnection: close\r\n\r\n", server.port).into(), &[400, 421]),
        ("two lengths", format!("POST /login HTTP/1.1\r\n{host}{form}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd").into(), &[400]),
        ("bad chunk", format!("POST /login HTTP/1.1\r\n{host}{form}Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n").into(), &[400, 403]),
        ("odd coding", format!("POST /login HTTP/1.1\r\n{host}{form}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n").into(), &[400, 403]),
        ("a cookie that is not text", [format!("GET /login HTTP/1.1\r\n{host}Cookie: a=").into_bytes(), vec![0xff], b"\r\n\r\n".to_vec()].concat(), &[200]),
        ("an escaped secret path", format!("GET /%61ccount HTTP/1.1\r\n{host}\r\n").into(), &[303, 404]),
        ("a doubled slash", format!("GET //admin HTTP/1.1\r\n{host}\r\n").into(), &[303, 404]),
        ("dot segments", format!("GET /static/../admin HTTP/1.1\r\n{host}\r\n").into(), &[303, 404]),
    ];
    for (what, bytes, statuses) in cases {
        let answer = exchange(server.port, &bytes).unwrap_or_else(|| panic!("{what}: no answer"));
        assert!(statuses.contains(&answer.status), "{what}: {}", answer.raw);
        assert_eq!(answer.raw.matches("HTTP/1.1 ").count(), 1, "{what}: one answer only");
        // What hyper itself refuses has no headers at all.
        if !answer.body.is_empty() {
            has_security_headers(&answer, what);
        }
    }
    let large = format!("GET /login HTTP/1.1\r\n{host}Cookie: a={}\r\n\r\n", "a".repeat(900_000));
    exchange(server.port, large.as_bytes());
    assert_eq!(Browser::of(&server).get("/login").status, 200);
}

#[test]
fn smuggled_requests_are_not_answered() {
    let server = Server::start();
    let host = format!("Host: localhost:{}\r\n", server.port);
    let probe = format!("GET /healthz HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
    let answers = |head: &str, body: &str| {
        let bytes = format!("{head}\r\n{host}{body}{probe}");
        let answer = exchange(server.port, bytes.as_bytes()).expect("an answer");
        (answer.raw.matches("HTTP/1.1 ").count(), answer.raw.matches("\r\nok\n").count())
    };
    // Two requests one after the other get two answers,
    assert_eq!(answers("GET /healthz HTTP/1.1", "\r\n"), (2, 2));
    // and what hides behind a body of doubtful length gets none.
    let chunked = "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    for (what, body) in [
        ("a length too short beside chunks", format!("Content-Length: 4\r\n{chunked}")),
        ("a length too long beside chunks", format!("Content-Length: 200\r\n{chunked}")),
        ("two lengths", "Content-Length: 0\r\nContent-Length: 5\r\n\r\n0\r\n\r\n".to_owned()),
        ("a length with a sign", "Content-Length: +5\r\n\r\n0\r\n\r\n".to_owned()),
        ("another coding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n".to_owned()),
        (
            "a coding after chunks",
            "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n".to_owned(),
        ),
        ("a blank in the name", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n".to_owned()),
    ] {
        assert_eq!(answers("POST /login HTTP/1.1", &body), (1, 0), "{what}");
    }
    assert_eq!(
        answers("POST /login HTTP/1.0", chunked),
        (1, 0),
        "chunks before they were invented"
    );
}

#[test]
fn head_answers_as_get_without_a_body() {
    let server = Server::start();
    let head = format!(
        "HEAD /login HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n",
        server.port
    );
    let answer = exchange(server.port, head.as_bytes()).unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    has_security_headers(&answer, "HEAD");
}

#[test]
fn no_field_and_no_content_type_changes_the_method() {
    let server = Server::start();
    let ask = |method: &str, path: &str, body: &str| {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            server.port,
            body.len()
        );
        exchange(server.port, request.as_bytes()).expect("an answer")
    };
    for method in ["GET", "HEAD"] {
        for body in ["", "login=ada&password=x"] {
            let answer = ask(method, "/login", body);
            assert_eq!(answer.status, 200, "{method} {body}: {}", answer.raw);
            assert_eq!(answer.body.is_empty(), method == "HEAD");
        }
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        for body in ["", "a=b&c=d&e=f", "_method=post&a=b", "_method=get&a=b"] {
            for path in ["/login", "/account", "/logout"] {
                let answer = ask(method, path, body);
                assert!(
                    [303, 400, 403, 404].contains(&answer.status),
                    "{method} {path} {body}: {}",
                    answer.raw
                );
            }
        }
    }
    for body in
        ["_method=get", "_method=GET&login=a", "&_method=put", "_method=delete", "_method=head&a=b"]
    {
        for path in ["/login", "/register"] {
            let answer = ask("POST", path, body);
            assert!([400, 403].contains(&answer.status), "{path} {body}: {}", answer.raw);
        }
        // A page that is only there to look at stays out of its reach.
        assert_eq!(ask("POST", "/readyz", body).status, 404, "{body}");
    }
}

#[test]
fn probes_may_call_it_by_any_name() {
    let server = Server::start();
    for path in ["/healthz", "/readyz"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: 10.0.0.7\r\nConnection: close\r\n\r\n");
        assert_eq!(exchange(server.port, request.as_bytes()).unwrap().status, 200, "{path}");
    }
}
