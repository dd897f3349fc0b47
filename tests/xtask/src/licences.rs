//! Checks the licence of every dependency that ends up in a program of ours.

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use spdx::{Expression, LicenseReq, ParseMode};

/// Packages whose licence stands in a file instead of an expression, and what that file says.
const READ_BY_US: &[(&str, &str)] = &[("cfg_block", "Apache-2.0")];

/// Permissive licences, and the MPL, which asks no more for files that we use unchanged.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "NCSA",
    "OFL-1.1",
    "Ubuntu-font-1.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Reads `cargo metadata` and judges every package's SPDX expression.
pub fn check() -> Result<()> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .context("cannot run cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let problems: Vec<String> = packages.iter().filter_map(problem).collect();
    if !problems.is_empty() {
        bail!("licences that we may not ship:\n  {}", problems.join("\n  "));
    }
    println!("licences: {} packages, all of them ours to ship", packages.len());
    Ok(())
}

fn problem(package: &Value) -> Option<String> {
    let name = package["name"].as_str().unwrap_or("?");
    let version = package["version"].as_str().unwrap_or("?");
    let read = READ_BY_US.iter().find(|(package, _)| *package == name).map(|(_, licence)| *licence);
    let Some(licence) = package["license"].as_str().or(read) else {
        return Some(format!("{name} {version}: no licence expression"));
    };
    // lax: old packages write `MIT/Apache-2.0` and deprecated names
    match Expression::parse_mode(licence, ParseMode::LAX) {
        Ok(expression) if expression.evaluate(allowed) => None,
        Ok(_) => Some(format!("{name} {version}: {licence}")),
        Err(error) => Some(format!("{name} {version}: {licence:?} is no SPDX expression ({})", error.reason)),
    }
}

fn allowed(requirement: &LicenseReq) -> bool {
    // an exception (`WITH …`) only ever permits more
    requirement.license.id().is_some_and(|id| ALLOWED.contains(&id.name))
}

#[cfg(test)]
mod tests {
    use super::problem;
    use serde_json::json;

    #[test]
    fn permissive_passes_and_copyleft_does_not() {
        let package = |licence: &str| json!({"name": "x", "version": "1.0.0", "license": licence});
        for good in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "Apache-2.0 WITH LLVM-exception"] {
            assert_eq!(problem(&package(good)), None, "{good}");
        }
        for bad in ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "not a licence"] {
            assert!(problem(&package(bad)).is_some(), "{bad}");
        }
        assert!(problem(&json!({"name": "x", "version": "1.0.0"})).is_some());
    }
}
