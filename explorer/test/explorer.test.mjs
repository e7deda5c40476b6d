// Uses the built page in a real browser, as a reader would. CHROMIUM names the browser; SCREENSHOTS names a folder for pictures.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

import { serve } from "../server.mjs";

const BASE = "/some/path/";
const SCREENSHOTS = process.env.SCREENSHOTS || undefined;

const DENIED = `# A comment to keep.
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  initContainers:
    - name: proxy
      image: registry.example.com/proxy:1
      restartPolicy: Always
      ports:
        - containerPort: 8080
      readinessProbe:
        httpGet: {path: /ready, port: 8080}
  containers:
    - name: shop
      image: registry.example.com/shop:1
`;

let server, browser, origin, context, page, complaints;

before(async () => {
  server = await serve(0, BASE);
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium" });
});

after(async () => {
  await browser?.close();
  server?.close();
});

beforeEach(async () => {
  await open({});
});

afterEach(async () => {
  assert.deepEqual(complaints, []);
  await context.close();
});

/// Opens a page that collects errors, warnings about its security policy, and requests that leave the server's folder.
async function open(options, fragment = "") {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, permissions: ["clipboard-read", "clipboard-write"], ...options });
  page = await context.newPage();
  complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  context.on("request", (request) => request.url().startsWith(`${origin}${BASE}`) || request.url().startsWith("data:") || complaints.push(request.url()));
  await page.goto(`${origin}${BASE}${fragment}`);
}

const verdict = () => page.locator("#verdict .word");
const manifest = () => page.getByRole("textbox", { name: "Manifest" });

/// The text of the editor, of which only the visible part is in the page. CodeMirror keeps its view in the property cmTile.
const text = () => manifest().evaluate((content) => content.cmTile.view.state.doc.toString());

async function type(written, editor = manifest()) {
  await editor.focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(written);
}

async function waitForVerdict(word) {
  await verdict().filter({ hasText: new RegExp(`^${word}$`) }).waitFor({ timeout: 20_000 });
}

test("a manifest is denied, repaired, and carried by a link", async () => {
  await type(DENIED);
  await waitForVerdict("Denied");
  await page.getByText("Pod shop: 1 problem").waitFor();
  await page.locator(".problems").getByText("sidecar-without-startup-probe").waitFor();
  assert.equal(await page.locator(".cm-lint-marker-error").count(), 1);

  await page.getByRole("button", { name: /^Line \d+$/ }).click();
  assert.equal(await manifest().evaluate((content) => content.cmTile.view.hasFocus), true);

  assert.equal(await page.locator(".picture").count(), 2);
  const lanes = await page.locator(".picture").first().locator("g.lane > text:first-of-type").allTextContents();
  assert.deepEqual(lanes.map((lane) => lane.trim()), ["proxy", "shop"]);
  const added = await page.locator(".changes .added .text").allInnerTexts();
  assert.ok(added.some((line) => line.includes("startupProbe:")), added.join("\n"));
  assert.equal(await page.locator(".changes .removed").count(), 0);

  await page.getByRole("button", { name: "Apply the repair" }).click();
  await waitForVerdict("Allowed");
  const repaired = await text();
  assert.match(repaired, /startupProbe:/);
  // Nothing but the new lines changes.
  assert.equal(repaired.split("\n").filter((line) => !added.includes(line)).join("\n"), DENIED);
  assert.equal(await page.locator("#repair").count(), 0);

  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByText("Link copied").waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, page.url());
  await open({}, new URL(link).hash);
  await waitForVerdict("Allowed");
  assert.equal(await text(), repaired);

  await manifest().focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(DENIED);
  await waitForVerdict("Denied");
});

test("a repair can be undone", async () => {
  await type(DENIED);
  await page.getByText("Pod shop: 1 problem").waitFor();
  await page.getByRole("button", { name: "Apply the repair" }).click();
  await waitForVerdict("Allowed");
  await manifest().focus();
  await page.keyboard.press("Control+z");
  await waitForVerdict("Denied");
  assert.equal(await text(), DENIED);
});

test("settings are used, carried by a link, and their errors have places", async () => {
  await type(DENIED);
  await page.getByText("Pod shop: 1 problem").waitFor();
  await page.getByRole("tab", { name: "Manifest" }).focus();
  await page.keyboard.press("ArrowRight");
  const settings = page.getByRole("textbox", { name: "Settings" });
  await type("fix: All\n", settings);
  await waitForVerdict("Allowed, once repaired");
  await type("defaultAction: Warn\n", settings);
  await waitForVerdict("Allowed, with warnings");
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByText("Link copied").waitFor();
  await type("fix: All\nrules:\n  no-such-rule: Deny\n", settings);
  await page.locator("#fault").getByText("Line 3, column 3").waitFor();
  await page.locator("#fault").getByText("The settings cannot be read").waitFor();

  await open({}, new URL(page.url()).hash);
  await waitForVerdict("Allowed, with warnings");
});

test("what is not YAML shows its place and keeps the last picture", async () => {
  await type(DENIED);
  await page.getByText("Pod shop: 1 problem").waitFor();
  await page.locator(".picture").first().waitFor();
  await type("a: 1\nb: [\nc: 2\n");
  await page.locator("#fault").getByText(/^Line 3, column 1$/).waitFor();
  assert.equal(await page.locator("#shown").getAttribute("class"), "stale");
  assert.equal(await page.locator(".picture").count(), 2);
  await page.locator("#fault button").click();
  assert.equal(await manifest().evaluate(({ cmTile: { view } }) => view.state.doc.lineAt(view.state.selection.main.head).number), 3);
  await type(DENIED);
  await page.locator("#fault").waitFor({ state: "hidden" });
  assert.equal(await page.locator("#shown").getAttribute("class"), "");
});

test("several objects can be told apart and repaired together", async () => {
  const service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n";
  const other = DENIED.replace("name: shop", "name: bar");
  await type(`${DENIED}---\n${service}---\n${other}`);
  await page.getByText("3 objects: 2 denied; 1 not judged (2 problems)").waitFor();
  await page.getByRole("button", { name: /^Pod bar/ }).click();
  await page.locator(".picture text.title").first().getByText("Pod bar").waitFor();
  await page.getByRole("button", { name: "Repair all objects" }).click();
  await page.getByText("3 objects: 2 allowed; 1 not judged").waitFor();
  assert.match(await text(), /kind: Service\nmetadata:\n {2}name: web\n/);
});

test("every example can be read", async () => {
  const options = await page.locator("#examples option").evaluateAll((options) => options.map(({ value, textContent }) => [value, textContent]));
  assert.ok(6 <= options.length, String(options));
  for (const [value, title] of options.filter(([value]) => value !== "")) {
    await page.locator("#verdict").evaluate((verdict) => verdict.replaceChildren());
    await page.locator("#examples").selectOption(value);
    await verdict().waitFor();
    assert.equal(await page.locator("#fault").isHidden(), true, title);
  }
});

test("a judge that cannot be loaded is reported, and tried again", async () => {
  await waitForVerdict("Denied");
  await context.route("**/explorer.wasm", (route) => route.abort());
  await page.reload();
  await page.locator("#fault").getByText("The judge stopped").waitFor();
  await context.unroute("**/explorer.wasm");
  await type(DENIED);
  await waitForVerdict("Denied");
  await page.locator("#fault").waitFor({ state: "hidden" });
  complaints = complaints.filter((text) => !text.includes("ERR_FAILED") && !text.includes("Failed to fetch"));
});

test("a damaged link says so", async () => {
  await open({}, "#m=AAAA");
  await page.getByText("This link is damaged").waitFor();
  await waitForVerdict("Denied");
});

test("names in a manifest never become markup", async () => {
  const evil = "<img src=x onerror=alert(1)><style>*{display:none}</style>";
  await type(DENIED.replaceAll("name: proxy", `name: '${evil}'`).replaceAll("name: shop", `name: '${evil}'`));
  await page.getByText("img src=x").first().waitFor();
  assert.equal(await page.locator("img, main style").count(), 0);
});

test("megabytes of YAML do not freeze the page", async () => {
  await type(DENIED);
  await page.getByText("Pod shop: 1 problem").waitFor();
  const documents = Math.ceil(3_000_000 / (DENIED.length + 4));
  const gap = await page.evaluate(async ([manifest, documents]) => {
    const view = document.querySelector("#manifest").shadowRoot.querySelector(".cm-content").cmTile.view;
    const large = Array.from({ length: documents }, (_, index) => manifest.replace("name: shop", `name: shop-${index}`)).join("---\n");
    await new Promise((resolve) => setTimeout(resolve, 100));
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: large } });
    // Only the judging counts, not the change itself.
    await new Promise((resolve) => setTimeout(resolve, 0));
    let last = performance.now();
    let gap = 0;
    while (!document.querySelector("#verdict").textContent.includes(`${documents} objects`)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      const now = performance.now();
      gap = Math.max(gap, now - last);
      last = now;
      if (document.querySelector("#fault").hidden === false) throw new Error(document.querySelector("#fault").textContent);
    }
    return gap;
  }, [DENIED, documents]);
  console.log(`The longest pause of the page was ${Math.round(gap)} ms.`);
  assert.ok(gap < 500, `${gap} ms`);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 375]) {
    test(`the page fits ${width} pixels (${colorScheme})`, async () => {
      await open({ colorScheme, viewport: { width, height: width < 500 ? 812 : 900 } });
      const shoot = async (name) => {
        const { scroll, client } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth }));
        assert.ok(scroll <= client, `${name}: ${scroll} > ${client}`);
        if (SCREENSHOTS === undefined) return;
        mkdirSync(SCREENSHOTS, { recursive: true });
        const path = (part) => join(SCREENSHOTS, `${name}-${colorScheme}-${width}${part}.png`);
        await page.screenshot({ path: path("") });
        if (width < 500) await page.screenshot({ path: path("-all"), fullPage: true });
      };
      await page.locator("#repair").waitFor();
      await shoot("denied");
      await page.locator("#examples").selectOption({ label: "Istio" });
      await page.getByText("Pod shop:").waitFor();
      await shoot("istio");
      await type(`${DENIED}---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\n${DENIED.replace("readinessProbe", "startupProbe").replace("name: shop", "name: good")}`);
      await page.locator(".objects").waitFor();
      await shoot("several");
      await type("a: [\nb: 1\n");
      await page.locator("#fault").getByText("Line").waitFor();
      await shoot("fault");
    });
  }
}

test("the page can be used from the keyboard", async () => {
  await waitForVerdict("Denied");
  const names = [];
  for (let step = 0; step < 5; step++) {
    await page.keyboard.press("Tab");
    names.push(await page.evaluate(() => document.activeElement.id));
  }
  assert.deepEqual(names.slice(0, 4), ["skip", "examples", "share", "tab-manifest"]);
  await page.keyboard.press("Shift+Tab");
  await page.locator("#skip").focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "result");
  assert.equal(await page.getByRole("status").first().isVisible(), true);
  // Everything that can be operated has a name.
  const nameless = await page.locator("button, select, [role=tab], [role=group], [role=img]").evaluateAll((elements) =>
    elements.filter((element) => !(element.textContent.trim() || element.getAttribute("aria-label") || element.labels?.length)).map((element) => element.outerHTML));
  assert.deepEqual(nameless, []);
});
