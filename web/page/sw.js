// Keeps the page for visits without a network.
//
// build.json lists the shell (the page's own small files), and files with a hash of their content in their names. The
// page itself puts the large ones into the cache as it downloads them, so nothing is downloaded twice. The address of
// this script names the build: a new build is a new worker, which fetches the new shell and drops what is no longer
// listed.

const CACHE = "skeletonllm";
const HASHED = /\.[0-9a-f]{16}\.\w+$/;

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropUnlisted().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  event.respondWith(HASHED.test(url.pathname) ? cacheFirst(event.request) : networkFirst(event.request));
});

async function install() {
  const cache = await caches.open(CACHE);
  const build = await (await fetch("build.json", { cache: "no-cache" })).json();
  // all or none: a shell of two builds would not fit together
  await cache.addAll(build.shell.map((path) => new Request(path, { cache: "no-cache" })));
  const model = Object.values(build.model).map((file) => file.path);
  const known = await Promise.all(model.map((path) => cache.match(path)));
  await cache.addAll(model.filter((_, index) => !known[index]));
  await self.skipWaiting();
}

async function dropUnlisted() {
  const cache = await caches.open(CACHE);
  const build = await (await cache.match("build.json")).json();
  const hashed = [...Object.values(build.model), ...Object.values(build.variants).flatMap(Object.values)];
  const paths = [...build.shell, ...hashed.map((file) => file.path)];
  const listed = new Set(paths.map((path) => new URL(path, registration.scope).href));
  const requests = await cache.keys();
  await Promise.all(requests.filter(({ url }) => !listed.has(url)).map((request) => cache.delete(request)));
}

async function cacheFirst(request) {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request);
  if (known) return known;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}

async function networkFirst(request) {
  try {
    return await fetch(request);
  } catch (error) {
    // `?device=cpu` and `index.html` are the same page
    const wanted = request.mode === "navigate" ? "./" : request;
    const known = await (await caches.open(CACHE)).match(wanted);
    if (known) return known;
    throw error;
  }
}
