// Opened files, kept for the next visit in the browser's private file system: they stay on this machine.
//
// Each is one file there: a line of JSON, { name, origin, at }, and behind it the bytes. Its name is its key, a hash of name
// and bytes: the same file is kept once, two of one name beside each other, and tabs do not disturb each other.

import * as storage from "./storage.js";

// the line of JSON is shorter
const MOST_OF_HEAD = 1 << 16;

// One thing after the other: what is forgotten must not be written behind it.
let last = Promise.resolve();
const inTurn = (act) => (last = last.then(act, act));

// Keeps a file and resolves to its key. `origin` is a text that comes back with it; the bytes are gone here.
export const keep = (name, origin, bytes) => inTurn(() => apart({ name, origin, bytes }));

let keeper;

function apart(file) {
  return new Promise((resolve, reject) => {
    keeper ??= new Worker("keeper.js", { type: "module" });
    keeper.onmessage = ({ data: { key, problem } }) => (key ? resolve(key) : reject(new Error(problem)));
    keeper.onerror = ({ message }) => {
      // the next file gets another one
      keeper = undefined;
      reject(new Error(message || "the worker does not start"));
    };
    keeper.postMessage(file, [file.bytes.buffer]);
  });
}

export const forget = (key) => inTurn(() => absent(storage.kept().then((folder) => folder.removeEntry(key))));

export const forgetAll = () =>
  inTurn(() => absent(storage.root().then((root) => root.removeEntry(storage.KEPT, { recursive: true }))));

// Calls `each(name, origin, key, bytes)` for all kept files, oldest first, one after the other.
export async function recall(each) {
  const folder = await storage.kept();
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

// What is not there need not be removed.
async function absent(removal) {
  try {
    await removal;
  } catch (error) {
    if (error.name !== "NotFoundError" && !storage.keepsNothing(error)) throw error;
  }
}
