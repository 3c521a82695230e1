//! A load of HTTP/1.1 over plain sockets that stay open.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A request as it goes over the wire.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) port: u16,
    pub(crate) bytes: Vec<u8>,
}

impl Request {
    pub(crate) fn get(port: u16, path: &str, headers: &str) -> Self {
        let text = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}\r\n");
        Self { port, bytes: text.into_bytes() }
    }

    pub(crate) fn json(port: u16, path: &str, body: &str) -> Self {
        let length = body.len();
        let text = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        Self { port, bytes: text.into_bytes() }
    }
}

/// So many clients for so long.
pub(crate) struct Load {
    clients: usize,
    time: Duration,
    every: Duration,
}

/// What came of a load.
pub(crate) struct Outcome {
    pub(crate) per_second: f64,
    pub(crate) p99_micros: f64,
}

impl Load {
    pub(crate) fn new(clients: usize, time: Duration) -> Self {
        Self { clients, time, every: Duration::ZERO }
    }

    /// Each client asks at most this often.
    pub(crate) fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// Counts the answers of status 200; a refusal for being busy counts for nothing.
    pub(crate) async fn run(&self, requests: &[Request]) -> Outcome {
        let began = Instant::now();
        let end = began + self.time;
        let mut clients = JoinSet::new();
        for number in 0..self.clients {
            // Each client begins with another one and takes them in turn.
            let (requests, every) = (requests.to_vec(), self.every);
            clients.spawn(async move {
                let mut connection = Connection::open(requests[0].port).await;
                let mut turn = requests.iter().cycle().skip(number);
                let mut taken = vec![];
                while Instant::now() < end {
                    let asked = Instant::now();
                    let request = turn.next().expect("an endless turn");
                    let (status, _) = connection.ask(&request.bytes).await;
                    match status {
                        200 => taken.push(asked.elapsed().as_secs_f64() * 1e6),
                        503 => tokio::time::sleep(Duration::from_millis(20)).await,
                        other => panic!("answered {other}"),
                    }
                    tokio::time::sleep(every.saturating_sub(asked.elapsed())).await;
                }
                taken
            });
        }
        let mut taken: Vec<f64> = clients.join_all().await.into_iter().flatten().collect();
        taken.sort_by(f64::total_cmp);
        Outcome {
            per_second: taken.len() as f64 / began.elapsed().as_secs_f64(),
            p99_micros: taken[(taken.len() * 99 / 100).min(taken.len() - 1)],
        }
    }
}

/// One open connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::with_capacity(16 * 1024) }
    }

    /// The status and the whole answer.
    pub(crate) async fn ask(&mut self, bytes: &[u8]) -> (u16, &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.buffer.clear();
        loop {
            assert!(self.stream.read_buf(&mut self.buffer).await.unwrap() > 0, "closed");
            if let Some(length) = whole(&self.buffer)
                && self.buffer.len() >= length
            {
                let status = std::str::from_utf8(&self.buffer[9..12]).unwrap().parse().unwrap();
                return (status, &self.buffer);
            }
        }
    }
}

/// The length of the answer that begins here, once its head is complete.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).unwrap();
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    Some(head + 4 + length.unwrap_or(0))
}
