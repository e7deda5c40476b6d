// What a repair changes, as a table of lines.

import { element } from "./element.js";

const MAX_LINES = 2000;
const WORDS = { "+": "added", "-": "removed", " ": "" };
const KINDS = { "+": "added", "-": "removed", " ": "same" };

export function changes(groups) {
  const rows = [];
  for (const [position, group] of groups.entries()) {
    if (0 < position) rows.push(element("tr", { class: "gap" }, element("td", { colspan: 4 }, "⋯")));
    rows.push(...group.map(row));
  }
  const shown = rows.slice(0, MAX_LINES);
  const table = element("table", { class: "changes" }, element("tbody", {}, shown));
  const box = element("div", { class: "scroller", tabindex: 0, role: "group", "aria-label": "What the repair changes" }, table);
  return shown.length < rows.length ? [box, element("p", { class: "hint" }, `${rows.length - shown.length} more lines change.`)] : [box];
}

function row({ sign, old, new: after, text }) {
  return element("tr", { class: KINDS[sign] },
    element("td", { class: "number" }, old ?? ""),
    element("td", { class: "number" }, after ?? ""),
    element("td", { class: "change" }, element("span", { "aria-hidden": "true" }, sign), element("span", { class: "hidden" }, WORDS[sign])),
    element("td", { class: "text" }, text),
  );
}
