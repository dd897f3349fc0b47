//! The browser's own compiler reads every shader. It is stricter than naga, and nothing else would tell before the page
//! is opened.

use draction::passes::Pass;
use draction_shaders::{compose, wgsl::PRESENT};
use skeletonllm_checks::{Need, have};
use skeletonllm_tests::browser::Browser;
use xtask::serve::{Server, Site};

/// Compiles one shader and makes a pipeline of it if it is a pass; resolves to what is wrong with it.
const COMPILE: &str = "
    async function compile(code, pass) {
        window.device ??= navigator.gpu.requestAdapter().then(adapter => adapter.requestDevice());
        const device = await window.device;
        device.pushErrorScope('validation');
        const module = device.createShaderModule({ code });
        const { messages } = await module.getCompilationInfo();
        if (pass) device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
        const error = await device.popErrorScope();
        const lines = messages.map(m => `line ${m.lineNum}: ${m.message}: ${code.split('\\n')[m.lineNum - 1]}`);
        return [...lines, ...(error && !lines.length ? [error.message] : [])].join('; ');
    }";

#[test]
fn every_shader_compiles_in_the_browser() {
    let Some(mut browser) = have(Need::Browser, Browser::start()) else { return };
    // WebGPU needs an origin that is this machine or HTTPS
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("index.html"), "<!doctype html>").expect("a file");
    let server = Server::start(Site::load(folder.path()).expect("a site"), 0).expect("a free port");
    let mut page = browser.page().expect("a tab");
    page.before_load(COMPILE).expect("a script");
    page.goto(&server.origin()).expect("the empty page");

    let passes = Pass::ALL.iter().map(|pass| (pass.name(), true));
    let problems: Vec<String> = passes
        .chain([(PRESENT.name, false)])
        .filter_map(|(name, pass)| {
            let code = serde_json::json!(compose(name).expect("it composes"));
            let problem = page.text(&format!("compile({code}, {pass})")).unwrap_or_else(|error| format!("{error:#}"));
            (!problem.is_empty()).then(|| format!("{name}: {problem}"))
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
