// The controls that matter as elements of the page, for the keyboard and for screen readers: what is painted on the canvas
// can be seen and clicked, but not read. They show when something in them has the focus.

const byId = (id) => document.getElementById(id);
const canvas = byId("app");

// What of `data-…` on the canvas is shown here; other values change all the time.
const TOLD = ["list", "current", "playing", "ready", "labels", "samples", "long", "model", "models", "coming"];

// The model that comes with the page.
const SHIPPED = "nano";

// `act(name, value)` is the program's way in.
export function connect(act) {
  byId("open").onclick = () => act("open", "");
  byId("play").onclick = () => act("play", "");
  byId("recognise").onclick = () => act("recognise", "");
  byId("span").onclick = () => act("spans", "");
  byId("forget").onclick = () => act("forget", "");
  byId("sample").onchange = ({ target }) => {
    if (target.value) act("sample", target.value);
    target.selectedIndex = 0;
  };
  byId("take").onchange = ({ target }) => act("take", String(target.selectedIndex));
  byId("model").onchange = ({ target }) => act("model", target.value);
  byId("stop-model").onclick = () => act("stop-model", "");
  byId("remove-model").onclick = () => act("remove-model", byId("model").value);
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
  const { model = "", models = "", coming } = canvas.dataset;
  fill(byId("sample"), ["Open a sample", ...lines(samples)], (text, n) => new Option(text, n ? text : ""));
  fill(byId("take"), lines(list), (text) => new Option(text));
  fill(byId("labels"), lines(labels), (text) => Object.assign(document.createElement("li"), { textContent: text }));
  if (byId("take").selectedIndex !== Number(current)) byId("take").selectedIndex = Number(current);
  // the first one comes with the page; what lies behind a tab says where another one is
  fill(byId("model"), [SHIPPED, ...lines(models)], (text) => new Option(text.replace("\t", ", "), text.split("\t")[0]));
  if (document.activeElement !== byId("model")) byId("model").value = model;
  byId("stop-model").hidden = !coming;
  byId("remove-model").disabled = model === SHIPPED;
  const none = !list;
  byId("take").disabled = none;
  byId("play").disabled = none;
  byId("forget").disabled = none;
  byId("play").textContent = playing ? "Pause" : "Play";
  for (const id of ["question", "send", "recognise"]) byId(id).disabled = none || !ready;
  byId("span").hidden = !long;
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
