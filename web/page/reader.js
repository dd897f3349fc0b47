// A worker that reads one file: another copy of the program, without a window.

addEventListener("message", async ({ data: { script, module, unread } }) => {
  try {
    const { default: init, read_motion } = await import(script);
    await init({ module_or_path: module });
    const motion = read_motion(unread, (fraction) => postMessage({ fraction }));
    postMessage({ motion }, motion.slice(1).map(({ buffer }) => buffer));
  } catch (error) {
    // the program's own words are strings
    postMessage({ problem: typeof error === "string" ? error : new Error(error.message) });
  }
});
