//! An application that says what it was sent.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// It runs as long as the test does.
pub struct Upstream {
    pub port: u16,
    seen: Arc<AtomicUsize>,
}

impl Upstream {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || answer(stream, &counted));
            }
        });
        Self { port, seen }
    }

    /// Another one, which listens at that port.
    pub fn at(port: u16) -> Self {
        Self { port, seen: Arc::default() }
    }

    /// How many requests arrived.
    pub fn count(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }
}

fn answer(mut stream: TcpStream, counted: &AtomicUsize) -> Option<()> {
    let mut bytes = vec![];
    let mut buffer = [0; 65536];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut buffer).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    };
    counted.fetch_add(1, Ordering::Relaxed);
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let header = |name: &str| {
        let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut named = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim().to_owned())
    };
    // Of the key in RFC 6455, section 1.3.
    if header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket")) {
        let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        stream.write_all(head.as_bytes()).ok()?;
        return stream.write_all(b"\x81\x05hello").ok();
    }
    let mut body = bytes.split_off(end);
    if header("transfer-encoding").is_some() {
        while !body.ends_with(b"0\r\n\r\n") {
            let count = stream.read(&mut buffer).ok()?;
            body.extend_from_slice(&buffer[..count]);
        }
        let chunked = String::from_utf8_lossy(&body).into_owned();
        body = unchunked(&chunked).into_bytes();
    } else {
        let length: usize =
            header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        while body.len() < length {
            let count = stream.read(&mut buffer).ok()?;
            body.extend_from_slice(&buffer[..count]);
        }
    }
    let text = format!("{head}BODY {}\n", body.len());
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(answer.as_bytes()).ok()
}

fn unchunked(text: &str) -> String {
    let (mut rest, mut out) = (text, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        out.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    out
}
