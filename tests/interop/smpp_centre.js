// SPDX-License-Identifier: Apache-2.0
// An SMS centre for tests, on npm smpp: takes binds and messages, gives receipts, and misbehaves on demand.
//
//   node smpp_centre.js --port PORT [--host 127.0.0.1] [--system-id genxi] [--password secret]
//
// stdout, one JSON object a line: listening, bound, refused, submit {id, to, text, data_coding, esm_class, registered}, receipt {id, status}
// (status: of the answer), enquire, unbind, closed. stdin, one JSON object a line:
//   {"receipts":"tlv"|"text"|"decimal"|"none","state":"DELIVRD","delay_ms":50}   how receipts come ("decimal": text only, the id in decimal)
//   {"throttle":N}   the next N messages get 0x58      {"status":69}   … every message gets that status (0: none)
//   {"mute":true}    no answers at all                  {"close":true}  ends all links
//   {"incoming":"text","from":"8613…"}   a message from a phone     {"enquire":true}  asks all links
"use strict";

const readline = require("node:readline");
const { parseArgs } = require("node:util");
const smpp = require("smpp");

const { values: args } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
    "system-id": { type: "string" },
    password: { type: "string" },
  },
});
const STATES = { DELIVRD: 2, EXPIRED: 3, DELETED: 4, UNDELIV: 5, ACCEPTD: 6, REJECTD: 8 };
const behaviour = { receipts: "tlv", state: "DELIVRD", delay_ms: 50, throttle: 0, status: 0, mute: false };
const sessions = new Set();
let nextId = 0xa1b200;
const say = (line) => process.stdout.write(JSON.stringify({ ...line, at: Date.now() }) + "\n");

function receipt(session, pdu, id) {
  if (behaviour.receipts === "none" || session.gone) {
    return;
  }
  const named = behaviour.receipts === "decimal" ? String(parseInt(id, 16)) : id;
  const text = `id:${named} sub:001 dlvrd:001 submit date:2611240605 done date:2611240606 stat:${behaviour.state} err:000 text:`;
  const fields = {
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: 4,
    short_message: text,
  };
  if (behaviour.receipts === "tlv") {
    fields.receipted_message_id = id;
    fields.message_state = STATES[behaviour.state];
  }
  session.deliver_sm(fields, (reply) => say({ event: "receipt", id, status: reply.command_status }));
}

function submitted(session, pdu) {
  if (behaviour.mute) {
    return;
  }
  if (behaviour.throttle > 0) {
    behaviour.throttle -= 1;
    session.send(pdu.response({ command_status: 0x58 }));
    say({ event: "throttled", to: pdu.destination_addr });
    return;
  }
  if (behaviour.status !== 0) {
    session.send(pdu.response({ command_status: behaviour.status }));
    say({ event: "rejected", to: pdu.destination_addr, status: behaviour.status });
    return;
  }
  const id = (nextId++).toString(16);
  session.send(pdu.response({ message_id: id }));
  say({
    event: "submit",
    id,
    to: pdu.destination_addr,
    from: pdu.source_addr,
    text: pdu.short_message.message,
    udh: (pdu.short_message.udh ?? []).map((part) => part.toString("hex")),
    data_coding: pdu.data_coding,
    esm_class: pdu.esm_class,
    registered: pdu.registered_delivery,
  });
  setTimeout(() => receipt(session, pdu, id), behaviour.delay_ms);
}

function bound(session, pdu) {
  const wrong =
    (args["system-id"] !== undefined && pdu.system_id !== args["system-id"]) ||
    (args.password !== undefined && pdu.password !== args.password);
  session.send(pdu.response({ command_status: wrong ? 0x0e : 0, system_id: "centre" }));
  say({ event: wrong ? "refused" : "bound", system_id: pdu.system_id, version: pdu.interface_version });
  if (!wrong) {
    sessions.add(session);
  }
}

const server = smpp.createServer({}, (session) => {
  session.on("bind_transceiver", (pdu) => bound(session, pdu));
  session.on("submit_sm", (pdu) => submitted(session, pdu));
  session.on("enquire_link", (pdu) => {
    if (!behaviour.mute) {
      session.send(pdu.response());
      say({ event: "enquire" });
    }
  });
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    say({ event: "unbind" });
    session.close();
  });
  session.on("close", () => {
    session.gone = true;
    sessions.delete(session);
    say({ event: "closed" });
  });
  session.on("error", () => {});
});

function control(line) {
  const { close, incoming, from, enquire, ...change } = JSON.parse(line);
  Object.assign(behaviour, change);
  for (const session of sessions) {
    if (incoming !== undefined) {
      session.deliver_sm({ source_addr: from ?? "8613800000001", destination_addr: "110", short_message: incoming }, (reply) =>
        say({ event: "incoming", status: reply.command_status }),
      );
    }
    if (enquire) {
      session.enquire_link({}, (reply) => say({ event: "enquired", status: reply.command_status }));
    }
    if (close) {
      session.destroy();
    }
  }
  say({ event: "set" });
}

server.listen(Number(args.port), args.host, () => say({ event: "listening", port: server.address().port }));
readline.createInterface({ input: process.stdin }).on("line", control).on("close", () => process.exit(0));
