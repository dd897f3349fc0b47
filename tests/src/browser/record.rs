//! What pages and their workers did that a test may want to know afterwards.

use serde_json::Value;

/// Everything since the browser was started, or since it was last emptied.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Lines of the console, as `level: text`.
    pub console: Vec<String>,
    /// Errors: on the console, uncaught, and those that the browser itself reported, such as a violated policy.
    pub errors: Vec<String>,
    /// Every address that was asked for, by pages and workers.
    pub requests: Vec<String>,
    /// Addresses whose answer came over the network, and not from a cache or a service worker.
    pub downloads: Vec<String>,
}

impl Record {
    /// Files an event.
    pub(super) fn take_in(&mut self, method: &str, params: &Value) {
        match method {
            "Runtime.consoleAPICalled" => {
                let level = params["type"].as_str().unwrap_or("log");
                let line = format!("{level}: {}", arguments(&params["args"]));
                if matches!(level, "error" | "assert") {
                    self.errors.push(line.clone());
                }
                self.console.push(line);
            }
            "Runtime.exceptionThrown" => {
                let details = &params["exceptionDetails"];
                let thrown = details["exception"]["description"].as_str().or_else(|| details["text"].as_str());
                self.errors.push(format!("uncaught: {}", thrown.unwrap_or("something")));
            }
            "Log.entryAdded" => {
                let entry = &params["entry"];
                let at = entry["url"].as_str().unwrap_or_default();
                let line = format!("{}: {} {at}", text(&entry["level"]), text(&entry["text"]));
                if entry["level"] == "error" {
                    self.errors.push(line.clone());
                }
                self.console.push(line);
            }
            "Network.requestWillBeSent" => self.requests.push(text(&params["request"]["url"])),
            "Network.responseReceived" => {
                let response = &params["response"];
                let local =
                    ["fromDiskCache", "fromServiceWorker", "fromPrefetchCache"].iter().any(|k| response[k] == true);
                if !local {
                    self.downloads.push(text(&response["url"]));
                }
            }
            _ => {}
        }
    }

    /// The first errors and the last lines of the console, for a message about what went wrong.
    pub fn summary(&self) -> String {
        let last = &self.console[self.console.len().saturating_sub(10)..];
        let lines = self.errors.iter().take(5).chain(last).map(|line| {
            // of a panic the first lines tell what happened, and the rest where
            line.lines().filter(|line| !line.trim().is_empty()).take(4).collect::<Vec<_>>().join(" | ")
        });
        lines.collect::<Vec<_>>().join("\n    ")
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The arguments of a console call as one line.
fn arguments(values: &Value) -> String {
    let words = values.as_array().into_iter().flatten().map(|value| match &value["value"] {
        Value::Null => text(&value["description"]),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    words.collect::<Vec<_>>().join(" ")
}
