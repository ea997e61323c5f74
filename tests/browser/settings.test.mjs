// The account settings in a real browser: a protected change, what is refused, keys, the logo, an imported contact.
import assert from "node:assert/strict";
import { test } from "node:test";
import { signedIn } from "./house.mjs";
import { browser, clean, house, looksRight, openAll, sound } from "./shared.mjs";

openAll();

const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

test("the pages are accessible at every width and in both themes, and nothing scrolls sideways", async () => {
  for (const [width, colorScheme] of [[1024, "light"], [1024, "dark"], [390, "light"], [390, "dark"]]) {
    const page = await signedIn(browser, house, { viewport: { width, height: 5000 }, colorScheme });
    await looksRight(page, ["/settings", "/settings/keys", "/release-notes", "/tools"], `${width} ${colorScheme}`);
    await sound(page);
  }
});

test("a protected row shows what it is and what it would be before it changes, and a wrong one says why", async () => {
  const page = await signedIn(browser, house);
  await page.goto("/settings");
  await page.getByLabel("Sender").fill("12345");
  await page.getByRole("button", { name: "Save text messages" }).click();
  await page.getByText("There is a problem").waitFor();
  assert.equal(await page.getByLabel("Sender").inputValue(), "12345");
  await clean(page, "settings with a problem");

  await page.getByLabel("Sender").fill("AbbeyNew");
  await page.getByRole("button", { name: "Save text messages" }).click();
  await page.getByRole("heading", { name: "Confirm the change" }).waitFor();
  await page.getByText("AbbeyNew").waitFor();
  await clean(page, "the question");
  await page.getByRole("link", { name: "Leave it as it is" }).click();
  assert.equal(await page.getByLabel("Sender").inputValue(), "GreenAbbey");

  await page.getByLabel("Sender").fill("AbbeyNew");
  await page.getByRole("button", { name: "Save text messages" }).click();
  await page.getByRole("button", { name: "Change this setting" }).click();
  await page.getByText("The settings are saved").waitFor();
  await clean(page, "settings, saved");
  await page.goto("/send");
  await page.getByRole("button", { name: "Everyone" }).click();
  await page.getByLabel("What the text says").fill("Hello");
  await page.getByText("AbbeyNew").first().waitFor();
  await sound(page);
});

test("a picture becomes the logo, and an SVG does not", async () => {
  const page = await signedIn(browser, house);
  await page.goto("/settings");
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>');
  await page.getByLabel("Another picture").setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: svg });
  await page.getByRole("button", { name: "Save logo" }).click();
  await page.getByRole("link", { name: "Use a PNG or a JPEG picture" }).waitFor();
  await clean(page, "logo refused");
  await page.getByLabel("Another picture").setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: PIXEL });
  await page.getByRole("button", { name: "Save logo" }).click();
  await page.getByText("The logo is saved").waitFor();
  const drawn = await page.getByAltText("The logo as it is now").evaluate((img) => img.complete && img.naturalWidth);
  assert.equal(drawn, 1);
  await clean(page, "settings with a logo");
  await sound(page);
});

test("a key is shown once, replaced and revoked, each asked about", async () => {
  const page = await signedIn(browser, house);
  await page.goto("/settings/keys");
  await page.getByRole("button", { name: "Make the key" }).click();
  await page.getByText("There are 2 problems").waitFor();
  await clean(page, "keys with problems");
  await page.getByLabel("Name").fill("Website");
  await page.getByLabel("See usage").check();
  await page.getByRole("button", { name: "Make the key" }).click();
  const key = await page.getByLabel("API key").inputValue();
  assert.match(key, /^msk_[0-9a-f]{16}_[0-9a-f]{64}$/);
  await clean(page, "a key, shown once");
  const asks = (token) => fetch(`${house.access.url}/api/v1/usage`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await asks(key)).status, 200);

  await page.getByRole("link", { name: "I have copied it" }).click();
  await page.getByRole("button", { name: "Replace the secret of Website" }).click();
  await clean(page, "the question before a replacement");
  await page.getByRole("button", { name: "Replace the secret" }).click();
  const next = await page.getByLabel("API key").inputValue();
  assert.deepEqual([(await asks(key)).status, (await asks(next)).status], [200, 200]);

  await page.getByRole("link", { name: "I have copied it" }).click();
  await clean(page, "keys, one replaced");
  await page.getByRole("button", { name: "Revoke Website" }).click();
  await page.getByRole("button", { name: "Revoke the key" }).click();
  await page.getByText("The key is revoked").waitFor();
  assert.deepEqual([(await asks(key)).status, (await asks(next)).status], [401, 401]);
  await sound(page);
});

test("an imported contact is changed here, shown so, and the change is dropped", async () => {
  const { url, api_key: key } = house.access;
  const contacts = [{ id: "mis-1", forename: "Ann", surname: "Zebedee", role: "parent", mobile: "07700 900123" }];
  const pushed = await fetch(`${url}/api/v1/contacts/batch`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ contacts }),
  });
  assert.equal(pushed.status, 200);
  const page = await signedIn(browser, house);
  await page.goto("/contacts/mis-1");
  assert.equal(await page.getByLabel("Forename").isEditable(), false);
  await page.goto("/settings");
  await page.getByLabel("Imported contacts can be changed here").check();
  await page.getByRole("button", { name: "Save contacts" }).click();
  await page.getByRole("button", { name: "Change this setting" }).click();
  await page.goto("/contacts/mis-1");
  await page.getByLabel("Forename").fill("Anna");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByRole("heading", { name: "Changed here" }).waitFor();
  await clean(page, "a changed contact");
  await page.getByRole("button", { name: "Drop the change of Forename" }).click();
  await page.getByText("The changes are saved").waitFor();
  assert.equal(await page.getByLabel("Forename").inputValue(), "Ann");
  await sound(page);
});
