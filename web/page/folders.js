// Folders that are dropped. What listens for files on the canvas cannot look into them.

const canvas = document.getElementById("app");

// Hands the files of dropped folders to `handIn`, as pairs of path and File; files that come with them, too.
export function connect(handIn) {
  addEventListener(
    "drop",
    (event) => {
      const entries = Array.from(event.dataTransfer?.items ?? [], (item) => item.webkitGetAsEntry?.());
      if (!entries.some((entry) => entry?.isDirectory)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      // who listens there shall not wait for the drop any more
      canvas.dispatchEvent(new DragEvent("dragleave"));
      // entries are to be had now, what is in them later
      Promise.all(entries.filter(Boolean).map(filesOf)).then((files) => handIn(files.flat()));
    },
    { capture: true },
  );
}

async function filesOf(entry) {
  // one that cannot be read does not keep the others away
  if (entry.isFile) {
    const file = await new Promise((done) => entry.file(done, () => done(undefined)));
    return file ? [[entry.fullPath.slice(1), file]] : [];
  }
  const inside = [];
  for (const reader = entry.createReader(); ; ) {
    // they come by the hundred
    const some = await new Promise((done) => reader.readEntries(done, () => done([])));
    if (!some.length) break;
    inside.push(...some);
  }
  return (await Promise.all(inside.map(filesOf))).flat();
}
