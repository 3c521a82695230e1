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
    /// `headers` are whole lines.
    pub(crate) fn get(port: u16, path: &str, headers: &str) -> Self {
        let text = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}\r\n");
        Self { port, bytes: text.into_bytes() }
    }

    /// The same, sent to another server of the service.
    pub(crate) fn at(self, port: u16) -> Self {
        Self { port, ..self }
    }

    pub(crate) fn post(port: u16, path: &str, kind: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        let text = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}\
             Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        Self { port, bytes: text.into_bytes() }
    }
}

/// How long a client that was turned away waits before it asks again.
const TURNED_AWAY: Duration = Duration::from_millis(20);

/// So many clients for so long.
pub(crate) struct Load {
    clients: usize,
    time: Duration,
    every: Duration,
}

/// What came of a load.
pub(crate) struct Outcome {
    sorted_micros: Vec<f64>,
    seconds: f64,
}

impl Outcome {
    pub(crate) fn per_second(&self) -> f64 {
        self.sorted_micros.len() as f64 / self.seconds
    }

    pub(crate) fn p99_micros(&self) -> f64 {
        self.sorted_micros[self.sorted_micros.len() * 99 / 100]
    }
}

impl Load {
    pub(crate) fn new(clients: usize, time: Duration) -> Self {
        Self { clients, time, every: Duration::ZERO }
    }

    /// Each client asks at most this often.
    pub(crate) fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// Each client takes the requests in turn and begins with another one.
    /// Counts the answers of status 200; refused requests are not counted.
    pub(crate) async fn run(&self, requests: &[Request]) -> Outcome {
        let began = Instant::now();
        let mut clients = JoinSet::new();
        for number in 0..self.clients {
            let mut requests = requests.to_vec();
            let first = number % requests.len();
            requests.rotate_left(first);
            clients.spawn(ask_until(began + self.time, self.every, requests));
        }
        let mut sorted_micros: Vec<f64> = clients.join_all().await.into_iter().flatten().collect();
        sorted_micros.sort_by(f64::total_cmp);
        Outcome { sorted_micros, seconds: began.elapsed().as_secs_f64() }
    }
}

/// How long each answer took.
async fn ask_until(end: Instant, every: Duration, requests: Vec<Request>) -> Vec<f64> {
    let mut connection = Connection::open(requests[0].port).await;
    let mut taken = vec![];
    for request in requests.iter().cycle().take_while(|_| Instant::now() < end) {
        let asked = Instant::now();
        match connection.ask_status(&request.bytes).await {
            200 => taken.push(asked.elapsed().as_secs_f64() * 1e6),
            503 => tokio::time::sleep(TURNED_AWAY).await,
            other => panic!("answered {other}"),
        }
        if !every.is_zero() {
            tokio::time::sleep(every.saturating_sub(asked.elapsed())).await;
        }
    }
    taken
}

/// What the server said.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
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

    pub(crate) async fn ask(&mut self, request: &[u8]) -> Answer {
        let status = self.ask_status(request).await;
        let text = std::str::from_utf8(&self.buffer).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// Reads the whole answer, but looks only at its status.
    async fn ask_status(&mut self, request: &[u8]) -> u16 {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        let mut whole = None;
        while whole.is_none_or(|length| self.buffer.len() < length) {
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            whole = whole.or_else(|| length_of_answer(&self.buffer));
        }
        std::str::from_utf8(&self.buffer[9..12]).unwrap().parse().unwrap()
    }
}

/// The length of the answer that begins here, once its head is complete.
fn length_of_answer(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).unwrap();
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    Some(head + 4 + length.unwrap_or(0))
}
