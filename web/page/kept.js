// Opened files, kept for the next visit in the browser's private file system: they stay on this machine.
//
// Each is one file there: a line of JSON, { name, origin, at }, and behind it the bytes. Its name is its key, a hash of name
// and bytes: the same file is kept once, two of one name beside each other, and tabs do not disturb each other.

import * as storage from "./storage.js";

const FOLDER = "kept";
// the line of JSON is shorter
const MOST_OF_HEAD = 1 << 16;

// One thing after the other: what is forgotten must not be written behind it.
let last = Promise.resolve();
const inTurn = (act) => (last = last.then(act, act));

// Keeps a file and resolves to its key. `origin` is a text that comes back with it.
export const keep = (name, origin, bytes) =>
  inTurn(async () => {
    const key = await storage.sha256(new TextEncoder().encode(`${await storage.sha256(bytes)} ${name}`));
    const folder = await open();
    const known = await folder.getFileHandle(key, { create: true });
    if ((await known.getFile()).size > bytes.length) return key;
    const head = JSON.stringify({ name, origin, at: performance.timeOrigin + performance.now() });
    try {
      await storage.write(folder, key, `${head}\n`, bytes);
    } catch (error) {
      await folder.removeEntry(key).catch(() => {});
      throw error.name === "QuotaExceededError" ? new Error("this browser gives no more room for it") : error;
    }
    return key;
  });

export const forget = (key) => inTurn(() => absent(open().then((folder) => folder.removeEntry(key))));

export const forgetAll = () =>
  inTurn(() => absent(storage.root().then((root) => root.removeEntry(FOLDER, { recursive: true }))));

// Calls `each(name, origin, key, bytes)` for all kept files, oldest first, one after the other.
export async function recall(each) {
  const folder = await open();
  const files = [];
  for await (const [key, handle] of folder.entries()) {
    // one that cannot be read does not keep the others away
    const file = await read(key, handle).catch(() => undefined);
    if (file) files.push(file);
  }
  files.sort((a, b) => a.at - b.at);
  for (const { name, origin, key, content } of files) {
    const bytes = await content.arrayBuffer().catch(() => undefined);
    if (bytes) await each(name, origin, key, new Uint8Array(bytes));
  }
}

async function read(key, handle) {
  const file = await handle.getFile();
  const start = new Uint8Array(await file.slice(0, MOST_OF_HEAD).arrayBuffer());
  const end = start.indexOf(10);
  // the browser was closed while it was written
  if (end < 0) return undefined;
  const { name, origin, at } = JSON.parse(new TextDecoder().decode(start.subarray(0, end)));
  return { name, origin, at, key, content: file.slice(end + 1) };
}

const open = () => storage.folder(FOLDER);

// What is not there need not be removed.
async function absent(removal) {
  try {
    await removal;
  } catch (error) {
    if (error.name !== "NotFoundError" && !storage.keepsNothing(error)) throw error;
  }
}
