import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseFaults } from '../../src/emulator/trouble/faults.ts';
import { readImportContainer } from '../../src/hub/import/import-container.ts';
import { parseCapacity } from '../../src/model/capacity.ts';
import type { Fault } from '../../src/model/fault.ts';
import { headlines } from '../../src/report/headline.ts';
import { ruleChangeTexts } from '../../src/report/rule-changes.ts';
import { faultLines, plainStyle } from '../../src/report/text.ts';
import { runFault } from '../../src/run/faults.ts';
import { unread } from '../../src/run/unread.ts';
import { version } from '../../src/run/version.ts';
import { terminalFault } from '../../src/terminal/faults.ts';
import { terminalLines } from '../../src/terminal/lines.ts';
import { runCommandLine } from '../../src/terminal/program.ts';
import { faultIn } from '../support/fault.ts';
import { told } from '../support/finding.ts';
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
  validate: ['fail-on', 'expiry-warning-days', 'rules', 'deployments', 'deployments-applied', 'runtime', 'json'],
  plan: [
    'hub',
    'only-hub',
    'ca-file',
    'fail-on',
    'expiry-warning-days',
    'rules',
    'max-changes',
    'allow-lockout',
    'adopt',
    'prune',
    'plan-file',
    'owner',
    'report-html',
    'json',
  ],
  apply: [
    'hub',
    'only-hub',
    'ca-file',
    'fail-on',
    'expiry-warning-days',
    'rules',
    'max-changes',
    'hub-capacity',
    'import-container',
    'time-limit',
    'allow-lockout',
    'adopt',
    'prune',
    'plan-file',
    'owner',
    'output-directory',
    'report-html',
    'json',
  ],
  render: ['hub', 'only-hub', 'fail-on', 'expiry-warning-days', 'rules', 'output-directory', 'report-html', 'json'],
  verify: [
    'hub',
    'only-hub',
    'ca-file',
    'fail-on',
    'expiry-warning-days',
    'rules',
    'prune',
    'owner',
    'report-html',
    'json',
  ],
  list: ['hub', 'only-hub', 'ca-file', 'rules', 'owner', 'unowned', 'json'],
  demo: [],
  hub: [
    'port',
    'host',
    'env',
    'directory',
    'visibility-lag',
    'evaluation-lag',
    'seed',
    'capacity',
    'clock-speed',
    'faults',
  ],
  issue: ['certificates-directory', 'keys-directory', 'days', 'key'],
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

describe('--report-html', () => {
  it('writes the page of the fleet, in folders that are not yet there', async () => {
    const file = manifest();
    const page = join(dirname(file), 'pages', 'report.html');
    const output = join(dirname(file), 'out');
    const { code } = await run(
      'render',
      '--hub',
      'contoso.azure-devices.net',
      '--output-directory',
      output,
      '--report-html',
      page,
      file,
    );
    expect(code).toBe(0);
    expect(readFileSync(page, 'utf8')).toMatch(
      /<h1>Rendered: 1 bundle[\s\S]*"id":"edge-1"[\s\S]*"configuration":\{"file":"config.yaml"/,
    );
  });

  it('is a fault where it leads out of the workspace, or cannot be written', async () => {
    const folder = folderWith({ 'devices.yaml': `devices:\n${device}`, file: '' });
    const file = join(folder, 'devices.yaml');
    const link = join(folder, 'link.html');
    symlinkSync(join(dirname(folder), 'elsewhere.html'), link);
    const refused = await run(
      'render',
      '--hub',
      'contoso.azure-devices.net',
      '--output-directory',
      join(folder, 'out'),
      '--report-html',
      link,
      file,
    );
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stdout).toContain(runFault('page-refused', { path: link, why: unread.brokenLink() }).message);
    const page = join(folder, 'file', 'report.html');
    const failed = await run(
      'render',
      '--hub',
      'contoso.azure-devices.net',
      '--output-directory',
      join(folder, 'out'),
      '--report-html',
      page,
      file,
    );
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stdout).toContain(`report.html cannot be written to ${page}`);
  });
});

const failOn = runFault('not-one-of', { name: 'fail-on', given: 'notice', words: ['error', 'warning'] });
const maxChanges = runFault('not-a-limit', { name: 'max-changes', given: '101%' });
const allowLockout = (given: string) => runFault('not-devices', { name: 'allow-lockout', given });
const hub = runFault('not-a-hub', { name: 'hub', given: 'https://a.b' });
const prune = runFault('not-one-of', { name: 'prune', given: 'all', words: ['none', 'disable', 'delete'] });
const keyType = (given: string) => terminalFault('unknown-key-type', { given, known: ['rsa', 'ec'] });
const port = (given: string) => terminalFault('not-a-number', { name: 'port', given, least: 0, most: 65_535 });

it('issue lists few certificates, and counts many', async () => {
  const folder = folderWith({ '.git/HEAD': '' });
  const inFolder = (path: string) => join(folder, path);
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  const few = await run(
    'issue',
    'a',
    '--key',
    'ec',
    '--certificates-directory',
    inFolder('certs'),
    '--keys-directory',
    inFolder('keys'),
  );
  expect(few.stderr).toBe('');
  expect(few.stdout).toContain(`${terminalLines['key-issued']({ path: inFolder('keys/a-secondary.key.pem') })}\n`);
  const ids = Array.from({ length: 21 }, (_, n) => `edge-${n}`);
  const many = await run(
    'issue',
    ...ids,
    '--key',
    'ec',
    '--certificates-directory',
    inFolder('certs'),
    '--keys-directory',
    inFolder('keys'),
  );
  expect(many.stdout.split('\n').slice(1, 3)).toEqual([
    terminalLines['certificates-issued']({ count: 42, folder: 'certs' }),
    terminalLines['keys-issued']({ count: 42, folder: 'keys' }),
  ]);
  expect(readdirSync(inFolder('certs'))).toHaveLength(44);
});

/** A fault as standard error shows it. */
function printed({ message, remedy }: Fault): string {
  return `error: ${message}\n  → ${remedy}\n`;
}

describe('wrong usage ends with 2', () => {
  it.each([
    ['no command', [], 'Usage: provision-iot-edge'],
    ['an unknown command', ['aply'], "unknown command 'aply'"],
    ['an unknown option', ['--colour'], "unknown option '--colour'"],
    ['an option that does not act', ['validate', '--adopt'], "unknown option '--adopt'"],
    ['an option without its value', ['plan', '--hub'], 'argument missing'],
    ['no ids', ['issue'], "missing required argument 'id'"],
    ['too many words', ['demo', 'more'], 'too many arguments'],
    ['a wrong port', ['hub', '--port', 'x'], printed(port('x'))],
    ['a wrong type of key', ['issue', 'a', '--key', 'dsa'], printed(keyType('dsa'))],
    ['a wrong validity', ['issue', 'a', '--days', '0'], printed(terminalFault('not-days', { given: '0' }))],
  ])('%s', async (_, args, words) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toContain(words);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it.each([
    ['a wrong severity', ['--fail-on', 'notice'], [failOn]],
    ['a wrong limit', ['--max-changes', '101%'], [maxChanges]],
    ['a wrong hub', ['--hub', 'https://a.b'], [hub]],
    ['a wrong way to prune', ['--prune', 'all'], [prune]],
    ['a device id that is none', ['--allow-lockout=edge 1'], [allowLockout('edge 1')]],
    ['all devices and one of them', ['--allow-lockout', '--allow-lockout=edge-1'], [allowLockout('true')]],
    [
      'all of that and more at once',
      [
        ...['--hub', 'https://a.b', '--hub', 'c.d', '--only-hub', 'no host', '--fail-on', 'notice'],
        ...['--expiry-warning-days', 'soon', '--max-changes', '101%', '--prune', 'all'],
      ],
      [
        runFault('not-a-hub', { name: 'only-hub', given: 'no host' }),
        hub,
        failOn,
        runFault('not-days', { name: 'expiry-warning-days', given: 'soon', most: 3650 }),
        maxChanges,
        prune,
      ],
    ],
  ])('%s, in the report', async (_, args, faults) => {
    const path = manifest();
    const plain = await run('plan', path, ...args);
    const [sentence, , , ...lines] = plain.stdout.split('\n');
    expect(sentence).toBe(headlines['ended-early']({ command: 'plan' }));
    expect(lines.join('\n')).toContain(faultLines(faults, plainStyle).join('\n'));
    expect(plain.code).toBe(2);
    const json = await run('plan', path, '--json', ...args);
    expect(JSON.parse(json.stdout).faults).toEqual(faults.map(({ message, remedy }) => ({ message, remedy })));
    expect(json.code).toBe(2);
  });

  it('of apply tells the settings that only it has with the others', async () => {
    const args = [
      '--hub-capacity',
      'S9x1',
      '--time-limit',
      '0',
      '--import-container',
      'nowhere',
      '--fail-on',
      'notice',
    ];
    const { code, stdout } = await run('apply', manifest(), '--json', ...args);
    const capacity = faultIn(() => parseCapacity('S9x1', 'hub-capacity'));
    const container = faultIn(() => readImportContainer('nowhere', 0));
    expect(JSON.parse(stdout).faults.map(({ message }: Fault) => message)).toEqual([
      runFault('not-minutes', { name: 'time-limit', given: '0', most: 10_080 }).message,
      container.message,
      capacity.message,
      failOn.message,
    ]);
    expect(code).toBe(2);
  });

  it('of the embedded hub tells all wrong options, and starts nothing', async () => {
    const args = [
      '--port',
      'x',
      '--visibility-lag',
      '-1',
      '--capacity',
      'S9x1',
      '--clock-speed',
      '0',
      '--faults',
      'all:5%',
    ];
    const { code, stdout, stderr } = await run('hub', ...args);
    const faults = [
      port('x'),
      terminalFault('not-a-number', { name: 'visibility-lag', given: '-1', least: 0, most: 3_600_000 }),
      faultIn(() => parseCapacity('S9x1', '--capacity')),
      terminalFault('not-a-number', { name: 'clock-speed', given: '0', least: 1, most: 100_000 }),
      faultIn(() => parseFaults('all:5%', '--faults')),
    ];
    expect(stderr).toBe(faults.map(printed).join(''));
    expect([code, stdout]).toEqual([2, '']);
  });

  it('beside a file that cannot be read is wrong usage all the same', async () => {
    const { code, stderr } = await run('hub', '--seed', '/no/such/seed', '--port', 'x');
    const why = unread.missing();
    expect(stderr).toBe(printed(port('x')) + printed(terminalFault('seed-unreadable', { path: '/no/such/seed', why })));
    expect(code).toBe(2);
    expect((await run('hub', '--seed', '/no/such/seed')).code).toBe(1);
  });

  it('manifests of two repositories', async () => {
    const [first, second] = [manifest(), manifest()];
    const { code, stdout } = await run('validate', first, second, '--fail-on', 'notice');
    const outside = terminalFault('manifest-outside', { manifest: second, root: dirname(first) });
    expect(stdout).toContain(faultLines([outside, failOn], plainStyle).join('\n'));
    expect(code).toBe(2);
  });
});

describe('a run', () => {
  it('that finds nothing wrong ends with 0', async () => {
    const { code, stdout, stderr } = await run('validate', manifest());
    expect(stdout.split('\n')[0]).toBe(headlines.valid({ devices: 1 }));
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('that finds errors ends with 1', async () => {
    const { code, stdout } = await run('validate', manifest(`devices:\n${device}    stauts: enabled\n`));
    expect(stdout).toContain('manifest/unknown-key');
    const details = { key: 'stauts', where: 'a device', suggestion: 'status', known: [] };
    expect(stdout).toContain(told('manifest/unknown-key', details).message);
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
    expect(stdout).toContain(told('hub/ambiguous', { allowed: ['a.b', 'c.d'] }).message);
  });

  it('takes no manifest for the value of an option that needs none', async () => {
    const { stdout } = await run('plan', '--hub', 'a.b', '--allow-lockout', manifest(''));
    expect(stdout).toContain('manifest/empty');
    const named = await run('plan', '--hub', 'a.b', '--allow-lockout=a', '--allow-lockout=b', manifest(''));
    expect(named.stdout).toContain('manifest/empty');
  });

  it('says first which rules --rules changes, each of its own option', async () => {
    const rules = ['--rules', 'runtime/out-of-support: error', '--rules', 'plan/shared: error'];
    const { code, stdout } = await run('validate', ...rules, manifest());
    const [sentence, , second] = stdout.split('\n');
    expect(sentence).toBe(headlines.invalid({ command: 'validate', errors: 1, warnings: 0 }));
    expect(second).toBe(ruleChangeTexts.terminal(['runtime/out-of-support error', 'plan/shared error']));
    expect(stdout).toContain('error runtime/out-of-support');
    expect(code).toBe(1);
    expect((await run('validate', manifest())).code).toBe(0);
  });

  it('passes every option on', async () => {
    const folder = folderWith({ 'devices.yaml': `devices:\n${device}` });
    const out = join(folder, 'out');
    const args = ['--hub', 'a.b', '--only-hub', 'a.b', '--expiry-warning-days', '0', '--output-directory', out];
    const { code, stdout } = await run('render', join(folder, 'devices.yaml'), ...args);
    expect(stdout).toContain(headlines.rendered({ bundles: 1 }));
    expect(code).toBe(0);
    expect(readFileSync(join(out, 'edge-1', 'config.yaml'), 'utf8')).toContain('iothub_hostname: "a.b"');
  });
});
