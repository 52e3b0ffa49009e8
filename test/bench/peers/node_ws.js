// An echo on node-ws, as its README has it, without compression. Tuned: the answers to what came
// in one read leave in one write, no list of clients, no limit to check.
"use strict";

const http = require("node:http");
const https = require("node:https");
const fs = require("node:fs");
const { WebSocketServer } = require("ws");

const flag = name => process.argv.includes(name);
const value = name => process.argv[process.argv.indexOf(name) + 1];
const tuned = flag("--tuned");

const server = flag("--tls")
  ? https.createServer({ cert: fs.readFileSync(value("--cert")), key: fs.readFileSync(value("--key")) })
  : http.createServer();
const options = { server, perMessageDeflate: false };
if (tuned) Object.assign(options, { clientTracking: false, maxPayload: 0, allowSynchronousEvents: true });

new WebSocketServer(options).on("connection", (ws, request) => {
  const socket = request.socket;
  let corked = false;
  const uncork = () => { corked = false; socket.uncork(); };
  ws.on("error", () => {});
  ws.on("message", (data, isBinary) => {
    if (tuned && !corked) {
      corked = true;
      socket.cork();
      process.nextTick(uncork);
    }
    ws.send(data, { binary: isBinary });
  });
});
server.listen(Number(value("--port")), "127.0.0.1", 4096, () => console.log("listening"));
