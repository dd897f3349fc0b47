// The browser's own video encoder, where it has one.

// By preference, and as WebCodecs names them: profile 0 of 8 bits, level 3.
const CODECS = { vp9: "vp09.00.30.08", vp8: "vp8" };

// Bits that a pixel of a frame takes: flat colours need few.
const BITS_PER_PIXEL = 0.2;

// A viewer can jump to every second of a video.
const SECONDS_BETWEEN_KEYS = 1;

// Frames on their way through the encoder at a time.
const UNDER_WAY = 3;

const COLOURS = { primaries: "bt709", transfer: "bt709", matrix: "bt709", fullRange: false };

// Resolves to an encoder for frames of a size, so many a second, or to nothing where the browser has none. Its `add` takes a
// frame in I420 and resolves, as `finish` does, to a list of [microseconds, whether it is a key frame, bytes].
export async function openEncoder(width, height, fps) {
  if (!globalThis.VideoEncoder) return undefined;
  for (const [codec, name] of Object.entries(CODECS)) {
    const bitrate = Math.round(width * height * fps * BITS_PER_PIXEL);
    const config = { codec: name, width, height, framerate: fps, bitrate };
    // what a browser has never heard of it throws at
    const known = await VideoEncoder.isConfigSupported(config).catch(() => undefined);
    if (known?.supported) return encoder(codec, config);
  }
  return undefined;
}

function encoder(codec, config) {
  const { width, height, framerate } = config;
  let [count, problem] = [0, undefined];
  let done = [];
  const native = new VideoEncoder({
    output: (chunk) => {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      done.push([chunk.timestamp, chunk.type === "key", bytes]);
    },
    error: (error) => (problem = error),
  });
  native.configure(config);
  const take = () => {
    if (problem) throw problem;
    const taken = done;
    done = [];
    return taken;
  };
  return {
    codec,
    async add(i420) {
      if (problem) throw problem;
      const [timestamp, duration] = [count, 1].map((n) => Math.round((n * 1e6) / framerate));
      const layout = { format: "I420", codedWidth: width, codedHeight: height };
      const frame = new VideoFrame(i420, { ...layout, timestamp, duration, colorSpace: COLOURS });
      native.encode(frame, { keyFrame: count % (framerate * SECONDS_BETWEEN_KEYS) === 0 });
      frame.close();
      count += 1;
      while (native.encodeQueueSize >= UNDER_WAY && !problem) await soon(native);
      return take();
    },
    async finish() {
      await native.flush();
      return take();
    },
    close() {
      if (native.state !== "closed") native.close();
    },
  };
}

// Resolves when the encoder has taken a frame. Not all browsers tell, and one that fails does not.
function soon(encoder) {
  return new Promise((resolve) => {
    encoder.addEventListener("dequeue", resolve, { once: true });
    setTimeout(resolve, 50);
  });
}
