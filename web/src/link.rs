//! What the page's address asks for: `?sample=walk.bvh&t=1.5&ask=Which hand moves?`, or `?url=` for a file and `?model=` for
//! a model's folder that lie where the page does; with `embed` as a view for other pages, and the code that puts it there.

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
    /// The model that answers, by its folder beside the page or the name that it was kept under.
    pub model: Option<String>,
    /// Whether another page shows this one: a take and its playhead, nothing to open or to change.
    pub embed: bool,
    /// What of the take is shown there.
    pub view: View,
    /// What stands below it there: these words, or the model's label where they are none.
    pub label: Option<String>,
    /// Dark or light, whatever the system prefers.
    pub dark: Option<bool>,
}

/// What another page shows of a take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The moving skeleton, and DrAction's picture of the same moment.
    #[default]
    Motion,
    /// All pictures that the model sees.
    Pictures,
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
                // the name alone says it
                "embed" => link.embed = !["0", "no", "false"].contains(&value),
                "view" => link.view = if value == "pictures" { View::Pictures } else { View::Motion },
                "label" => link.label = Some(value.to_owned()),
                "theme" => link.dark = ["light", "dark"].iter().position(|theme| *theme == value).map(|n| n == 1),
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

    /// The same as a whole page.
    #[must_use]
    pub fn whole(&self) -> Link {
        Link { embed: false, view: View::default(), label: None, dark: None, ..self.clone() }
    }

    /// The part of an address behind `?` that leads to the same.
    #[must_use]
    pub fn query(&self) -> String {
        let text = |name: &str, value: &Option<String>| Some(format!("{name}={}", encoded(value.as_deref()?)));
        let parts = [
            self.embed.then(|| "embed".to_owned()),
            text("sample", &self.sample),
            text("url", &self.url),
            self.seconds.map(|t| format!("t={t:.2}")),
            text("ask", &self.question),
            text("model", &self.model),
            (self.view == View::Pictures).then(|| "view=pictures".to_owned()),
            text("label", &self.label).map(|label| label.trim_end_matches('=').to_owned()),
            self.dark.map(|dark| format!("theme={}", if dark { "dark" } else { "light" })),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("&")
    }

    /// HTML that shows this in another page; the page here is at `address`. The title is for screen readers.
    #[must_use]
    pub fn frame(&self, address: &str, title: &str) -> String {
        let source = escaped(&format!("{address}?{}", Link { embed: true, ..self.clone() }.query()));
        let title = escaped(title);
        format!(
            "<iframe src=\"{source}\" title=\"{title}\" width=\"720\" height=\"440\" loading=\"lazy\" \
             style=\"border: 0; max-width: 100%\"></iframe>"
        )
    }
}

/// The name of the file at an address.
#[must_use]
pub fn file_name(url: &str) -> &str {
    url.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).unwrap_or(url)
}

/// Percent-encoded, but for what an address may hold as it is (RFC 3986, section 2.3).
fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// As the value of an attribute of HTML, between double quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
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

    #[test]
    fn an_address_says_what_another_page_shows() {
        let walk = Link { sample: Some("walk.bvh".to_owned()), embed: true, ..Link::default() };
        for on in ["", "1", "true", "yes"] {
            assert_eq!(Link::of([("embed", on), ("sample", "walk.bvh")]), walk, "{on:?}");
        }
        for off in ["0", "no", "false"] {
            assert_eq!(Link::of([("embed", off)]), Link::default(), "{off}");
        }
        assert_eq!(walk.query(), "embed&sample=walk.bvh");
        for (theme, dark) in [("dark", Some(true)), ("light", Some(false)), ("", None), ("pink", None)] {
            assert_eq!(Link::of([("theme", theme)]).dark, dark, "{theme}");
        }
        for (view, expected) in [("pictures", View::Pictures), ("motion", View::Motion), ("", View::Motion)] {
            assert_eq!(Link::of([("view", view)]).view, expected, "{view}");
        }
        let all = Link { view: View::Pictures, label: Some(String::new()), dark: Some(true), ..walk.clone() };
        assert_eq!(all.query(), "embed&sample=walk.bvh&view=pictures&label&theme=dark");
        let words = Link { label: Some("1 + 1 = 2".to_owned()), ..walk.clone() };
        assert_eq!(words.query(), "embed&sample=walk.bvh&label=1%20%2B%201%20%3D%202");
        assert_eq!(all.whole(), Link { embed: false, ..walk });
    }

    #[test]
    fn the_code_for_another_page_leads_to_the_same() {
        let link = Link {
            url: Some("a&b/\"é\".bvh".to_owned()),
            question: Some("<Why>?".to_owned()),
            seconds: Some(2.0),
            ..Link::default()
        };
        let code = link.frame("https://example.org/page/", "\"é\" & <b>");
        assert!(
            code.starts_with("<iframe src=\"https://example.org/page/?embed&amp;url=a%26b%2F%22%C3%A9%22.bvh&amp;")
        );
        assert!(code.contains("title=\"&quot;é&quot; &amp; &lt;b&gt;\"") && code.ends_with("></iframe>"), "{code}");
        assert_eq!(code.matches('<').count(), 2, "nothing breaks out of the attributes: {code}");
        // twelve quotes around six values
        assert_eq!(code.matches('"').count(), 12, "{code}");
    }

    #[test]
    fn files_are_called_as_their_addresses_end() {
        for (url, name) in [("a/b/c.bvh?x=/y#z", "c.bvh"), ("c.bvh", "c.bvh"), ("https://h/d/c.glb#f", "c.glb")] {
            assert_eq!(file_name(url), name);
        }
    }
}
