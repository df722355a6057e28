// Runs the firmware in MicroPython (WebAssembly) for the virtual board, one fresh interpreter a wake.
//
// The host process starts it with one argument, JSON:
//     heap     bytes of MicroPython heap to begin with; it grows, since this build collects garbage only
//              between two programs
//     mounts   {path in the interpreter: file or folder of the host}; Python files only
//     script   optional path in the interpreter: run it with output to stdout and end, no board
//
//     toHost, fromHost   with a board: the numbers of two pipes
//
// The pipes carry lines of UTF-8:
//     to host     o"text"        the program printed
//                 c[name, ...]   a board call; the program stands still until it is answered
//                 enull          the program ended;  e"traceback" by an exception;  e"halt" by the board
//     from host   {"run": path}  a fresh interpreter runs a file (a wake)
//                 {"exec": code} code in the present interpreter (the raw REPL); fresh if it is gone
//                 {"fresh": 1}   drop the present interpreter (a soft reset)
//                 any answer     passed to the program as it is; "!" alone stops the interpreter for good

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

// Interpreters die whole, so nothing of theirs may be finalised later, in the memory of the next one.
globalThis.FinalizationRegistry = class { register() {} };

const { loadMicroPython } = await import('@micropython/micropython-webassembly-pyscript/micropython.mjs');

const job = JSON.parse(process.argv[2]);

/** Thrown through the interpreter: no `except` or `finally` of the program runs, as at a power cut. */
class Halt extends Error {}

function filesOf(mounts) {
  const files = [];
  const add = (target, source) => {
    if (!fs.statSync(source).isDirectory()) return files.push([target, fs.readFileSync(source)]);
    for (const name of fs.readdirSync(source).sort()) {
      const from = path.join(source, name);
      if (fs.statSync(from).isDirectory() ? name !== '__pycache__' && !name.startsWith('.') : /\.m?py$/.test(name)) {
        add(path.posix.join(target, name), from);
      }
    }
  };
  for (const [target, source] of Object.entries(mounts)) add(target, source);
  return files;
}

const files = filesOf(job.mounts);

function send(line) {
  const data = Buffer.from(line + '\n');
  for (let at = 0; at < data.length;) at += fs.writeSync(job.toHost, data, at);
}

let received = Buffer.alloc(0);
const piece = Buffer.alloc(65536);

/** The next line from the host; ends the process if the host is gone. */
function receive() {
  for (;;) {
    const end = received.indexOf(10);
    if (end >= 0) {
      const line = received.toString('utf8', 0, end);
      received = received.subarray(end + 1);
      return line;
    }
    const size = fs.readSync(job.fromHost, piece, 0, piece.length);
    if (size === 0) process.exit(0);
    received = Buffer.concat([received, piece.subarray(0, size)]);
  }
}

let printed = [];

function flush() {
  if (printed.length === 0) return;
  const text = Buffer.from(printed);
  printed = [];
  if (job.script) fs.writeSync(1, text);
  else send('o' + JSON.stringify(text.toString('utf8')));
}

function print(bytes) {
  printed.push(...bytes);
  if (printed.length >= 4096 || printed[printed.length - 1] === 10) flush();
}

/** What `_host` is to the program: `call` asks the board, `aes` stands in for the chip's AES. */
const bridge = {
  call(request) {
    flush();
    send('c' + request);
    const answer = receive();
    if (answer === '!') throw new Halt();
    return answer;
  },
  aes(mode, decrypt, key, vector, data) {
    const make = decrypt ? crypto.createDecipheriv : crypto.createCipheriv;
    const keyBytes = Buffer.from(key, 'hex');
    const name = `aes-${keyBytes.length * 8}-${mode === 1 ? 'ecb' : 'cbc'}`;
    const cipher = make(name, keyBytes, mode === 1 ? null : Buffer.from(vector, 'hex'));
    cipher.setAutoPadding(false);
    return cipher.update(data, 'hex', 'hex');
  },
  random: (size) => crypto.randomBytes(size).toString('hex'),
};

// What a stock ESP32 build has and this one lacks: os.urandom. Modules in /.sim stand before all others.
const PRELUDE = `
import sys
sys.path.insert(0, "/.sim")
def _complete():
    import os
    if not hasattr(os, "urandom"):
        import _host, binascii
        os.urandom = lambda size: binascii.unhexlify(_host.random(size))
_complete()
del _complete
`;

async function fresh() {
  const interpreter = await loadMicroPython({
    heapsize: job.heap, linebuffer: false, stdout: print, stderr: print,
  });
  for (const [target, content] of files) {
    const parts = target.split('/').slice(1, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const folder = '/' + parts.slice(0, depth).join('/');
      if (!interpreter.FS.analyzePath(folder).exists) interpreter.FS.mkdir(folder);
    }
    interpreter.FS.writeFile(target, content);
  }
  interpreter.registerJsModule('_host', bridge);
  interpreter.runPython(PRELUDE);
  return interpreter;
}

/** Runs `code`; gives null, a traceback, or "halt". */
function run(interpreter, code) {
  let result = null;
  try {
    interpreter.runPython(code);
  } catch (error) {
    if (error instanceof Halt) result = 'halt';
    else if (error.name !== 'PythonError') result = `interpreter failed: ${error.stack}`;
    else if (error.type !== 'SystemExit') result = error.message.trimEnd();
  }
  flush();
  return result;
}

const fileCode = (name) => `execfile(${JSON.stringify(name)})`;

if (job.script) {
  const failure = run(await fresh(), fileCode(job.script));
  if (failure) console.error(failure);
  process.exit(failure ? 1 : 0);
}

let interpreter = null;
for (;;) {
  const command = JSON.parse(receive());
  if (command.fresh) {
    interpreter = null;
    continue;
  }
  if (command.run || !interpreter) interpreter = await fresh();
  const result = run(interpreter, command.run ? fileCode(command.run) : command.exec);
  if (result === 'halt') interpreter = null;
  send('e' + JSON.stringify(result));
}
