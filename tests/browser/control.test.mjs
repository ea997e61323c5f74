// Messages that wait for somebody, and the log of what was decided, played by those whom they are about.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessibility, signedIn } from "./house.mjs";
import { browser, fits, house, openAll, sound } from "./shared.mjs";

openAll();

const as = (username, options) => signedIn(browser, { access: { ...house.access, username } }, options);

/** The page is accessible, and nothing scrolls sideways, at these widths and in both themes. */
async function clean(page, where) {
  for (const [width, colorScheme] of [[1024, "light"], [1024, "dark"], [390, "light"], [390, "dark"]]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 7000 });
    assert.deepEqual(await accessibility(page), [], `${where} ${width} ${colorScheme}`);
    await fits(page, `${where} at ${width}`);
    if (process.env.SHOTS) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: `${process.env.SHOTS}/${where}-${width}-${colorScheme}.png`, fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** A teacher hands in a text to a group. */
async function handIn(text) {
  const page = await as("5976.tess.abernethy");
  await page.goto("/send");
  await page.getByRole("combobox", { name: "People and groups" }).fill("Year 9");
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByLabel("What the text says").fill(text);
  await page.waitForFunction(() => /^Submit \d/.test(document.getElementById("send-now").textContent));
  await page.locator("#send-now").click();
  await page.waitForURL("**/messages/**");
  return page;
}

test("a teacher writes, an office authoriser looks and sends, and it is delivered", async () => {
  const text = "The coach is late: please come at four.";
  const teacher = await handIn(text);
  await teacher.locator("main").getByText(/authoris/i).first().waitFor();
  await clean(teacher, "waiting");
  assert.equal((await teacher.goto("/authorise")).status(), 403);

  const office = await as("5976.olive.field");
  await office.goto("/authorise");
  await clean(office, "authorise");
  await office.getByRole("link", { name: text }).click();
  await office.getByText("Nothing: the same people get it").waitFor();
  await clean(office, "authorise-one");
  await office.getByRole("button", { name: /^Send \d+ texts?/ }).click();
  await office.waitForURL((url) => !url.pathname.endsWith("/approve"));

  await teacher.goto("/");
  await teacher.getByRole("link", { name: text }).first().click();
  await teacher.getByText(/Delivered to \d+/).first().waitFor();
  teacher.faults = teacher.faults.filter((fault) => !/403/.test(fault));
  await sound(teacher);
  await sound(office);
});

test("a message that is rejected says why to whoever wrote it, and the log says who decided", async () => {
  const text = "Bring a packed lunch on Friday.";
  const teacher = await handIn(text);
  const office = await as("5976.olive.field");
  await office.goto("/authorise");
  await office.getByRole("link", { name: text }).click();
  await office.getByRole("button", { name: "Reject the message" }).click();
  await office.locator("#reason-error").waitFor();
  await clean(office, "authorise-problem");
  await office.getByLabel("Or reject it: why?").fill("Friday is a day off.");
  await office.getByRole("button", { name: "Reject the message" }).click();
  await office.waitForURL((url) => !url.pathname.endsWith("/reject"));

  await teacher.reload();
  await teacher.getByText("Friday is a day off.").waitFor();
  assert.equal(await teacher.getByText("Submitted").count(), 0, "what was decided since is what counts");
  assert.equal(await teacher.getByRole("term").filter({ hasText: "Sent" }).count(), 0, "it was not sent");
  await clean(teacher, "rejected");

  const admin = await signedIn(browser, house);
  await admin.goto("/audit");
  await admin.locator("table, ol").getByText("Message rejected").first().waitFor();
  await clean(admin, "audit");
  await sound(teacher);
  await sound(office);
  await sound(admin);
});

/** The code of the newest PIN in the mail simulator. */
async function mailedPin(context, address) {
  const outbox = await context.newPage();
  for (let tries = 0; tries < 40; tries += 1) {
    await outbox.goto(house.access.outbox_url);
    const mail = outbox.locator('a[href*="/mail/"], a[href*="outbox/"]').first();
    if (await mail.count()) {
      await mail.click();
      const text = await outbox.locator("pre.plain").textContent();
      const pin = text.match(/\b(\d{6})\b/)?.[1];
      if (pin && (await outbox.getByText(address).count())) {
        await outbox.close();
        return pin;
      }
    }
    await outbox.waitForTimeout(250);
  }
  throw new Error("no PIN in the mailbox");
}

test("a large message asks for the PIN that was mailed, takes no other, and goes", async () => {
  const admin = await signedIn(browser, house);
  await admin.goto("/settings");
  await admin.locator("#pin_threshold").fill("20");
  await admin.getByRole("button", { name: "Save large messages" }).click();
  await admin.getByRole("button", { name: "Change this setting" }).click();
  await admin.getByText("The settings are saved").waitFor();
  await sound(admin);

  const page = await as("5976.sam.okoro");
  await page.goto("/preferences");
  await page.getByText("more than 20 texts").waitFor();
  await page.goto("/send?to=group%3AYear+9");
  await page.getByLabel("What the text says").fill("Sports day is moved to Friday.");
  await page.waitForFunction(() => /\d/.test(document.getElementById("send-now").textContent));
  await page.locator("#send-now").click();
  await page.getByRole("heading", { level: 1, name: "Enter the PIN" }).waitFor();
  await clean(page, "pin");
  const pin = await mailedPin(page.context(), "sam.okoro@greenabbey.example");
  const send = page.getByRole("button", { name: "Send it" });

  await page.locator("#pin").fill(pin === "000000" ? "000001" : "000000");
  await send.click();
  await page.getByText("4 more times").first().waitFor();
  await clean(page, "pin-wrong");

  await page.locator("#pin").fill(` ${pin.slice(0, 3)} ${pin.slice(3)}`);
  await send.click();
  await page.waitForURL("**/messages/**");
  await page.getByText(/Delivered to \d+/).first().waitFor({ timeout: 60_000 });
  await sound(page);
});
