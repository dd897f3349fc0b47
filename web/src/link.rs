//! What the page's address asks for: `?sample=walk.bvh&t=1.5&ask=Which hand moves?`, or `?url=` for a file that lies where
//! the page does.

use crate::files::Public;

/// What is opened, shown and asked at the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// A bundled sample, by its file name.
    pub sample: Option<String>,
    /// A file beside the page, or one that another place lets pages read.
    pub url: Option<String>,
    /// Where the playhead goes, in seconds.
    pub seconds: Option<f32>,
    /// What is asked, once the model is there.
    pub question: Option<String>,
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
                "t" => link.seconds = value.parse().ok().filter(|t: &f32| t.is_finite() && *t >= 0.0),
                _ => {}
            }
        }
        link
    }

    /// Whether something will be open.
    pub fn leads_to_a_take(&self) -> bool {
        self.public().is_some()
    }

    /// What will be open.
    pub fn public(&self) -> Option<Public> {
        let sample = self.sample.clone().map(Public::Sample);
        sample.or_else(|| self.url.clone().map(Public::Address))
    }

    /// That leads to a file which everybody finds.
    #[must_use]
    pub fn to(public: Public) -> Link {
        match public {
            Public::Sample(name) => Link { sample: Some(name), ..Link::default() },
            Public::Address(url) => Link { url: Some(url), ..Link::default() },
        }
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
        assert_eq!(Link::of([("sample", ""), ("ask", "")]), Link::default());
        assert_eq!(Link { url: Some("a b/é.bvh".to_owned()), ..Link::default() }.query(), "url=a%20b%2F%C3%A9.bvh");
    }
}
