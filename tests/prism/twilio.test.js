// The real Twilio adapter against Prism, a strict mock made from Twilio's own OpenAPI description. Prism refuses what
// is missing or malformed but lets unknown fields pass, so their names are compared with the description apart.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { operationOf, runExample, specs, startPrism, startProxy } from "./mock.js";

const file = path.join(specs, "twilio/twilio_api_v2010.prism.json");
const skip = existsSync(file) ? false : `skipped: ${file} is missing`;

describe("the Twilio adapter's requests", { skip }, () => {
  let prism;
  let proxy;
  let output;
  const exchanges = [];

  before(async () => {
    prism = await startPrism(file);
    proxy = await startProxy(prism.url, exchanges);
    output = await runExample("twilio_probe", proxy.url);
  });

  after(() => {
    proxy?.server.close();
    prism?.process.kill();
  });

  test("pass the strict mock, one by one", () => {
    const asked = exchanges.map((e) => `${e.method} ${e.url.pathname.replace(/^.*\/AC[0-9a-f]{32}/, "")}`);
    assert.equal(asked.length, 7, asked.join("\n"));
    for (const [i, e] of exchanges.entries()) {
      assert.ok(e.status >= 200 && e.status < 300, `${asked[i]}: ${e.status} ${e.answer}`);
      assert.equal(e.violations, undefined, `${asked[i]}: ${e.violations}`);
    }
  });

  test("hold no field and no parameter that Twilio does not know", () => {
    const { paths } = JSON.parse(readFileSync(file, "utf8"));
    for (const e of exchanges) {
      const operation = operationOf(paths, e);
      const schema = operation.requestBody?.content["application/x-www-form-urlencoded"].schema;
      const known = new Set(Object.keys(schema?.properties ?? {}));
      const parameters = new Set((operation.parameters ?? []).filter((p) => p.in === "query").map((p) => p.name));
      for (const name of new URLSearchParams(e.form).keys()) {
        assert.ok(known.has(name), `${e.method} ${e.url.pathname}: field ${name}`);
      }
      for (const name of e.url.searchParams.keys()) {
        assert.ok(parameters.has(name), `${e.method} ${e.url.pathname}: parameter ${name}`);
      }
    }
  });

  test("bring back answers that the adapter understands", () => {
    assert.match(output, /^text Accepted \{ id: "SM[0-9a-f]{32}" \}$/m);
    assert.match(output, /^text fetched Some\(\w+\)$/m);
    assert.match(output, /^texts found 0$/m);
    assert.match(output, /^pooled text Accepted/m);
    assert.match(output, /^call Accepted \{ id: "CA[0-9a-f]{32}" \}$/m);
    assert.match(output, /^call fetched Some\(\w+\)$/m);
    assert.match(output, /^calls found 0$/m);
  });

  test("would be refused by this mock if they were wrong", async () => {
    const url = `${prism.url}/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json`;
    const authorization = `Basic ${Buffer.from("AC:token").toString("base64")}`;
    const post = async (headers, fields) =>
      (await fetch(url, { method: "POST", headers, body: new URLSearchParams(fields) })).status;
    assert.equal(await post({}, { To: "+447700900123", From: "+441632960000" }), 401);
    assert.equal(await post({ authorization }, { From: "+441632960000" }), 422);
    const method = { To: "+447700900123", From: "+441632960000", StatusCallbackMethod: "PATCH" };
    assert.equal(await post({ authorization }, method), 422);
  });
});
