//! Requests over a real socket.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use super::*;
use crate::compression::Effort;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    Encoding::Gzip.compress(bytes, Effort::Quick)
}

fn serve() -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    std::fs::create_dir_all(site.join("gpu")).unwrap();
    std::fs::write(folder.path().join("secret"), "outside").unwrap();
    std::fs::write(site.join("index.html"), "<title>page</title>").unwrap();
    std::fs::write(site.join("_headers"), "/*").unwrap();
    std::fs::write(site.join("gpu/app.wasm"), [0; 1000]).unwrap();
    std::fs::write(site.join("gpu/app.wasm.gz"), gzip(&[0; 1000])).unwrap();
    std::fs::write(site.join("gpu/app.wasm.br"), Encoding::Brotli.compress(&[0; 1000], Effort::Quick)).unwrap();
    (Server::start(Site::load(&site).unwrap(), 0).unwrap(), folder)
}

/// Head and body of the answer to one request.
fn ask(server: &Server, request: &str, headers: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
    (String::from_utf8_lossy(&bytes[..end]).into_owned(), bytes[end + 4..].to_vec())
}

#[test]
fn files_come_with_their_type_and_the_security_headers() {
    let (server, _folder) = serve();
    let (head, body) = ask(&server, "GET /?device=cpu", "");
    assert!(head.starts_with("HTTP/1.1 200") && body == b"<title>page</title>", "{head}");
    assert!(head.contains("text/html; charset=utf-8") && head.contains("Cache-Control: no-cache"), "{head}");
    for (name, value) in headers::security() {
        assert!(head.contains(&format!("{name}: {value}")), "{name} is missing in {head}");
    }
    let answered = server.answered();
    assert_eq!(answered, [Answered { url: "/?device=cpu".into(), status: 200, bytes: body.len() }]);
}

#[test]
fn what_is_compressed_is_sent_so_to_those_who_can_read_it() {
    let (server, _folder) = serve();
    for (accept, encoding) in [("gzip, br", Encoding::Brotli), ("deflate, gzip", Encoding::Gzip)] {
        let (head, body) = ask(&server, "GET /gpu/app.wasm", &format!("Accept-Encoding: {accept}\r\n"));
        assert!(head.contains(&format!("Content-Encoding: {}", encoding.name())), "{head}");
        assert!(head.contains("application/wasm") && head.contains("immutable"), "{head}");
        assert_eq!(body, encoding.compress(&[0; 1000], Effort::Quick));
    }
    let (head, body) = ask(&server, "GET /gpu/app.wasm", "");
    assert!(!head.contains("Content-Encoding") && body == [0; 1000], "{head}");
}

#[test]
fn what_the_browser_has_is_not_sent_again() {
    let (server, _folder) = serve();
    let etag = short_hash(b"<title>page</title>");
    let (head, body) = ask(&server, "GET /", &format!("If-None-Match: \"{etag}\"\r\n"));
    assert!(head.starts_with("HTTP/1.1 304") && body.is_empty(), "{head}");
}

#[test]
fn nothing_outside_the_folder_can_be_had() {
    let (server, _folder) = serve();
    for path in ["/../secret", "/%2e%2e/secret", "//secret", "/gpu/../../secret", "/_headers", "/gpu", "secret"] {
        let (head, body) = ask(&server, &format!("GET {path}"), "");
        assert!(!head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        assert!(!String::from_utf8_lossy(&body).contains("outside"), "{path}");
    }
    let (head, _) = ask(&server, "POST /", "Content-Length: 0\r\n");
    assert!(head.starts_with("HTTP/1.1 405"), "{head}");
    let (head, body) = ask(&server, "HEAD /", "");
    assert!(head.contains("Content-Length: 19") && body.is_empty(), "{head}");
    for broken in ["GET", "GET / and more", "GET /\r\nno header", "\u{1}"] {
        let (head, _) = ask(&server, broken, "");
        assert!(head.starts_with("HTTP/1.1 400"), "{broken}: {head}");
    }
    let endless = format!("Long: {}\r\n", "x".repeat(100_000));
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    // it may hang up before all is written
    let _ = write!(stream, "GET / HTTP/1.1\r\n{endless}\r\n");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty(), "a head without end is not read");
}

/// What one connection asks after another answer is answered, too, and a dropped server keeps none.
#[test]
fn connections_are_kept_until_the_server_goes() {
    let (server, _folder) = serve();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    for _ in 0..3 {
        write!(stream, "GET /nothing HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"not found") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("an answer");
            answer.push(byte[0]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 404"));
    }
    drop(server);
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "the connection is over");
}

/// Browsers open several connections in the same moment and keep them.
#[test]
fn a_connection_does_not_wait_for_another_one() {
    let (server, _folder) = serve();
    for _ in 0..20 {
        let connect = |_| TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        let mut streams: Vec<TcpStream> = (0..16).map(connect).collect();
        for stream in &mut streams {
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            write!(stream, "GET / HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
        }
        for stream in &mut streams {
            let mut start = [0; 12];
            stream.read_exact(&mut start).expect("an answer");
            assert_eq!(&start, b"HTTP/1.1 200");
        }
    }
}

#[test]
fn a_folder_without_a_page_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = Site::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("no index.html"), "{error}");
    std::fs::write(folder.path().join("index.html"), "new").unwrap();
    std::fs::write(folder.path().join("index.html.gz"), gzip(b"old")).unwrap();
    let error = Site::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("index.html.gz: build the page again"), "{error}");
}

#[test]
fn a_taken_port_is_named() {
    let (server, folder) = serve();
    let again = Site::load(&folder.path().join("site")).unwrap();
    let error = Server::start(again, server.port()).err().expect("the port is taken").to_string();
    assert!(error.contains(&server.port().to_string()), "{error}");
    let port = server.port();
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "a dropped server is gone");
}

#[test]
fn parts_of_a_file_are_sent_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "page").unwrap();
    let mut site = Site::load(folder.path()).unwrap();
    site.add("models/a/model.safetensors", (0..100).collect());
    let server = Server::start(site, 0).unwrap();
    let ask = |range: &str| {
        let headers = format!("Accept-Encoding: br\r\nRange: {range}\r\n");
        ask(&server, "GET /models/a/model.safetensors", &headers)
    };
    for (range, bytes) in [("bytes=0-0", 0..1), ("bytes=10-19", 10..20), ("bytes=90-", 90..100), ("bytes=-5", 95..100)]
    {
        let (head, body) = ask(range);
        assert!(head.starts_with("HTTP/1.1 206"), "{range}: {head}");
        let told = format!("Content-Range: bytes {}-{}/100", bytes.start, bytes.end - 1);
        assert!(head.contains(&told) && !head.contains("Content-Encoding"), "{range}: {head}");
        assert_eq!(body, bytes.collect::<Vec<u8>>(), "{range}");
    }
    assert_eq!(ask("bytes=95-1000").1, (95..100).collect::<Vec<u8>>(), "as much as there is");
    for range in ["bytes=100-", "bytes=200-300", "bytes=-0"] {
        let (head, body) = ask(range);
        assert!(head.starts_with("HTTP/1.1 416") && body.is_empty(), "{range}: {head}");
        assert!(head.contains("Content-Range: bytes */100"), "{head}");
    }
    for range in ["bytes=5-2", "bytes=1-2,4-5", "lines=1-2", "bytes=x-y"] {
        let (head, body) = ask(range);
        assert!(head.starts_with("HTTP/1.1 200") && body.len() == 100, "{range}: {head}");
    }
}
