// Judges off the main thread. Each question has an id, and the answer repeats it.

import init, { Explorer } from "explorer-wasm";

const ready = init({ module_or_path: new URL("explorer.wasm", import.meta.url) });
let session = null;

const answers = {
  judge({ manifest, settings }) {
    session?.free();
    session = null;
    try {
      session = new Explorer(manifest, settings);
    } catch (fault) {
      // Anything else is a fault of the program.
      if (typeof fault !== "string") throw fault;
      return { fault: JSON.parse(fault) };
    }
    return JSON.parse(session.summary());
  },
  detail({ index }) {
    return session && JSON.parse(session.detail(index));
  },
  repaired({ index }) {
    return session && session.repaired(index);
  },
};

self.onmessage = async ({ data: { id, question, ...rest } }) => {
  try {
    await ready;
    self.postMessage({ id, answer: answers[question](rest) });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
};
