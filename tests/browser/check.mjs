// Looks at muster's pages in Chromium. Reads the plan (paths) from standard input; see check.py and README.md.
import { readFileSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { HtmlValidate } from "html-validate";

const plan = JSON.parse(readFileSync(0, "utf8"));
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
rmSync(plan.shots, { recursive: true, force: true });
mkdirSync(plan.shots, { recursive: true });

const problems = [];
let done = 0;
function that(truth, message) {
  done += 1;
  if (!truth) problems.push(message);
}
function same(got, wanted, message) {
  that(JSON.stringify(got) === JSON.stringify(wanted), `${message}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
}

const browser = await chromium.launch({
  executablePath: plan.chromium,
  // The sandbox of Chromium does not work for root, and the pages are our own. No name resolves: nothing can be reached.
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND"],
});

/// A page that is opened by its file, with everything watched that must not happen.
async function open(path, { fragment = "", may = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  const address = pathToFileURL(path).href;
  page.on("request", (request) => {
    const asked = request.url().split("#")[0];
    that(asked === address || may.some((start) => asked.startsWith(start)), `${path} asks for ${asked}`);
  });
  page.on("console", (message) => that(may.length > 0 || message.type() !== "error", `${path}: ${message.text()}`));
  page.on("pageerror", (error) => that(false, `${path}: ${error.message}`));
  page.on("dialog", (dialog) => {
    that(false, `${path} opens a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.addInitScript(() => {
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(address + fragment);
  return page;
}
async function close(page, path) {
  same(await page.evaluate(() => globalThis.violations ?? []), [], `${path}: its Content-Security-Policy is hurt`);
  await page.context().close();
}
const openAll = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((element) => (element.open = true)));
/// The first screen, or the top of the page down to `height`: a page of thousands of rows makes no picture that anybody looks at.
async function shot(page, name, height = 0) {
  const { width } = page.viewportSize();
  const clip = height > 0 ? { x: 0, y: 0, width, height: Math.min(height, await page.evaluate(() => document.documentElement.scrollHeight)) } : undefined;
  await page.screenshot({ path: join(plan.shots, `${name}.png`), fullPage: height > 0, clip });
}

async function axe(page, name) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of found.violations)
    that(false, `${name}: axe ${violation.id}: ${violation.help}: ${violation.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`).join("; ")}`);
  that(found.violations.length === 0, `${name}: axe`);
  return found;
}

/// Elements that a page may consist of. Whatever a tenant names adds none.
const elements = new Set(("html head meta title style body header main footer nav section p h1 h2 h3 span bdi strong em code pre time ul li dl dt dd a details summary table caption " +
  "thead tbody tr th td figure figcaption svg rect path text form label input select option button output div script").split(" "));

async function visibleRows(page) {
  return page.locator("table.findings > tbody > tr").evaluateAll((rows) => rows.filter((row) => row.checkVisibility()).map((row) => row.textContent));
}
const fragmentOf = (page) => Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)));
const settle = (page) => page.waitForTimeout(250);

async function looks() {
  for (const scheme of ["light", "dark"]) {
    const page = await open(plan.report, { colorScheme: scheme });
    await shot(page, `report-${scheme}-first`);
    // What is drawn: at least 3 to 1 to the ground that it is on.
    const low = await page.evaluate(() => {
      const luminance = (colour) => {
        const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const probe = document.body.appendChild(document.createElement("i"));
      const colour = (name) => {
        probe.style.setProperty("color", `var(--${name})`);
        return luminance(getComputedStyle(probe).color);
      };
      const out = [];
      for (const drawn of ["pass", "fail", "waived", "not_applicable", "unknown", "error", "strong-line"])
        for (const ground of ["card", "ground"]) {
          const [high, low] = [colour(drawn), colour(ground)].sort((a, b) => b - a);
          const contrast = (high + 0.05) / (low + 0.05);
          if (contrast < 3) out.push(`${drawn} on ${ground}: ${contrast.toFixed(2)}`);
        }
      probe.remove();
      return out;
    });
    same(low, [], `report, ${scheme}: contrast of what is drawn`);
    await openAll(page);
    await axe(page, `report, ${scheme}, all open`);
    await shot(page, `report-${scheme}`, 4000);
    await close(page, plan.report);
  }
  const narrow = await open(plan.report, { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 });
  await shot(narrow, "report-narrow-first");
  same(await narrow.evaluate(() => document.documentElement.scrollWidth), 390, "report at 390 px scrolls sideways");
  await narrow.locator("details.rule > summary").first().click();
  await shot(narrow, "report-narrow", 4000);
  await openAll(narrow);
  same(await narrow.evaluate(() => document.documentElement.scrollWidth), 390, "report at 390 px, all open, scrolls sideways");
  await close(narrow, plan.report);
}

async function prints() {
  for (const javaScriptEnabled of [true, false]) {
    const page = await open(plan.report, { javaScriptEnabled, viewport: { width: 794, height: 1123 } });
    const all = await page.locator("table.findings > tbody > tr").count();
    same((await visibleRows(page)).length, 0, "closed sections show rows");
    await page.emulateMedia({ media: "print" });
    same((await visibleRows(page)).length, all, `print, ${javaScriptEnabled ? "scripts" : "no scripts"}: rows that can be seen`);
    that(!(await page.locator("#filters").isVisible()), "print shows the filters");
    if (!javaScriptEnabled) await shot(page, "report-print", 4000);
    const pdf = await page.pdf({ path: join(plan.shots, `report-${javaScriptEnabled ? "scripts" : "no-scripts"}.pdf`), preferCSSPageSize: true, format: "A4" });
    that(pdf.length > 20_000, "print: the PDF is empty");
    await close(page, plan.report);
  }
}

async function worksWithoutScripts() {
  const page = await open(plan.report, { javaScriptEnabled: false });
  that(!(await page.locator("#filters").isVisible()), "without scripts there is a filter that does nothing");
  const first = page.locator("details.rule").first();
  await first.locator(":scope > summary").click();
  that(await first.locator("table.findings").isVisible(), "without scripts a section does not open");
  await shot(page, "report-no-scripts", 4000);
  await close(page, plan.report);

  // As some CI systems and mail readers show files: no script, no style, no origin.
  const wrapper = join(dirname(plan.report), "sandboxed.html");
  const quoted = readFileSync(plan.report, "utf8").replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  writeFileSync(wrapper, `<!DOCTYPE html><html lang="en"><title>sandbox</title><meta http-equiv="Content-Security-Policy" content="default-src 'none'"><iframe sandbox title="r" width="1200" height="800" srcdoc="${quoted}"></iframe></html>`);
  const outer = await open(wrapper, { may: ["about:srcdoc"] });
  const frame = outer.frames()[1];
  const facts = await frame.evaluate(() => ({ heading: document.querySelector("h1").textContent, font: getComputedStyle(document.body).maxWidth, ground: getComputedStyle(document.body).backgroundColor,
    form: document.querySelector("#filters").checkVisibility(), rows: document.querySelectorAll("table.findings > tbody > tr").length }));
  that(facts.heading.includes("failed"), "sandbox: the verdict is not there");
  that(!facts.form, "sandbox: the filters are shown");
  that(facts.ground === "rgba(0, 0, 0, 0)", "sandbox: the style sheet was applied, so this shows nothing");
  that(facts.rows > 0, "sandbox: no findings");
  await frame.locator("details.rule > summary").first().click();
  that(await frame.locator("table.findings").first().isVisible(), "sandbox: a section does not open");
  await shot(outer, "report-sandbox");
  await outer.context().close();
}

async function searches() {
  const results = JSON.parse(readFileSync(plan.results, "utf8"));
  const page = await open(plan.report, { permissions: ["clipboard-read", "clipboard-write"] });
  const rows = await page.locator("table.findings > tbody > tr").count();
  same(rows, results.findings.length, "the fixture's findings are all on the page");
  that((await page.locator("output[name=shown]").textContent()).startsWith(`${rows.toLocaleString("en")} findings of `), "the number of findings");

  const name = results.findings.find((finding) => finding.subject.kind === "user").subject.label;
  await page.fill("input[name=q]", name.toUpperCase());
  await settle(page);
  same(fragmentOf(page), { q: name.toUpperCase() }, "the search in the fragment");
  const found = await visibleRows(page);
  that(found.length > 0 && found.length < rows && found.every((text) => text.includes(name)), `search for ${name}: ${found.length} rows`);
  that(found.length >= results.findings.filter((finding) => finding.subject.label === name).length, `search for ${name} finds too little`);

  await page.fill("input[name=q]", "");
  await page.selectOption("select[name=verdict]", "waived");
  await settle(page);
  same(fragmentOf(page), { verdict: "waived" }, "the verdict in the fragment");
  same((await visibleRows(page)).length, results.findings.filter((finding) => finding.verdict === "waived").length, "waived rows");
  await page.selectOption("select[name=verdict]", "fail");
  await page.selectOption("select[name=severity]", "high");
  await settle(page);
  const high = new Set(results.rules.filter((rule) => rule.severity === "high").map((rule) => rule.as));
  const wanted = results.findings.filter((finding) => finding.verdict === "fail" && high.has(finding.as)).length;
  same(fragmentOf(page), { verdict: "fail", severity: "high" }, "two filters in the fragment");
  same((await visibleRows(page)).length, wanted, "failures of high severity");
  await shot(page, "report-filtered");
  const again = await open(plan.report, { fragment: new URL(page.url()).hash });
  same((await visibleRows(again)).length, wanted, "the same filters from the address");
  same(await again.locator("select[name=severity]").inputValue(), "high", "the filter's field from the address");
  await again.context().close();
  await page.locator("button[type=reset]").click();
  await settle(page);
  same(fragmentOf(page), {}, "the fragment after Clear");
  same((await visibleRows(page)).length, 0, "sections close again after Clear");

  const button = page.locator("#by-control button.show, #by-severity button.show").first();
  await button.evaluate((element) => element.closest("details")?.setAttribute("open", ""));
  await button.click();
  await settle(page);
  that(Object.keys(fragmentOf(page)).length === 1, `a group's button does not filter: ${page.url()}`);
  await page.locator("button[type=reset]").click();
  await settle(page);

  await page.locator("button[name=open]").click();
  same((await visibleRows(page)).length, rows, "Open all");
  const row = page.locator("table.findings > tbody > tr").nth(3);
  await row.locator("button.copy").click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  same(copied, `${pathToFileURL(plan.report).href}#${await row.getAttribute("id")}`, "the copied link");
  const there = await open(plan.report, { fragment: new URL(copied).hash });
  await settle(there);
  same((await visibleRows(there)).length > 0 && (await there.locator(new URL(copied).hash).isVisible()), true, "a link to a finding opens its section");
  that(await there.locator(new URL(copied).hash).evaluate((element) => element.getBoundingClientRect().top < innerHeight && element.getBoundingClientRect().top >= 0), "a link to a finding scrolls to it");
  await close(there, plan.report);
  await close(page, plan.report);
}

async function staysText() {
  for (const path of [...plan.reports, ...plan.catalogue]) {
    const page = await open(path);
    await page.waitForLoadState("load");
    const facts = await page.evaluate(() => ({ names: [...new Set([...document.querySelectorAll("*")].map((element) => element.localName))], scripts: document.scripts.length, links: document.querySelectorAll("link, base").length,
      handlers: [...document.querySelectorAll("*")].filter((element) => [...element.attributes].some((attribute) => attribute.name === "style" || attribute.name.startsWith("on"))).length,
      hidden: /[\u202A-\u202E\u2066-\u2069\u200B-\u200F\u0000-\u0008]/u.test(document.documentElement.textContent) }));
    same(facts.names.filter((name) => !elements.has(name)), [], `${path}: elements that muster does not write`);
    that(facts.scripts <= 1 && facts.links === 0 && facts.handlers === 0, `${path}: ${JSON.stringify(facts)}`);
    that(!facts.hidden, `${path}: controls that turn or hide text are obeyed`);
    if (path === plan.hostile) {
      await openAll(page);
      await axe(page, "hostile");
      await shot(page, "hostile", 4000);
    }
    await close(page, path);
  }
}

async function catalogue() {
  for (const [i, path] of plan.catalogue.entries()) {
    for (const scheme of ["light", "dark"]) {
      const page = await open(path, { colorScheme: scheme });
      await openAll(page);
      await axe(page, `${path}, ${scheme}`);
      await shot(page, `catalogue-${i}-${scheme}`);
      await close(page, path);
    }
    const narrow = await open(path, { viewport: { width: 390, height: 844 } });
    same(await narrow.evaluate(() => document.documentElement.scrollWidth), 390, `${path} at 390 px scrolls sideways`);
    await shot(narrow, `catalogue-${i}-narrow`);
    await close(narrow, path);
  }
}

async function validates() {
  // An id may hold a dot: rules are called family.name.
  const validator = new HtmlValidate({ extends: ["html-validate:recommended"], rules: { "long-title": "off", "valid-id": ["error", { relaxed: true }] } });
  // A long page has the same markup many times over, and takes long.
  for (const path of [...plan.reports, ...plan.catalogue].filter((path) => statSync(path).size < 300_000)) {
    const report = await validator.validateFile(path);
    for (const result of report.results) for (const message of result.messages.slice(0, 5)) that(false, `${path}:${message.line}: html-validate ${message.ruleId}: ${message.message}`);
    that(report.valid, `${path}: html-validate`);
  }
}

let told = 0;
for (const part of [looks, prints, worksWithoutScripts, searches, staysText, catalogue, validates]) {
  const started = Date.now();
  try {
    await part();
  } catch (error) {
    that(false, `${part.name}: ${error.stack}`);
  }
  console.log(`${part.name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
  for (const problem of problems.slice(told, told + 20)) console.log(`FAILED: ${problem}`);
  told = problems.length;
}
await browser.close();
console.log(`${done} checks, ${problems.length} failed; the screenshots are in ${plan.shots}`);
process.exit(problems.length === 0 && done > 0 ? 0 : 1);
