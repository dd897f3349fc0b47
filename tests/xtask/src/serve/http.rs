//! As much of HTTP/1.1 as it takes to hand out files on this machine: each connection has a thread of its own, so that
//! none waits for another one, however long browsers keep them.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// Largest head of a request, in bytes.
const MAX_HEAD: u64 = 64 << 10;

/// How long a connection is kept on which nothing is asked.
const IDLE: Duration = Duration::from_secs(300);

/// The head of a request.
#[derive(Debug)]
pub struct Request {
    /// `GET`, `HEAD`, ….
    pub method: String,
    /// What is asked for, with its query.
    pub url: String,
    headers: Vec<(String, String)>,
    /// Whether the connection ends with the answer: nothing that follows the head is read.
    last: bool,
}

impl Request {
    /// The value of a header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// Of the lines of a head; `None` where they are none.
    fn of(lines: &[String]) -> Option<Request> {
        let mut words = lines.first()?.split(' ');
        let (method, url, version) = (words.next()?.to_owned(), words.next()?.to_owned(), words.next()?);
        if words.next().is_some() || !version.starts_with("HTTP/1.") {
            return None;
        }
        let header = |line: &String| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        };
        let headers = lines[1..].iter().map(header).collect::<Option<Vec<_>>>()?;
        let mut request = Request { method, url, headers, last: version == "HTTP/1.0" };
        let has_body =
            !["", "0"].contains(&request.header("Content-Length")) || !request.header("Transfer-Encoding").is_empty();
        request.last |= has_body || request.header("Connection").eq_ignore_ascii_case("close");
        Some(request)
    }
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body, which is not sent to who asks for the head alone.
    pub body: Vec<u8>,
}

impl Response {
    /// A sentence.
    pub fn text(status: u16, text: &str) -> Response {
        let headers = vec![("Content-Type", "text/plain; charset=utf-8".to_owned())];
        Response { status, headers, body: text.into() }
    }

    fn send(&self, stream: &mut impl Write, with_body: bool, last: bool) -> io::Result<()> {
        let mut bytes = format!("HTTP/1.1 {} \r\n", self.status);
        for (name, value) in &self.headers {
            bytes += &format!("{name}: {value}\r\n");
        }
        // what has not changed has no length of its own
        if self.status != 304 {
            bytes += &format!("Content-Length: {}\r\n", self.body.len());
        }
        bytes += if last { "Connection: close\r\n\r\n" } else { "\r\n" };
        let mut bytes = bytes.into_bytes();
        if with_body {
            bytes.extend(&self.body);
        }
        stream.write_all(&bytes)
    }
}

/// What all threads know.
#[derive(Debug, Default)]
struct Shared {
    closed: AtomicBool,
    /// Connections by number, to be ended with the listener.
    open: Mutex<HashMap<usize, TcpStream>>,
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, HashMap<usize, TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listens on this machine, until it is dropped.
#[derive(Debug)]
pub struct Listener {
    port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens on 127.0.0.1; port 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(port: u16, answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> io::Result<Listener> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let port = listener.local_addr()?.port();
        let (shared, answer) = (Arc::<Shared>::default(), Arc::new(answer));
        let inside = shared.clone();
        let accepting = std::thread::spawn(move || {
            for (id, stream) in listener.incoming().enumerate() {
                if inside.closed.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else {
                    // too many at once
                    std::thread::sleep(Duration::from_millis(10));
                    continue;
                };
                let (shared, answer) = (inside.clone(), answer.clone());
                std::thread::spawn(move || {
                    // the other end may have gone away meanwhile
                    let _ = converse(stream, &shared, id, &*answer);
                    shared.open().remove(&id);
                });
            }
        });
        Ok(Listener { port, shared, accepting: Some(accepting) })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Listens until the program ends.
    pub fn wait(mut self) {
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // it waits for somebody to come
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
        for stream in self.shared.open().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Answers what is asked on a connection.
fn converse(
    mut stream: TcpStream,
    shared: &Shared,
    id: usize,
    answer: &dyn Fn(&Request) -> Response,
) -> io::Result<()> {
    shared.open().insert(id, stream.try_clone()?);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(IDLE))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while !shared.closed.load(Ordering::SeqCst)
        && let Some(lines) = head(&mut reader)?
    {
        let Some(request) = Request::of(&lines) else {
            return Response::text(400, "this is no request").send(&mut stream, true, true);
        };
        answer(&request).send(&mut stream, request.method != "HEAD", request.last)?;
        if request.last {
            return Ok(());
        }
    }
    Ok(())
}

/// The lines of the next head; `None` where the other end has closed.
fn head(reader: &mut impl BufRead) -> io::Result<Option<Vec<String>>> {
    let (mut limited, mut lines) = (reader.take(MAX_HEAD), Vec::new());
    loop {
        let mut line = Vec::new();
        if limited.read_until(b'\n', &mut line)? == 0 {
            let whole = lines.is_empty() && limited.limit() > 0;
            return if whole { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        match (line.is_empty(), lines.is_empty()) {
            (true, false) => return Ok(Some(lines)),
            // a stray line before a request is let pass
            (true, true) => {}
            (false, _) => lines.push(line),
        }
    }
}
