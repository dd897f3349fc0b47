// Dropped folders, as the files in them: what paints the window takes files only.

// Of a folder that holds more, the rest is left out.
const MOST = 10000;

// `give(paths, files)` is the program's way in: a name with its folders for each file.
export function connect(canvas, give) {
  const listen = async (event) => {
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.some((entry) => entry.isDirectory)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    // nothing hovers over the window any more
    canvas.dispatchEvent(new DragEvent("dragleave"));
    const found = [];
    for (const entry of entries) await collect(entry, found);
    give(
      found.map(({ path }) => path),
      found.map(({ file }) => file),
    );
  };
  addEventListener("drop", listen, { capture: true });
}

async function collect(entry, found) {
  if (found.length >= MOST) return;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = entry.createReader();
  const next = () => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  // a hundred at a time
  for (let entries = await next(); entries.length; entries = await next()) {
    for (const inner of entries) await collect(inner, found);
  }
}
