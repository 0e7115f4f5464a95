import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { rotationNames } from '../../src/model/reasons.ts';
import type { Report } from '../../src/model/report.ts';
import { statementOf } from '../../src/report/sections.ts';
import { manyIds, writeCertificates } from '../support/fleet.ts';
import { entriesOf, isBulk } from './rig.ts';
import { runOn } from './runs.ts';

// The walk of docs/rotation.md with real certificates: those called -primary are the old ones, those called -secondary the new.

const ids = manyIds(300);
const stages = {
  before: 'certificates: { primary: "certs/{id}-primary.pem" }',
  first:
    'certificates: { primary: "certs/{id}-primary.pem", secondary: "certs/{id}-secondary.pem" }\n  identity: { slot: secondary }',
  second: 'certificates: { primary: "certs/{id}-secondary.pem" }\n  identity: { slot: primary }',
} as const;

let folder: string;
let hub: EmbeddedHub;
/** The thumbprint of the certificate whose key each device holds. */
const held = new Map<string, string>();
/** The devices that could not sign in at some moment, and the moment. */
const cutOff: string[] = [];
let writes = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(quickFolder(), 'rotation-'));
  await writeCertificates(folder, ids);
  hub = await startHub({
    disturb: (call) => {
      if (isBulk(call)) for (const entry of entriesOf(call)) look(String(entry.id), entry.authentication);
      return undefined;
    },
  });
}, 300_000);

afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});

/** Memory if it has room, since the runs write and delete 1,500 bundles. */
function quickFolder(): string {
  const memory = '/dev/shm';
  const room = existsSync(memory) ? statfsSync(memory) : { bavail: 0, bsize: 0 };
  return room.bavail * room.bsize > 512 * 2 ** 20 ? memory : tmpdir();
}

/** Checks a write: the device must be able to sign in with the thumbprints that it leaves. */
function look(id: string, authentication: unknown): void {
  writes += 1;
  const accepted = JSON.stringify(authentication).toUpperCase();
  const own = held.get(id);
  if (own !== undefined && !accepted.includes(own)) cutOff.push(`${id} by a write`);
}

/** Somebody installs a new certificate and key on a device. From now on it holds only this key. */
function install(id: string, pem: string): void {
  const thumbprint = new X509Certificate(pem).fingerprint256.replaceAll(':', '');
  const accepted = JSON.stringify(hub.registry.get(id)?.authentication).toUpperCase();
  if (!accepted.includes(thumbprint)) cutOff.push(`${id} by its installation`);
  held.set(id, thumbprint);
}

async function run(command: 'plan' | 'apply', stage: keyof typeof stages, more = {}): Promise<Report> {
  const devices = ids.map((id) => `  - id: ${id}\n`).join('');
  const defaults = `${stages[stage]}\n  runtime: { version: "1.1", platform: debian }`;
  writeFileSync(join(folder, 'devices.yaml'), `version: 1\ndefaults:\n  ${defaults}\ndevices:\n${devices}`);
  return runOn(hub, folder, { command, 'max-changes': '100%', 'expiry-warning-days': '0', ...more });
}

function carriedIn({ bundles }: Report): ReadonlyMap<string, string> {
  const certificate = (files: Report['bundles'][number]['files']) =>
    files.find(({ name }) => name === 'identity-certificate.pem')?.text ?? '';
  return new Map(bundles.map(({ device, files }) => [device, certificate(files)]));
}

/** What a report says of groups of devices, with the number of devices. */
function groupsIn(report: Report): readonly unknown[] {
  const sections = statementOf(report, 'terminal').sections.filter((section) => section.kind === 'devices');
  return sections.flatMap(({ groups }) => groups.map(({ what, devices }) => [what, devices.length]));
}

describe('a fleet of 300 devices is rotated in two merges', () => {
  it('and at no moment is a device without a thumbprint that it holds a key for', { timeout: 300_000 }, async () => {
    const registered = await run('apply', 'before');
    expect(registered.result).toBe('changed');
    for (const [id, pem] of carriedIn(registered)) install(id, pem);
    const old = new Map(held);

    // The short way is none: without the first merge the second is refused, for every device.
    const refused = await run('apply', 'second');
    expect(refused.result).toBe('invalid');
    const lockouts = refused.findings.filter(({ rule }) => rule === 'plan/lockout');
    expect(lockouts.map(({ devices }) => devices?.length)).toEqual([ids.length]);
    expect(groupsIn(refused)).toEqual([[rotationNames.lockout, ids.length]]);

    expect(groupsIn(await run('plan', 'first'))).toEqual([[rotationNames.staging, ids.length]]);
    const staged = await run('apply', 'first');
    expect(staged.result).toBe('changed');
    const carried = [...carriedIn(staged)];
    expect(carried).toHaveLength(ids.length);
    // One half is installed, somebody applies once more, then the other half.
    for (const [id, pem] of carried.slice(0, 150)) install(id, pem);
    expect((await run('apply', 'first')).result).toBe('unchanged');
    for (const [id, pem] of carried.slice(150)) install(id, pem);
    expect([...held].filter(([id, thumbprint]) => old.get(id) === thumbprint)).toEqual([]);

    expect(groupsIn(await run('plan', 'second'))).toEqual([[rotationNames.dropping, ids.length]]);
    expect((await run('apply', 'second')).result).toBe('changed');
    expect((await run('apply', 'second')).result).toBe('unchanged');

    expect(cutOff).toEqual([]);
    expect(writes).toBe(3 * ids.length);
    for (const id of ids) {
      const accepted = JSON.stringify(hub.registry.get(id)?.authentication);
      expect(accepted).toContain(held.get(id));
      expect(accepted).not.toContain(old.get(id));
    }
  });

  it('is held up by max-changes until the workflow allows it', async () => {
    const report = await run('plan', 'first', { 'max-changes': '30%' });
    expect(report.findings.map(({ rule }) => rule)).toContain('plan/too-many-changes');
  });
});
