import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { version } from '../../src/run/version.ts';
import { runCommandLine } from '../../src/terminal/program.ts';
import { folderWith } from '../support/folder.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const packageJson: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Runs the command line in this process, and gives what it printed. */
async function run(...args: readonly string[]) {
  vi.stubEnv('IOTHUB_CONNECTION_STRING', undefined);
  let [stdout, stderr] = ['', ''];
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      stdout += chunk;
      return true;
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      stderr += chunk;
      return true;
    }),
  ];
  const code = await runCommandLine(args);
  for (const spy of spies) spy.mockRestore();
  return { code, stdout, stderr };
}

const device = `  - id: edge-1
    runtime: { version: "1.1", platform: debian }
    thumbprints: { primary: ${'A'.repeat(40)}, secondary: ${'B'.repeat(40)} }
`;

/** The path of a manifest with one device. */
function manifest(text = `devices:\n${device}`): string {
  return join(folderWith({ 'devices.yaml': text }), 'devices.yaml');
}

/** Every command with the options it acts on; the names are those of the action's inputs. */
const takes: Readonly<Record<string, readonly string[]>> = {
  validate: ['fail-on', 'expiry-warning-days', 'json'],
  plan: [
    'hub',
    'only-hub',
    'ca-file',
    'fail-on',
    'expiry-warning-days',
    'max-changes',
    'allow-lockout',
    'adopt',
    'prune',
    'plan-file',
    'json',
  ],
  apply: [
    'hub',
    'only-hub',
    'ca-file',
    'fail-on',
    'expiry-warning-days',
    'max-changes',
    'hub-capacity',
    'import-container',
    'time-limit',
    'allow-lockout',
    'adopt',
    'prune',
    'plan-file',
    'output-directory',
    'json',
  ],
  render: ['hub', 'only-hub', 'fail-on', 'expiry-warning-days', 'output-directory', 'json'],
  verify: ['hub', 'only-hub', 'ca-file', 'fail-on', 'expiry-warning-days', 'prune', 'json'],
  list: ['hub', 'only-hub', 'ca-file', 'json'],
  demo: [],
  hub: ['port', 'directory', 'visibility-lag', 'seed', 'capacity', 'clock-speed', 'faults'],
  issue: ['certificates-directory', 'keys-directory', 'days'],
  new: ['hub', 'runtime', 'platform', 'output'],
};

describe('help', () => {
  it('names every command, the environment and the exit codes', async () => {
    const { code, stdout, stderr } = await run('--help');
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const command of Object.keys(takes)) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(stdout).toContain('IOTHUB_CONNECTION_STRING');
    expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 {2}wrong usage\n/);
  });

  it.each(Object.entries(takes))('of %s names the options it acts on, and no others', async (command, names) => {
    const { code, stdout } = await run(command, '--help');
    expect(code).toBe(0);
    const named = [...stdout.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)].map(([, name]) => name);
    expect(named.sort()).toEqual([...names, 'help'].sort());
    expect((await run('help', command)).stdout).toBe(stdout);
  });

  it.each(Object.keys(takes))('of %s is told where an option is not its own', async (command) => {
    const { code, stdout, stderr } = await run(command, ...(command === 'issue' ? ['a'] : []), '--no-such-option', 'x');
    expect(stderr).toContain("unknown option '--no-such-option'");
    expect(stderr).toContain('(see --help)');
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('tells the version of package.json', async () => {
    expect(version).toBe(packageJson.version);
    expect(await run('--version')).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  });
});

describe('wrong usage ends with 2', () => {
  it.each([
    ['no command', [], 'Usage: provision-iot-edge'],
    ['an unknown command', ['aply'], "unknown command 'aply'"],
    ['an unknown option', ['--colour'], "unknown option '--colour'"],
    ['an option that does not act', ['validate', '--adopt'], "unknown option '--adopt'"],
    ['an option without its value', ['plan', '--hub'], 'argument missing'],
    ['no ids', ['issue'], "missing required argument 'id'"],
    ['too many words', ['demo', 'more'], 'too many arguments'],
    ['a wrong port', ['hub', '--port', 'x'], '--port: "x" is not'],
    ['a wrong validity', ['issue', 'a', '--days', '0'], '--days: "0" is not'],
  ])('%s', async (_, args, words) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toContain(words);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it.each([
    ['a wrong severity', ['--fail-on', 'notice'], 'fail-on: "notice" is not one of error, warning'],
    ['a wrong limit', ['--max-changes', '101%'], 'max-changes: "101%" is not'],
    ['a wrong hub', ['--hub', 'https://a.b'], 'hub: "https://a.b" is not'],
  ])('%s, in the report', async (_, args, words) => {
    const path = manifest();
    const plain = await run('plan', path, ...args);
    expect(plain.stdout).toContain(words);
    expect(plain.stdout).toContain('plan: the run ended early');
    expect(plain.code).toBe(2);
    const json = await run('plan', path, '--json', ...args);
    expect(JSON.parse(json.stdout).faults).toEqual([
      { message: expect.stringContaining(words), remedy: expect.any(String) },
    ]);
    expect(json.code).toBe(2);
  });

  it('manifests of two repositories', async () => {
    const { code, stdout } = await run('validate', manifest(), manifest());
    expect(stdout).toContain('where the first manifest is');
    expect(code).toBe(2);
  });
});

describe('a run', () => {
  it('that finds nothing wrong ends with 0', async () => {
    const { code, stdout, stderr } = await run('validate', manifest());
    expect(stdout).toMatch(/validate: 1 device: the manifest is valid\n$/);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('that finds errors ends with 1', async () => {
    const { code, stdout } = await run('validate', manifest(`devices:\n${device}    stauts: enabled\n`));
    expect(stdout).toContain('manifest/unknown-key');
    expect(stdout).toContain('did you mean "status"?');
    expect(code).toBe(1);
  });

  it('prints one JSON document with --json, and nothing else', async () => {
    const { code, stdout, stderr } = await run('validate', '--json', manifest(''));
    expect(JSON.parse(stdout)).toMatchObject({ command: 'validate', result: 'invalid' });
    expect(stderr).toBe('');
    expect(code).toBe(1);
  });

  it('takes an option several times, and manifests behind it', async () => {
    const { stdout } = await run('plan', '--hub', 'a.b', '--hub', 'c.d', manifest());
    expect(stdout).toContain('no hub: the run has 2 (a.b, c.d) and the manifest chooses none');
  });

  it('passes every option on', async () => {
    const folder = folderWith({ 'devices.yaml': `devices:\n${device}` });
    const out = join(folder, 'out');
    const args = ['--hub', 'a.b', '--only-hub', 'a.b', '--expiry-warning-days', '0', '--output-directory', out];
    const { code, stdout } = await run('render', join(folder, 'devices.yaml'), ...args);
    expect(stdout).toContain(`render: 1 bundle written to ${out}`);
    expect(code).toBe(0);
    expect(readFileSync(join(out, 'edge-1', 'config.yaml'), 'utf8')).toContain('iothub_hostname: "a.b"');
  });
});
