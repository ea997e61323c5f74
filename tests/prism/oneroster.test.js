// The real OneRoster 1.2 connector against Prism, a strict mock made from the standard's own OpenAPI description.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { operationOf, runExample, specs, startPrism, startProxy } from "./mock.js";

const file = path.join(specs, "oneroster/onerosterv1p2_rostering.cut.json");
const skip = existsSync(file) ? false : `skipped: ${file} is missing`;
const TOKEN = JSON.stringify({ access_token: "abc", token_type: "bearer", expires_in: 3600 });

/** The mock says the same on every page; a real server's list has an end. */
const onlyOnePage = ({ url }, answer) => {
  if (url.searchParams.get("offset") === "0") return answer;
  const body = JSON.parse(answer);
  return JSON.stringify(Object.fromEntries(Object.keys(body).map((key) => [key, []])));
};

describe("the OneRoster connector's requests", { skip }, () => {
  let prism;
  let proxy;
  let output;
  const exchanges = [];
  const tokens = [];

  before(async () => {
    prism = await startPrism(file);
    const instead = (request) => {
      if (!request.url.pathname.endsWith("/token")) return undefined;
      tokens.push(request);
      return TOKEN;
    };
    proxy = await startProxy(prism.url, exchanges, { instead, after: onlyOnePage });
    output = await runExample("oneroster_probe", proxy.url);
  });

  after(() => {
    proxy?.server.close();
    prism?.process.kill();
  });

  test("pass the strict mock, one by one", () => {
    const asked = new Set(exchanges.map((e) => e.url.pathname));
    assert.deepEqual([...asked].sort(), ["/classes", "/enrollments", "/schools", "/users"]);
    for (const e of exchanges) {
      const where = `${e.method} ${e.url.pathname}${e.url.search}`;
      assert.equal(e.status, 200, `${where}: ${e.status} ${e.answer}`);
      assert.equal(e.violations, undefined, `${where}: ${e.violations}`);
    }
    const changed = exchanges.filter((e) => e.url.searchParams.has("filter"));
    assert.ok(changed.length >= 2, "what changed is asked for by a filter");
  });

  test("hold no parameter that the standard does not know", () => {
    const { paths } = JSON.parse(readFileSync(file, "utf8"));
    for (const e of exchanges) {
      const { parameters } = operationOf(paths, e);
      const known = new Set(parameters.filter((p) => p.in === "query").map((p) => p.name));
      for (const name of e.url.searchParams.keys()) assert.ok(known.has(name), `${e.url.pathname}: ${name}`);
    }
  });

  test("ask for a token with a scope that the description has", () => {
    const { components } = JSON.parse(readFileSync(file, "utf8"));
    const { scopes } = components.securitySchemes.OAuth2CC.flows.clientCredentials;
    assert.ok(tokens.length > 0);
    for (const { form, headers } of tokens) {
      const fields = new URLSearchParams(form);
      assert.equal(fields.get("grant_type"), "client_credentials");
      assert.ok(fields.get("scope") in scopes, fields.get("scope"));
      assert.match(headers.authorization, /^Basic /);
    }
  });

  test("bring back answers that the connector understands", () => {
    for (const part of ["school", "pupils", "contacts", "staff", "groups"]) {
      for (const what of ["all", "changed"]) {
        assert.match(output, new RegExp(`^${what} ${part} understood, \\d+ rows$`, "m"), output);
      }
    }
  });

  test("would be refused by this mock if they were wrong", async () => {
    const headers = { authorization: "Bearer abc" };
    const status = async (query, options) => (await fetch(`${prism.url}/users${query}`, options)).status;
    assert.equal(await status("?limit=10", {}), 401);
    assert.equal(await status("?limit=many", { headers }), 422);
    assert.equal(await status("?orderBy=sideways", { headers }), 422);
    assert.equal(await status("?limit=10&offset=0&sort=sourcedId&orderBy=asc", { headers }), 200);
  });
});
