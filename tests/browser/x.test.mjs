// The account on X in a real browser: linked on X's own page, posted on, unlinked.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { signedIn } from "./house.mjs";
import { browser, clean, fits, house, openAll } from "./shared.mjs";

openAll();

const shot = async (page, name) => {
  if (process.env.SHOTS) await page.screenshot({ path: path.join(process.env.SHOTS, `${name}.png`), fullPage: true });
};

test("an account is linked on X, posted on, and unlinked", async () => {
  const page = await signedIn(browser, house);
  await page.goto("/settings");
  await page.getByRole("button", { name: "Link to X…" }).click();
  await clean(page, "before going to X");
  await shot(page, "x-go");
  await page.getByRole("link", { name: "Go on to X" }).click();
  await clean(page, "X's own page");
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByText("The account on X is linked.").waitFor();
  await page.getByText("@GreenAbbeySch").waitFor();
  await clean(page, "linked");
  await shot(page, "x-linked");

  await page.goto("/send");
  await page.locator("#use-sms").uncheck();
  await page.locator("#use-tweet").check();
  await page.getByLabel("What the post says").fill("The summer fair is on Saturday from 11 am. Everybody is welcome.");
  await page.getByText("64 of 280 · 216 left").waitFor();
  await page.getByRole("button", { name: "Send 1 post" }).waitFor();
  await clean(page, "writing a post");
  await shot(page, "x-compose");
  await page.setViewportSize({ width: 390, height: 900 });
  await fits(page, "the page");
  await shot(page, "x-compose-390");
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole("button", { name: "Send 1 post" }).click();
  await page.waitForURL("**/messages/**");
  await page.getByRole("heading", { level: 1, name: "Posted on X" }).waitFor();
  await page.getByText("It is on X, where everybody can read it.").waitFor();
  await clean(page, "a post that is there");
  await shot(page, "x-message");

  const outbox = await page.context().newPage();
  await outbox.goto(house.access.outbox_url);
  await outbox.getByRole("heading", { name: "Posts on X" }).waitFor();
  assert.equal(await outbox.getByText("The summer fair is on Saturday").count(), 1);
  await clean(outbox, "the outbox with a post");
  await shot(outbox, "x-outbox");

  await page.goto("/settings");
  await page.getByRole("button", { name: "Unlink…" }).click();
  await page.getByRole("button", { name: "Unlink", exact: true }).click();
  await page.getByText("The account on X is unlinked.").waitFor();
  await page.goto("/send");
  assert.equal(await page.locator("#use-tweet").count(), 0);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
