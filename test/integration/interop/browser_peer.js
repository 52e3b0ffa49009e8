// The peer Chromium: run in a page after programme.cjs; arguments: the options, and the function that
// takes the report. A page learns neither what came over the wire nor the frames.
"use strict";

const [options, done] = arguments;
const messages = programme.sizes(options.messages, options.largest);
const tally = new programme.Tally();
const socket = new WebSocket(options.url);
socket.binaryType = "arraybuffer";
let problem = "", extensions = "", next = 0;

// Sends while little is queued; called again with every echo.
function sendSome() {
  for (; next < messages.length && socket.bufferedAmount < 1 << 20; ++next) {
    const content = programme.payload(next, messages[next]);
    socket.send(programme.isText(next) ? new TextDecoder().decode(content) : content);
  }
}

function end() {
  if (options.closer === "server") socket.send(`close ${options.code}`);
  else socket.close(options.code, "Grüße");
}

socket.onopen = () => {
  extensions = socket.extensions;
  sendSome();
};

socket.onmessage = ({ data }) => {
  const index = tally.messages;
  const text = typeof data === "string";
  const content = text ? new TextEncoder().encode(data) : new Uint8Array(data);
  if (text !== programme.isText(index) || !programme.same(content, programme.payload(index, messages[index]))) {
    problem = `the echo of message ${index}, ${messages[index]} bytes, differs`;
    socket.close();
    return;
  }
  tally.add(text, content);
  if (tally.messages === messages.length) end();
  else sendSome();
};

socket.onclose = ({ code, reason, wasClean }) => {
  const { messages, bytes, digest } = tally;
  done({ messages, bytes, digest, extensions, wire_in: 0, code, reason, clean: wasClean, problem });
};
