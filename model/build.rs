//! What the linker may leave out of the programs.

fn main() {
    // no file of the crate changes the answer
    println!("cargo::rerun-if-env-changed=CARGO_CFG_TARGET_OS");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    // where rustc links with its own lld: generic code is compiled once for each type, and much of it comes out alike
    if (target("OS").as_str(), target("ARCH").as_str(), target("ENV").as_str()) == ("linux", "x86_64", "gnu") {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all,--strip-all");
    }
}
