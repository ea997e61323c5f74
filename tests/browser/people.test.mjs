// Users, roles and links to groups in a real browser: the guide's scenarios, played by those whom they are about.
import assert from "node:assert/strict";
import { test } from "node:test";
import { signedIn } from "./house.mjs";
import { browser, clean, fits, house, openAll, sound } from "./shared.mjs";

openAll();

/** What is refused on purpose is no fault. */
const quiet = (page) => sound(page, /40[34]/);

/** Signed in as one of the demo school's users. */
const as = (username, options) => signedIn(browser, { access: { ...house.access, username } }, options);

/** The page of a user, by their name. */
async function open(page, name) {
  await page.goto("/users");
  await page.getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

test("the pages of users are accessible at every width and in both themes, and nothing scrolls sideways", async () => {
  for (const [width, colorScheme] of [[1024, "light"], [1024, "dark"], [390, "light"], [390, "dark"]]) {
    const page = await signedIn(browser, house, { viewport: { width, height: 7000 }, colorScheme });
    await page.goto("/users");
    const user = await page.getByRole("link", { name: "Nina Yearwood" }).getAttribute("href");
    for (const path of ["/users", "/users?q=nobody", user, "/users/new", "/users/profiles", "/users/profiles/new"]) {
      await page.goto(path);
      await clean(page, `${path} ${width} ${colorScheme}`);
      await fits(page, `${path} at ${width}`);
      if (process.env.SHOTS) {
        const name = path.split("?")[0].replaceAll("/", "_").replace(/_0.*/, "_one");
        await page.setViewportSize({ width, height: 900 });
        await page.screenshot({ path: `${process.env.SHOTS}/${name}-${width}-${colorScheme}.png`, fullPage: true });
        await page.setViewportSize({ width, height: 7000 });
      }
    }
    await quiet(page);
  }
});

test("an administrator cannot grant what they lack", async () => {
  const page = await as("5976.adam.quill");
  await open(page, "Tess Abernethy");
  for (const role of ["Access to all areas", "Upload data", "Password never expires"]) {
    assert.ok(await page.getByRole("checkbox", { name: role, exact: true }).isDisabled(), role);
  }
  await page.getByText("You do not hold this role, so you cannot give it.").first().waitFor();
  await page.getByRole("checkbox", { name: "Edit contacts", exact: true }).check();
  await page.getByRole("button", { name: "Save the roles" }).click();
  await page.getByText("The roles are saved").waitFor();
  assert.ok(await page.getByRole("checkbox", { name: "Edit contacts", exact: true }).isChecked());
  // A form that was tampered with is refused where the role would be given.
  await page.locator("#role-admin").evaluate((box) => {
    box.disabled = false;
    box.checked = true;
  });
  await page.getByRole("button", { name: "Save the roles" }).click();
  await page.getByText("You cannot give or take “Access to all areas”").waitFor();
  await clean(page, "a refusal");
  await open(page, "Robin Marlow");
  await page.getByText("which you do not. Ask somebody who does.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Save the roles" }).count(), 0);
  await clean(page, "a user who holds more");
  await quiet(page);
});

test("a user linked to Year 9 sees and messages Year 9 only", async () => {
  const page = await as("5976.nina.year");
  await page.goto("/send");
  await page.getByText("You are linked to Year 9").waitFor();
  await clean(page, "the compose page of a linked user");
  await page.goto("/send?to=everyone");
  await page.getByLabel("What the text says").fill("The coach is back at 16:45.");
  await page.waitForFunction(() => /^Send \d/.test(document.getElementById("send-now").textContent));
  const everyone = await page.locator("#send-now").innerText();
  await page.goto("/send?to=group%3AYear+9");
  await page.getByLabel("What the text says").fill("The coach is back at 16:45.");
  await page.waitForFunction(() => /^Send \d/.test(document.getElementById("send-now").textContent));
  assert.equal(await page.locator("#send-now").innerText(), everyone, "everyone is everyone in Year 9");
  await page.locator("#send-now").click();
  await page.waitForURL("**/messages/*");
  await page.getByRole("heading", { level: 1, name: /Delivered to/ }).waitFor({ timeout: 60_000 });
  await page.goto("/users");
  await page.getByText("You have not been given the right").waitFor();
  await quiet(page);
});

test("a user is added by keyboard, step by step, and gets a link by e-mail", async () => {
  const page = await signedIn(browser, house);
  await page.goto("/users/new");
  await page.getByLabel("Their e-mail address").focus();
  await page.keyboard.type("not an address");
  await page.keyboard.press("Enter");
  await page.getByText("There is a problem").waitFor();
  await clean(page, "the first step with a problem");
  await page.getByLabel("Their e-mail address").fill("joe.bloggs@greenabbey.example");
  await page.keyboard.press("Enter");
  await page.getByLabel("Forename").focus();
  await page.keyboard.type("Joe");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Bloggs");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "What may they do?" }).waitFor();
  assert.equal(await page.getByLabel("Username").inputValue(), "5976.joe.bloggs");
  assert.ok(await page.getByRole("checkbox", { name: "Write messages" }).isChecked(), "the minimum user");
  await clean(page, "the last step");
  await page.getByLabel("Profile").selectOption("Office authoriser");
  await page.getByRole("button", { name: "Fill in the roles" }).press("Enter");
  await page.waitForFunction(() => document.getElementById("role-messageHistory").checked);
  await page.getByRole("checkbox", { name: "Message history" }).press("Space");
  await page.getByRole("button", { name: "Add this user" }).last().press("Enter");
  await page.getByText("The user is added").waitFor();
  await page.getByText("Has no password yet").waitFor();
  await clean(page, "a new user");

  await page.getByRole("button", { name: "Disable" }).press("Enter");
  await page.getByText("The user is disabled").waitFor();
  await page.getByRole("button", { name: "Delete this user" }).click();
  await page.getByRole("heading", { name: "Delete Joe Bloggs?" }).waitFor();
  await clean(page, "the open question");
  await page.getByRole("button", { name: "Delete Joe Bloggs" }).click();
  await page.getByText("The user is deleted").waitFor();
  await quiet(page);
});

test("without scripts a known user is found and a profile is made by plain forms", async () => {
  const page = await signedIn(browser, house, { javaScriptEnabled: false });
  await page.goto("/users/new");
  await page.getByLabel("Their e-mail address").fill("Sam.Okoro@greenabbey.example");
  await page.locator(".actions").getByRole("button", { name: "Go on" }).click();
  await page.getByText("here they are").waitFor();
  await page.goto("/users/profiles/new");
  await page.getByLabel("Name").fill("Front desk");
  await page.getByRole("checkbox", { name: "Sign in" }).check();
  await page.getByRole("button", { name: "Save the profile" }).click();
  await page.getByText("The profile is saved").waitFor();
  await page.getByRole("link", { name: /Front desk/ }).click();
  await page.getByRole("button", { name: "Delete this profile" }).click();
  await page.getByRole("heading", { level: 1, name: "Delete the profile Front desk?" }).waitFor();
  await page.getByRole("button", { name: "Delete Front desk" }).click();
  await page.getByText("The profile is deleted").waitFor();
  await page.context().close();
});

test("somebody whom no source ties to a pupil is found by name, barred, and let go again", async () => {
  const batch = {
    pupils: [{ id: "b-eve", forename: "Evelina", surname: "Barrable", groups: ["Test form"] }],
    contacts: [{ id: "b-ivo", forename: "Ivo", surname: "Farraway", role: "parent", mobile: "07700900009" }],
  };
  const { url, api_key } = house.access;
  const headers = { authorization: `Bearer ${api_key}`, "content-type": "application/json" };
  const sent = await fetch(`${url}/api/v1/contacts/batch`, { method: "POST", headers, body: JSON.stringify(batch) });
  assert.equal(sent.status, 200, await sent.text());
  for (const [width, colorScheme] of [[390, "dark"], [1440, "light"]]) {
    const page = await signedIn(browser, house, { viewport: { width, height: 2600 }, colorScheme });
    const looks = async (where) => {
      await clean(page, `${where} ${width}`);
      await fits(page, `${where} at ${width}`);
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/bar-${where}-${width}.png`, fullPage: true });
    };
    await page.goto("/contacts/b-ivo");
    await page.getByLabel("Bar from another pupil").pressSequentially("evel");
    const bar = page.getByRole("button", { name: "Bar contact about Evelina Barrable" });
    await bar.waitFor();
    await looks("found");
    await bar.press("Enter");
    await page.getByText("The pair is barred.").waitFor();
    await page.getByText("No source ties them").waitFor();
    await looks("set");
    // The other side of the pair says the same.
    await page.goto("/contacts/b-eve");
    await page.getByText("Barred here").waitFor();
    await page.getByRole("button", { name: "Lift the bar for Ivo Farraway" }).click();
    await page.getByRole("heading", { name: "Lift the bar?" }).waitFor();
    await looks("question");
    await page.getByRole("button", { name: "Lift the bar" }).click();
    await page.getByText("The bar that was set here is lifted.").waitFor();
    assert.equal(await page.getByText("Ivo Farraway").count(), 0);
    await quiet(page);
  }
});
