import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeNeeding, itNeeding } from '../../support/needing.ts';
import {
  install,
  isRoot,
  makePair,
  type Pair,
  put,
  type ScratchDevice,
  scratchDevice,
  tree,
  usual,
} from './scratch-device.ts';

const configPath = '/etc/iotedge/config.yaml';
const hard = ` & \\ " ' $HOME \`id\` = é# `;
const secrets = (['A', 'B'] as const).map((name) => ({
  variable: `IOTEDGE_${name}`,
  line: `${name}: "@${name}@"`,
  placeholder: `@${name}@`,
  encoding: 'text' as const,
}));

describeNeeding(['openssl'], 'the secrets of the installer', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const deviceOf = () => scratchDevice({ ...usual(pair, 1, { secrets }), config: 'A: "@A@"\nB: "@B@"\n' });
  const installed = (device: ScratchDevice) => tree(device)[configPath]?.replace(/^\S+ \S+ /, '');
  const expected = (a: string, b: string) => `A: ${JSON.stringify(a)}\nB: ${JSON.stringify(b)}\n`;

  describe('in the environment', () => {
    // Some as the first that are called, some at the end, and those that run for other users.
    const programs = ['id', 'openssl', 'stat', 'sort', 'chown', 'mv', 'sync', 'setpriv', 'runuser'];

    /** Programs that write down their environment before they do their work. */
    function overhear(device: ScratchDevice): () => string {
      const heard = join(device.folder, 'heard');
      writeFileSync(heard, '');
      const listening = (name: string) => `#!/bin/sh\n{ echo ${name}; env; } >>'${heard}'\n`;
      for (const name of programs) {
        put(device.folder, `/bin/${name}`, `${listening(name)}command -p ${name} "$@"\n`);
        chmodSync(join(device.folder, 'bin', name), 0o755);
      }
      for (const name of ['docker', 'systemctl', 'iotedge']) {
        const path = join(device.folder, 'bin', name);
        writeFileSync(path, readFileSync(path, 'utf8').replace('#!/bin/sh\n', listening(name)));
      }
      return () => readFileSync(heard, 'utf8');
    }

    it.each([[['sh']], [['bash', '-a']]])('they reach no other program (%j)', (shell) => {
      const device = deviceOf();
      const heard = overhear(device);
      const env = { IOTEDGE_A: 'first-secret', IOTEDGE_B: 'second-secret', value: 'exported', line: 'exported' };
      expect(install(device, { env, shell })).toMatchObject({ status: 0 });
      expect(installed(device)).toBe(expected('first-secret', 'second-secret'));
      expect(heard().split('\n')).toEqual(expect.arrayContaining(['id', 'openssl', 'chown', 'sync', 'systemctl']));
      expect(heard()).not.toMatch(/first-secret|second-secret/);
    });
  });

  describe('in a file', () => {
    function withFile(text: string, mode = 0o600): { device: ScratchDevice; path: string; args: readonly string[] } {
      const device = deviceOf();
      const path = join(device.folder, 'secrets');
      writeFileSync(path, text);
      chmodSync(path, mode);
      return { device, path, args: ['--root', device.root, '--restart', '--secrets', path] };
    }

    it.each([
      [`IOTEDGE_A=${hard}\nIOTEDGE_B=b\n`, hard, 'b'],
      ['\nIOTEDGE_B==="\n\nIOTEDGE_A=a', 'a', '=="'],
    ])('are taken as they are: %j', (text, a, b) => {
      const { device, args } = withFile(text);
      expect(install(device, { args })).toMatchObject({ status: 0, stderr: '' });
      expect(installed(device)).toBe(expected(a, b));
    });

    it('come before those of the environment, and may be there in part', () => {
      const { device, args } = withFile('IOTEDGE_A=of-file\n');
      const env = { IOTEDGE_A: 'of-environment', IOTEDGE_B: 'of-environment' };
      expect(install(device, { args, env }).status).toBe(0);
      expect(installed(device)).toBe(expected('of-file', 'of-environment'));
    });

    it.each(['sh', 'bash'])('are not shown by %s -x', (shell) => {
      const { device, args } = withFile('IOTEDGE_A=first-secret\nIOTEDGE_B=second-secret\n');
      const { status, stdout, stderr } = install(device, { args, shell: [shell, '-x'] });
      expect(status).toBe(0);
      expect(stderr).toContain('+ plan\n');
      expect(stdout + stderr).not.toMatch(/first-secret|second-secret/);
    });

    const both = 'IOTEDGE_A=first-secret\nIOTEDGE_B=second-secret\n';
    it.each<[string, string, RegExp]>([
      [
        'a name that is not asked for',
        `${both}IOTEDGE_C=third-secret\n`,
        /line 3 of .* does not know, expected .*A,IOTEDGE_B/,
      ],
      ['no name', `${both}third-secret\n`, /line 3 of .* is not NAME=value/],
      ['an empty name', `${both}=third-secret\n`, /line 3 of .* does not know/],
      ['a name that is code', `${both}$(id)=third-secret\n`, /line 3 of .* does not know/],
      ['export', 'export IOTEDGE_A=first-secret\nIOTEDGE_B=second-secret\n', /line 1 of .* does not know/],
      ['a name twice', `${both}IOTEDGE_A=third-secret\n`, /line 3 of .* gives IOTEDGE_A a second time/],
      ['no value', 'IOTEDGE_A=\nIOTEDGE_B=second-secret\n', /line 1 of .* gives IOTEDGE_A no value/],
      ['too few', 'IOTEDGE_A=first-secret\n', /the secret IOTEDGE_B is not set\..*--secrets FILE/],
      ['line ends of Windows', both.replaceAll('\n', '\r\n'), /IOTEDGE_A holds a line break \(CR/],
    ])('%s is refused, and no line is shown', (_, text, says) => {
      const { device, args } = withFile(text);
      const { status, stdout, stderr, calls } = install(device, { args });
      expect({ status, calls }).toEqual({ status: 1, calls: [] });
      expect(stderr).toMatch(says);
      expect(stdout + stderr).not.toMatch(/first-secret|second-secret|third-secret/);
    });

    it.each([0o640, 0o604, 0o620, 0o601])('that others may read or change (mode %o) is refused', (mode) => {
      const { device, args } = withFile(both, mode);
      const { status, stderr } = install(device, { args });
      expect(status).toBe(1);
      expect(stderr).toMatch(/open to other users .*expected 600.* sudo chmod 600 '/);
    });

    it('that is missing, a folder or a link is refused', () => {
      const { device, path } = withFile(both);
      symlinkSync(path, join(device.folder, 'link'));
      for (const other of [join(device.folder, 'missing'), device.folder, join(device.folder, 'link')]) {
        const { status, stderr } = install(device, { args: ['--root', device.root, '--secrets', other] });
        expect(status).toBe(1);
        expect(stderr).toContain(`sudo install -m 600 /dev/null '${other}'; and write`);
      }
      expect(install(device, { args: ['--root', device.root, '--secrets'] }).status).toBe(2);
    });

    it.runIf(isRoot)('of another user is refused (needs rights of root)', () => {
      const { device, path, args } = withFile(both);
      chownSync(path, 4001, 4001);
      expect(install(device, { args })).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('another user (4001)'),
      });
    });
  });

  describe('at a terminal', () => {
    /** Runs the installer and then `stty -a` in a terminal. `answers` are typed when it asks. */
    async function typed(device: ScratchDevice, answers: readonly string[]): Promise<string> {
      const line = `trap : INT; sh "bundle's folder/install.sh" --root root; echo "exit $?"; stty -a`;
      const env = { PATH: `${join(device.folder, 'bin')}:${process.env.PATH}`, SHELL: '/bin/sh' };
      const child = spawn('script', ['-qec', line, '/dev/null'], { env, cwd: device.folder });
      let shown = '';
      let asked = 0;
      child.stdout.on('data', (text: Buffer) => {
        shown += text.toString();
        const answer = answers[asked];
        if (answer === undefined || shown.split('is not shown').length - 1 <= asked) return;
        asked++;
        child.stdin.write(answer);
      });
      await new Promise((resolve) => child.once('close', resolve));
      return shown;
    }

    itNeeding(['script'], 'are asked for, and not shown', async () => {
      const device = deviceOf();
      const shown = await typed(device, ['first "secret"\n', ' second-secret\n']);
      expect(shown).toMatch(/IOTEDGE_A \(is not shown\): .*IOTEDGE_B .*exit 0/s);
      expect(shown).not.toMatch(/first|second/);
      expect(shown).toMatch(/[^-]echo\b/);
      expect(installed(device)).toBe(expected('first "secret"', ' second-secret'));
    });

    itNeeding(['script'], 'Ctrl-C ends it, and the terminal shows again what is typed', async () => {
      const device = deviceOf();
      const before = tree(device, true);
      const shown = await typed(device, ['first-secret\n', '\x03']);
      expect(shown).toContain('exit 130');
      expect(shown).toMatch(/[^-]echo\b/);
      expect(tree(device, true)).toEqual(before);
    });

    itNeeding(['script'], 'nothing is no answer', async () => {
      const shown = await typed(deviceOf(), ['\n', '\x04']);
      expect(shown).toMatch(/IOTEDGE_A is not set.*IOTEDGE_B is not set.*exit 1/s);
    });
  });
});
