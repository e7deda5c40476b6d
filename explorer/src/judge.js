// Asks the worker. While it judges a text, only the latest of the texts that come after it is kept.

export class Judge {
  #worker = null;
  #asked = new Map();
  #next = 0;
  #latest = null;
  #isJudging = false;
  #onJudged;

  /// `onJudged` gets each answer that is still wanted when it comes: { manifest, settings } and either a summary, { fault } or { error }.
  constructor(onJudged) {
    this.#onJudged = onJudged;
  }

  judge(manifest, settings) {
    this.#latest = { manifest, settings };
    if (!this.#isJudging) this.#run();
  }

  detail(index) {
    return this.#ask("detail", { index });
  }

  /// The manifest with one object repaired; all of them without an index.
  repaired(index) {
    return this.#ask("repaired", { index });
  }

  async #run() {
    this.#isJudging = true;
    while (this.#latest) {
      const texts = this.#latest;
      this.#latest = null;
      const answer = await this.#ask("judge", texts).catch((error) => ({ error }));
      if (!this.#latest) this.#onJudged(texts, answer);
    }
    this.#isJudging = false;
  }

  #ask(question, rest) {
    return new Promise((resolve, reject) => {
      // After an error, not before the next question: what cannot be loaded would be loaded forever.
      this.#worker ??= this.#start();
      const id = this.#next++;
      this.#asked.set(id, { resolve, reject });
      this.#worker.postMessage({ id, question, ...rest });
    });
  }

  #start() {
    const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data: { id, answer, error } }) => {
      if (error !== undefined) return this.#stop(error);
      this.#asked.get(id).resolve(answer);
      this.#asked.delete(id);
    };
    worker.onerror = (event) => this.#stop(event.message ?? "It could not be loaded");
    return worker;
  }

  /// After an error, the memory of the module cannot be trusted.
  #stop(error) {
    this.#worker.terminate();
    this.#worker = null;
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const { reject } of asked) reject(error);
  }
}
