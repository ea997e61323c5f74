// The settings of the school's MIS in a real browser: the trial of a connection, what is refused, what is saved.
import assert from "node:assert/strict";
import { test } from "node:test";
import { signedIn } from "./house.mjs";
import { browser, clean, fits, house, openAll } from "./shared.mjs";

openAll();

const LOOKS = [[390, "dark"], [1440, "light"]];

/** Looks at the page in both of the sizes and themes that differ most. */
async function looks(page, where) {
  const { width, height } = page.viewportSize();
  for (const [width, colorScheme] of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 3000 });
    await clean(page, `${where} ${width}`);
    await fits(page, `${where} at ${width}`);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/mis-${where}-${width}.png`, fullPage: true });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width, height });
}

test("the demo school's MIS answers, a wrong form says what to mend, and credentials that do not fit are told as that", async () => {
  const page = await signedIn(browser, house);
  await page.goto("/settings/mis");
  await page.getByText("Not tried yet with these settings.").waitFor();
  await page.getByRole("button", { name: "Test connection" }).click();
  await page.locator("#trial").getByText(/^The MIS answers as Green Abbey School\. \(tried/).waitFor();
  await looks(page, "works");

  // Another server, and nothing else: everything that is wrong is said at once, and what was typed stays.
  const { origin } = new URL(house.access.outbox_url);
  await page.getByLabel("Address", { exact: true }).fill("http://mis.example/");
  await page.getByLabel("The school’s ID").fill("");
  await page.getByLabel("Yes, change this for the whole school").check();
  await page.getByRole("button", { name: "Save the MIS settings" }).click();
  await page.getByRole("link", { name: /must begin with https/ }).waitFor();
  await page.getByRole("link", { name: /Enter how the MIS names the school/ }).waitFor();
  assert.equal(await page.getByLabel("Address", { exact: true }).inputValue(), "http://mis.example/");
  await looks(page, "wrong");

  await page.getByLabel("Address", { exact: true }).fill(origin);
  await page.getByLabel("The school’s ID").fill("3285976");
  await page.getByLabel("Address for tokens").fill(`${origin}/idaas/sts/STS/GetToken`);
  await page.getByLabel("Relying party").fill("messenger.example");
  await page.getByLabel("Password").fill("not the one");
  await page.getByLabel("Overnight").selectOption("2");
  await page.getByLabel("Yes, change this for the whole school").check();
  await page.getByRole("button", { name: "Save the MIS settings" }).click();
  await page.getByText("The MIS settings are saved.").waitFor();
  await page.getByText(`Xporter on Demand at ${origin}, school 3285976. Read once at 02:00.`).waitFor();
  assert.equal(await page.getByText("not the one").count(), 0);
  assert.equal(await page.getByLabel("Password").inputValue(), "");
  await looks(page, "saved");

  await page.getByRole("button", { name: "Test connection" }).click();
  await page.locator("#trial").getByText(/^The MIS does not accept these credentials/).waitFor();
  await looks(page, "refused");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
