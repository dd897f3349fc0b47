// The controls that matter as elements of the page, for the keyboard and for screen readers: what is painted on the canvas
// can be seen and clicked, but not read. They show when something in them has the focus.

const byId = (id) => document.getElementById(id);
const canvas = byId("app");

// What of `data-…` on the canvas is shown here; other values change all the time.
const TOLD = ["list", "current", "playing", "ready", "labels", "samples", "long", "span", "video"];

// What a video can show, by the program's names.
const VIDEOS = { scene: "scene", pictures: "pictures", both: "scene and pictures" };

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
  byId("video").onchange = ({ target }) => {
    if (target.value) act("video", target.value);
    target.selectedIndex = 0;
  };
  byId("cancel-video").onclick = () => act("cancel video", "");
  byId("take").onchange = ({ target }) => act("take", String(target.selectedIndex));
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
  const { span, video } = canvas.dataset;
  fill(byId("sample"), ["Open a sample", ...lines(samples)], (text, n) => new Option(text, n ? text : ""));
  const videos = [["Choose", ""], ...whatVideosShow(span)];
  fill(byId("video"), videos.map(([text]) => text), (text, n) => new Option(text, videos[n][1]));
  fill(byId("take"), lines(list), (text) => new Option(text));
  fill(byId("labels"), lines(labels), (text) => Object.assign(document.createElement("li"), { textContent: text }));
  if (byId("take").selectedIndex !== Number(current)) byId("take").selectedIndex = Number(current);
  const none = !list;
  byId("take").disabled = none;
  byId("play").disabled = none;
  byId("forget").disabled = none;
  byId("video").disabled = none;
  byId("making").hidden = !video;
  byId("made").value = Number(video || 0);
  byId("play").textContent = playing ? "Pause" : "Play";
  for (const id of ["question", "send", "recognise"]) byId(id).disabled = none || !ready;
  byId("span").hidden = !long;
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
