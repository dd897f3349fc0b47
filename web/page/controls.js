// The controls that matter as elements of the page, for the keyboard and for screen readers: what is painted on the canvas
// can be seen and clicked, but not read. They show when something in them has the focus.

const byId = (id) => document.getElementById(id);
const canvas = byId("app");

// What of `data-…` on the canvas is shown here; other values change all the time.
const TOLD = [
  "list", "current", "beside", "step", "playing", "ready", "labels", "samples", "long", "asked", "answered", "span", "video",
  "whole", "model", "models", "coming", "sees",
];

// The model that comes with the page.
const SHIPPED = "nano";

// Buttons, and what they ask the program for.
const BUTTONS = {
  open: "open",
  folder: "folder",
  play: "play",
  recognise: "recognise",
  span: "spans",
  why: "why",
  stop: "stop",
  share: "share",
  frame: "frame",
  csv: "csv",
  json: "json",
  forget: "forget",
  "stop-model": "stop-model",
  "cancel-video": "cancel video",
};

// Forms with a choice: what they ask the program for, and the list that it is chosen from. A choice alone opens nothing:
// arrow keys go through all of them.
const CHOICES = { samples: ["sample", "sample"], videos: ["video", "video"], models: ["model", "answering"] };

// What a video can show, by the program's names.
const VIDEOS = { scene: "scene", pictures: "pictures", both: "scene and pictures" };

// `act(name, value)` is the program's way in.
export function connect(act) {
  for (const [id, name] of Object.entries(BUTTONS)) byId(id).onclick = () => act(name, "");
  for (const [id, [name, list]] of Object.entries(CHOICES)) {
    byId(id).onsubmit = (event) => {
      event.preventDefault();
      act(name, byId(list).value);
    };
  }
  byId("take").onchange = ({ target }) => act("take", String(target.selectedIndex));
  // the first one is nobody
  byId("beside").onchange = ({ target }) => act("beside", target.selectedIndex ? String(target.selectedIndex - 1) : "");
  byId("step").onchange = ({ target }) => act("step", target.value);
  byId("answering").onchange = show;
  byId("remove-model").onclick = () => act("remove-model", byId("answering").value);
  byId("ask").onsubmit = (event) => {
    event.preventDefault();
    const question = byId("question");
    if (question.value.trim()) act("ask", question.value);
    question.value = "";
  };
  new MutationObserver(show).observe(canvas, { attributeFilter: TOLD.map((key) => `data-${key}`) });
  byId("back").onclick = () => byId("open").focus();
  letTabGo();
  passOverHiddenField();
  show();
  byId("controls").inert = false;
}

// Puts what the program says of itself, `data-…` on the canvas, into the controls.
function show() {
  const { list = "", current = "0", beside = "", step, playing, ready, labels = "", samples = "" } = canvas.dataset;
  const { long, asked, answered, whole, model = "", models = "", coming, sees } = canvas.dataset;
  fill(byId("sample"), lines(samples), (text) => new Option(text));
  const { span, video } = canvas.dataset;
  const videos = whatVideosShow(span);
  fill(byId("video"), videos.map(([text]) => text), (text, n) => new Option(text, videos[n][1]));
  fill(byId("take"), lines(list), (text) => new Option(text));
  fill(byId("labels"), lines(labels), (text) => Object.assign(document.createElement("li"), { textContent: text }));
  if (byId("take").selectedIndex !== Number(current)) byId("take").selectedIndex = Number(current);
  fill(byId("beside"), ["Nothing", ...lines(list)], (text) => new Option(text));
  byId("beside").selectedIndex = beside ? Number(beside) + 1 : 0;
  [...byId("beside").options].forEach((option, n) => (option.disabled = n === Number(current) + 1));
  byId("beside").disabled = lines(list).length < 2;
  byId("step").value = step || "time";
  byId("step").disabled = !beside;
  showModels(model, models, coming);
  const none = !list;
  for (const id of ["take", "play", "share", "frame", "csv", "json"]) byId(id).disabled = none;
  byId("why").disabled = !answered || !ready || !sees;
  byId("stop").disabled = !asked;
  byId("video").disabled = none;
  byId("save-video").disabled = none || Boolean(video);
  byId("making").hidden = !video;
  byId("made").value = Number(video || 0);
  byId("play").textContent = playing ? "Pause" : "Play";
  for (const id of ["question", "send"]) byId(id).disabled = none || !ready;
  byId("recognise").disabled = none || !ready || !sees;
  byId("span").hidden = !long || !sees;
  // only where another page shows this one
  byId("work").hidden = Boolean(whole);
  byId("whole").hidden = !whole;
  if (whole) byId("whole").href = whole;
}

// The models that can answer, and the one on its way.
function showModels(model, models, coming) {
  const list = byId("answering");
  const chosen = list.value;
  // the first one comes with the page; what lies behind a tab says where another one is
  fill(list, [SHIPPED, ...lines(models)], (text) => new Option(text.replace("\t", ", "), text.split("\t")[0]));
  // a choice stays until another model answers
  list.value = list.dataset.model === model ? chosen : model;
  if (list.selectedIndex < 0) list.value = model;
  list.dataset.model = model;
  byId("stop-model").hidden = !coming;
  byId("remove-model").disabled = list.value === SHIPPED;
}

// Words and values of the videos that can be made now: of the labelled span at the playhead, too, where there is one.
function whatVideosShow(span) {
  const of = (part, value) => Object.entries(VIDEOS).map(([name, words]) => [`${words} of ${part}`, `${name}${value}`]);
  return [...(span ? of(`“${span}”`, " span") : []), ...of("the take", "")];
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

// The program has an invisible field beside the canvas for whatever is typed. Tab leads to what can be seen.
function passOverHiddenField() {
  const beside = canvas.parentNode;
  const pass = () => {
    for (const field of beside.querySelectorAll(":scope > input")) {
      field.tabIndex = -1;
      // it has the focus while somebody types into a field of the window
      field.setAttribute("aria-label", "Field of the motion viewer");
    }
  };
  // another one comes with another window, once the GPU was lost
  new MutationObserver(pass).observe(beside, { childList: true });
  pass();
}
