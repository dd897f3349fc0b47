//! Against a server of our own on this machine.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex, atomic::AtomicBool},
};

use draction::{
    device::DeviceChoice,
    motion::humanoid::{Action, Person, perform},
};
use skeletonllm_data::{
    DataClip, Labels, Truth,
    record::read_metadata,
    teacher::{Journal, RationaleTally, Written, write_rationales},
};

use super::*;

/// Headers and body of a request.
#[derive(Clone, Debug)]
struct Request {
    head: String,
    body: Value,
}

/// Answers requests one after the other as a script says, the last line of it for ever.
struct Server {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    fn start(script: Vec<String>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        // ends with the test program
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let request = read(&stream);
                let mut seen = seen.lock().unwrap();
                let reply = &script[seen.len().min(script.len() - 1)];
                seen.push(request);
                drop(seen);
                // a client that has read enough may have closed
                let _ = (&stream).write_all(reply.as_bytes());
            }
        });
        Server { url, requests }
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    fn config(&self) -> EndpointConfig {
        EndpointConfig {
            url: self.url.clone(),
            model: "some-model".into(),
            key: Some(Key::new("sk-secret").unwrap()),
            requests_per_minute: 1e12,
            timeout: 20.0,
            ..EndpointConfig::default()
        }
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let length = head.lines().find_map(|l| l.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap()];
    reader.read_exact(&mut body).unwrap();
    Request { head, body: serde_json::from_slice(&body).unwrap() }
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn says(text: &str) -> String {
    let message = json!({"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3000, "completion_tokens": 100}});
    reply("200 OK", "Content-Type: application/json\r\n", &message.to_string())
}

const FIT: &str = "The left hand rises and swings.\nLabel: wave left hand";

/// Remembers the waits instead of waiting; stops at the one that is too many.
struct TestClock {
    waits: Mutex<Vec<Duration>>,
    most: usize,
}

impl TestClock {
    fn new() -> TestClock {
        TestClock { waits: Mutex::default(), most: usize::MAX }
    }

    fn seconds(&self) -> Vec<u64> {
        self.waits.lock().unwrap().iter().map(Duration::as_secs).collect()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Duration {
        self.waits.lock().unwrap().iter().sum()
    }

    fn wait(&self, time: Duration) {
        self.waits.lock().unwrap().push(time);
    }

    fn stopped(&self) -> bool {
        self.waits.lock().unwrap().len() > self.most
    }
}

/// Two pictures that are none.
struct TwoDots;

impl Paint for TwoDots {
    fn paint(&self, _: &Motion) -> Result<Vec<Vec<u8>>> {
        Ok(vec![b"one".to_vec(), b"two".to_vec()])
    }
}

fn clips(count: usize) -> Vec<DataClip> {
    let dir = tempfile::tempdir().unwrap();
    let line = |i| format!("{{\"file_name\": \"{i}.bvh\", \"label\": \"wave left hand\"}}\n");
    std::fs::write(dir.path().join("metadata.jsonl"), (0..count).map(line).collect::<String>()).unwrap();
    let motion = perform(Action::WaveLeftHand, &Person::default(), 30.0);
    let records = read_metadata(dir.path()).unwrap();
    records.into_iter().map(|record| DataClip { record, motion: motion.clone() }).collect()
}

fn ask(config: EndpointConfig, clock: &TestClock) -> (Result<Option<String>, TeacherError>, [u64; 2]) {
    let teacher = EndpointTeacher::new(config, Prompts::built_in().clone(), &TwoDots, clock).unwrap();
    let DataClip { record, motion } = &clips(1)[0];
    let labels = Labels::default();
    let truth = Truth::of(record, motion, false, &labels);
    (teacher.rationale(&ShownClip { record, motion, mirrored: false, truth: &truth }), teacher.used())
}

#[test]
fn the_teacher_gets_pictures_and_the_label_and_answers() {
    let server = Server::start(vec![says(FIT)]);
    let (answer, used) = ask(server.config(), &TestClock::new());
    assert_eq!((answer.unwrap().as_deref(), used), (Some(FIT), [3000, 100]));
    let [Request { head, body }] = &server.requests()[..] else { panic!("one request") };
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("authorization: bearer sk-secret\r\n"), "{head}");
    assert_eq!(body["model"], "some-model");
    assert_eq!((&body["max_tokens"], &body["temperature"]), (&json!(512), &json!(0.2)));
    assert_eq!(body["messages"][0]["role"], "system");
    assert_eq!(body["messages"][0]["content"], Prompts::built_in().teacher_system());
    let content = body["messages"][1]["content"].as_array().unwrap();
    let texts: Vec<&str> = content.iter().filter_map(|part| part["text"].as_str()).collect();
    assert_eq!(texts, ["Frame 1:", "Frame 2:", &Prompts::built_in().teacher("wave left hand")]);
    assert_eq!(content[1]["image_url"]["url"], "data:image/png;base64,b25l");
    assert_eq!(content[3]["image_url"]["url"], "data:image/png;base64,dHdv");
}

#[test]
fn what_passes_is_tried_again_when_the_server_wants() {
    let server = Server::start(vec![
        reply("429 Too Many Requests", "Retry-After: 7\r\n", "{\"error\": {\"message\": \"slowly\"}}"),
        reply("500 Internal Server Error", "", "oops"),
        reply("200 OK", "", "{\"choices\": [{\"mess"),
        reply("503 Service Unavailable", "retry-after: 0\r\n", ""),
        "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".into(),
        "no http at all\r\n\r\n".into(),
        says(FIT),
    ]);
    let clock = TestClock::new();
    let (answer, _) = ask(EndpointConfig { retries: 6, ..server.config() }, &clock);
    assert_eq!(answer.unwrap().as_deref(), Some(FIT));
    // what the server asks for, else 2 to the power of the failures before
    assert_eq!(clock.seconds(), [7, 2, 4, 16, 32]);
    assert_eq!(server.requests().len(), 7);
}

#[test]
fn tries_end() {
    let server = Server::start(vec![reply("500 Internal Server Error", "", "sk-secret is the key")]);
    let (answer, _) = ask(EndpointConfig { retries: 2, ..server.config() }, &TestClock::new());
    let Err(TeacherError::GaveUp(why)) = answer else { panic!("{answer:?}") };
    assert!(why.contains("500") && why.contains("*** is the key") && why.contains("3 times"), "{why}");
    assert_eq!(server.requests().len(), 3);
    // nobody listens there any more
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = EndpointConfig { url: format!("http://{gone}"), retries: 0, ..server.config() };
    assert!(matches!(ask(config, &TestClock::new()).0, Err(TeacherError::GaveUp(_))));
}

#[test]
fn refusals_are_not_repeated() {
    for (reply, said) in [
        (reply("401 Unauthorized", "", "{\"error\": {\"message\": \"wrong key: sk-secret\"}}"), "401: wrong key: ***"),
        (reply("404 Not Found", "", "no such model"), "404: no such model"),
        (reply("307 Temporary Redirect", "Location: http://127.0.0.1:9/\r\n", ""), "307"),
        (reply("429 Too Many Requests", "Retry-After: 86400\r\n", "come tomorrow"), "86400 s"),
    ] {
        let server = Server::start(vec![reply]);
        let (answer, _) = ask(server.config(), &TestClock::new());
        let Err(TeacherError::Refused(why)) = answer else { panic!("{answer:?}") };
        assert!(why.contains(said), "{why}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn an_endless_answer_is_not_read() {
    let server = Server::start(vec![says(&"x".repeat(2 << 20))]);
    let (answer, _) = ask(EndpointConfig { retries: 0, ..server.config() }, &TestClock::new());
    assert!(matches!(answer, Err(TeacherError::GaveUp(_))), "{:?}", answer.map(|a| a.map(|a| a.len())));
}

fn write(server: &Server, clock: &TestClock, path: &Path, count: usize) -> Result<Written> {
    let config = EndpointConfig { retries: 0, ..server.config() };
    let teacher = EndpointTeacher::new(config, Prompts::built_in().clone(), &TwoDots, clock)?;
    write_rationales(&teacher, &clips(count), &Journal::open(path)?, 1, |_| {})
}

#[test]
fn a_run_goes_on_where_it_stopped_and_pays_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("r.jsonl");
    let line = |i| json!({"file_name": format!("{i}.bvh"), "rationale": FIT}).to_string() + "\n";
    let server = Server::start(vec![
        says(FIT),
        says("It waves."),
        says("Label: clap"),
        reply("401 Unauthorized", "", "{\"error\": {\"message\": \"no money left\"}}"),
        says(FIT),
    ]);
    let error = write(&server, &TestClock::new(), &path, 4).unwrap_err().to_string();
    assert!(error.contains("no money left"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), line(0));
    // the computer was switched off in the middle of a line
    std::fs::write(&path, line(0) + "{\"file_name\": \"1.bvh\", \"rat").unwrap();
    let written = write(&server, &TestClock::new(), &path, 4).unwrap();
    assert_eq!(written.tally, RationaleTally { kept: 3, ..RationaleTally::default() });
    assert_eq!(std::fs::read_to_string(&path).unwrap(), line(0) + &line(1) + &line(2) + &line(3));
    assert_eq!(server.requests().len(), 4 + 3);
    write(&server, &TestClock::new(), &path, 4).unwrap();
    assert_eq!(server.requests().len(), 7, "everything was there");
}

#[test]
fn dropped_and_failed_answers_are_counted_and_silence_ends_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let sick = || reply("500 Internal Server Error", "", "sick");
    let script = vec![says("no"), sick(), says("Label: clap"), sick(), sick(), says(FIT)];
    let server = Server::start(script);
    let written = write(&server, &TestClock::new(), &dir.path().join("a.jsonl"), 6).unwrap();
    assert_eq!(written.tally, RationaleTally { kept: 1, no_label: 1, other_label: 1, unknown: 0 });
    let names: Vec<&str> = written.failed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["1.bvh", "3.bvh", "4.bvh"]);
    let server = Server::start(vec![sick()]);
    let error = write(&server, &TestClock::new(), &dir.path().join("b.jsonl"), 6).unwrap_err().to_string();
    assert!(error.contains("sick") && error.contains("3 clips in a row"), "{error}");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn who_is_stopped_while_waiting_keeps_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("r.jsonl");
    let server = Server::start(vec![says(FIT), reply("429 Too Many Requests", "Retry-After: 60\r\n", ""), says(FIT)]);
    let written = write(&server, &TestClock { most: 0, ..TestClock::new() }, &path, 6).unwrap();
    assert!(written.stopped && written.tally.kept == 1, "{written:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_stop_between_two_questions_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(vec![says(FIT)]);
    let stop = AtomicBool::new(false);
    let clock = WallClock::new(&stop);
    let teacher = EndpointTeacher::new(server.config(), Prompts::built_in().clone(), &TwoDots, &clock).unwrap();
    let journal = Journal::open(&dir.path().join("r.jsonl")).unwrap();
    let after_the_first = |_: &Written| stop.store(true, Ordering::Relaxed);
    let written = write_rationales(&teacher, &clips(4), &journal, 1, after_the_first).unwrap();
    assert!(written.stopped && written.tally.kept == 1, "{written:?}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_pictures_are_the_renderer_s() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/nano");
    let painter = Painter::open(&model, DeviceChoice::Cpu, 48).unwrap();
    let pictures = painter.paint(&clips(1)[0].motion).unwrap();
    assert_eq!((pictures.len(), painter.frames()), (12, 12));
    for png in &pictures {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        assert_eq!((info.width, info.height), (48, 48));
        assert!(rgb.iter().any(|v| *v > 60), "somebody is there");
    }
    assert!(pictures[0] != pictures[6], "the hand moves");
    let message = format!("{:#}", Painter::open(Path::new("no/model"), DeviceChoice::Cpu, 48).err().unwrap());
    assert!(message.contains("no/model"), "{message}");
}

#[test]
fn labels_are_asked_about_without_pictures_until_the_answer_is_one() {
    let server = Server::start(vec![
        says("I would rather not."),
        says("head: rests\nhand: rests\narm: hangs\nhip: turns\nleg: swings to the side\nfoot: leaves the floor"),
    ]);
    let clock = TestClock::new();
    let teacher = EndpointTeacher::new(server.config(), Prompts::built_in().clone(), &TwoDots, &clock).unwrap();
    let parts = teacher.parts("kick to the side").unwrap();
    assert_eq!(parts["leg"], "swings to the side");
    let requests = server.requests();
    assert_eq!((requests.len(), teacher.used()), (2, [6000, 200]));
    let asked = requests[0].body["messages"][0]["content"].as_str().unwrap();
    assert!(asked.contains("'kick to the side'"), "{asked}");
    let silent = Server::start(vec![says("No.")]);
    let config = EndpointConfig { retries: 1, ..silent.config() };
    let teacher = EndpointTeacher::new(config, Prompts::built_in().clone(), &TwoDots, &clock).unwrap();
    assert!(teacher.parts("kick").unwrap_err().to_string().contains("'kick'"));
}
