// Opened files, kept for the next visit in the browser's private file system: they stay on this machine.

const FOLDER = "takes";
// [{ id, name }], oldest first; a file's id is its name in the folder
const LIST = "list.json";

// One thing after the other: all of them read and write the list.
let last = Promise.resolve();
const inTurn = (act) => (last = last.then(act, act));

// Keeps a file, in the place of one with the same name.
export const keep = (name, bytes) =>
  inTurn(async () => {
    const folder = await open();
    const known = await list(folder);
    const id = known.find((file) => file.name === name)?.id ?? crypto.randomUUID();
    await write(folder, id, bytes);
    if (!known.some((file) => file.id === id)) await write(folder, LIST, JSON.stringify([...known, { id, name }]));
  });

export const forget = (name) =>
  inTurn(async () => {
    const folder = await open();
    const known = await list(folder);
    await write(folder, LIST, JSON.stringify(known.filter((file) => file.name !== name)));
    for (const { id } of known.filter((file) => file.name === name)) await folder.removeEntry(id);
  });

export const forgetAll = () =>
  inTurn(async () => {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(FOLDER, { recursive: true });
  });

// Resolves to all kept files as `{ name, bytes }`, oldest first.
export const recall = () =>
  inTurn(async () => {
    const folder = await open();
    const read = async ({ id, name }) => {
      const file = await (await folder.getFileHandle(id)).getFile();
      return { name, bytes: new Uint8Array(await file.arrayBuffer()) };
    };
    // one that cannot be read does not keep the others away
    const files = await Promise.allSettled((await list(folder)).map(read));
    return files.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
  });

async function open() {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, { create: true });
}

async function list(folder) {
  try {
    return JSON.parse(await (await (await folder.getFileHandle(LIST)).getFile()).text());
  } catch {
    // nothing was kept yet, or a write was cut off
    return [];
  }
}

async function write(folder, name, content) {
  const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
  await writable.write(content);
  await writable.close();
}
