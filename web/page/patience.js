// Waiting for what may never come.

const TICK = 250;

// Calls `tooLong` after some seconds; returns a function that ends the waiting. Time counts only while the browser draws:
// pages that are behind, or far down in another page, are not drawn, and a computer that slept has not waited.
export function wait(seconds, tooLong) {
  let left = (seconds * 1000) / TICK;
  let drawn = true;
  const count = () => {
    drawn = true;
    left -= 1;
  };
  const timer = setInterval(() => {
    if (left <= 0) {
      clearInterval(timer);
      tooLong();
    } else if (drawn) {
      drawn = false;
      requestAnimationFrame(count);
    }
  }, TICK);
  return () => clearInterval(timer);
}

// What a promise resolves to; an error where it takes longer than some seconds.
export function inTime(seconds, promise) {
  return new Promise((resolve, reject) => {
    const end = wait(seconds, () => reject(new Error(`it has not answered for ${seconds} s`)));
    promise.finally(end).then(resolve, reject);
  });
}
