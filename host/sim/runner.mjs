// Runs the firmware in MicroPython (WebAssembly) for the virtual board, one fresh interpreter a wake.
//
// The host process starts it with one argument, JSON:
//     micropython  where micropython.mjs is
//     heap     bytes of MicroPython heap to begin with; it grows, since this build collects garbage only
//              between two programs
//     mounts   {path in the interpreter: file or folder of the host}; Python files only, no part of what
//              programs can change
//     script   optional path in the interpreter: run it with output to stdout and end, no board
//
//     toHost, fromHost   with a board: the numbers of two pipes
//
// The pipes carry lines of UTF-8:
//     to host     o"text"        the program printed
//                 f{"written": {path: text in base64, null for a folder}, "gone": [path]}
//                                what the program has changed in the file system, before it ends
//                 t123.4         milliseconds of processor time that Python has taken for it, board calls and AES not counted
//                 c[name, ...]   a board call; the program stands still until it is answered
//                 C[name, ...]   the same of a program that Ctrl-C does not stop now (micropython.kbd_intr)
//                 enull          the program ended;  e"traceback" by an exception;  e"halt" by the board
//     from host   {"files": {path: text in base64, [file of the host], null for a folder}}
//                                what is in the file system of the next fresh interpreter
//                 {"run": path}  a fresh interpreter runs boot.py and a file (a wake), those that are there
//                 {"exec": code} code in the present interpreter (the raw REPL); fresh if it is gone
//                 {"fresh": 1}   drop the present interpreter (a soft reset)
//                 any answer     passed to the program as it is; "!" alone stops the interpreter for good

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

// Interpreters die whole, so nothing of theirs may be finalised later, in the memory of the next one.
globalThis.FinalizationRegistry = class { register() {} };

const job = JSON.parse(process.argv[2]);

const { loadMicroPython } = await import(pathToFileURL(job.micropython).href);

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

const mounted = filesOf(job.mounts);

/** The file system between two programs: path to content, null for a folder. */
let files = new Map();

/** What the build itself has in its root; no part of the file system. */
const NOT_FILES = new Set(['.', '..', '.sim', 'dev', 'home', 'proc', 'tmp']);

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

/** Milliseconds of processor time that this process has taken so far. */
function spent() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Those of them that are the board's or the chip's part, not the program's. */
let elsewhere = 0;

/** What `job` gives, its time not counted as the program's. */
function uncounted(job) {
  const began = spent();
  try {
    return job();
  } finally {
    elsewhere += spent() - began;
  }
}

let interpreter = null;

/** Whether Ctrl-C stops the program: it has not taken that away with micropython.kbd_intr. */
const stoppable = () => interpreter === null || interpreter._module._mp_hal_get_interrupt_char() === CTRL_C;

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
  call: (request) => uncounted(() => {
    flush();
    send((stoppable() ? 'c' : 'C') + request);
    const answer = receive();
    if (answer === '!') throw new Halt();
    return answer;
  }),
  aes: (mode, decrypt, key, vector, data) => uncounted(() => {
    const make = decrypt ? crypto.createDecipheriv : crypto.createCipheriv;
    const keyBytes = Buffer.from(key, 'hex');
    const name = `aes-${keyBytes.length * 8}-${mode === 1 ? 'ecb' : 'cbc'}`;
    const cipher = make(name, keyBytes, mode === 1 ? null : Buffer.from(vector, 'hex'));
    cipher.setAutoPadding(false);
    return cipher.update(data, 'hex', 'hex');
  }),
  random: (size) => crypto.randomBytes(size).toString('hex'),
};

// What a stock ESP32 build has and this one lacks: os.urandom, a root folder of its own, POSIX's numbers of errors.
// Modules in /.sim stand before all others.
const PYTHON_NOT_FILES = JSON.stringify([...NOT_FILES]);
const PRELUDE = `
import sys
sys.path.insert(0, "/.sim")
def _complete():
    import os
    if not hasattr(os, "urandom"):
        import _host, binascii
        os.urandom = lambda size: binascii.unhexlify(_host.random(size))
    posix = {8: 9, 20: 17, 28: 22, 29: 5, 31: 21, 44: 2, 51: 28, 54: 20, 55: 39, 63: 1}
    def numbered(function):
        def call(*arguments, **named):
            try:
                return function(*arguments, **named)
            except OSError as error:
                number = posix.get(error.errno)
                if number is None:
                    raise
            raise OSError(number)
        return call
    import builtins
    builtins.open = numbered(open)
    for name in ("stat", "remove", "mkdir", "rmdir", "rename", "chdir", "ilistdir"):
        setattr(os, name, numbered(getattr(os, name)))
    ilistdir = os.ilistdir
    def files(path="."):
        hidden = ${PYTHON_NOT_FILES} if path == "/" or os.getcwd() == "/" and path in ("", ".", "./") else ()
        return (entry for entry in ilistdir(path or ".") if entry[0] not in hidden)
    os.ilistdir = files
    os.listdir = lambda path=".": [entry[0] for entry in files(path)]
    def statvfs(path="/"):
        import _virtual
        return _virtual.statvfs(os, path)
    os.statvfs = statvfs
_complete()
del _complete
`;

/** Every file and folder below \`folder\`, as far as programs may change them, with its state. */
function* walk(FS, folder) {
  for (const name of FS.readdir(folder)) {
    if (folder === '/' ? NOT_FILES.has(name) : name === '.' || name === '..') continue;
    const at = path.posix.join(folder, name);
    const { mode, mtime } = FS.stat(at);
    const isFolder = FS.isDir(mode);
    yield { at, isFolder, mtime: mtime.getTime() };
    if (isFolder) yield* walk(FS, at);
  }
}

const UNTOUCHED = 0;
const CTRL_C = 3;

/** Keep what the program has changed in the file system, and tell the host. */
function keepFiles(FS) {
  const written = {};
  const gone = new Set(files.keys());
  for (const { at, isFolder, mtime } of walk(FS, '/')) {
    const known = gone.delete(at);
    if (isFolder ? known : known && mtime === UNTOUCHED) continue;
    const content = isFolder ? null : Buffer.from(FS.readFile(at));
    if (!isFolder) FS.utime(at, UNTOUCHED, UNTOUCHED);
    files.set(at, content);
    written[at] = content && content.toString('base64');
  }
  for (const at of gone) files.delete(at);
  if (Object.keys(written).length || gone.size) send('f' + JSON.stringify({ written, gone: [...gone] }));
}

async function fresh() {
  const interpreter = await loadMicroPython({
    heapsize: job.heap, linebuffer: false, stdout: print, stderr: print,
  });
  const { FS } = interpreter;
  for (const [target, content] of [...mounted, ...files]) {
    FS.mkdirTree(content === null ? target : path.posix.dirname(target));
    if (content === null) continue;
    FS.writeFile(target, content);
    FS.utime(target, UNTOUCHED, UNTOUCHED);
  }
  interpreter.registerJsModule('_host', bridge);
  interpreter.runPython(PRELUDE);
  return interpreter;
}

/** Runs `code`, with Ctrl-C as each program begins (shared/runtime/pyexec.c); gives null, a traceback, or "halt". */
function run(interpreter, code) {
  let result = null;
  try {
    interpreter.runPython(`__import__("micropython").kbd_intr(${CTRL_C})`);
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

for (;;) {
  const command = JSON.parse(receive());
  if (command.files) {
    const content = (given) => (given === null ? null
      : Array.isArray(given) ? fs.readFileSync(given[0]) : Buffer.from(given, 'base64'));
    files = new Map(Object.entries(command.files).map(([at, given]) => [at, content(given)]));
    continue;
  }
  if (command.fresh) {
    interpreter = null;
    continue;
  }
  if (command.run || !interpreter) interpreter = await fresh();
  const { FS } = interpreter;
  const programs = command.run
    ? ['/boot.py', command.run].filter((name) => FS.analyzePath(name).exists).map(fileCode) : [command.exec];
  let result = null;
  const began = spent();
  elsewhere = 0;
  for (const program of programs) result ??= run(interpreter, program);
  send(`t${spent() - began - elsewhere}`);
  keepFiles(FS);
  if (result === 'halt') interpreter = null;
  send('e' + JSON.stringify(result));
}
