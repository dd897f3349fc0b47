// Has files read in workers of their own: the page stays awake whatever their size, and their memory goes with them.

// Returns a function of a promise of the file, of a function that gets the motion, or else the problem: a string where the
// reader says it, an Error where the worker failed, and of one that hears how much is done. It returns a function that ends
// the worker. File and motion are lists: a text, and behind it bytes in parts.
export function reader(script, module) {
  return (unread, done, told) => {
    let worker;
    const stop = () => {
      if (!worker) return;
      // what it has said already is not heard any more
      worker.onmessage = worker.onerror = null;
      worker.terminate();
    };
    const end = (motion, problem) => {
      stop();
      done(motion, problem);
    };
    try {
      worker = new Worker("reader.js", { type: "module" });
      worker.onmessage = ({ data }) => {
        if ("fraction" in data) told(data.fraction);
        else end(data.motion, data.problem);
      };
      worker.onerror = ({ message }) => end(undefined, new Error(message || "the worker does not start"));
      const send = (file) => worker.postMessage({ script, module, unread: file }, file.slice(1).map(({ buffer }) => buffer));
      unread.then(send).catch((error) => end(undefined, error));
    } catch (error) {
      end(undefined, error);
    }
    return stop;
  };
}
