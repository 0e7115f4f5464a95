import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderBundles } from '../../../src/bundle/render.ts';
import { folderWith } from '../../support/folder.ts';
import { describeNeeding, itNeeding } from '../../support/needing.ts';
import { identityOf, now, type Wanted } from '../material.ts';
import { withFunctions } from './installer-functions.ts';

const library = '/usr/lib/softhsm/libsofthsm2.so';
const version = { text: '1.5', major: 1, minor: 5 };
const module = { library, tokens: ['edge'], slots: [] };

describe('what the installer is told of a security module', () => {
  const uri = 'pkcs11:token=my%20token;object=a';
  it.each<[string, Wanted, readonly string[]]>([
    ['the library and the token of the key', { identity: { privateKey: uri } }, [library, 'my token', '']],
    [
      'a slot, which wins over a token',
      { identity: { privateKey: 'pkcs11:token=t;slot-id=17;object=a' } },
      [library, '', '17'],
    ],
    ['the token for new keys', { config: { pkcs11: { library, baseSlot: 'pkcs11:token=new' } } }, [library, 'new', '']],
    ['nothing where no key is in it', {}, ['', '', '']],
  ])('%s', async (_, wanted, [path, tokens, slots]) => {
    const config = { pkcs11: { library }, ...wanted.config };
    const { value } = await renderBundles([identityOf({ version: '1.5', ...wanted, config })], { now });
    const script = value[0]?.files.find(({ name }) => name === 'install.sh')?.text ?? '';
    expect(script).toContain(`\nMODULE='${path}'\nMODULE_TOKENS='${tokens}'\nMODULE_SLOTS='${slots}'\n`);
  });
});

describe('the library of a security module', () => {
  const elf = (bytes: readonly number[]) =>
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, bytes[0]!, bytes[1]!, ...Array(12).fill(0), bytes[2]!, bytes[3]!, 0, 0]);
  const amd64 = elf([2, 1, 0x3e, 0]);
  const check = (file: Buffer | undefined, program: Buffer | undefined, mode = 0o644) => {
    const root = folderWith();
    mkdirSync(join(root, 'usr/lib'), { recursive: true });
    mkdirSync(join(root, 'bin'));
    if (file !== undefined) writeFileSync(join(root, 'usr/lib/module.so'), file);
    if (file !== undefined) chmodSync(join(root, 'usr/lib/module.so'), mode);
    if (program !== undefined) writeFileSync(join(root, 'bin/sh'), program);
    const script = `ROOT='${root}' ME=1 FAULTS=0 CERTS='' SECRETS='' KEY_OWNER=7002:7002 KEY_GROUPS=7002 KEY_MEANS=''
      check_module 2>&1; echo "$FAULTS"`;
    return withFunctions({ version, module: { ...module, library: '/usr/lib/module.so' } }, script).replaceAll(
      root,
      'ROOT',
    );
  };
  const fine = 'Not checked: whether the user aziotks gets to its PKCS#11 tokens. An image has none.\n0\n';
  it.each<[string, string | RegExp, Buffer | undefined, Buffer | undefined, number?]>([
    ['is there', fine, amd64, amd64],
    ['is there, and what else the device runs is not known', fine, amd64, undefined],
    [
      'is missing',
      /^install\.sh: the PKCS#11 library ROOT\/usr\/lib\/module\.so is missing, .*\n1\n$/,
      undefined,
      amd64,
    ],
    [
      'is for another processor',
      /is for another machine \(0201-b700\) than ROOT\/bin\/sh \(0201-3e00: /,
      elf([2, 1, 0xb7, 0]),
      amd64,
    ],
    ['is for 32 bits', /is for another machine \(0101-3e00\)/, elf([1, 1, 0x3e, 0]), amd64],
    ['has the other byte order', /is for another machine \(0202-003e\)/, elf([2, 2, 0, 0x3e]), amd64],
    ['is none', /module\.so is no library \(ELF\)/, Buffer.from('#!/bin/sh\n'), amd64],
    ['is empty', /module\.so is no library \(ELF\)/, Buffer.alloc(0), amd64],
    ['cannot be read', /the user aziotks could not read .*module\.so \(mode and owner 600:/, amd64, amd64, 0o600],
  ])('%s', (_, says, file, program, mode) => {
    const told = check(file, program, mode);
    if (typeof says === 'string') expect(told).toBe(says);
    else expect(told).toMatch(says);
  });

  it('that the loader finds by its name is not looked for, and that is said', () => {
    const script = `ROOT='' FAULTS=0; check_module; echo "$FAULTS"`;
    expect(withFunctions({ version, module: { ...module, library: 'softhsm2.so' } }, script)).toMatch(
      /^Not checked: the PKCS#11 library softhsm2\.so, .*\n0\n$/,
    );
  });
});

describeNeeding(['softhsm2-util', 'rights of root'], 'the tokens of a security module', () => {
  let folder: string;
  let slot: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'tokens'), { mode: 0o700 });
    writeFileSync(
      join(folder, 'softhsm2.conf'),
      `directories.tokendir = ${folder}/tokens\nobjectstore.backend = file\n`,
    );
    const env = { ...process.env, SOFTHSM2_CONF: join(folder, 'softhsm2.conf') };
    const init = ['--init-token', '--free', '--label', 'edge', '--pin', '1234', '--so-pin', '5678'];
    const told = execFileSync('softhsm2-util', init, { env, encoding: 'utf8' });
    slot = told.match(/slot (\d+)/)?.[1] ?? '';
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const environment = () => `Environment=SOFTHSM2_CONF=${folder}/softhsm2.conf`;
  /** Asks as the user daemon. `open`: whether that user gets to the tokens. */
  function check(open: boolean, wanted: object, { run = environment(), lister = 'command -v pkcs11-tool' } = {}) {
    execFileSync('chown', ['-R', open ? 'daemon' : 'root', join(folder, 'tokens')]);
    const script = `token_lister() { ${lister}; }
      ROOT='' ME=0 FAULTS=0 CERTS='' SECRETS='' KEY_USER=daemon CERTIFICATE_USER=daemon CONFIG_USER=daemon
      find_users; KEY_RUN='${run}'; check_module 2>&1; echo "$FAULTS"`;
    return withFunctions({ version, module: { ...module, ...wanted } }, script);
  }

  itNeeding(['pkcs11-tool'], 'the keys service gets to: nothing is said', () => {
    expect(check(true, {})).toBe('0\n');
    expect(check(true, { tokens: [], slots: [slot] })).toBe('0\n');
  });
  itNeeding(['pkcs11-tool'], 'root alone gets to', () => {
    expect(check(false, {})).toMatch(
      /^install\.sh: the user daemon does not get to the PKCS#11 token edge, which root does\. .*\n1\n$/,
    );
    expect(check(false, { tokens: [], slots: [slot] })).toMatch(/does not get to the PKCS#11 slot [0-9a-f]+,/);
  });
  itNeeding(['pkcs11-tool'], 'that are not there', () => {
    expect(check(true, { tokens: ['edge', 'other one'] })).toMatch(
      /has no PKCS#11 token other one, .* It has: .*token edge.*\n1\n$/,
    );
    expect(check(true, { tokens: [], slots: ['4711'] })).toMatch(/has no PKCS#11 slot 1267, /);
  });
  itNeeding(['pkcs11-tool'], 'whose service has an environment that is not known: not checked, and said', () => {
    for (const run of ['EnvironmentFiles=/etc/x (ignore_errors=no)', 'Environment="A=b c"'])
      expect(check(true, {}, { run })).toMatch(/^Not checked: .*environment of aziot-keyd.*\n0\n$/);
  });
  itNeeding(['p11tool'], 'are listed by p11tool too, which shows no slots', () => {
    const lister = 'command -v p11tool';
    expect(check(true, { slots: ['4711'] }, { lister })).toBe('0\n');
    expect(check(false, {}, { lister })).toMatch(/does not get to the PKCS#11 token edge,/);
    expect(check(true, { tokens: ['other'] }, { lister })).toMatch(/has no PKCS#11 token other,/);
  });
  it('cannot be listed: not checked, and said', () => {
    expect(check(true, {}, { lister: 'return 1' })).toMatch(
      /^Not checked: .*takes the program pkcs11-tool or p11tool\.\n0\n$/,
    );
    expect(check(true, {}, { lister: 'echo false' })).toMatch(
      /^Not checked: .* false cannot list the tokens of .*\n0\n$/,
    );
  });
});
