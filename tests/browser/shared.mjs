// What the tests of one file share: a browser, the product, and what is asked of every page.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { accessibility, openBrowser, openHouse } from "./house.mjs";

export let browser;
export let house;

/**
 * Opens both before the tests of a file, and closes them after. `ready` is what the file does first: a hook of its own
 * would not wait for this one.
 */
export function openAll({ options = [], ready = async () => {} } = {}) {
  before(async () => {
    [browser, house] = await Promise.all([openBrowser(), openHouse(...options)]);
    await ready();
  });
  after(async () => {
    await browser?.close();
    await house?.close();
  });
}

/** The page is accessible. */
export const clean = async (page, where) => assert.deepEqual(await accessibility(page), [], where);

/** Nothing on the page scrolls sideways. */
export async function fits(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${where} is ${over} px too wide`);
}

/** Pages are accessible and fit, at these widths and in these themes. */
export async function looksRight(page, paths, looks) {
  for (const path of paths) {
    await page.goto(path);
    await clean(page, `${path} ${looks}`);
    await fits(page, `${path} ${looks}`);
  }
}

/** No page had a fault, other than those that were meant; the window closes. */
export async function sound(page, meant = /(?!)/) {
  assert.deepEqual(page.faults.filter((fault) => !meant.test(fault)), []);
  await page.context().close();
}
