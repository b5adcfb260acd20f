// Talks to yaml-language-server as an editor does. Reads {root, settings, files: [path], complete: [{path, line, character}]} from the standard input and
// prints {diagnostics: {path: [{line, message}]}, completions: [[label]]}.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { pathToFileURL, fileURLToPath } from "node:url";

const task = JSON.parse(readFileSync(0, "utf8"));
const server = spawn(process.execPath, ["node_modules/yaml-language-server/bin/yaml-language-server", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
const waiting = new Map();
const diagnostics = {};
let next = 1;
let published = () => {};
let configured;
const hasSettings = new Promise((resolve) => (configured = resolve));

function send(message) {
  const text = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  server.stdin.write(`Content-Length: ${text.length}\r\n\r\n`);
  server.stdin.write(text);
}
function ask(method, params) {
  const id = next++;
  send({ id, method, params });
  return new Promise((resolve) => waiting.set(id, resolve));
}

function answer(message) {
  if (message.method === "workspace/configuration") {
    const section = (name) => name.split(".").reduce((value, part) => value?.[part], task.settings) ?? {};
    send({ id: message.id, result: message.params.items.map((item) => section(item.section ?? "")) });
    return configured();
  }
  if (message.method === "textDocument/publishDiagnostics") {
    const path = fileURLToPath(message.params.uri);
    diagnostics[path] = message.params.diagnostics.map((found) => ({ line: found.range.start.line + 1, message: found.message }));
    return published();
  }
  if (message.id !== undefined && message.method) return send({ id: message.id, result: null });
  if (message.id !== undefined) waiting.get(message.id)?.(message.result ?? message.error);
}

let buffer = Buffer.alloc(0);
server.stdout.on("data", (data) => {
  buffer = Buffer.concat([buffer, data]);
  for (;;) {
    const end = buffer.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/Content-Length: (\d+)/i.exec(buffer.subarray(0, end).toString())[1]);
    if (buffer.length < end + 4 + length) return;
    const message = JSON.parse(buffer.subarray(end + 4, end + 4 + length).toString());
    buffer = buffer.subarray(end + 4 + length);
    answer(message);
  }
});

const uri = (path) => pathToFileURL(path).href;
await ask("initialize", {
  processId: process.pid,
  rootUri: uri(task.root),
  workspaceFolders: [{ uri: uri(task.root), name: "project" }],
  capabilities: { workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: false } }, textDocument: { publishDiagnostics: {}, completion: {} } },
});
send({ method: "initialized", params: {} });
send({ method: "workspace/didChangeConfiguration", params: { settings: task.settings } });
// The server asks for its settings after that; what is opened before would be judged without a schema.
await hasSettings;
for (const path of task.files) {
  send({ method: "textDocument/didOpen", params: { textDocument: { uri: uri(path), languageId: "yaml", version: 1, text: readFileSync(path, "utf8") } } });
}
await new Promise((resolve) => {
  published = () => task.files.every((path) => path in diagnostics) && resolve();
  published();
});
const completions = [];
for (const place of task.complete) {
  const result = await ask("textDocument/completion", { textDocument: { uri: uri(place.path) }, position: { line: place.line - 1, character: place.character } });
  completions.push((result?.items ?? result ?? []).map((item) => item.label));
}
await ask("shutdown", null);
send({ method: "exit" });
process.stdout.write(JSON.stringify({ diagnostics, completions }));
server.stdin.end();
