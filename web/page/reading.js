// Has files read in workers of their own: the page stays awake whatever their size, and their memory goes with them.

// Returns a function of a file's bytes and of a function that gets the motion's bytes, or else the problem: a string where
// the reader says it, an Error where the worker failed. It returns a function that ends the worker.
export function reader(script, module) {
  return (unread, done) => {
    let worker;
    const end = (motion, problem) => {
      worker?.terminate();
      done(motion, problem);
    };
    try {
      worker = new Worker("reader.js", { type: "module" });
      worker.onmessage = ({ data }) => end(data.motion, data.problem);
      worker.onerror = ({ message }) => end(undefined, new Error(message || "the worker does not start"));
      worker.postMessage({ script, module, unread }, [unread.buffer]);
    } catch (error) {
      end(undefined, error);
    }
    return () => worker?.terminate();
  };
}
