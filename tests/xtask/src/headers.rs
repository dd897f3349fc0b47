//! HTTP headers of the page: the same from our own server and, through the file `_headers`, from a static host.

/// What the page may load. Nothing inline, no programs from elsewhere; `blob:` is for pictures that the page itself made, and
/// `https:` for a motion that the page's address names (`?url=`).
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     connect-src 'self' https:; img-src 'self' blob: data:; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
     form-action 'none'";

/// The directive that browsers only honour in a header, not in `<meta>`: papers and wikis may show the page, which then
/// opens, keeps and forgets nothing (`web/page/embed.js`).
const FRAME_ANCESTORS: &str = "; frame-ancestors *";

/// For files with a hash of their content in their path: they never change.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// For all others: keep them, but ask before each use.
pub const REVALIDATE: &str = "no-cache";

/// Folders whose files have a hash of their content in their path.
pub const HASHED_FOLDERS: [&str; 3] = ["cpu/", "gpu/", "model/"];

/// Headers of every answer.
pub fn security() -> [(&'static str, String); 6] {
    [
        ("Content-Security-Policy", format!("{CONTENT_SECURITY_POLICY}{FRAME_ANCESTORS}")),
        ("X-Content-Type-Options", "nosniff".into()),
        ("Referrer-Policy", "no-referrer".into()),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()".into()),
        ("Cross-Origin-Opener-Policy", "same-origin".into()),
        ("Cross-Origin-Resource-Policy", "same-origin".into()),
    ]
}

/// How long a browser may keep a file, by its path below the page's folder.
pub fn cache_control(path: &str) -> &'static str {
    if HASHED_FOLDERS.iter().any(|folder| path.starts_with(folder)) { IMMUTABLE } else { REVALIDATE }
}

/// The media type of a file, by its name.
pub fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// The file `_headers`, as Netlify, Cloudflare Pages and others read it.
pub fn headers_file() -> String {
    let mut text = String::from("/*\n");
    for (name, value) in security() {
        text += &format!("  {name}: {value}\n");
    }
    // without this, hosts revalidate by default; a second rule would be joined to the first and not replace it
    for folder in HASHED_FOLDERS {
        text += &format!("/{folder}*\n  Cache-Control: {IMMUTABLE}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashed_files_are_kept_without_asking() {
        assert_eq!(cache_control("gpu/app.0123.wasm"), IMMUTABLE);
        for path in ["index.html", "sw.js", "samples/walk.bvh", "gpu.html"] {
            assert_eq!(cache_control(path), REVALIDATE, "{path}");
        }
    }

    #[test]
    fn the_headers_file_has_each_header_once_a_rule() {
        let text = headers_file();
        for (name, _) in security() {
            assert_eq!(text.matches(&format!("  {name}: ")).count(), 1, "{name}");
        }
        assert!(text.starts_with("/*\n  Content-Security-Policy: default-src 'none'; script-src 'self'"));
        assert!(text.ends_with("/model/*\n  Cache-Control: public, max-age=31536000, immutable\n"), "{text}");
    }
}
