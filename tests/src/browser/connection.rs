//! The DevTools protocol: JSON over a WebSocket, calls with an id and events without one.

use std::{
    collections::HashMap,
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, protocol::WebSocketConfig};

use super::record::Record;

/// How long a call may take.
const CALL: Duration = Duration::from_secs(120);

/// A target that the browser attached us to.
#[derive(Clone, Debug)]
pub struct Session {
    /// To address it by.
    pub id: String,
    /// `page`, `service_worker`, `worker`, ….
    pub kind: String,
    /// Its target.
    pub target: String,
}

/// A file that a page gave to the browser to keep.
#[derive(Clone, Debug, Default)]
pub struct Download {
    /// What the page calls it.
    pub name: String,
    /// `inProgress`, `completed` or `canceled`; nothing at first.
    pub state: String,
}

/// The browser's end of the line.
pub struct Connection {
    socket: WebSocket<TcpStream>,
    last_id: u64,
    /// Everything attached now, oldest first.
    pub sessions: Vec<Session>,
    /// What happened in all of them.
    pub record: Record,
    /// What was given to keep and not yet taken, by the name of its file.
    pub downloads: HashMap<String, Download>,
    offline: bool,
}

impl Connection {
    /// Connects to `ws://127.0.0.1:PORT/PATH`.
    pub fn open(address: &str) -> Result<Connection> {
        let host = address.strip_prefix("ws://").and_then(|a| a.split('/').next()).context("not a WebSocket")?;
        let stream = TcpStream::connect(host).with_context(|| format!("cannot connect to {host}"))?;
        stream.set_nodelay(true)?;
        // screenshots come as one message
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let (socket, _) = tungstenite::client::client_with_config(address, stream, Some(config))
            .map_err(|error| anyhow!("the handshake failed: {error}"))?;
        let (sessions, record, downloads) = (Vec::new(), Record::default(), HashMap::new());
        Ok(Connection { socket, last_id: 0, sessions, record, downloads, offline: false })
    }

    /// Calls a method of a session (`""` is the browser itself) and returns its result.
    ///
    /// # Errors
    /// The browser's words, or that it does not answer.
    pub fn call(&mut self, session: &str, method: &str, params: Value) -> Result<Value> {
        let id = self.send(session, method, params)?;
        let start = Instant::now();
        while start.elapsed() < CALL {
            let Some(message) = self.receive(Duration::from_secs(1)).with_context(|| format!("during {method}"))?
            else {
                continue;
            };
            if message["id"] != id {
                self.take_in(&message)?;
                continue;
            }
            if let Some(error) = message.get("error") {
                bail!("{method}: {}", error["message"].as_str().unwrap_or("refused"));
            }
            return Ok(message["result"].clone());
        }
        bail!("{method}: no answer within {} s", CALL.as_secs())
    }

    /// Takes in what happens during a while.
    pub fn listen(&mut self, during: Duration) -> Result<()> {
        let start = Instant::now();
        while let Some(left) = during.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
            if let Some(message) = self.receive(left)? {
                self.take_in(&message)?;
            }
        }
        Ok(())
    }

    /// Cuts all sessions off the network, those to come too, or connects them again.
    pub fn set_offline(&mut self, offline: bool) -> Result<()> {
        self.offline = offline;
        for session in self.sessions.clone() {
            self.call(&session.id, "Network.emulateNetworkConditions", conditions(offline))?;
        }
        Ok(())
    }

    /// Sends without waiting for the answer.
    fn send(&mut self, session: &str, method: &str, params: Value) -> Result<u64> {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": params });
        if !session.is_empty() {
            message["sessionId"] = session.into();
        }
        self.socket
            .send(Message::text(message.to_string()))
            .with_context(|| format!("{method}: the browser is gone"))?;
        Ok(self.last_id)
    }

    /// The next message, if one comes in time.
    fn receive(&mut self, within: Duration) -> Result<Option<Value>> {
        self.socket.get_ref().set_read_timeout(Some(within))?;
        match self.socket.read() {
            Ok(Message::Text(text)) => Ok(Some(serde_json::from_str(&text)?)),
            Ok(_) => Ok(None),
            Err(tungstenite::Error::Io(error))
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                Ok(None)
            }
            Err(error) => Err(anyhow!("the browser is gone: {error}")),
        }
    }

    fn take_in(&mut self, message: &Value) -> Result<()> {
        let params = &message["params"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match message["method"].as_str() {
            Some("Target.attachedToTarget") => {
                let info = &params["targetInfo"];
                let (id, kind) = (text(&params["sessionId"]), text(&info["type"]));
                // its answers are of no interest, and an old worker may be gone already
                for domain in ["Network.enable", "Runtime.enable", "Log.enable"] {
                    self.send(&id, domain, json!({}))?;
                }
                if self.offline {
                    self.send(&id, "Network.emulateNetworkConditions", conditions(true))?;
                }
                self.sessions.push(Session { id, kind, target: text(&info["targetId"]) });
            }
            Some("Target.detachedFromTarget") => {
                let id = text(&params["sessionId"]);
                self.sessions.retain(|session| session.id != id);
            }
            Some("Browser.downloadWillBegin") => {
                self.downloads.entry(text(&params["guid"])).or_default().name = text(&params["suggestedFilename"]);
            }
            Some("Browser.downloadProgress") => {
                self.downloads.entry(text(&params["guid"])).or_default().state = text(&params["state"]);
            }
            Some(method) => self.record.take_in(method, params),
            None => {}
        }
        Ok(())
    }
}

fn conditions(offline: bool) -> Value {
    json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 })
}
