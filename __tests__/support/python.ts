import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The SDK needs `six` but does not declare it. */
const packages = ['azure-iot-hub==2.7.0', 'six==1.17.0'];
const pipOptions = ['--quiet', '--disable-pip-version-check', '--only-binary=:all:', '--retries=1', '--timeout=15'];
const folder = join(import.meta.dirname, '../../node_modules/.cache/python', packages.join('-').replaceAll('==', '-'));
const complete = join(folder, 'complete');
const python = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

/**
 * A Python with the service's SDK. It is made once, in node_modules/.cache. Undefined if there is no python3 with venv,
 * if PyPI cannot be reached, or if PyPI has no build of the SDK's parts for this Python (nothing is compiled).
 */
export function pythonWithSdk(): string | undefined {
  if (existsSync(complete) && succeeds(python, ['-c', 'import azure.iot.hub'])) return python;
  const made =
    succeeds('python3', ['-m', 'venv', '--clear', folder]) &&
    succeeds(python, ['-m', 'pip', 'install', ...pipOptions, ...packages]);
  if (!made) return undefined;
  writeFileSync(complete, '');
  return python;
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 180_000 }).status === 0;
}

/** Returns what a script prints. Rejects with its standard error if it fails. */
export function runPython(interpreter: string, script: string, env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(interpreter, [script], {
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 300_000,
    });
    let printed = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      printed += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.once('error', failed);
    child.once('close', (code) => (code === 0 ? done(printed) : failed(new Error(`${code}: ${errors}`))));
  });
}
