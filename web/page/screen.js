// The loading screen, and what is said when the program cannot go on.

const byId = (id) => document.getElementById(id);

// Shows how much of some files has come: returns a function to call with the number of bytes that arrived.
export function downloading(id, files) {
  const sum = (key) => files.reduce((total, file) => total + file[key], 0);
  const [all, onTheWire] = [sum("bytes"), sum("download")];
  let received = 0;
  const show = () => {
    const fraction = received / all;
    byId(id).value = fraction;
    byId(`${id}-size`).value = `${megabytes(fraction * onTheWire)} of ${megabytes(onTheWire)} MB`;
  };
  show();
  return (bytes) => {
    received += bytes;
    show();
  };
}

// What is done besides downloading.
export function doing(text) {
  byId("setup-text").textContent = text;
}

// Something to know that is no problem.
export function note(text) {
  byId("note").textContent = text;
  byId("note").hidden = false;
  const line = document.createElement("p");
  line.dataset.kind = "note";
  line.textContent = text;
  byId("log").append(line);
}

// Browsers that imitate a phone may tell the canvas's size in pixels of the real screen, while everything else counts in
// the phone's. The program then does without that size.
export function mendPixelSize() {
  new ResizeObserver(([entry]) => {
    const told = entry.devicePixelContentBoxSize?.[0].inlineSize;
    const expected = entry.contentRect.width * devicePixelRatio;
    if (told && Math.abs(told - expected) > 2) delete ResizeObserverEntry.prototype.devicePixelContentBoxSize;
  }).observe(byId("app"));
}

// Buttons that forget kept files without the program: one of these files may be why it does not come so far.
export function offerToForget(forgetAll) {
  for (const button of document.querySelectorAll(".forget")) {
    button.onclick = async () => {
      try {
        await forgetAll();
        location.replace(location.pathname);
      } catch (error) {
        button.textContent = `They are still kept: ${reason(error)}`;
      }
    };
  }
}

// The program can be used: the screen goes.
export function leave() {
  document.body.classList.add("interactive");
  byId("loading").inert = true;
}

// The page cannot start. `error.missing` lists what the browser lacks, where that is why.
export function fail(error) {
  const problem = byId("problem");
  const lead = document.createElement("p");
  lead.textContent = error.missing ? error.message : `The page could not start: ${reason(error)}`;
  problem.replaceChildren(lead);
  if (error.missing) {
    const list = document.createElement("ul");
    list.append(...error.missing.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    problem.append(list);
  }
  problem.hidden = false;
  byId("progress").hidden = true;
  say(problem.textContent);
}

// The program has stopped. The first reason is the true one; what follows from it is not told.
export function crash(text) {
  if (!byId("crash").hidden) return;
  byId("crash-text").textContent = text;
  byId("crash").hidden = false;
  byId("reload").onclick = () => location.reload();
  say(`Something broke: ${text}`);
}

function say(text) {
  byId("status").textContent = text;
}

function reason(error) {
  return error?.message ?? String(error);
}

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1);
}
