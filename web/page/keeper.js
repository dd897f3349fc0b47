// A worker that keeps one file after the other: to hash a large one and to hand it to the browser's file system holds up
// whoever does it.

import * as storage from "./storage.js";

addEventListener("message", async ({ data: { name, origin, bytes } }) => {
  try {
    postMessage({ key: await keep(name, origin, bytes) });
  } catch (error) {
    postMessage({ problem: error.name === "QuotaExceededError" ? "this browser gives no more room for it" : error.message });
  }
});

async function keep(name, origin, bytes) {
  const key = await storage.sha256(new TextEncoder().encode(`${await storage.sha256(bytes)} ${name}`));
  const folder = await storage.kept();
  const known = await folder.getFileHandle(key, { create: true });
  if ((await known.getFile()).size > bytes.length) return key;
  const head = JSON.stringify({ name, origin, at: performance.timeOrigin + performance.now() });
  try {
    await storage.write(folder, key, `${head}\n`, bytes);
  } catch (error) {
    await folder.removeEntry(key).catch(() => {});
    throw error;
  }
  return key;
}
