// The browser's private file system: what is kept there stays on this machine.

// A folder of that name, made where there is none.
export async function folder(name) {
  if (!navigator.storage?.getDirectory) throw new Error("this browser keeps no files for a page");
  return (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
}

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
