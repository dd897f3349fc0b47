// Starts the app: finds out what the browser can do, downloads program and model, hands them the canvas.
//
// The program tells how it goes by events named "skeletonllm" on the canvas; their `detail.kind` is "opening" (its window
// is set up), "interactive" (it can be used now) or "crashed" (it cannot go on).

import * as controls from "./controls.js";
import { download, fetchBytes, keepForOffline, text } from "./downloads.js";
import * as embed from "./embed.js";
import { openEncoder } from "./encoding.js";
import * as folders from "./folders.js";
import * as kept from "./kept.js";
import * as models from "./models.js";
import { wait } from "./patience.js";
import { reader } from "./reading.js";
import * as screen from "./screen.js";
import { WITHOUT_GPU, chooseVariant } from "./support.js";

// Seconds that the window may take, from the first question to the GPU to the first frame.
const PATIENCE = 12;

if (embed.embedded) embed.prepare();
screen.mendPixelSize();
performance.mark("boot");
const canvas = document.getElementById("app");
const wanted = new URLSearchParams(location.search).get("device");
let build, variant;
// Ends the waiting for the window.
let opened = () => {};

watchProgram();
if (!embed.embedded) screen.offerToForget(kept.forgetAll);
try {
  await boot();
} catch (error) {
  opened();
  // what is wrong with the GPU does not matter to the processor
  if (variant !== "gpu" || !withoutGpu(error)) {
    if (embed.embedded) embed.started();
    screen.fail(error);
  }
}

async function boot() {
  build = JSON.parse(await text("build.json"));
  screen.doing("Looking for a GPU");
  const choosing = chooseVariant(wanted);
  const model = fetchModel();
  const samples = text(build.samples);
  // what fails first is told; the others must not fail unheard meanwhile
  Promise.allSettled([choosing, model, samples]);
  const { name, note = "", unexpected = false } = await choosing;
  screen.doing("Setup");
  if (note) screen.note(note);
  const { start, act, handIn, readApart } = await fetchProgram(build.variants[name]);
  const files = [await model, await samples];
  variant = name;
  const { embedded, nothingKept } = embed;
  const copy = (words) => navigator.clipboard.writeText(words);
  const told = { embedded, note, unexpected };
  const host = { ...told, readApart, fetchBytes, copy, openEncoder, ...models, ...(embedded ? nothingKept : kept) };
  await start(canvas, ...files, host);
  controls.connect(act);
  if (!embedded) folders.connect(handIn);
}

// Resolves to the program's ways in once it is compiled.
async function fetchProgram({ script, wasm }) {
  const advance = screen.downloading("code", [script, wasm]);
  // the browser compiles while it downloads; the glue is small and comes first
  const program = WebAssembly.compileStreaming(download(wasm, advance, "application/wasm"));
  program.catch(() => {});
  await (await download(script, advance)).arrayBuffer();
  const address = new URL(script.path, document.baseURI).href;
  const { default: init, start, act, handIn } = await import(address);
  const module = await program;
  await init({ module_or_path: module });
  // workers do not compile it again
  return { start, act, handIn, readApart: reader(address, module) };
}

// Resolves to `{config, draction, model, tokenizer, …}`, each the bytes of a file.
async function fetchModel() {
  const files = Object.entries(build.model);
  const advance = screen.downloading("model", Object.values(build.model));
  const load = async ([key, file]) => [key, new Uint8Array(await (await download(file, advance)).arrayBuffer())];
  return Object.fromEntries(await Promise.all(files.map(load)));
}

function watchProgram() {
  canvas.addEventListener("skeletonllm", ({ detail }) => {
    if (detail.kind === "opening") opening();
    else opened();
    if (detail.kind === "crashed") screen.crash(detail.text);
    if (detail.kind === "interactive") interactive();
  });
  // a trap inside WebAssembly ends the program, whoever called it
  const trapped = (error) => error?.name === "RuntimeError" && screen.crash(error.message);
  addEventListener("error", (event) => trapped(event.error));
  addEventListener("unhandledrejection", (event) => trapped(event.reason));
  // a file dropped before the program listens must not replace the page
  for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
}

function opening() {
  screen.doing("Starting");
  const problem = new Error(`the window has not come for ${PATIENCE} s: the browser draws nothing in it`);
  opened();
  opened = wait(PATIENCE, () => withoutGpu(problem) || screen.crash(problem.message));
}

// Begins again on the processor; not where the address insists on the GPU, nor where it is the processor already.
function withoutGpu(problem) {
  if (variant !== "gpu" || wanted === "gpu") return false;
  console.warn(`without the GPU: ${problem?.message ?? problem}`);
  const query = new URLSearchParams(location.search);
  query.set("device", WITHOUT_GPU);
  location.replace(`?${query}`);
  return true;
}

function interactive() {
  if (document.body.classList.contains("interactive")) return;
  screen.leave();
  performance.mark("interactive");
  performance.measure("time-to-interactive", { start: 0, end: "interactive" });
  if (embed.embedded) return embed.started();
  canvas.focus();
  keepForOffline(build.version);
}
