// Refresh Now and what it brings, against the demo school's MIS, in a real browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { signedIn } from "./house.mjs";
import { browser, clean, fits, house, openAll } from "./shared.mjs";

openAll();

const shot = async (page, name) => {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
};

const simulators = () => new URL(house.access.outbox_url).origin;

/** The texts that the provider has taken. */
async function sent() {
  return (await fetch(`${simulators()}/_control/log?kind=sms`)).json();
}

/** Changes something on the MIS's own pages. */
async function mis(path, fields) {
  const answer = await fetch(`${simulators()}/mis/${path}`, {
    method: "POST",
    body: new URLSearchParams(fields),
    redirect: "manual",
  });
  assert.equal(answer.status, 303);
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
  await pop.getByText("Last updated just now").waitFor({ timeout: 90_000 });
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
    const colorScheme = width === 390 ? "dark" : "light";
    const page = await signedIn(browser, house, { viewport: { width, height: 1200 }, colorScheme });
    await page.goto("/sync");
    await page.getByRole("button", { name: "Request now" }).first().click();
    await page.waitForURL("**/sync");
    await page.getByText("The last refresh is held: what the MIS sent").first().waitFor();
    await page.reload();
    await page.getByRole("button", { name: /Apply: remove [\d,]+ people/ }).waitFor();
    await clean(page, `held ${width}`);
    await fits(page, width);
    await shot(page, `sync-held-${width}`);
    await page.getByRole("button", { name: /Apply: remove/ }).click();
    await page.getByRole("heading", { name: "Apply what the MIS sent?" }).waitFor();
    await page.getByRole("link", { name: "Leave it held" }).click();
    await page.getByRole("button", { name: "Discard it" }).click();
    await page.getByText("Discarded").and(page.locator(":visible")).first().waitFor();
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
  await mis("feed", { breakage: "none" });
});

/** Pupils of the MIS's page of a year, each of another family whose two adults have mobiles that take texts. */
async function families(page, year) {
  await page.goto(`${simulators()}/mis?q=${encodeURIComponent(year)}`);
  const all = await page.locator("section[aria-labelledby^='p-']").evaluateAll((cards) =>
    cards.map((card) => ({
      id: card.getAttribute("aria-labelledby").slice(2),
      name: card.querySelector("h2").firstChild.textContent.trim(),
      barred: card.textContent.includes("court order"),
      mobiles: [...card.querySelectorAll("input[name=mobile]")].map((input) => input.value),
    })),
  );
  const good = (mobile) => mobile !== "" && !/90[1-7]$/.test(mobile);
  const reachable = all.filter(({ barred, mobiles }) => !barred && mobiles.length === 2 && mobiles.every(good));
  const first = (one) => reachable.findIndex(({ name, mobiles }) => name === one.name || mobiles[0] === one.mobiles[0]);
  return reachable.filter((one, at) => first(one) === at);
}

/** Sets a pupil's mark of the morning on the MIS's own page. */
async function mark(page, { id, name }, code) {
  await page.goto(`${simulators()}/mis?q=${encodeURIComponent(name)}`);
  await page.locator(`#m-${id}-AM`).selectOption(code);
  await page.locator("form", { has: page.locator(`#m-${id}-AM`) }).getByRole("button").click();
  await page.getByText("Saved.").waitFor();
}

/** Joins the run that is at work, or begins one, and waits for its end. */
async function ended() {
  const { url, api_key } = house.access;
  const headers = { authorization: `Bearer ${api_key}` };
  const { id } = await (await fetch(`${url}/api/v1/sync-runs`, { method: "POST", headers })).json();
  for (;;) {
    const run = await (await fetch(`${url}/api/v1/sync-runs/${id}`, { headers })).json();
    if (!["queued", "running"].includes(run.state)) return assert.equal(run.state, "finished", JSON.stringify(run));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Has the MIS read, from the footer, and waits for the end. */
async function refresh(page) {
  await page.goto("/");
  await page.locator("#sync-line").click();
  const pop = page.getByRole("dialog", { name: "Refresh from the MIS" });
  const asked = page.waitForResponse((answer) => answer.request().method() === "POST" && answer.url().endsWith("/sync"));
  await pop.getByRole("button", { name: "Request now" }).click();
  await asked;
  await ended();
  await pop.getByText("Last updated just now").waitFor();
}

test("registers saved after the last sync: refresh, the list is right, the family is told", async () => {
  const page = await signedIn(browser, house);
  await refresh(page);
  const [here, away] = await families(page, "Year 7");
  await mark(page, away, "N");
  await page.goto("/absence?session=AM");
  await page.getByRole("heading", { level: 1, name: "Absences" }).waitFor();
  assert.equal(await page.getByRole("link", { name: away.name }).count(), 0, "the register was saved after the sync");

  await refresh(page);
  for (const [width, colorScheme] of [[390, "dark"], [1440, "light"]]) {
    const looks = await signedIn(browser, house, { viewport: { width, height: 1600 }, colorScheme });
    await looks.goto("/absence?session=AM");
    await looks.getByRole("button", { name: "Tell 1 family" }).waitFor();
    await clean(looks, `absence list ${width}`);
    await fits(looks, width);
    await shot(looks, `absence-list-${width}`);
    assert.deepEqual(looks.faults, []);
    await looks.context().close();
  }
  await page.goto("/absence?session=AM");
  await page.getByLabel(`Tell the family of ${away.name}`).waitFor();
  assert.equal(await page.getByLabel(`Tell the family of ${here.name}`).count(), 0);
  await page.getByRole("button", { name: "Tell 1 family" }).click();
  await page.getByRole("button", { name: "Send 2 texts" }).click();
  await page.getByRole("heading", { level: 1, name: "Delivered to 2 of 2" }).waitFor();
  const texts = await sent();
  assert.deepEqual(texts.map(({ to }) => to).sort(), away.mobiles.toSorted());
  for (const { body } of texts) assert.ok(body.includes(away.name), body);

  await page.goto("/absence?session=AM");
  await page.getByText("Every absence of this session is explained, or the family knows.").waitFor();
  await page.getByRole("heading", { name: "Told already" }).waitFor();
  await clean(page, "absence list, told");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a number changed in the MIS: what is confirmed while the sync runs waits, and goes to the new number", async () => {
  const page = await signedIn(browser, house);
  await refresh(page);
  const [family] = await families(page, "Year 8");
  const [old, kept] = family.mobiles;
  const before = (await sent()).length;

  // The list is built: the old number is on it.
  await page.goto("/send");
  await page.getByLabel("People and groups").fill(family.name);
  await page.getByRole("option", { name: family.name }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByLabel("For pupils, send to").selectOption("all");
  await page.getByLabel("What the text says").fill("The coach leaves at nine.");
  const send = page.getByRole("button", { name: "Send 2 texts" });
  await send.waitFor();

  const other = await page.context().newPage();
  await other.goto(`${simulators()}/mis?q=${encodeURIComponent(family.name)}`);
  const mobile = other.locator(`section[aria-labelledby="p-${family.id}"] form[action="/mis/mobile"]`).first();
  await mobile.getByRole("textbox").fill("07700 900999");
  await mobile.getByRole("button").click();
  await other.getByText("Saved.").waitFor();
  await mis("feed", { breakage: "waits" });
  await other.goto("/");
  await other.locator("#sync-line").click();
  await other.getByRole("button", { name: "Request now" }).click();
  await other.getByRole("dialog").getByRole("listitem").first().waitFor();

  await send.click();
  await page.getByText("The message goes as soon as that has ended").waitFor();
  await clean(page, "waiting for sync");
  await shot(page, "message-waits");
  assert.equal((await sent()).length, before, "nothing goes while the MIS is read");

  await mis("feed", { breakage: "none" });
  await page.getByRole("heading", { level: 1, name: "Delivered to 2 of 2" }).waitFor();
  const went = (await sent()).slice(before).map(({ to }) => to);
  assert.deepEqual(went.sort(), ["+447700900999", kept].sort());
  assert.ok(!went.includes(old));
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a list that is out of date: who came is spared, and nobody else is told before a refresh or a reason", async () => {
  const page = await signedIn(browser, house);
  await refresh(page);
  const [came, away, other] = await families(page, "Year 9");
  for (const pupil of [came, away, other]) await mark(page, pupil, "N");
  await refresh(page);
  await page.goto("/absence?session=AM");
  await page.getByRole("heading", { level: 1, name: "Absences" }).waitFor();
  const tick = (pupil) => page.getByLabel(`Tell the family of ${pupil.name}`);
  for (const pupil of [came, away, other]) assert.ok(await tick(pupil).isChecked(), pupil.name);

  // A teacher saves the register while the message is written.
  await tick(other).uncheck();
  await page.getByRole("button", { name: "Tell 2 families" }).click();
  const send = page.getByRole("button", { name: /^Send \d texts$/ });
  await send.waitFor();
  const teacher = await page.context().newPage();
  await mark(teacher, came, "/");
  await teacher.close();
  const before = (await sent()).length;
  await send.click();
  await page.getByRole("heading", { level: 1, name: "Delivered to 2 of 4" }).waitFor();
  const went = (await sent()).slice(before).map(({ to }) => to);
  assert.deepEqual(went.sort(), away.mobiles.toSorted());

  await page.goto("/absence?session=AM");
  await page.getByText("Registers were saved in the MIS since they were read here.").waitFor();
  await tick(came).uncheck();
  await page.getByRole("button", { name: "Tell 1 family" }).click();
  await page.getByText("so a pupil may be in school by now").first().waitFor();
  for (const [width, colorScheme] of [[390, "dark"], [1440, "light"]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 1600 });
    await clean(page, `stale list ${width}`);
    await fits(page, width);
    await shot(page, `absence-stale-${width}`);
  }
  assert.ok(!(await tick(came).isChecked()) && (await tick(other).isChecked()), "what was ticked stays so");
  await page.locator("#absence-why").selectOption({ label: "Somebody has checked the registers themselves" });
  await page.getByRole("button", { name: "Tell 1 family" }).click();
  await page.getByRole("button", { name: "Send 2 texts" }).click();
  await page.getByRole("heading", { level: 1, name: "Delivered to 2 of 2" }).waitFor();
  await page.goto("/audit");
  await page.getByText("marks_old_sent_because").first().waitFor();

  // Refreshed from the page itself, the list is right.
  await page.goto("/absence?session=AM");
  await page.locator("#stale").getByRole("button", { name: "Refresh now" }).click();
  await ended();
  await page.goto("/absence?session=AM");
  await page.getByRole("heading", { name: "Told already" }).waitFor();
  assert.equal(await page.locator("#stale").count(), 0);
  assert.equal(await tick(came).count(), 0);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
