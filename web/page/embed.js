// The page inside another one: a take and its playhead, nothing to open, nothing kept.

const asked = new URLSearchParams(location.search);
const off = ["0", "no", "false"];

// Whatever its address says, in a frame it is nothing else: whoever made the other page could have people click on
// anything.
export const embedded = window.top !== window || (asked.has("embed") && !off.includes(asked.get("embed")));

// Instead of `kept.js`.
export const nothingKept = {
  keep: async () => "",
  forget: async () => {},
  forgetAll: async () => {},
  recall: async () => {},
};

// What must be so before the program starts.
export function prepare() {
  const root = document.documentElement;
  root.dataset.embed = "";
  const theme = asked.get("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  // the program puts the cursor into its window at its start; the other page keeps it
  document.querySelector("main").inert = true;
  // the other page scrolls where it is scrolled over; with Ctrl, or two fingers, the view comes nearer
  const own = (event) => event.ctrlKey || event.stopImmediatePropagation();
  addEventListener("wheel", own, { capture: true, passive: true });
}

// The program has started.
export function started() {
  document.querySelector("main").inert = false;
}
