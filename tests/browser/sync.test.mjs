// Refresh Now and what it brings, against the demo school's MIS, in a real browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibility, openBrowser, openHouse, signedIn } from "./house.mjs";

let browser;
let house;
before(async () => {
  [browser, house] = await Promise.all([openBrowser(), openHouse()]);
});
after(async () => {
  await browser?.close();
  await house?.close();
});

const clean = async (page, where) => assert.deepEqual(await accessibility(page), [], where);
const shot = async (page, name) => {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
};

/** Changes something on the MIS's own pages. */
async function mis(path, fields) {
  const sent = await fetch(`${new URL(house.access.outbox_url).origin}/mis/${path}`, {
    method: "POST",
    body: new URLSearchParams(fields),
    redirect: "manual",
  });
  assert.equal(sent.status, 303);
}

test("the footer refreshes by keyboard, shows how far it is, and says when it is done", async () => {
  const page = await signedIn(browser, house);
  const line = page.locator("#sync-line");
  await line.getByText("Not refreshed yet").waitFor();
  await line.focus();
  await page.keyboard.press("Enter");
  const pop = page.getByRole("dialog", { name: "Refresh from the MIS" });
  await pop.getByText("has not been read from the MIS yet").waitFor();
  await clean(page, "pop-up");
  await pop.getByRole("button", { name: "Request now" }).press("Enter");
  await pop.getByText("Last updated just now").waitFor();
  await line.getByText("Up to date, today").waitFor();
  await shot(page, "sync-pop-1440");
  await page.keyboard.press("Escape");
  assert.equal(await pop.isVisible(), false);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a feed that is cut in half is held, shown and discarded, and nobody is lost", async () => {
  await mis("feed", { breakage: "half" });
  for (const width of [1440, 390]) {
    const page = await signedIn(browser, house, { viewport: { width, height: 1200 }, colorScheme: width === 390 ? "dark" : "light" });
    await page.goto("/sync");
    await page.getByRole("button", { name: "Request now" }).first().click();
    await page.waitForURL("**/sync");
    await page.getByText("The last refresh is held: what the MIS sent").first().waitFor();
    await page.reload();
    await page.getByRole("button", { name: /Apply: remove [\d,]+ people/ }).waitFor();
    await clean(page, `held ${width}`);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${over} px too wide at ${width}`);
    await shot(page, `sync-held-${width}`);
    await page.getByRole("button", { name: /Apply: remove/ }).click();
    await page.getByRole("heading", { name: "Apply what the MIS sent?" }).waitFor();
    await page.getByRole("link", { name: "Leave it held" }).click();
    await page.getByRole("button", { name: "Discard it" }).click();
    await page.getByText("Discarded").first().waitFor();
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
  await mis("feed", { breakage: "none" });
});

test("registers saved after the last sync: refresh, the list is right, the family is told", async () => {
  await mis("mark", { pupil: "0001", session: "AM", code: "N" });
  const page = await signedIn(browser, house);
  await page.goto("/sync");
  await page.getByRole("button", { name: "Request now" }).first().click();
  await page.locator("#sync-line").getByText("Up to date, today").waitFor();
  await page.goto("/absence?session=AM");
  await shot(page, "absence-list");
  await page.getByRole("button", { name: /^Tell \d+ famil/ }).first().waitFor();
  await clean(page, "absence list");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
