// Files from the page's own origin, kept for visits without a network.
//
// Files of build.json have a hash of their content in their names. What is once in the cache is right for ever, so it is
// looked up there first, with or without a service worker.

// The same name as in sw.js, which removes what newer builds no longer list.
const CACHE = "skeletonllm";

// Resolves to a response whose bytes are counted by `advance` as they arrive. `file` is an entry of build.json.
export async function download(file, advance, mediaType) {
  const cache = await openCache();
  const known = await cache?.match(file.path);
  const response = known ?? (await fetchOk(file.path));
  // a full disk only costs the offline visit
  if (!known) cache?.put(file.path, response.clone()).catch(() => {});

  let received = 0;
  const counter = new TransformStream({
    transform(chunk, controller) {
      received += chunk.byteLength;
      advance(chunk.byteLength);
      controller.enqueue(chunk);
    },
    async flush(controller) {
      if (received === file.bytes) return;
      await cache?.delete(file.path);
      controller.error(new Error(`${file.path} arrived with ${received} of ${file.bytes} bytes`));
    },
  });
  const type = mediaType ?? response.headers.get("content-type") ?? "application/octet-stream";
  return new Response(response.body.pipeThrough(counter), { headers: { "content-type": type } });
}

// A small file as text.
export async function text(path) {
  return (await fetchOk(path)).text();
}

// The bytes at an address. They are counted as they come: more than `most` are not waited for.
export async function fetchBytes(url, most) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  const tooMany = () => new Error(`these are more than the ${most >> 20} MB that are read here`);
  if (Number(response.headers.get("content-length")) > most) {
    await response.body?.cancel();
    throw tooMany();
  }
  const parts = [];
  let received = 0;
  for await (const chunk of chunks(response.body)) {
    received += chunk.byteLength;
    if (received > most) throw tooMany();
    parts.push(chunk);
  }
  const bytes = new Uint8Array(received);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

// What comes of a stream. Who stops listening ends it.
export async function* chunks(stream) {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

// Lets the service worker keep the rest of the page, now that nothing else needs the network.
export function keepForOffline(version) {
  // another version is another address, so a new build is noticed at once
  navigator.serviceWorker?.register(`sw.js?build=${version}`).catch((error) => {
    console.warn(`offline visits will not work: ${error.message}`);
  });
}

async function fetchOk(path) {
  let response;
  try {
    response = await fetch(path);
  } catch (error) {
    throw new Error(`${path} cannot be downloaded: ${error.message}`);
  }
  if (!response.ok) throw new Error(`${path} cannot be downloaded: the server answers ${response.status}`);
  return response;
}

// Nothing where the browser keeps nothing: private windows, plain HTTP.
async function openCache() {
  try {
    return await globalThis.caches?.open(CACHE);
  } catch {
    return undefined;
  }
}
