// The life of a sign-in in a real browser: forgotten, set again by a link from the mailbox, a second step set up and
// used.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { accessibility } from "./house.mjs";
import { browser, fits, house, openAll } from "./shared.mjs";

const PASSWORD = "granite Pelican 7 wharf";

openAll();

const clean = async (page, where) => {
  assert.deepEqual(await accessibility(page), [], where);
  await fits(page, where);
};

/** The code that an authenticator app shows for a secret in base 32, at a time in milliseconds (RFC 6238). */
function code(secret, at) {
  const bits = [...secret.replaceAll(" ", "")]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const tag = createHmac("sha1", key).update(step).digest();
  const number = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** The link of this kind in the newest e-mail of the Outbox. */
async function mailedLink(context, path) {
  const outbox = await context.newPage();
  const pattern = new RegExp(`http://[^\\s<>"]+${path}[\\w-]+`);
  for (let tries = 0; tries < 40; tries += 1) {
    await outbox.goto(house.access.outbox_url);
    const mail = outbox.locator('a[href*="/mail/"], a[href*="outbox/"]').first();
    if (await mail.count()) {
      await mail.click();
      const link = (await outbox.locator("pre.plain").textContent()).match(pattern)?.[0];
      if (link) {
        await outbox.close();
        return link;
      }
    }
    await outbox.waitForTimeout(250);
  }
  throw new Error(`no ${path} in the mailbox`);
}

test("a forgotten password is set anew by a link, and a second step is set up and asked for", async () => {
  const context = await browser.newContext({
    baseURL: house.access.url,
    reducedMotion: "reduce",
    viewport: { width: 390, height: 844 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const { username } = house.access;

  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Forgotten your password?" }).click();
  await clean(page, "forgotten");
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("E-mail address").fill("robin.marlow@greenabbey.example");
  await page.getByRole("button", { name: "Send it" }).click();
  await page.getByRole("heading", { name: "Look in your mailbox" }).waitFor();
  await clean(page, "said");

  await page.goto(await mailedLink(context, "/password/"));
  await clean(page, "choose a password");
  await page.getByLabel("New password").fill("Summer24");
  await page.getByLabel("The same again").fill("Summer24");
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.getByText(/needs at least 12/).first().waitFor();
  await clean(page, "a weak password");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByLabel("The same again").fill(PASSWORD);
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.getByText("Your new password is set").waitFor();

  const signIn = async () => {
    await page.getByLabel("Username").fill(username);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  await signIn();
  await page.getByRole("heading", { level: 1 }).filter({ hasText: "Good" }).waitFor();
  await page.goto("/preferences");
  await clean(page, "preferences");
  await page.getByRole("link", { name: "Set up an authenticator app" }).click();
  await clean(page, "set up the app");
  const secret = await page.locator(".secret").textContent();
  await page.getByLabel("Code from the app").fill(code(secret, Date.now()));
  await page.getByLabel("Your present password").fill(PASSWORD);
  await page.getByRole("button", { name: "Switch it on" }).click();
  await page.getByRole("heading", { name: "Keep these recovery codes" }).waitFor();
  await clean(page, "recovery codes");
  const recovery = await page.locator(".codes li").first().textContent();
  await page.getByRole("link", { name: "I have kept them" }).click();
  await page.getByText("Your authenticator app is set up.").waitFor();

  await page.goto("/tools");
  await page.getByRole("main").getByRole("button", { name: "Sign out" }).click();
  await signIn();
  await page.getByRole("heading", { name: "Enter your code" }).waitFor();
  await page.getByLabel("Code from your authenticator app").fill("000000");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("There is a problem").waitFor();
  await clean(page, "a wrong code");
  await page.getByLabel("Code from your authenticator app").fill(recovery);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("heading", { level: 1 }).filter({ hasText: "Good" }).waitFor();
  await context.close();
});
