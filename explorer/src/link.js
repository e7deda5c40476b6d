// Manifest and settings in the fragment of a link, which browsers do not send to the server: JSON, deflated, in base64url.

const PREFIX = "#m=";
// A link of a few kilobytes could otherwise unpack into gigabytes.
const MAX_LENGTH = 16 * 1024 * 1024;

export async function pack(manifest, settings) {
  const json = JSON.stringify(settings.trim() === "" ? { manifest } : { manifest, settings });
  const bytes = await read(new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw")), Infinity);
  let binary = "";
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return PREFIX + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/// What the fragment carries; null if it carries nothing. Throws if it is damaged.
export async function unpack(fragment) {
  if (!fragment.startsWith(PREFIX)) return null;
  const binary = atob(fragment.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const { manifest, settings = "" } = JSON.parse(new TextDecoder().decode(await read(stream, MAX_LENGTH)));
  if (typeof manifest !== "string" || typeof settings !== "string") throw new TypeError("not a manifest");
  return { manifest, settings };
}

async function read(stream, maximum) {
  const chunks = [];
  let length = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (maximum < length) {
      await reader.cancel();
      throw new RangeError("too long");
    }
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
