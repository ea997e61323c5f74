// A school whose MIS writes reports, in a real browser: chosen, handed in, its columns matched, read, and refused when
// wrong.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { signedIn } from "./house.mjs";
import { browser, clean, fits, house, openAll } from "./shared.mjs";

openAll({ options: ["--empty"] });

/** Headings as SIMS has them, and ones that nobody could guess. */
function report(pupils, { order = "No" } = {}) {
  const rows = ["Adno,Forename,Surname,Reg,Contact person ID,Contact surname,Handy,Priority,Court order"];
  for (let n = 0; n < pupils; n += 1) {
    const tail = String(n).padStart(3, "0");
    rows.push(`${100 + n},Ada${n},Ashdown,7A,C${n},Ashdown,07700 900${tail},1,${n === 2 ? order : "No"}`);
  }
  return rows.join("\r\n");
}

async function handIn(page, name, text) {
  await page.goto("/settings/mis");
  await page.setInputFiles("#file", { name, mimeType: "text/csv", buffer: Buffer.from(text) });
  await page.getByRole("button", { name: "Hand in the file" }).click();
}

/** Waits until the run that was asked for has ended, and shows what it changed. */
async function ended(page) {
  await page.getByText(/The file that was read last was handed in/).first().waitFor();
  await page.reload();
}

const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

test("a report is chosen, matched once and read; the next one is understood at once, and a wrong one refused", async () => {
  const page = await signedIn(browser, house);
  await page.goto("/settings/mis?kind=report");
  await page.getByLabel("The system that writes the report").selectOption("SIMS");
  await page.getByLabel("Yes, change this for the whole school").check();
  await page.getByRole("button", { name: "Save the MIS settings" }).click();
  await page.getByText("Hand in a file below").waitFor();
  await clean(page, "the MIS page with files");

  await handIn(page, "first.csv", report(30));
  await heading(page, "Match the columns");
  assert.equal(await page.getByLabel("Adno").inputValue(), "pupil_id");
  assert.equal(await page.getByLabel("Handy").inputValue(), "");
  await page.getByLabel("Handy").selectOption("Mobile");
  await page.getByLabel("Priority").selectOption("Mobile");
  await page.getByRole("button", { name: "Keep the columns and read the file" }).click();
  await page.getByText("Two columns are marked “Mobile”").waitFor();
  await clean(page, "two columns for one thing");
  await page.getByLabel("Priority").selectOption("Priority");
  await page.getByRole("button", { name: "Keep the columns and read the file" }).click();
  await heading(page, "The file is understood");
  assert.match(await page.locator(".figures").innerText(), /30\s*Pupils|Pupils\s*30/);
  await clean(page, "a file that is understood");
  await page.getByRole("button", { name: "Refresh from this file" }).click();
  await heading(page, "Refresh from the MIS");
  await ended(page);
  await page.getByText("60 people changed").waitFor();

  await handIn(page, "next.csv", report(31));
  await heading(page, "The file is understood");
  await page.goto("/contacts");
  await page.getByText("Ada0 Ashdown").first().waitFor();

  await handIn(page, "wrong.csv", report(31, { order: "ask the office" }));
  await heading(page, "The file cannot be used");
  await page.getByText("I (Court order)").waitFor();
  await clean(page, "a file that cannot be used");
  await page.goto("/settings/mis");
  await page.getByText("Read last").waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("the pages are accessible on a phone in the dark and on a wide screen, and nothing scrolls sideways", async () => {
  const shots = process.env.SHOTS;
  if (shots) await mkdir(shots, { recursive: true });
  for (const [width, colorScheme] of [[390, "dark"], [1440, "light"]]) {
    const page = await signedIn(browser, house, { viewport: { width, height: 900 }, colorScheme });
    const look = async (name) => {
      await clean(page, `${name} ${width} ${colorScheme}`);
      await fits(page, `${name} at ${width}`);
      if (shots) await page.screenshot({ path: path.join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    };
    await page.goto("/settings/mis");
    await look("mis-report");
    const file = (name) => page.getByRole("list", { name: "Latest files" }).getByRole("link", { name }).first().click();
    await file("first.csv");
    await heading(page, "The file is understood");
    await look("file-good");
    await page.getByRole("link", { name: "Change the columns" }).click();
    await heading(page, "Match the columns");
    await look("file-columns");
    await page.goto("/settings/mis");
    await file("wrong.csv");
    await heading(page, "The file cannot be used");
    await look("file-wrong");
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});
