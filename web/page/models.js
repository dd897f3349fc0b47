// Models that lie beside the page and models of the person's own, in the browser's private file system: they stay on this
// machine.
//
// A model is a folder of pieces there, each a file that is written whole or not at all, so that a download goes on where
// it was cut off. Its record says which pieces make which file, and where somebody knows it the SHA-256 of each.

import { chunks, text } from "./downloads.js";
import * as storage from "./storage.js";

const FOLDER = "models";
const RECORD = "model.json";
// Written by the page's build: [{ name, folder, version, piece, files: [{ name, bytes, sha256: [of each piece] }] }]
const LIST = "models.json";
// Held while a model is brought or kept.
const LOCK = "skeletonllm-models";
// Bytes of a piece where no list says otherwise.
const PIECE = 4 << 20;
// What a folder may hold that no list describes; model/src/given/names.rs has all that is read.
const MAYBE = ["tokenizer_config.json", "chat_template.jinja", "added_tokens.json", "draction.safetensors"];
const ALIGNED = ["alignment.safetensors", "words.txt", "words.safetensors"];

// What is under way, to be stopped.
let stop = new AbortController();

export const stopModel = () => stop.abort();

// Resolves to JSON: [{ name, bytes, there, own }].
export async function listModels() {
  const known = new Map();
  const add = (entry) => known.set(entry.name, { ...known.get(entry.name), ...entry });
  for (const { name, files } of await beside()) add({ name, bytes: total(files), there: 0, own: false });
  for (const { folder, record } of await kept()) {
    const there = await bytesIn(folder);
    if (record.own && there < total(record.files)) continue;
    add({ name: record.name, bytes: total(record.files), there, own: record.own });
  }
  return JSON.stringify([...known.values()]);
}

// Has all files of a model on this machine, and resolves to JSON: { name, files: [{ name, bytes }], verified }; to nothing
// when it was stopped. `name` may be its folder beside the page; `progress` gets bytes so far and in all.
export function bringModel(name, progress) {
  return unlessStopped(async (signal) => {
    const wanted = await describe(name, signal);
    const { folder, record } = await open(wanted);
    const all = total(record.files);
    await ensureRoom(all - (await bytesIn(folder)));
    let done = 0;
    for (const [index, file] of record.files.entries()) {
      const pieces = new Pieces(folder, record, index);
      await pieces.bring(signal, (bytes) => progress((done += bytes), all));
    }
    const files = record.files.map(({ name, bytes }) => ({ name, bytes }));
    return JSON.stringify({ name: record.name, files, verified: record.verified });
  });
}

// Keeps files as a model of the person's own; resolves to nothing when it was stopped.
export function keepModel(name, names, files, progress) {
  return unlessStopped(async (signal) => {
    const before = (await kept()).filter(({ record }) => record.name === name);
    const listed = names.map((name, index) => ({ name, bytes: files[index].size, sha256: [] }));
    const record = { name, own: true, piece: PIECE, verified: "as it was kept, by SHA-256", files: listed };
    const all = total(listed);
    await ensureRoom(all);
    const root = await models();
    const id = crypto.randomUUID();
    const folder = await root.getDirectoryHandle(id, { create: true });
    try {
      let done = 0;
      for (const [index, file] of listed.entries()) {
        for (let start = 0; start < file.bytes; start += PIECE) {
          signal.throwIfAborted();
          const bytes = await files[index].slice(start, start + PIECE).arrayBuffer();
          file.sha256.push(await storage.sha256(bytes));
          await storage.write(folder, pieceName(index, start / PIECE), bytes);
          progress((done += bytes.byteLength), all);
        }
      }
      await storage.write(folder, RECORD, JSON.stringify(record));
    } catch (error) {
      await root.removeEntry(id, { recursive: true });
      throw error;
    }
    for (const { id } of before) await root.removeEntry(id, { recursive: true });
    opened.delete(name);
    return "kept";
  });
}

export async function removeModel(name) {
  opened.delete(name);
  const root = await models();
  for (const { id, record } of await kept()) {
    if (record.name === name) await root.removeEntry(id, { recursive: true });
  }
}

// Models that were brought, by name: { folder, record }.
const opened = new Map();

// Resolves to the bytes of a file of a model that was brought.
export async function readModel(name, file, start, length) {
  const { folder, record } = opened.get(name) ?? {};
  const index = record?.files.findIndex((known) => known.name === file) ?? -1;
  if (index < 0) throw new Error(`${file} is none of the model ${name}`);
  const { piece } = record;
  const bytes = new Uint8Array(length);
  for (let at = start; at < start + length; ) {
    const number = Math.floor(at / piece);
    const from = at - number * piece;
    const to = Math.min(piece, start + length - number * piece);
    const source = await (await folder.getFileHandle(pieceName(index, number))).getFile();
    const part = new Uint8Array(await source.slice(from, to).arrayBuffer());
    if (part.length !== to - from) throw new Error(`${file} is damaged: a piece of it is too short`);
    bytes.set(part, at - start);
    at += part.length;
  }
  return bytes;
}

// One file of a model, in pieces.
class Pieces {
  constructor(folder, record, index) {
    this.folder = folder;
    this.record = record;
    this.index = index;
    this.file = record.files[index];
    this.count = Math.ceil(this.file.bytes / record.piece);
  }

  // Fetches what is missing or not as it should be; `advance` gets the number of bytes that are there after each piece.
  async bring(signal, advance) {
    const missing = [];
    for (let number = 0; number < this.count; number++) {
      signal.throwIfAborted();
      const known = await this.read(number);
      if (known && !(await this.problem(number, known))) advance(known.byteLength);
      else missing.push(number);
    }
    while (missing.length) {
      signal.throwIfAborted();
      if (this.record.own) throw new Error(`${this.file.name} is damaged here: drop the model's files once more`);
      for await (const [number, bytes] of this.fetch(missing[0], signal)) {
        const place = missing.indexOf(number);
        if (place < 0) continue;
        await this.take(number, bytes, signal);
        advance(bytes.byteLength);
        missing.splice(place, 1);
      }
    }
  }

  // Keeps a piece, if it is the right one. What was changed on its way is fetched once more.
  async take(number, bytes, signal) {
    if (await this.problem(number, bytes)) {
      const again = await this.fetchOne(number, signal, "reload");
      const problem = again ? await this.problem(number, again) : "";
      if (!again || problem) {
        const [first, last] = this.range(number);
        const why = problem || "the server gives whole files only";
        throw new Error(`${this.file.name}, bytes ${first} to ${last}: ${why}. It was refused; reload the page to try again`);
      }
      bytes = again;
    }
    await storage.write(this.folder, pieceName(this.index, number), bytes);
  }

  // Yields pieces as [number, bytes]: the one that is asked for, or of servers that know no ranges all of them.
  async *fetch(number, signal) {
    const response = await this.ask(number, signal, "default");
    if (response.status === 206) {
      yield [number, await this.body(response)];
      return;
    }
    const { piece } = this.record;
    let [at, held, filled] = [0, new Uint8Array(piece), 0];
    for await (const chunk of chunks(response.body)) {
      for (let from = 0; from < chunk.length; ) {
        const part = chunk.subarray(from, from + piece - filled);
        held.set(part, filled);
        from += part.length;
        filled += part.length;
        if (filled < piece) continue;
        yield [at++, held.buffer];
        [held, filled] = [new Uint8Array(piece), 0];
      }
    }
    if (filled) yield [at++, held.slice(0, filled).buffer];
    if (at !== this.count) throw new Error(`${this.file.name} arrived with another length than ${this.file.bytes} bytes`);
  }

  // The bytes of a piece, where the server knows ranges.
  async fetchOne(number, signal, cache) {
    const response = await this.ask(number, signal, cache);
    if (response.status === 206) return this.body(response);
    await response.body?.cancel();
  }

  async ask(number, signal, cache) {
    const [first, last] = this.range(number);
    const url = new URL(`${this.record.folder}${this.file.name}`, document.baseURI);
    const response = await fetchOk(url, this.file.name, { headers: { Range: `bytes=${first}-${last}` }, signal, cache });
    const size = response.status === 206 && rangeTotal(response);
    if (size && size !== this.file.bytes) {
      throw new Error(`${this.file.name} has ${size} bytes now, and had ${this.file.bytes}: remove the model and load it again`);
    }
    return response;
  }

  async body(response) {
    try {
      return await response.arrayBuffer();
    } catch (error) {
      throw error.name === "AbortError" ? error : cutOff(this.file.name, error);
    }
  }

  range(number) {
    const first = number * this.record.piece;
    return [first, Math.min(first + this.record.piece, this.file.bytes) - 1];
  }

  // What is wrong with the bytes of a piece; nothing where they are right, or nobody knows.
  async problem(number, bytes) {
    const [first, last] = this.range(number);
    if (bytes.byteLength !== last - first + 1) return `${bytes.byteLength} bytes instead of ${last - first + 1}`;
    const wanted = this.file.sha256?.[number];
    if (!wanted || (await storage.sha256(bytes)) === wanted) return "";
    return "their SHA-256 is not the one in the page's list of models";
  }

  async read(number) {
    try {
      const handle = await this.folder.getFileHandle(pieceName(this.index, number));
      return await (await handle.getFile()).arrayBuffer();
    } catch {
      return undefined;
    }
  }
}

// The record of a model as it should be: from the page's list, from an earlier visit, or from the folder itself.
async function describe(name, signal) {
  const known = (await kept()).map(({ record }) => record).find((record) => record.name === name);
  if (known?.own) return known;
  const found = (await beside()).find((model) => model.name === name || model.folder === `${name}/`);
  if (found) {
    const verified = "each piece has the SHA-256 that the page's list of models gives";
    return { ...found, own: false, verified };
  }
  return known ?? probe(name, signal);
}

// A model's folder, or a GGUF file, of which nobody says what is in it.
async function probe(name, signal) {
  const place = new URL(name, document.baseURI);
  if (place.origin !== location.origin) throw new Error("only models that lie where this page does are loaded");
  const gguf = /\.gguf$/i.test(name);
  const folder = gguf ? name.slice(0, name.lastIndexOf("/") + 1) : `${name.replace(/\/+$/, "")}/`;
  const find = async (file) => {
    const bytes = await size(new URL(folder + file, document.baseURI), signal);
    return bytes === undefined ? [] : [{ name: file, bytes, sha256: [] }];
  };
  const need = async (file, more = "") => {
    const found = await find(file);
    if (!found.length) throw new Error(`there is no ${file}${more} in ${folder}`);
    return found;
  };
  const files = [];
  if (gguf) files.push(...(await need(name.slice(folder.length))));
  else {
    files.push(...(await need("config.json")));
    const whole = await find("tokenizer.json");
    files.push(...whole);
    if (!whole.length) {
      files.push(...(await need("vocab.json", " and no tokenizer.json")), ...(await need("merges.txt")));
    }
    const one = await find("model.safetensors");
    files.push(...one);
    if (!one.length) {
      const index = "model.safetensors.index.json";
      files.push(...(await need(index, " and no model.safetensors")));
      const response = await fetchOk(new URL(folder + index, document.baseURI), index, { signal });
      const { weight_map: places } = await response.json();
      for (const shard of new Set(Object.values(places ?? {}))) files.push(...(await need(String(shard))));
    }
    for (const file of MAYBE) files.push(...(await find(file)));
    if ((await find(ALIGNED[0])).length) for (const file of ALIGNED) files.push(...(await need(file)));
  }
  const verified = "no checksums are given; lengths are compared, and headers of weights with them";
  return { name, folder, version: "", piece: PIECE, own: false, verified, files };
}

// The bytes of a file; nothing where there is none.
async function size(url, signal) {
  const response = await fetch(url, { headers: { Range: "bytes=0-0" }, signal });
  await response.body?.cancel();
  if (response.status === 206) return rangeTotal(response);
  // of an empty file no range can be had
  if (response.status === 416) return 0;
  if (response.status === 404 || response.status === 410) return undefined;
  if (!response.ok) throw new Error(`${url.pathname}: the server answers ${response.status}`);
  const length = Number(response.headers.get("content-length"));
  if (!length) throw new Error(`${url.pathname}: the server does not say how long it is`);
  return length;
}

function rangeTotal(response) {
  return Number(response.headers.get("content-range")?.split("/")[1]) || 0;
}

// The folder for a model; what is there of another version of it goes.
async function open(record) {
  const root = await models();
  let found;
  for (const known of await kept()) {
    if (known.record.name !== record.name) continue;
    const same = known.record.own === record.own && known.record.version === record.version;
    if (same && !found) found = known;
    else await root.removeEntry(known.id, { recursive: true });
  }
  const folder = found?.folder ?? (await root.getDirectoryHandle(crypto.randomUUID(), { create: true }));
  if (!found) await storage.write(folder, RECORD, JSON.stringify(record));
  opened.set(record.name, { folder, record });
  return { folder, record };
}

// All models in the private file system: { id, folder, record }.
async function kept() {
  const root = await models().catch(() => undefined);
  const found = [];
  if (!root) return found;
  for await (const [id, folder] of root.entries()) {
    try {
      const record = JSON.parse(await (await (await folder.getFileHandle(RECORD)).getFile()).text());
      found.push({ id, folder, record });
    } catch {
      // it is being kept, or a visit was cut off while it was
    }
  }
  return found;
}

// Removes what visits that were cut off have left. Without a record nobody knows what it was.
async function clean() {
  const root = await models();
  const known = new Set((await kept()).map(({ id }) => id));
  for await (const id of root.keys()) if (!known.has(id)) await root.removeEntry(id, { recursive: true });
}

// Bytes of all pieces that are there.
async function bytesIn(folder) {
  let sum = 0;
  for await (const [name, handle] of folder.entries()) if (name !== RECORD) sum += (await handle.getFile()).size;
  return sum;
}

const models = () => storage.folder(FOLDER);

async function ensureRoom(bytes) {
  const { quota, usage } = (await navigator.storage.estimate?.()) ?? {};
  if (quota !== undefined && bytes > quota - usage) {
    const mega = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
    throw new Error(`${mega(bytes)} more are needed, and this browser gives the page ${mega(quota - usage)}`);
  }
}

// The models that lie beside the page, as its list has them; none where there is no list.
const beside = () => text(LIST).then(JSON.parse).catch(() => []);

// One thing at a time, in all tabs; what is stopped resolves to nothing.
async function unlessStopped(act) {
  stop.abort();
  const { signal } = (stop = new AbortController());
  const alone = async () => {
    await clean();
    return act(signal);
  };
  try {
    return await (navigator.locks?.request(LOCK, { signal }, alone) ?? alone());
  } catch (error) {
    if (signal.aborted) return "";
    if (error.name === "QuotaExceededError") throw new Error("this browser gives the page no more room");
    throw error;
  }
}

async function fetchOk(url, name, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    throw error.name === "AbortError" ? error : cutOff(name, error);
  }
  if (!response.ok) throw new Error(`${name} cannot be downloaded: the server answers ${response.status}`);
  return response;
}

function cutOff(name, error) {
  return new Error(`${name} cannot be downloaded: ${error.message}. What has come stays, and it goes on from there`);
}

const pieceName = (file, number) => `${file}.${number}`;

const total = (files) => files.reduce((sum, file) => sum + file.bytes, 0);
