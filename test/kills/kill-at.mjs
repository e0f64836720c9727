/**
 * Preloaded into a program that a test kills: counts its operations on files below a folder and sends SIGKILL to the
 * whole process group before, amid or after the chosen one. Without a choice it counts only.
 *
 * ESPALIER_KILL is JSON: `under` the folder, `counts` a file that each process adds its number of operations to, and
 * optionally `at` (from 1) with `moment`.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

// The worker's low priority would make the tests wait for whatever else the machine does.
os.setPriority = () => undefined;

const { under, counts, at, moment } = JSON.parse(process.env.ESPALIER_KILL ?? '{}');
const { openSync, writeSync, appendFileSync, rmSync, readdirSync } = fs;
/** Of files that are open, by descriptor. */
const paths = new Map();
let count = 0;

function isCounted(file) {
  const text = typeof file === 'number' ? paths.get(file) : file instanceof URL ? file.pathname : file;
  return typeof text === 'string' && path.resolve(text).startsWith(under);
}

function die(what, file) {
  appendFileSync(counts, `killed ${moment} ${what} ${path.relative(under, String(typeof file === 'number' ? paths.get(file) : file))}\n`);
  process.kill(0, 'SIGKILL');
  // The signal may take a moment.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** @param half does a part of the operation, where it has parts */
function wrap(owner, name, fileOf, half) {
  const original = owner[name];
  owner[name] = function (...args) {
    const file = fileOf(this, args);
    if (!isCounted(file) || ++count !== at) return original.apply(this, args);
    if (moment === 'before') die(name, file);
    if (moment === 'amid' && half !== undefined) {
      half(this, args);
      die(name, file);
    }
    const result = original.apply(this, args);
    if (!(result instanceof Promise)) die(name, file);
    return result.finally(() => die(name, file));
  };
}

function halfOf(contents) {
  const bytes = Buffer.from(contents);
  return bytes.subarray(0, bytes.length >> 1);
}

/** Every second of the entries, as far as a removal has come. */
function removeHalf(folder) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const [index, entry] of entries.entries()) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) removeHalf(file);
    else if (index % 2 === 0) rmSync(file);
  }
}

const first = (_, args) => args[0];
const removal = (_, [folder, options]) => options?.recursive === true && removeHalf(String(folder));

if (under !== undefined) {
  for (const name of ['mkdir', 'rename', 'unlink', 'readFile', 'readdir', 'stat', 'copyFile']) wrap(fs.promises, name, first);
  wrap(fs.promises, 'writeFile', first, (_, [file, contents]) => fs.writeFileSync(file, halfOf(contents)));
  wrap(fs.promises, 'rm', first, removal);
  for (const name of ['mkdirSync', 'renameSync', 'unlinkSync', 'copyFileSync', 'readFileSync', 'fsyncSync', 'ftruncateSync'])
    wrap(fs, name, first);
  wrap(fs, 'rmSync', first, removal);
  wrap(fs, 'writeFileSync', first, (_, [file, contents]) => writeSync(openSync(file, 'w'), halfOf(contents)));
  wrap(fs, 'appendFileSync', first, (_, [file, contents]) => appendFileSync(file, halfOf(contents)));
  wrap(fs, 'writeSync', first, (_, [file, contents]) => writeSync(file, halfOf(contents)));
  fs.openSync = function (file, ...rest) {
    const descriptor = openSync.call(this, file, ...rest);
    paths.set(descriptor, String(file));
    return descriptor;
  };

  const { open } = fs.promises;
  /** Of handles. */
  const opened = new WeakMap();
  let isPatched = false;
  fs.promises.open = async function (file, ...rest) {
    const handle = await open.call(this, file, ...rest);
    opened.set(handle, String(file));
    if (!isPatched) {
      isPatched = true;
      const prototype = Object.getPrototypeOf(handle);
      const fileOf = (self) => opened.get(self);
      wrap(prototype, 'writeFile', fileOf, (self, [contents]) => writeSync(self.fd, halfOf(contents)));
      for (const name of ['sync', 'close', 'read', 'stat']) wrap(prototype, name, fileOf);
    }
    return handle;
  };
  wrap(fs.promises, 'open', first);
  process.on('exit', () => appendFileSync(counts, `counted ${count}\n`));
}
