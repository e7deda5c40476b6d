// The verdict, the list of objects, and the details of one of them.

import { changes } from "./changes.js";
import { count, element } from "./element.js";
import { picture } from "./picture.js";

const MAX_OBJECTS = 200;

const WORDS = { denied: "Denied", repaired: "Allowed, once repaired", allowed: "Allowed", skipped: "Not judged" };
const ORDER = ["denied", "repaired", "allowed", "skipped"];

const nameOf = ({ kind, name }) => (kind === "" ? "Not a Kubernetes object" : `${kind} ${name}`);

/// The worst verdict on any object.
export function worst(objects) {
  return ORDER.find((verdict) => objects.some((object) => object.verdict === verdict)) ?? "empty";
}

export function showVerdict(place, objects) {
  const verdict = worst(objects);
  const marks = objects.flatMap((object) => object.marks);
  const warnings = marks.filter(({ action }) => action === "Warn").length;
  const word = verdict === "empty" ? "Nothing to judge yet" : verdict === "allowed" && 0 < warnings ? "Allowed, with warnings" : WORDS[verdict];
  const parts = [element("p", { class: "word" }, word), element("p", { class: "about" }, about(objects, verdict, marks.length - warnings, warnings))];
  // Screen readers say it only when it changes.
  if (parts.map((part) => part.textContent).join("") === place.textContent) return;
  place.dataset.verdict = verdict;
  place.replaceChildren(...parts);
}

function about(objects, verdict, problems, warnings) {
  if (verdict === "empty") return "Paste a manifest, or start from an example.";
  const found = [0 < problems && count(problems, "problem"), 0 < warnings && count(warnings, "warning")].filter(Boolean).join(", ");
  if (objects.length === 1) {
    const [object] = objects;
    if (verdict === "skipped") return object.kind === "" ? "This has no apiVersion and kind." : `${nameOf(object)} creates no Pods.`;
    return `${nameOf(object)}: ${found === "" ? "every container waits for what it needs, as far as can be told." : found}`;
  }
  const counts = ORDER.map((verdict) => [objects.filter((object) => object.verdict === verdict).length, verdict]);
  const said = counts.filter(([number]) => 0 < number).map(([number, verdict]) => `${number} ${WORDS[verdict].toLowerCase()}`);
  return `${count(objects.length, "object")}: ${said.join("; ")}${found === "" ? "" : ` (${found})`}`;
}

/// A list to choose from, if there is a choice. What is denied comes first where there are too many.
export function showObjects(place, objects, chosen, onChosen) {
  if (objects.length < 2) return place.replaceChildren();
  const numbered = objects.map((object, index) => ({ object, index }));
  if (MAX_OBJECTS < objects.length) {
    numbered.sort((one, other) => ORDER.indexOf(one.object.verdict) - ORDER.indexOf(other.object.verdict));
  }
  const items = numbered.slice(0, MAX_OBJECTS).map(({ object, index }) => {
    const button = element("button", { type: "button", "aria-pressed": String(index === chosen), onclick: () => onChosen(index) },
      element("span", { class: "dot", "data-verdict": object.verdict, "aria-hidden": "true" }),
      element("span", { class: "who" }, nameOf(object)),
      element("span", { class: "what" }, WORDS[object.verdict].toLowerCase()));
    return element("li", {}, button);
  });
  const rest = objects.length - items.length;
  place.replaceChildren(
    element("h2", {}, "Objects"),
    element("ul", { class: "objects" }, items),
    0 < rest ? element("p", { class: "hint" }, `${count(rest, "more object")} not listed; those that are denied come first.`) : "",
  );
}

/// Everything about one object. `actions` are { goTo(line, column), apply(), applyAll() }.
export function showDetail(place, object, detail, actions) {
  const sections = [problems(object, actions), timelines(detail), repair(object, detail, actions)];
  place.replaceChildren(...sections.filter(Boolean));
}

function problems({ marks }, { goTo }) {
  if (marks.length === 0) return null;
  const items = marks.map(({ line, column, action, rule, path, text }) =>
    element("li", { "data-action": action },
      element("p", { class: "rule" },
        element("span", { class: "badge" }, action === "Deny" ? "Problem" : "Warning"),
        rule === null ? "" : element("code", {}, rule),
        element("button", { type: "button", class: "line", onclick: () => goTo(line, column) }, `Line ${line}`)),
      element("p", {}, text),
      rule === null ? null : element("p", { class: "path" }, path)));
  return element("section", { "aria-labelledby": "problems" }, element("h2", { id: "problems" }, "What is wrong"), element("ul", { class: "problems" }, items));
}

function timelines({ before, after }) {
  if (before.length === 0) return null;
  const section = element("section", { "aria-labelledby": "timeline" }, element("h2", { id: "timeline" }, "What starts when"));
  before.forEach(({ svg }, position) => {
    const repaired = after[position];
    if (!repaired) return section.append(picture(svg, "Timeline"));
    section.append(
      element("h3", {}, "As written"), picture(svg, "Timeline as written"),
      element("h3", {}, "Once repaired"), picture(repaired.svg, "Timeline once repaired"));
  });
  return section;
}

function repair({ marks, verdict }, { after, fixes, left, changes: groups, refusal }, { apply, applyAll }) {
  if (marks.length === 0 && verdict !== "repaired") return null;
  const section = element("section", { "aria-labelledby": "repair" });
  const head = element("div", { class: "head" }, element("h2", { id: "repair" }, "The repair"));
  section.append(head);
  if (after.length === 0) {
    section.append(element("p", {}, "Nothing here can be repaired safely without you. What is wrong, above, says what to change."));
  } else if (refusal !== null) {
    section.append(element("p", {}, `A repair is known, but the text cannot be edited in place: ${refusal}.`));
  } else {
    head.append(
      element("div", { class: "buttons" },
        applyAll === null ? null : element("button", { type: "button", id: "apply-all", onclick: applyAll }, "Repair all objects"),
        element("button", { type: "button", id: "apply", class: "primary", onclick: apply }, "Apply the repair")));
    section.append(element("ul", { class: "fixes" }, fixes.map((fix) => element("li", {}, fix))));
  }
  const reasons = left.filter(({ reason }) => reason !== null);
  if (0 < reasons.length) {
    const items = reasons.map(({ rule, container, reason }) => element("li", {}, element("code", {}, rule), container === null ? "" : ` (${container})`, `: ${reason}`));
    section.append(element("p", { class: "hint" }, "Not repaired:"), element("ul", { class: "left" }, items));
  }
  if (0 < groups.length) section.append(...changes(groups));
  return section;
}
