// Each scenario of roles: whoever is made for it signs in, sees what they are to see, does what they are to do, and is
// told in plain words what is not theirs. What one hands to another, and who may grant what, is played in control and
// people.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessibility, signedIn } from "./house.mjs";
import { browser, house, openAll } from "./shared.mjs";

openAll();

const EVERY = ["/send", "/authorise", "/history", "/contacts", "/upload", "/usage", "/users", "/settings", "/audit"];
const SCENARIOS = [
  ["5976.tess.abernethy", ["/send"]],
  ["5976.sam.okoro", ["/send", "/authorise"]],
  ["5976.olive.field", ["/authorise", "/history", "/usage"]],
  ["5976.adam.quill", ["/send", "/authorise", "/history", "/contacts", "/usage", "/users", "/settings"]],
  ["5976.nina.year", ["/send"]],
  [undefined, EVERY],
];

for (const [username, pages] of SCENARIOS) {
  test(`${username ?? "the super-user"} is shown ${pages.join(" ")} and refused the rest in plain words`, async () => {
    const access = { ...house.access, username: username ?? house.access.username };
    const page = await signedIn(browser, { access });
    await page.goto("/tools");
    const tools = await page.locator("main a").evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
    for (const path of EVERY) {
      const answer = await page.goto(path);
      const wanted = pages.includes(path);
      assert.equal(answer.status(), wanted ? 200 : 403, `${path} for ${access.username}`);
      if (!wanted) {
        await page.getByText("You have not been given the right to open this page.").waitFor();
        assert.ok(!tools.includes(path), `the tools show ${path} to ${access.username}`);
      }
      assert.deepEqual(await accessibility(page), [], `${path} for ${access.username}`);
    }
    page.faults = page.faults.filter((fault) => !/403/.test(fault));
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

test("a teacher who sends writes a message and it goes at once, to nobody's queue", async () => {
  const page = await signedIn(browser, { access: { ...house.access, username: "5976.sam.okoro" } });
  await page.goto("/send?to=group%3AYear+9");
  await page.getByLabel("What the text says").fill("Swimming kit tomorrow, please.");
  await page.waitForFunction(() => /^Send \d/.test(document.getElementById("send-now").textContent));
  await page.locator("#send-now").click();
  await page.waitForURL("**/messages/**");
  await page.getByRole("heading", { level: 1, name: /Delivered to/ }).waitFor({ timeout: 60_000 });
  await page.goto("/authorise");
  await page.getByRole("heading", { name: "Nothing waits" }).waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("the office looks at what was sent in the past, and writes nothing", async () => {
  const page = await signedIn(browser, { access: { ...house.access, username: "5976.olive.field" } });
  assert.equal(await page.locator('nav a[href="/send"]').count(), 0, "no menu offers it");
  await page.goto("/history");
  await page.locator(".line a").first().click();
  await page.getByRole("heading", { level: 1 }).waitFor();
  assert.deepEqual(await accessibility(page), []);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
