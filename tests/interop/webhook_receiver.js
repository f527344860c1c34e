// SPDX-License-Identifier: Apache-2.0
// A partner's webhook endpoint: verifies each request with the reference library of Standard Webhooks and says so, one JSON line a request.
//
//   node webhook_receiver.js --port PORT [--host 127.0.0.1] [--cert FILE --key FILE]
//
// stdout: {"event":"listening","port":…}, then for each request {"event":"request","path","id","timestamp","signatures","verified","why",
// "status","body"}. stdin, one JSON object a line, changes a path's behaviour (path "*": all that have none of their own); each is answered by
// {"event":"set",…}:
//   {"path":"/a","secret":"whsec_…"}     verify with it (added to those known; "forget":true drops the others first)
//   {"path":"/a","status":503,"headers":{"retry-after":"2"},"times":3}   answer so, `times` times (default: from now on), then 204
//   {"path":"/a","delay_ms":20000}       answer late        {"path":"/a","drop":true}   close without an answer
//   {"path":"/a","flood":true}           answer 200 and a body without end
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const readline = require("node:readline");
const { parseArgs } = require("node:util");
const { Webhook } = require("standardwebhooks");

const { values: args } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
    cert: { type: "string" },
    key: { type: "string" },
  },
});
const rules = new Map();
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const ruleOf = (path) => rules.get(path) ?? rules.get("*") ?? { secrets: [] };

// True, or why not. With several secrets one of them must do.
function verify(secrets, body, headers) {
  let why = "no secret known";
  for (const secret of secrets) {
    try {
      new Webhook(secret).verify(body, headers);
      return true;
    } catch (error) {
      why = error.message;
    }
  }
  return why;
}

function answer(rule, request, response) {
  const limited = rule.status !== undefined && rule.times !== undefined;
  const status = rule.status === undefined || (limited && rule.times <= 0) ? 204 : rule.status;
  if (limited && rule.times > 0) {
    rule.times -= 1;
  }
  if (rule.drop) {
    request.socket.destroy();
    return 0;
  }
  if (rule.flood) {
    response.writeHead(200);
    const pour = () => {
      while (!response.destroyed && response.write("x".repeat(65536)));
    };
    response.on("drain", pour).on("error", () => {});
    pour();
    return 200;
  }
  setTimeout(() => {
    response.writeHead(status, status === 204 ? {} : rule.headers ?? {});
    response.end();
  }, rule.delay_ms ?? 0);
  return status;
}

function serve(request, response) {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString("utf8");
    const rule = ruleOf(request.url);
    const verdict = verify(rule.secrets, body, request.headers);
    say({
      event: "request",
      path: request.url,
      method: request.method,
      id: request.headers["webhook-id"],
      timestamp: request.headers["webhook-timestamp"],
      signatures: (request.headers["webhook-signature"] ?? "").split(" ").filter(Boolean).length,
      verified: verdict === true,
      why: verdict === true ? null : verdict,
      status: answer(rule, request, response),
      at: Date.now(),
      body,
    });
  });
}

function set(line) {
  const { path = "*", secret, forget, ...behaviour } = JSON.parse(line);
  const old = rules.get(path) ?? { secrets: [] };
  const secrets = forget ? [] : old.secrets.slice();
  if (secret) {
    secrets.push(secret);
  }
  // A new secret alone leaves the behaviour as it was; anything else replaces it.
  const kept = Object.keys(behaviour).length === 0 ? old : behaviour;
  rules.set(path, { ...kept, secrets });
  say({ event: "set", path });
}

const server = args.cert
  ? https.createServer({ cert: fs.readFileSync(args.cert), key: fs.readFileSync(args.key) }, serve)
  : http.createServer(serve);
server.listen(Number(args.port), args.host, () => say({ event: "listening", port: server.address().port }));
readline.createInterface({ input: process.stdin }).on("line", set).on("close", () => process.exit(0));
