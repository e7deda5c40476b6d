// A timeline within the page. Its style goes into a sheet of its shadow tree, since the page allows no inline styles; of its elements
// and attributes, only those that timelines have are taken over.

const ELEMENTS = new Set(["svg", "title", "desc", "g", "rect", "line", "path", "text"]);
const ATTRIBUTES = new Set(
  "viewBox role aria-labelledby id class x y x1 x2 y1 y2 width height rx d text-anchor font-weight".split(" "),
);
const PROBLEM_HEIGHT = 20;
/// Names of more characters are condensed to the width in front of the axis.
const MAX_NAME = 22;
const NAME_WIDTH = 204;

const around = new CSSStyleSheet();
around.replaceSync(`
  :host { display: block }
  svg { --paper: var(--surface) !important; display: block; width: 100%; height: auto; min-width: 620px; font-size: 17px }
  .soft { font-size: 14.5px }
`);

export function picture(svg, label) {
  let style = "";
  const text = svg.replace(/<style>([^<]*)<\/style>/, (_, css) => {
    style = css;
    return "";
  });
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  leaveOutProblems(parsed);
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet, around];
  root.append(copy(parsed));
  host.className = "picture";
  // It scrolls on narrow screens, also with the keyboard.
  host.tabIndex = 0;
  host.setAttribute("role", "group");
  host.setAttribute("aria-label", label);
  return host;
}

/// The page lists the problems itself.
function leaveOutProblems(svg) {
  const problems = [...svg.children].filter((child) => child.matches("text.error, text.warning"));
  for (const problem of problems) problem.remove();
  const [left, top, width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const rest = height - PROBLEM_HEIGHT * problems.length;
  svg.setAttribute("viewBox", `${left} ${top} ${width} ${rest}`);
  svg.setAttribute("height", rest);
}

function copy(node) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", node.localName);
  for (const { name, value } of node.attributes) {
    if (ATTRIBUTES.has(name)) made.setAttribute(name, value);
  }
  if (node.matches(".lane > text:first-of-type") && MAX_NAME < node.textContent.trim().length) {
    made.setAttribute("textLength", NAME_WIDTH);
    made.setAttribute("lengthAdjust", "spacingAndGlyphs");
  }
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) made.append(child.data.trim());
    else if (child.nodeType === Node.ELEMENT_NODE && ELEMENTS.has(child.localName)) made.append(copy(child));
  }
  return made;
}
