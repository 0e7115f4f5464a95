import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { folderWith } from '../support/folder.ts';
import { itNeeding } from '../support/needing.ts';

const output = JSON.stringify(pathToFileURL(resolve('src/terminal/output.ts')).href);
/** A megabyte is more than a pipe holds. */
const printing = `
  const { openOutput } = await import(${output});
  openOutput(false).write('x'.repeat(1_000_000));
  process.stderr.write(String(process.moduleLoadList.includes('NativeModule net')));
`;

/** Runs a program in a shell, as `node` in its text. */
function shell(command: string, program = printing): string {
  const folder = folderWith({ 'program.mjs': program });
  const node = `'${process.execPath}' --experimental-strip-types --no-warnings program.mjs`;
  return execFileSync('bash', ['-c', command.replace('node', node)], { cwd: folder, encoding: 'utf8' });
}

itNeeding(
  ['links and modes of POSIX'],
  'is written whole into a pipe and a file, without the modules that a stream needs',
  () => {
    expect(shell('set -o pipefail; node 2>loaded | (sleep 0.1; wc -c); cat loaded').split(/\s+/)).toEqual([
      '1000000',
      'false',
    ]);
    expect(shell('node >out 2>loaded; wc -c <out; cat loaded').split(/\s+/)).toEqual(['1000000', 'false']);
  },
);

itNeeding(['links and modes of POSIX'], 'that is closed early ends the process without an error', () => {
  expect(shell('node 2>errors | head -c 3; echo " $PIPESTATUS"; cat errors')).toBe('xxx 0\n');
});

itNeeding(['links and modes of POSIX', 'python3'], 'is written whole into a pipe that does not wait', () => {
  // Another process that has the same pipe may set it so. Python can, and Node cannot.
  const program = `import fcntl, os, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, fcntl.fcntl(w, fcntl.F_GETFL) | os.O_NONBLOCK)
child = subprocess.Popen(sys.argv[1:], stdout=w, stderr=subprocess.DEVNULL)
os.close(w)
time.sleep(0.3)
with os.fdopen(r, 'rb') as pipe: print(len(pipe.read()))
`;
  const folder = folderWith({ 'program.mjs': printing, 'pipe.py': program });
  const args = [join(folder, 'pipe.py'), process.execPath, '--experimental-strip-types', join(folder, 'program.mjs')];
  expect(execFileSync('python3', args, { encoding: 'utf8' })).toBe('1000000\n');
});
