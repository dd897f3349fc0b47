// What the browser can do, and which of the two programs fits it.

import { inTime } from "./patience.js";

// In the address: the GPU was there, but the window did not come. `boot.js` goes on so.
export const WITHOUT_GPU = "not-gpu";

// Seconds that the browser may take to say which GPU it has.
const PATIENCE = 10;

// A function that returns a vector: (func (result v128) i32.const 0 i8x16.splat)
const SIMD_MODULE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
);

// What is missing for the page to run at all, as a list of sentences.
export class Unsupported extends Error {
  constructor(missing) {
    super("This browser cannot run the page.");
    this.missing = missing;
  }
}

// Resolves to `{name, note, unexpected}`: the variant of build.json, what to tell about it, and whether something went
// wrong. `wanted` is "gpu", "cpu", WITHOUT_GPU or null.
export async function chooseVariant(wanted) {
  const missing = [];
  if (!globalThis.WebAssembly) missing.push("WebAssembly is missing or switched off.");
  else if (!WebAssembly.validate(SIMD_MODULE)) {
    missing.push("WebAssembly has no vector instructions: Chrome and Edge 91, Firefox 89, Safari 16.4 or newer have.");
  }
  if (missing.length) throw new Unsupported(missing);

  const { problem, unexpected } = ASKED_FOR.get(wanted) ?? (await webGpuProblem(wanted === "gpu"));
  if (!problem) return { name: "gpu" };
  if (wanted === "gpu") throw new Unsupported([`The address insists on WebGPU, and ${problem}.`]);
  const webGl = hasWebGl();
  // what imitates a GPU is slower than the processor, and better than nothing
  if (!webGl && !ASKED_FOR.has(wanted) && !(await webGpuProblem(true)).problem) return { name: "gpu" };
  if (!webGl) {
    throw new Unsupported([
      `WebGPU cannot be used: ${problem}. Chrome and Edge 113, Safari 26 and Firefox 141 have it on most systems.`,
      "WebGL 2, which would do instead, is missing too: hardware acceleration may be switched off in the settings.",
    ]);
  }
  return { name: "cpu", note: `Computed on the processor, which is slower than a GPU: ${problem}.`, unexpected };
}

// Why it is the processor, where the address says that.
const ASKED_FOR = new Map([
  ["cpu", { problem: "the address asks for the processor" }],
  [WITHOUT_GPU, { problem: "the GPU could not be set up", unexpected: true }],
]);

// Why there is no WebGPU that is worth it, as `{problem}`, which is empty where there is. `any`: be it imitated by software.
async function webGpuProblem(any) {
  if (!globalThis.isSecureContext) return { problem: "browsers offer WebGPU only over HTTPS and on localhost" };
  if (!navigator.gpu) return { problem: "this browser has no WebGPU" };
  try {
    const adapter = await inTime(PATIENCE, navigator.gpu.requestAdapter());
    if (!adapter) return { problem: "WebGPU finds no GPU that it can use" };
    const software = !any && imitation(adapter);
    return software ? { problem: `the GPU is imitated by software (${software}), which is slower still` } : {};
  } catch (error) {
    return { problem: `WebGPU fails (${error.message})`, unexpected: true };
  }
}

// The name of the software that imitates a GPU; nothing for a real one.
//
// Measured on two cores: the processor answers some ninety times as fast as SwiftShader and draws half as fast again, so
// nothing is tried out.
function imitation({ info = {}, isFallbackAdapter }) {
  const told = [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ");
  const name = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software/i.exec(told)?.[0];
  return name ?? (info.isFallbackAdapter || isFallbackAdapter ? told || "a fallback adapter" : undefined);
}

function hasWebGl() {
  const context = document.createElement("canvas").getContext("webgl2");
  // browsers allow few contexts at a time
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(context);
}
