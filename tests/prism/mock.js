// Prism, a strict mock made from a supplier's own OpenAPI description, and a proxy before it that keeps what went to and fro.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import path from "node:path";
import { promisify } from "node:util";

const here = import.meta.dirname;
export const root = path.resolve(here, "../..");
export const specs = path.resolve(root, process.env.SPECS_DIR ?? "../shared/specs");

/** Builds an example of the workspace as the Rust tests do, runs it, and gives what it said. */
export async function runExample(name, ...args) {
  const run = promisify(execFile);
  const cargo = ["build", "--quiet", "--locked", "--workspace", "--profile", "test", "--example", name];
  await run("cargo", cargo, { cwd: root });
  const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
  return (await run(path.join(target, "debug/examples", name), args, { cwd: root })).stdout;
}

/** Starts Prism, which refuses every request that its description does not allow. */
export async function startPrism(file) {
  const port = await freePort();
  const bin = path.join(here, "node_modules/.bin/prism");
  const args = [bin, "mock", "--errors", "--host", "127.0.0.1", "--port", String(port), file];
  const process_ = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  await new Promise((resolve, reject) => {
    // Goes on reading after the start: a full pipe would stop Prism.
    process_.stdout.on("data", (chunk) => {
      said += chunk;
      if (said.includes("Prism is listening")) {
        resolve();
      }
    });
    process_.once("exit", () => reject(new Error(`Prism did not start:\n${said}`)));
  });
  return { process: process_, url: `http://127.0.0.1:${port}` };
}

async function freePort() {
  const server = http.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Passes requests on to `target` and keeps what went to and fro. `instead` may answer a request itself (then nothing is
 * passed on), or make another answer of the one that came.
 */
export async function startProxy(target, exchanges, { instead = () => undefined, after = (_, answer) => answer } = {}) {
  const server = http.createServer(async (request, response) => {
    const form = (await request.toArray()).join("");
    const url = new URL(request.url, target);
    const own = instead({ method: request.method, url, form, headers: request.headers });
    if (own !== undefined) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(own);
      return;
    }
    const { host, ...headers } = request.headers;
    const upstream = http.request(target + request.url, { method: request.method, headers });
    upstream.end(form);
    const [reply] = await once(upstream, "response");
    const answer = (await reply.toArray()).join("");
    const violations = reply.headers["sl-violations"];
    exchanges.push({ method: request.method, url, form, status: reply.statusCode, answer, violations });
    response.writeHead(reply.statusCode, { "content-type": reply.headers["content-type"] ?? "text/plain" });
    response.end(after({ url }, answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

/** The operation of the description that a request is for. */
export function operationOf(paths, { method, url }) {
  const matches = Object.keys(paths).filter((p) =>
    new RegExp(`^${p.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`).test(url.pathname),
  );
  assertOne(matches, url);
  return paths[matches[0]][method.toLowerCase()];
}

function assertOne(matches, url) {
  if (matches.length !== 1) throw new Error(`${url.pathname} matches ${matches}`);
}
