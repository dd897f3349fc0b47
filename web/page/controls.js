// The controls that matter as elements of the page, for the keyboard and for screen readers: what is painted on the canvas
// can be seen and clicked, but not read. They show when something in them has the focus.

const byId = (id) => document.getElementById(id);
const canvas = byId("app");

// What of `data-…` on the canvas is shown here; other values change all the time.
const TOLD = ["list", "current", "beside", "step", "playing", "ready", "labels", "samples", "long", "whole"];

// `act(name, value)` is the program's way in.
export function connect(act) {
  byId("open").onclick = () => act("open", "");
  byId("play").onclick = () => act("play", "");
  byId("recognise").onclick = () => act("recognise", "");
  byId("span").onclick = () => act("spans", "");
  byId("share").onclick = () => act("share", "");
  byId("frame").onclick = () => act("frame", "");
  byId("forget").onclick = () => act("forget", "");
  byId("sample").onchange = ({ target }) => {
    if (target.value) act("sample", target.value);
    target.selectedIndex = 0;
  };
  byId("take").onchange = ({ target }) => act("take", String(target.selectedIndex));
  // the first one is nobody
  byId("beside").onchange = ({ target }) => act("beside", target.selectedIndex ? String(target.selectedIndex - 1) : "");
  byId("step").onchange = ({ target }) => act("step", target.value);
  byId("ask").onsubmit = (event) => {
    event.preventDefault();
    const question = byId("question");
    if (question.value.trim()) act("ask", question.value);
    question.value = "";
  };
  new MutationObserver(show).observe(canvas, { attributeFilter: TOLD.map((key) => `data-${key}`) });
  letTabGo();
  show();
  byId("controls").inert = false;
}

// Puts what the program says of itself, `data-…` on the canvas, into the controls.
function show() {
  const { list = "", current = "0", playing, ready, labels = "", samples = "", long } = canvas.dataset;
  const { beside = "", step, whole } = canvas.dataset;
  fill(byId("sample"), ["Open a sample", ...lines(samples)], (text, n) => new Option(text, n ? text : ""));
  fill(byId("take"), lines(list), (text) => new Option(text));
  fill(byId("labels"), lines(labels), (text) => Object.assign(document.createElement("li"), { textContent: text }));
  if (byId("take").selectedIndex !== Number(current)) byId("take").selectedIndex = Number(current);
  fill(byId("beside"), ["Nothing", ...lines(list)], (text) => new Option(text));
  byId("beside").selectedIndex = beside ? Number(beside) + 1 : 0;
  [...byId("beside").options].forEach((option, n) => (option.disabled = n === Number(current) + 1));
  byId("beside").disabled = lines(list).length < 2;
  byId("step").value = step || "time";
  byId("step").disabled = !beside;
  const none = !list;
  for (const id of ["take", "play", "share", "frame", "forget"]) byId(id).disabled = none;
  byId("play").textContent = playing ? "Pause" : "Play";
  for (const id of ["question", "send", "recognise"]) byId(id).disabled = none || !ready;
  byId("span").hidden = !long;
  // only where another page shows this one
  byId("work").hidden = Boolean(whole);
  byId("whole").hidden = !whole;
  if (whole) byId("whole").href = whole;
}

// Makes an element of each text, where the list has other ones.
function fill(list, texts, element) {
  const shown = texts.join("\n");
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.replaceChildren(...texts.map(element));
}

function lines(text) {
  return text ? text.split("\n") : [];
}

// The canvas keeps Tab for its own buttons. After Escape it goes on to what comes before or behind the canvas.
function letTabGo() {
  let escaped = false;
  addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Tab" && escaped) event.stopImmediatePropagation();
      escaped = event.key === "Escape" || (escaped && event.key === "Shift");
    },
    { capture: true },
  );
}
