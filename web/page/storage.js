// The browser's private file system: what is kept there stays on this machine.

const KEEPS_NOTHING = "KeepsNothing";

// Whether an error says that there is no such file system: nothing is kept, and nothing is to be forgotten.
export const keepsNothing = (error) => error?.name === KEEPS_NOTHING;

// The outermost folder. Windows for private browsing may have none.
export async function root() {
  const none = "this browser keeps no files for a page, or none in a private window";
  try {
    return await navigator.storage.getDirectory();
  } catch (cause) {
    throw Object.assign(new Error(none, { cause }), { name: KEEPS_NOTHING });
  }
}

// A folder of that name, made where there is none.
export const folder = async (name) => (await root()).getDirectoryHandle(name, { create: true });

// The folder of what was opened in earlier visits, and its name.
export const KEPT = "kept";
export const kept = () => folder(KEPT);

// Writes a file of these parts: it is there whole, or as it was before.
export async function write(folder, name, ...parts) {
  const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
  for (const part of parts) await writable.write(part);
  await writable.close();
}

// The SHA-256 of bytes, in hexadecimal digits.
export async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
