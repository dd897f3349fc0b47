//! What a visitor downloads.

use anyhow::{Result, bail};

/// Most that the program with WebGPU may take on the wire, script and wasm together, in bytes.
const PROGRAM_BUDGET: usize = 4_000_000;
/// Most that the model may take on the wire, in bytes.
const MODEL_BUDGET: usize = 8_000_000;

/// A file of the page.
pub struct Download {
    /// Relative to the page.
    pub path: String,
    /// As used.
    pub bytes: usize,
    /// From hosts that know no better.
    pub gzip: usize,
    /// From hosts that do.
    pub brotli: usize,
}

/// Prints a table, and says what is over its budget.
///
/// # Errors
/// When something is.
pub fn print(downloads: &[Download]) -> Result<()> {
    let width = downloads.iter().map(|d| d.path.len()).max().unwrap_or(0);
    println!("{:<width$}  {:>10}  {:>10}  {:>10}", "file", "bytes", "gzip", "brotli");
    let line = |Download { path, bytes, gzip, brotli }: &Download| {
        println!("{path:<width$}  {bytes:>10}  {gzip:>10}  {brotli:>10}");
    };
    downloads.iter().for_each(line);
    println!();
    ["gpu/", "cpu/", "model/", "samples/"].iter().for_each(|folder| line(&sum(downloads, folder)));
    check(downloads)
}

/// All files of a folder as one.
fn sum(downloads: &[Download], folder: &str) -> Download {
    let files = || downloads.iter().filter(|d| d.path.starts_with(folder));
    Download {
        path: folder.to_owned(),
        bytes: files().map(|d| d.bytes).sum(),
        gzip: files().map(|d| d.gzip).sum(),
        brotli: files().map(|d| d.brotli).sum(),
    }
}

fn check(downloads: &[Download]) -> Result<()> {
    for (what, folder, budget) in [("program", "gpu/", PROGRAM_BUDGET), ("model", "model/", MODEL_BUDGET)] {
        let sent = sum(downloads, folder).brotli;
        if sent > budget {
            bail!("the {what} takes {sent} bytes to download, {budget} is the most it may");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_count_what_is_sent() {
        let of =
            |path: &str, sent: usize| Download { path: path.into(), bytes: 20_000_000, gzip: sent * 2, brotli: sent };
        let page = |wasm, model| {
            [of("gpu/app.js", 10_000), of("gpu/app.wasm", wasm), of("cpu/app.wasm", 9_000_000), of("model/m", model)]
        };
        assert!(check(&page(3_990_000, 8_000_000)).is_ok());
        let error = check(&page(3_990_001, 1)).unwrap_err().to_string();
        assert!(error.contains("program takes 4000001 bytes"), "{error}");
        assert!(check(&page(1, 8_000_001)).is_err());
    }
}
