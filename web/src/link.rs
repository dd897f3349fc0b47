//! What the page's address asks for: `?sample=walk.bvh&t=1.5&ask=Which hand moves?`, or `?url=` for a file and `?model=` for
//! a model's folder that lie where the page does.

/// What is opened, shown and asked at the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// A bundled sample, by its file name.
    pub sample: Option<String>,
    /// A file beside the page; other places are not reached.
    pub url: Option<String>,
    /// Where the playhead goes, in seconds.
    pub seconds: Option<f32>,
    /// What is asked, once the model is there.
    pub question: Option<String>,
    /// The model that answers, by its folder beside the page or the name that it was kept under.
    pub model: Option<String>,
}

impl Link {
    /// Of the names and values in an address; unknown names are not for us.
    #[must_use]
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Link {
        let mut link = Link::default();
        for (name, value) in pairs {
            let text = || Some(value.to_owned()).filter(|text| !text.is_empty());
            match name {
                "sample" => link.sample = text(),
                "url" => link.url = text(),
                "ask" => link.question = text(),
                "model" => link.model = text(),
                "t" => link.seconds = value.parse().ok().filter(|t: &f32| t.is_finite() && *t >= 0.0),
                _ => {}
            }
        }
        link
    }

    /// Whether something will be open.
    pub fn leads_to_a_take(&self) -> bool {
        self.sample.is_some() || self.url.is_some()
    }

    /// The part of an address behind `?` that leads to the same.
    #[must_use]
    pub fn query(&self) -> String {
        let text = |name: &str, value: &Option<String>| Some(format!("{name}={}", encoded(value.as_deref()?)));
        let parts = [
            text("sample", &self.sample),
            text("url", &self.url),
            self.seconds.map(|t| format!("t={t:.2}")),
            text("ask", &self.question),
            text("model", &self.model),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("&")
    }
}

/// Percent-encoded, but for what an address may hold as it is (RFC 3986, section 2.3).
fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_to_open_and_ask() {
        let link = Link::of([("sample", "walk.bvh"), ("t", "1.5"), ("ask", "Which way?"), ("device", "cpu")]);
        let expected = Link {
            sample: Some("walk.bvh".to_owned()),
            seconds: Some(1.5),
            question: Some("Which way?".to_owned()),
            ..Link::default()
        };
        assert_eq!(link, expected);
        assert_eq!(link.query(), "sample=walk.bvh&t=1.50&ask=Which%20way%3F");
        for odd in ["-1", "NaN", "inf", "soon", ""] {
            assert_eq!(Link::of([("t", odd)]), Link::default(), "{odd}");
        }
        assert_eq!(Link::of([("sample", ""), ("ask", ""), ("model", "")]), Link::default());
        let small = Link::of([("model", "models/small")]);
        assert_eq!((small.model.as_deref(), small.query()), (Some("models/small"), "model=models%2Fsmall".to_owned()));
        assert_eq!(Link { url: Some("a b/é.bvh".to_owned()), ..Link::default() }.query(), "url=a%20b%2F%C3%A9.bvh");
    }
}
