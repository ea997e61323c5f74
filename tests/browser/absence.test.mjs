// Absences, and messages about pupils, in a real browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { signedIn } from "./house.mjs";
import { browser, clean, fits, house, openAll, sound } from "./shared.mjs";

openAll({ ready: addFamily });

async function addFamily() {
  const { url, api_key } = house.access;
  const batch = {
    pupils: [{ id: "t-ben", forename: "Benedict", surname: "Testfamily", groups: ["Test form"] }],
    contacts: [
      { id: "t-mum", forename: "Mara", surname: "Testfamily", role: "parent", mobile: "07700900001" },
      { id: "t-dad", forename: "Doug", surname: "Testfamily", role: "parent", mobile: "07700900002" },
    ],
    relationships: [
      { pupil: "t-ben", contact: "t-mum", kind: "Mother", priority: 1, responsibility: true },
      { pupil: "t-ben", contact: "t-dad", kind: "Father", priority: 2, responsibility: true, court_order: true },
    ],
  };
  const answer = await fetch(`${url}/api/v1/contacts/batch`, {
    method: "POST",
    headers: { authorization: `Bearer ${api_key}`, "content-type": "application/json" },
    body: JSON.stringify(batch),
  });
  assert.equal(answer.status, 200, await answer.text());
}

test("a pupil is chosen, their adults are written to, and the barred one is counted, at every width", async () => {
  for (const width of [390, 1440]) {
    const page = await signedIn(browser, house, { viewport: { width, height: 2400 } });
    await page.goto("/send");
    await page.getByLabel("People and groups").fill("Benedict");
    await page.getByRole("option", { name: /Benedict Testfamily/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByLabel("For pupils, send to").selectOption("all");
    await page.getByLabel("What the text says").fill("About $pupilname|your child$");
    await page.getByText("Left out because of a court order: 1").waitFor();
    await page.getByText("About Benedict Testfamily").waitFor();
    assert.equal(await page.getByText("Doug Testfamily").count(), 0);
    await page.getByRole("button", { name: "Send 1 text" }).waitFor();
    await page.getByText("Why, or why not?").click();
    await page.getByLabel("Somebody’s name").fill("Testfamily");
    await page.getByText("barred from what concerns Benedict Testfamily").waitFor();
    await page.getByText("text to 07700 900001: for Benedict Testfamily").waitFor();
    await clean(page, `compose ${width}`);
    await fits(page, `compose ${width}`);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/pupils-${width}.png`, fullPage: true });
    await page.getByLabel("For pupils, send to").selectOption("themselves");
    await page.getByText("1 person cannot be reached").waitFor();
    await sound(page);
  }
});

test("the absence page says that no register was read, and how to read them", async () => {
  for (const width of [390, 1440]) {
    const page = await signedIn(browser, house, { viewport: { width, height: 2400 } });
    await page.goto("/absence");
    await page.getByRole("heading", { name: "No register has a mark yet" }).waitFor();
    await page.getByRole("button", { name: "Refresh now" }).waitFor();
    await clean(page, `absence ${width}`);
    await fits(page, `absence ${width}`);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/absence-empty-${width}.png`, fullPage: true });
    await sound(page);
  }
});
