// The page: two editors, and what the judge says about their texts.

import examples from "examples";

import { Editor } from "./editor.js";
import { element } from "./element.js";
import { Judge } from "./judge.js";
import { pack, unpack } from "./link.js";
import { showDetail, showObjects, showVerdict, worst } from "./results.js";
import { setUpTabs } from "./tabs.js";

/// How long to wait for the next key.
const PAUSE = 150;

const place = (id) => document.getElementById(id);
const judge = new Judge(onJudged);
const manifest = new Editor(place("manifest"), "Manifest in YAML or JSON", onChange);
const settings = new Editor(place("settings"), "Settings in YAML or JSON", onChange);
const editors = { manifest, settings };
const showTab = setUpTabs(document.querySelector("[role=tablist]"), () => Object.values(editors).forEach((editor) => editor.measure()));

let timer = 0;
let objects = [];
let judged = "";
let chosen = 0;

function onChange() {
  place("tab-settings").classList.toggle("filled", settings.text.trim() !== "");
  clearTimeout(timer);
  timer = setTimeout(() => judge.judge(manifest.text, settings.text), PAUSE);
}

function onJudged(texts, answer) {
  // An answer to an older text would mark the wrong places.
  if (texts.manifest !== manifest.text || texts.settings !== settings.text) return;
  showFault(answer);
  if (answer.fault || answer.error) return;
  const previous = objects[chosen];
  objects = answer.objects;
  judged = texts.manifest;
  manifest.mark(objects.flatMap(({ marks }) => marks.map(({ action, rule, ...mark }) => ({ ...mark, isError: action === "Deny", source: rule ?? "" }))));
  settings.mark([]);
  showVerdict(place("verdict"), objects);
  const same = objects.findIndex(({ kind, name }) => kind === previous?.kind && name === previous?.name);
  const first = objects.findIndex(({ verdict }) => verdict === worst(objects));
  choose(same < 0 ? Math.max(0, first) : same);
}

/// Says what cannot be read, and keeps the last good picture below it.
function showFault({ fault, error }) {
  const box = place("fault");
  place("shown").classList.toggle("stale", Boolean(fault || error));
  place("shown").inert = Boolean(fault || error);
  box.hidden = !fault && !error;
  if (error) box.replaceChildren(element("p", { class: "word" }, "The check failed"), element("p", {}, `${error}. Change the text to try again.`));
  if (!fault) return;
  const { source, line, column, message } = fault;
  editors[source].mark([{ line, column, isError: true, source: "", text: message }]);
  const goTo = () => {
    showTab(`tab-${source}`);
    editors[source].goTo(line, column);
  };
  box.replaceChildren(
    element("p", { class: "word" }, `The ${source} cannot be read`),
    element("p", {}, element("button", { type: "button", class: "line", onclick: goTo }, `Line ${line}, column ${column}`), ` ${message}`),
  );
}

async function choose(index) {
  chosen = index;
  const shown = objects;
  showObjects(place("objects"), objects, chosen, choose);
  if (objects.length === 0) return place("details").replaceChildren();
  const detail = await judge.detail(index).catch(() => null);
  if (detail === null || shown !== objects || chosen !== index) return;
  const canApplyAll = 1 < objects.filter(({ marks }) => 0 < marks.length).length;
  showDetail(place("details"), objects[index], detail, {
    goTo(line, column) {
      showTab("tab-manifest");
      manifest.goTo(line, column);
    },
    apply: () => apply(index),
    applyAll: canApplyAll ? () => apply() : null,
  });
}

async function apply(index) {
  const before = judged;
  const repaired = await judge.repaired(index).catch(() => null);
  // What was typed meanwhile must not be lost.
  if (repaired === null || manifest.text !== before) return;
  manifest.text = repaired;
  showTab("tab-manifest");
  notify("The repair is in the manifest. Undo takes it back.");
  // The button that had the focus is about to go.
  place("result").focus({ preventScroll: true });
}

async function share() {
  const fragment = await pack(manifest.text, settings.text);
  history.replaceState(null, "", fragment);
  const link = location.href;
  const copied = await navigator.clipboard?.writeText(link).then(() => true, () => false);
  const size = link.length < 1000 ? "" : ` (${Math.round(link.length / 1000)} kB)`;
  notify(copied ? `Link copied${size}. The manifest is in it, and goes to no server.` : `The link is in the address bar${size}.`);
}

let notified = 0;
function notify(text) {
  clearTimeout(notified);
  place("notice").textContent = text;
  notified = setTimeout(() => place("notice").replaceChildren(), 6000);
}

function load(texts) {
  settings.text = texts.settings;
  manifest.text = texts.manifest;
  showTab("tab-manifest");
  onChange();
}

async function loadFragment() {
  try {
    const texts = await unpack(location.hash);
    if (texts !== null) load(texts);
    return texts !== null;
  } catch {
    notify("This link is damaged, so there is nothing to show from it.");
    return false;
  }
}

for (const [index, { group, title }] of examples.entries()) {
  const select = place("examples");
  const label = [...select.querySelectorAll("optgroup")].find((other) => other.label === group) ?? select.appendChild(element("optgroup", { label: group }));
  label.append(element("option", { value: index }, title));
}
place("examples").addEventListener("change", ({ target }) => {
  if (target.value !== "") load(examples[target.value]);
  target.value = "";
});
place("share").addEventListener("click", share);
place("skip").addEventListener("click", (event) => {
  // The fragment belongs to the manifest.
  event.preventDefault();
  place("result").focus();
});
addEventListener("hashchange", loadFragment);
if (!(await loadFragment())) load(examples[0]);
