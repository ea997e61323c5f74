// The product in a process of its own, and a browser that looks at it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = path.dirname(fileURLToPath(import.meta.url));
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const FLAGS = [
  "--headless",
  "--lang=en-GB",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function program() {
  const found = [process.env.LOCAL_BIN, path.join(here, "../../target/debug/local")].find((p) => p && existsSync(p));
  if (!found) throw new Error("the product is not built: run 'cargo build --bin local', or name it in LOCAL_BIN");
  return found;
}

/** Starts the product with nothing kept; `--empty` for a school without people. */
export async function openHouse(...options) {
  const dir = await mkdtemp(path.join(tmpdir(), "messenger-"));
  const file = path.join(dir, "access.json");
  const flags = ["--listen", "127.0.0.1:0", "--memory", "--access", file, ...options];
  const product = spawn(program(), flags, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, RUST_LOG: "warn" } });
  const ended = new Promise((resolve) => product.once("exit", resolve));
  await new Promise((resolve, reject) => {
    let said = "";
    product.stdout.on("data", (data) => {
      said += data;
      if (said.includes("ready at")) resolve();
    });
    ended.then((code) => reject(new Error(`the product ended with ${code}`)));
  });
  const access = JSON.parse(await readFile(file, "utf8"));
  return {
    access,
    async close() {
      product.kill("SIGTERM");
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A browser. `CHROMIUM` names another than Debian's. */
export const openBrowser = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

/** A window of its own, signed in, that fails the test for any error of a page. */
export async function signedIn(browser, { access }, options = {}) {
  const context = await browser.newContext({
    baseURL: access.url,
    locale: "en-GB",
    timezoneId: "Europe/London",
    // Colours are measured where nothing moves.
    reducedMotion: "reduce",
    viewport: { width: 1440, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("422")) page.faults.push(message.text());
  });
  await page.goto("/sign-in");
  await page.getByLabel("Username").fill(access.username);
  await page.getByLabel("Password").fill(access.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1 }).filter({ hasText: "Good" }).waitFor();
  return page;
}

/**
 * What axe finds, in lines. The page's policy forbids strange scripts, so it goes in by the debugger.
 *
 * Bars that float over a phone's page lie in the flow meanwhile: which control they cut through is a matter of how
 * far the page happens to be scrolled. That they cover nothing which has the focus is a test in pages.test.mjs.
 */
export async function accessibility(page) {
  await page.evaluate(await readFile(axe, "utf8"));
  const { violations } = await page.evaluate(async () => {
    const bars = [...document.querySelectorAll(".phone-nav, .phone-sum")];
    for (const bar of bars) bar.style.position = "static";
    try {
      return await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    } finally {
      for (const bar of bars) bar.style.position = "";
    }
  });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`));
}

const FORENAMES = ["Ada", "Bram", "Cerys", "Dilys", "Emeka", "Fern", "Gita", "Hollis", "Imogen", "Jory", "Kenza", "Lowri"];
const SURNAMES = ["Ashdown", "Brackley", "Caddick", "Dunmore", "Elphick", "Farrow", "Gadsby", "Hartnell", "Inskip"];

/** A list of so many made-up people from the number `from` on, some of them damaged as Excel does. */
export function peopleCsv(count, { from = 0, wrong = 0, group = (n) => `Upload ${n % 3}` } = {}) {
  const rows = ["Person ID,Title,First name,Surname,Mobile,Home phone,Email,Groups"];
  for (let n = from; n < from + count; n += 1) {
    const tail = String(n % 1000).padStart(3, "0");
    // Every tenth number has lost its 0.
    const mobile = n - from < wrong ? "0770 900" : n % 10 ? `07700 900${tail}` : `7700900${tail}`;
    const name = `${FORENAMES[n % FORENAMES.length]},${SURNAMES[n % SURNAMES.length]}`;
    rows.push(`U${n},Ms,${name},${mobile},020 7946 0${tail},u${n}@example.com,${group(n)}`);
  }
  return rows.join("\r\n");
}

/** Uploads a list and imports what is good of it. */
export async function uploadPeople(page, csv) {
  await page.goto("/upload");
  await page.setInputFiles("#file", { name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
  await page.getByRole("button", { name: "Upload the file" }).click();
  await page.getByRole("heading", { level: 1, name: "Match the columns" }).waitFor();
}
