// Staff at work in a real browser: the main job from an empty school to a finished message.
import assert from "node:assert/strict";
import { test } from "node:test";
import { peopleCsv, signedIn, uploadPeople } from "./house.mjs";
import { browser, clean, house, looksRight, openAll, sound } from "./shared.mjs";

openAll();

/** Writes a text to a group and waits until the page knows what it comes to. */
async function compose(page, group, text) {
  await page.goto("/send");
  await page.getByRole("combobox", { name: "People and groups" }).fill(group);
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByLabel("What the text says").fill(text);
  const send = page.locator("#send-now");
  await page.waitForFunction(() => /^Send \d/.test(document.getElementById("send-now").textContent));
  return send;
}

test("a wrong password is refused in words and the right one leads where one wanted to go", async () => {
  const context = await browser.newContext({ baseURL: house.access.url });
  const page = await context.newPage();
  await page.goto("/history");
  assert.match(page.url(), /sign-in\?next=%2Fhistory/);
  await clean(page, "sign-in");
  await page.getByLabel("Username").fill(house.access.username);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("There is a problem").waitFor();
  await clean(page, "sign-in with a problem");
  await page.getByLabel("Password").fill(house.access.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/history");
  await page.locator("summary").filter({ hasText: "your account" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You have signed out.").waitFor();
  await page.goto("/contacts");
  assert.match(page.url(), /sign-in/);
  await context.close();
});

test("every page is accessible at every width and in both themes, and nothing scrolls sideways", async () => {
  for (const [width, colorScheme] of [[1440, "light"], [1024, "dark"], [390, "light"], [390, "dark"]]) {
    const page = await signedIn(browser, house, { viewport: { width, height: 7000 }, colorScheme });
    await looksRight(page, ["/", "/send", "/history", "/contacts", "/contacts/new", "/upload", "/usage", "/tools", "/preferences"], `${width} ${colorScheme}`);
    await sound(page);
  }
});

test("on a phone the bar at the bottom covers nothing that one comes to with the keyboard", async () => {
  const page = await signedIn(browser, house, { viewport: { width: 390, height: 700 } });
  for (const path of ["/send", "/contacts/new", "/settings"]) {
    await page.goto(path);
    const stops = await page.locator("main :is(a[href], button, input, select, textarea, summary):visible").count();
    assert.ok(stops > 5, path);
    for (let n = 0; n < stops; n += 1) {
      await page.keyboard.press("Tab");
      const hidden = await page.evaluate(() => {
        const at = document.activeElement;
        if (!at?.closest("main") || at.closest(".phone-sum")) return "";
        const { left, top, width, bottom } = at.getBoundingClientRect();
        // As much as a finger needs is to be seen of a field that is higher than the window.
        const seen = document.elementFromPoint(left + width / 2, Math.min(bottom - 2, top + 24));
        return seen?.closest(".phone-nav, .phone-sum") ? at.outerHTML.slice(0, 120) : "";
      });
      assert.equal(hidden, "", path);
    }
  }
  await sound(page);
});

test("a page is small and asks for one stylesheet", async (t) => {
  // A window of its own keeps nothing: the worst case.
  const page = await signedIn(browser, house);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  for (const path of ["/", "/send", "/contacts", "/usage"]) {
    const whole = [];
    const watch = (response) => whole.push(response);
    page.on("response", watch);
    await page.goto(path, { waitUntil: "networkidle" });
    page.off("response", watch);
    const sheets = whole.filter((response) => response.request().resourceType() === "stylesheet");
    const bodies = await Promise.all(whole.map((response) => response.body()));
    const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
    t.diagnostic(`${path}: ${bytes} bytes`);
    assert.ok(sheets.length <= 1 && bytes < 100_000, `${path}: ${sheets.length} stylesheets, ${bytes} bytes`);
  }
  await sound(page);
});

test("from a spreadsheet to contacts: every error with its row and column, then the good rows", async () => {
  const page = await signedIn(browser, house);
  await uploadPeople(page, peopleCsv(300, { wrong: 2 }));
  await clean(page, "columns");
  await page.getByLabel("Mobile").first().selectOption("");
  await page.getByLabel("Person ID").selectOption("surname");
  await page.getByRole("button", { name: "Check 300 rows" }).click();
  await page.getByText(/Two columns are marked|Choose the column/).first().waitFor();
  await clean(page, "columns with a problem");
  await page.getByLabel("Person ID").selectOption("id");
  await page.locator("select").nth(4).selectOption("mobile");
  await page.getByRole("button", { name: "Check 300 rows" }).click();
  await page.getByRole("heading", { level: 1, name: "Check what was found" }).waitFor();
  assert.match(await page.locator("main").innerText(), /2 errors in 2 rows/);
  const row = page.getByRole("row").filter({ hasText: "0770 900" }).first();
  assert.match(await row.innerText(), /^2\s+E \(Mobile\)/);
  assert.match(await page.locator("main").innerText(), /cells repaired/);
  await clean(page, "checked");
  await page.getByRole("button", { name: "Import 298 contacts, leave out 2 rows" }).click();
  await page.getByText("The contacts are in the address book").waitFor();
  await clean(page, "imported");
  await page.getByRole("link", { name: "See the contacts" }).click();
  await page.getByLabel("Search").fill("U17");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("link", { name: "Ms Fern Inskip", exact: true }).click();
  assert.equal(await page.getByLabel("Forename").getAttribute("readonly"), "");
  await page.getByText("its fields are grey").waitFor();
  await clean(page, "a contact from an upload");
  await sound(page);
});

test("a file that cannot be read says why", async () => {
  const page = await signedIn(browser, house);
  await page.goto("/upload");
  await page.setInputFiles("#file", { name: "empty.csv", mimeType: "text/csv", buffer: Buffer.from("") });
  await page.getByRole("button", { name: "Upload the file" }).click();
  await page.getByText("This file is empty").waitFor();
  await page.setInputFiles("#file", { name: "one.csv", mimeType: "text/csv", buffer: Buffer.from("names\nann\nben\n") });
  await page.getByRole("button", { name: "Upload the file" }).click();
  await page.getByText("Only one column was found").waitFor();
  await clean(page, "a failed upload");
  await page.context().close();
});

test("a contact is added, changed and deleted after one question", async () => {
  const page = await signedIn(browser, house);
  await page.goto("/contacts/new");
  await page.getByLabel("Surname").fill("Quillfeather");
  await page.getByLabel("Mobile").fill("12");
  await page.getByRole("button", { name: "Add contact" }).click();
  await page.getByText("There is a problem").waitFor();
  await clean(page, "a contact with a problem");
  await page.getByLabel("Mobile").fill("07700 900321");
  await page.getByLabel("In these groups").fill("Quill Club");
  await page.getByRole("button", { name: "Add contact" }).click();
  await page.getByText("The contact is added").waitFor();
  await page.goto("/contacts?q=quillfeather");
  await page.getByRole("link", { name: "Quillfeather" }).click();
  await page.getByLabel("Forename").fill("Ned");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("The changes are saved").waitFor();
  await page.goto("/contacts?q=quillfeather");
  await page.getByLabel("Select Ned Quillfeather").check();
  await page.getByRole("button", { name: "Delete 1 selected" }).click();
  await page.getByRole("heading", { name: "Delete 1 contact?" }).waitFor();
  await clean(page, "the open question");
  await page.getByRole("button", { name: "Delete 1 contact" }).click();
  await page.getByText("1 contact deleted.").waitFor();
  await sound(page);
});

test("a message is written, priced while one writes, sent once by two clicks, and arrives", async () => {
  const page = await signedIn(browser, house);
  const send = await compose(page, "Year 9", "Dear $title|parent$ $surname$, the coach is back at 16:45 today.");
  assert.match(await page.locator('[data-part="sms-size"]').innerText(), /\d+ \/ 160 · 1 text each/);
  assert.match(await page.locator(".shown.sms").innerText(), /Dear \S+ .*, the coach is back/);
  await clean(page, "a written message");
  const words = await send.innerText();
  await send.dblclick();
  await page.waitForURL("**/messages/*");
  const [, texts] = words.match(/Send (\d+) texts?/);
  await page.getByRole("heading", { level: 1, name: /Delivered to/ }).waitFor({ timeout: 60_000 });
  await clean(page, "a message");
  assert.match(await page.locator(".legend").innerText(), /Delivered/);
  await page.getByRole("link", { name: "See every delivery" }).click();
  assert.match(await page.locator(".filters").innerText(), new RegExp(`All\\s+${texts}`));
  await clean(page, "every delivery");
  await page.goto("/history");
  assert.equal(await page.getByText("the coach is back at 16:45").count(), 1);
  await sound(page);
});

test("typography that makes a text dearer is named and mended by one click", async () => {
  const page = await signedIn(browser, house);
  await compose(page, "Year 9", "We’re closed – see “Snow” on the website. Please collect your child by noon…");
  const coach = page.locator(".coach");
  await coach.waitFor();
  assert.match(await coach.innerText(), /curly apostrophe/);
  assert.match(await coach.innerText(), /costs £[\d.]+ less/);
  await clean(page, "the coach");
  await coach.getByRole("button", { name: "Use plain characters" }).click();
  await coach.waitFor({ state: "detached" });
  const text = await page.getByLabel("What the text says").inputValue();
  assert.equal(text, "We're closed - see \"Snow\" on the website. Please collect your child by noon...");
  await sound(page);
});

test("a message that changed since it was seen is shown again and does not go", async () => {
  const page = await signedIn(browser, house);
  await compose(page, "Year 8", "The hall is closed.");
  await page.locator('input[name="expect"]').evaluate((input) => (input.value = "1-1-1-0-0-0"));
  await page.locator("#send-now").click();
  await page.getByRole("heading", { level: 1, name: "Check the message" }).waitFor();
  await clean(page, "the last look");
  await page.getByRole("button", { name: "Go back and change it" }).click();
  assert.equal(await page.getByLabel("What the text says").inputValue(), "The hall is closed.");
  await page.context().close();
});

test("without scripts the same message goes by plain forms", async () => {
  const page = await signedIn(browser, house, { javaScriptEnabled: false });
  await page.goto("/send");
  await page.getByLabel("People and groups").fill("Year 7");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByRole("button", { name: "Add Year 7" }).first().click();
  await page.getByLabel("What the text says").fill("Swimming is off today.");
  await page.getByRole("button", { name: "Check the message" }).click();
  await page.getByRole("heading", { level: 1, name: "Check the message" }).waitFor();
  await page.getByRole("button", { name: /^Send \d/ }).click();
  await page.waitForURL("**/messages/*");
  await page.goto("/contacts");
  await page.locator('input[name="id"]').first().check();
  await page.getByRole("button", { name: "Delete selected" }).first().click();
  await page.getByRole("heading", { level: 1, name: "Delete 1 contact?" }).waitFor();
  await page.context().close();
});

test("usage shows what was sent and exports it", async () => {
  const page = await signedIn(browser, house);
  await page.goto("/usage");
  await clean(page, "usage");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export to Excel" }).click(),
  ]);
  assert.match(download.suggestedFilename(), /^usage-\d{4}-\d\d-\d\d-to-\d{4}-\d\d-\d\d\.xlsx$/);
  await page.goto("/usage?from=2026-05-02&to=2026-05-01");
  await page.getByText("The last day is before the first").waitFor();
  await clean(page, "usage with a problem");
  await page.context().close();
});

test("what is not there says so and leads back", async () => {
  const page = await signedIn(browser, house);
  for (const path of ["/nowhere", "/messages/nonsense", "/contacts/nobody", "/upload/01ARZ3NDEKTSV4RRFFQ69G5FAV"]) {
    assert.equal((await page.goto(path)).status(), 404, path);
    await page.getByRole("heading", { level: 1, name: "Not found" }).waitFor();
  }
  await clean(page, "not found");
  await page.context().close();
});
