// Takes the pictures in docs/screens: every page of the running product with its demo school, in three widths and both
// themes. Pages are taken as high as they are; the README shows some of them.
import { spawnSync } from "node:child_process";
import { mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { openBrowser, openHouse, peopleCsv, signedIn, uploadPeople } from "./house.mjs";

const out = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../docs/screens");
const WIDTHS = [390, 1024, 1440];
const THEMES = ["light", "dark"];
/** Long lists are cut here. */
const HIGHEST = 1440;

const [browser, house] = await Promise.all([openBrowser(), openHouse()]);
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

/** One picture of the page as it stands. Nothing hangs in the middle of it: the window is as high as the page. */
async function shoot(page, name) {
  const { width } = page.viewportSize();
  const theme = await page.evaluate(() => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  const least = width < 600 ? 844 : 800;
  await page.setViewportSize({ width, height: least });
  const whole = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.min(HIGHEST, Math.max(least, whole)) });
  await page.mouse.move(0, 0);
  await page.evaluate(() => {
    document.activeElement?.blur();
    scrollTo(0, 0);
  });
  await page.waitForTimeout(200);
  await page.screenshot({ path: path.join(out, `${name}-${width}-${theme}.png`) });
  await page.setViewportSize({ width, height: least });
}

/** Writes a message on the compose page and waits until the page knows what it comes to. */
async function write(page, { to, text, call }) {
  await page.goto("/send");
  for (const name of to) {
    await page.locator("#find").fill(name);
    await page.getByRole("option").first().waitFor();
    await page.keyboard.press("Enter");
  }
  await page.locator("#sms_text").fill(text);
  if (call) {
    await page.locator("#use-voice").check();
    await page.locator("#voice_text").fill(call);
  }
  await page.waitForFunction(() => /^Send \d/.test(document.getElementById("send-now").textContent));
  await page.waitForTimeout(600);
}

const COACH = {
  to: ["Year 9", "Year 10"],
  text: "Dear $title|parent$ $surname$, the coach is back at 16:45 today, not 16:15. Please collect from the front gate.",
  call: "This is the school. The coach is back at a quarter to five today. Please collect from the front gate.",
};

/** Sends what is written and waits for the network's word on it. */
async function send(page) {
  await page.locator("#send-now").click();
  await page.waitForURL("**/messages/*");
  await page.getByRole("heading", { level: 1, name: /Delivered to/ }).waitFor({ timeout: 120_000 });
  return new URL(page.url()).pathname;
}

/** Uploads a list as far as its check; the address of its page. */
async function checkList(page, csv) {
  await uploadPeople(page, csv);
  await page.getByRole("button", { name: /^Check \d/ }).click();
  await page.getByRole("heading", { level: 1, name: "Check what was found" }).waitFor();
  return new URL(page.url()).pathname;
}

/** Three pupils are missing from the registers, and the school is read from its MIS. */
async function missAndRefresh(page) {
  const simulators = new URL(house.access.outbox_url).origin;
  for (const pupil of ["0003", "0017", "0040"]) {
    const body = new URLSearchParams({ pupil, session: "AM", code: "N" });
    const answer = await fetch(`${simulators}/mis/mark`, { method: "POST", body, redirect: "manual" });
    if (answer.status !== 303) throw new Error(`mark: ${answer.status}`);
  }
  await page.goto("/sync");
  await page.getByRole("button", { name: "Request now" }).first().click();
  await page.locator("#sync-line").getByText("Up to date").waitFor({ timeout: 60_000 });
}

const desk = await signedIn(browser, house);
// Some parents whose phones are off, whose numbers are gone, who do not answer.
await checkList(desk, peopleCsv(12, { from: 897, group: () => "Year 9" }));
await desk.getByRole("button", { name: /^Import/ }).click();
await desk.getByText("The contacts are in the address book").waitFor();
await write(desk, { to: ["Year 7"], text: "Non-uniform day is tomorrow, £1 for the hospice." });
await send(desk);
await write(desk, {
  to: ["Year 11"],
  text: "Parents’ evening is on Thursday – please book your times by Monday. We look forward to seeing you all there.",
});
await send(desk);
await write(desk, COACH);
const message = await send(desk);
await desk.waitForTimeout(3_000);
const list = peopleCsv(400, { wrong: 3 });
await uploadPeople(desk, list);
const columns = new URL(desk.url()).pathname;
const checked = await checkList(desk, list);
await missAndRefresh(desk);
await desk.context().close();

for (const colorScheme of THEMES) {
  for (const width of WIDTHS) {
    const page = await signedIn(browser, house, { colorScheme, viewport: { width, height: 900 } });
    for (const [name, where] of [
      ["home", "/"],
      ["history", "/history"],
      ["message", message],
      ["deliveries", `${message}/deliveries`],
      ["contacts", "/contacts"],
      ["contact", "/contacts/new"],
      ["upload", "/upload"],
      ["upload-columns", columns],
      ["upload-checked", checked],
      ["usage", "/usage"],
      ["absence", "/absence?session=am"],
      ["sync", "/sync"],
      ["settings", "/settings"],
      ["settings-mis", "/settings/mis"],
      ["users", "/users"],
      ["audit", "/audit"],
      ["tools", "/tools"],
      ["preferences", "/preferences"],
      ["second-factor", "/preferences/second-factor"],
    ]) {
      await page.goto(where);
      await shoot(page, name);
    }
    await write(page, COACH);
    await shoot(page, "send");
    await page.context().close();
    const viewport = { width, height: 900 };
    const stranger = await browser.newContext({ baseURL: house.access.url, colorScheme, viewport });
    const door = await stranger.newPage();
    await door.goto("/sign-in");
    await shoot(door, "sign-in");
    await door.goto("/forgotten");
    await shoot(door, "forgotten");
    await stranger.close();
  }
}
await browser.close();
await house.close();

// Half the size at no loss that one sees, where the tool is there.
const pictures = (await readdir(out)).map((name) => path.join(out, name));
spawnSync("pngquant", ["--force", "--skip-if-larger", "--ext", ".png", "--quality", "80-100", ...pictures]);
