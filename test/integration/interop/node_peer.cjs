// The peer node-ws: `node node_peer.cjs client|server --name value ...`, see README.md.
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const WebSocket = require("ws");
const { sizes, isText, inFragments, payload, same, closeWish, Tally } = require("./programme.cjs");

const [, , role, ...pairs] = process.argv;
const options = {};
for (let at = 0; at < pairs.length; at += 2) options[pairs[at].slice(2)] = pairs[at + 1];

function fail(problem) {
  console.error(problem);
  process.exit(1);
}

// Without context takeover ws sends messages below its threshold uncompressed.
function deflate() {
  if (options.deflate !== "1") return false;
  const bits = side => side in options ? Number(options[side]) : undefined;
  return {
    threshold: 64,
    serverNoContextTakeover: options["server-no-context-takeover"] === "1" || undefined,
    clientNoContextTakeover: options["client-no-context-takeover"] === "1" || undefined,
    serverMaxWindowBits: bits("server-max-window-bits"),
    clientMaxWindowBits: bits("client-max-window-bits"),
  };
}

function report(peer, code, reason, clean) {
  console.log(JSON.stringify({
    messages: peer.tally.messages, bytes: peer.tally.bytes, digest: peer.tally.digest,
    extensions: peer.extensions, wire_in: peer.wire, code, reason, clean,
  }));
}

// Code 1006 is how ws tells that a Close frame is missing.
function atEnd(socket, peer, then) {
  socket.on("error", fail);
  socket.on("close", (code, reason) => {
    report(peer, code, reason.toString(), code !== 1006);
    then();
  });
}

function sent(socket, data, how) {
  return new Promise((resolve, reject) => socket.send(data, how, problem => problem ? reject(problem) : resolve()));
}

async function sendAll(socket, messages) {
  for (const [index, size] of messages.entries()) {
    const content = payload(index, size);
    const binary = !isText(index);
    if (!inFragments(index, size)) {
      await sent(socket, content, { binary });
      continue;
    }
    const third = Math.ceil(size / 3);  // perhaps inside a code point
    for (let at = 0; at < size; at += third) {
      await sent(socket, content.subarray(at, at + third), { binary, fin: at + third >= size });
    }
  }
}

function client() {
  const secure = "ca" in options ? { ca: fs.readFileSync(options.ca) } : {};
  const socket = new WebSocket(options.url, { perMessageDeflate: deflate(), maxPayload: 0, ...secure });
  const messages = sizes(Number(options.messages), Number(options.largest));
  const peer = { tally: new Tally(), extensions: "", wire: 0 };
  socket.on("upgrade", response => (peer.extensions = response.headers["sec-websocket-extensions"] || ""));
  atEnd(socket, peer, () => process.exit(peer.tally.messages === messages.length ? 0 : 1));
  socket.on("open", () => sendAll(socket, messages).catch(fail));
  socket.on("message", (data, binary) => {
    const index = peer.tally.messages;
    if (binary === isText(index) || !same(data, payload(index, messages[index]))) {
      fail(new Error(`the echo of message ${index}, ${messages[index]} bytes, differs`));
    }
    peer.tally.add(!binary, data);
    if (peer.tally.messages < messages.length) return;
    peer.wire = socket._socket.bytesRead;
    if (options.closer === "server") socket.send(`close ${options.code}`);
    else socket.close(Number(options.code), "Grüße");
  });
}

function server() {
  const answer = (request, response) => response.writeHead(426).end();
  const listening = "cert" in options
    ? https.createServer({ cert: fs.readFileSync(options.cert), key: fs.readFileSync(options.key) }, answer)
    : http.createServer(answer);
  const sockets = new WebSocket.WebSocketServer({ server: listening, perMessageDeflate: deflate(), maxPayload: 0 });
  const peer = { tally: new Tally(), extensions: "", wire: 0 };
  sockets.on("headers", lines => {
    const name = "sec-websocket-extensions: ";
    peer.extensions = (lines.find(line => line.toLowerCase().startsWith(name)) || name).slice(name.length);
  });
  sockets.on("connection", socket => {
    atEnd(socket, peer, () => process.exit(0));
    socket.on("message", (data, binary) => {
      const wish = !binary && data.length === 10 ? closeWish(data.toString()) : undefined;
      if (wish) return socket.close(Number(wish), "as asked");
      peer.tally.add(!binary, data);
      peer.wire = socket._socket.bytesRead;
      socket.send(data, { binary });
    });
  });
  listening.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: listening.address().port })));
}

({ client, server })[role]();
