import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { Slot } from '../../src/model/fleet.ts';
import { isThumbprint } from '../../src/model/identity.ts';
import { mustCarryText, rotationNames } from '../../src/model/reasons.ts';
import { entriesOf, isBulk } from '../apply/rig.ts';
import { told } from '../support/finding.ts';
import { manyIds, writeCertificates } from '../support/fleet.ts';
import { folderWith } from '../support/folder.ts';
import { commitAll, git, repositoryWith } from '../support/git.ts';
import { describeNeeding } from '../support/needing.ts';
import { type ActionRun, runAction } from './runner.ts';

// The walk of docs/rotation.md for two certificates in use, and what happens to who leaves it.

/** The certificates of each slot, and the slot of the one that the devices are to carry. */
interface Wanted {
  readonly primary: string;
  readonly secondary: string;
  readonly slot: Slot;
}

function manifestOf(ids: readonly string[], { primary, secondary, slot }: Wanted): string {
  return `version: 1
defaults:
  certificates: { primary: "certs/${primary}/{id}.pem", secondary: "certs/${secondary}/{id}.pem" }
  identity:
    slot: ${slot}
    certificate: "file:///var/lib/iotedge/identity/{id}-${slot}.pem"
    privateKey: "file:///var/lib/iotedge/identity/{id}-${slot}.key.pem"
  runtime: { version: "1.1", platform: debian }
devices:
${ids.map((id) => `  - id: ${id}\n`).join('')}`;
}

const atFirst: Wanted = { primary: 'a', secondary: 'b', slot: 'primary' };

/** A repository with its hub and its devices. */
interface Plant {
  readonly hub: EmbeddedHub;
  readonly folder: string;
  readonly devices: ReadonlyMap<string, StandIn>;
  /** When the hub saw each device last, in milliseconds since 1970. */
  readonly active: Map<string, number>;
}

/** A device that presents the certificate that its configuration names, and knows nothing else. */
class StandIn {
  readonly id: string;
  readonly #files = new Map<string, string>();
  #certificate = '';

  constructor(id: string) {
    this.id = id;
  }

  /** Does what install.sh does: puts the certificate where the configuration says, and takes up the configuration. */
  install(bundles: string): void {
    const text = readFileSync(join(bundles, this.id, 'config.yaml'), 'utf8');
    const path = new URL(parse(text).provisioning.authentication.identity_cert).pathname;
    this.#files.set(path, readFileSync(join(bundles, this.id, 'identity-certificate.pem'), 'utf8'));
    this.#certificate = path;
  }

  /** The SHA-256 of the certificate that it presents. Undefined before its first bundle. */
  presents(): string | undefined {
    const pem = this.#files.get(this.#certificate);
    return pem === undefined ? undefined : new X509Certificate(pem).fingerprint256.replaceAll(':', '');
  }
}

async function plantOf(ids: readonly string[]): Promise<Plant> {
  const devices = new Map(ids.map((id) => [id, new StandIn(id)]));
  const active = new Map<string, number>();
  const refused: string[] = [];
  const hub = await startHub({
    disturb: (call) => {
      const time = active.get(call.path.replace('/devices/', ''));
      if (call.method === 'GET' && time !== undefined) {
        const document = hub.registry.get(call.path.replace('/devices/', ''));
        return { kind: 'answer', status: 200, body: { ...document, lastActivityTime: new Date(time).toISOString() } };
      }
      for (const { id, authentication } of isBulk(call) ? entriesOf(call) : []) {
        const presented = devices.get(String(id))?.presents();
        const isAccepted = JSON.stringify(authentication)
          .toUpperCase()
          .includes(presented ?? '');
        if (!isAccepted) refused.push(String(id));
      }
      return undefined;
    },
  });
  onTestFinished(async () => {
    await hub.close();
    expect(refused, 'by a write').toEqual([]);
  });
  const folder = repositoryWith({ 'devices.yaml': manifestOf(ids, atFirst), '.gitignore': 'device-bundles\n' });
  await issue(folder, ids, 'a', 'b');
  commitAll(folder, 'certificates');
  const plant = { hub, folder, devices, active };
  const applied = await push(plant, git(folder, 'rev-parse', 'HEAD^').trim());
  expect(applied.outputs.result, applied.stdout).toBe('changed');
  return plant;
}

/** Issues new certificates as `certs/<kind>/<id>.pem`, and others as `certs/<other>/<id>.pem`. */
async function issue(folder: string, ids: readonly string[], kind: string, other?: string): Promise<void> {
  const made = folderWith();
  await writeCertificates(made, ids);
  for (const [slot, name] of Object.entries({ primary: kind, ...(other === undefined ? {} : { secondary: other }) })) {
    mkdirSync(join(folder, 'certs', name), { recursive: true });
    for (const id of ids)
      renameSync(join(made, 'certs', `${id}-${slot}.pem`), join(folder, 'certs', name, `${id}.pem`));
  }
}

function inputs({ hub }: Plant, command: 'plan' | 'apply') {
  const always = { 'max-changes': '100%', 'expiry-warning-days': '0', artifacts: 'none', comment: 'never' };
  return { command, 'connection-string': hub.connectionString, 'ca-file': hub.caFile, ...always };
}

/** Plans the change as a pull request does: on its trial merge. */
async function planned(plant: Plant, change: () => void, manifest = 'devices.yaml'): Promise<ActionRun> {
  const { folder } = plant;
  git(folder, 'switch', '-q', '-c', 'topic');
  change();
  commitAll(folder, 'change');
  const head = git(folder, 'rev-parse', 'HEAD').trim();
  const base = git(folder, 'rev-parse', 'main').trim();
  git(folder, 'switch', '-q', '--detach', 'main');
  git(folder, 'merge', '-q', '--no-ff', '-m', 'trial', 'topic');
  const run = await runAction({
    workspace: folder,
    inputs: { ...inputs(plant, 'plan'), manifest },
    env: { GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/7/merge' },
    event: {
      pull_request: {
        number: 7,
        head: { sha: head, repo: { full_name: 'octo/fleet' } },
        base: { sha: base, ref: 'main' },
      },
    },
  });
  git(folder, 'switch', '-q', 'main');
  return run;
}

/** Merges the pull request, and applies it as the push does. */
async function merged(plant: Plant): Promise<ActionRun> {
  const { folder } = plant;
  const before = git(folder, 'rev-parse', 'HEAD').trim();
  git(folder, 'merge', '-q', '--no-ff', '-m', 'merge', 'topic');
  git(folder, 'branch', '-q', '-D', 'topic');
  return push(plant, before);
}

/** `before` is the commit that the branch had; undefined for a dispatch. */
async function push(plant: Plant, before: string | undefined, workspace = plant.folder): Promise<ActionRun> {
  return runAction({
    workspace,
    inputs: inputs(plant, 'apply'),
    env: {
      GITHUB_EVENT_NAME: before === undefined ? 'workflow_dispatch' : 'push',
      GITHUB_REF: 'refs/heads/main',
      GITHUB_SHA: git(workspace, 'rev-parse', 'HEAD').trim(),
    },
    event: before === undefined ? {} : { before },
  });
}

/** Every device signs in. The hub must accept what it presents. */
function expectAccepted({ hub, devices }: Plant): void {
  for (const device of devices.values()) {
    const accepted = JSON.stringify(hub.registry.get(device.id)?.authentication).toUpperCase();
    expect(device.presents(), device.id).toBeDefined();
    expect(accepted, device.id).toContain(device.presents());
  }
}

/** The devices install their bundles one after another. After each of them all sign in. */
function install(plant: Plant): void {
  for (const device of plant.devices.values()) {
    device.install(join(plant.folder, 'device-bundles'));
    if ([...plant.devices.values()].every((each) => each.presents() !== undefined)) expectAccepted(plant);
  }
}

interface Written {
  readonly findings: readonly Finding[];
  readonly changes: readonly { readonly device: string; readonly kind: string; readonly rotation?: string }[];
}

function reportOf({ outputs }: ActionRun): Written {
  return JSON.parse(readFileSync(outputs['report-file'] ?? '', 'utf8'));
}

/** What the run finds about the change. */
function foundIn(run: ActionRun): readonly Finding[] {
  return reportOf(run).findings.filter(({ rule }) => rule.startsWith('plan/'));
}

describeNeeding(['git'], 'two certificates in use', () => {
  it('are rotated in three merges, and no device is ever refused', { timeout: 120_000 }, async () => {
    const ids = manyIds(3);
    const plant = await plantOf(ids);
    const change = (wanted: Wanted) => () => writeFileSync(join(plant.folder, 'devices.yaml'), manifestOf(ids, wanted));
    install(plant);

    await issue(plant.folder, ids, 'c');
    const stage = await planned(plant, change({ ...atFirst, secondary: 'c' }));
    expect(stage.outputs, stage.stdout).toMatchObject({ result: 'changes', updated: '3' });
    expect(stage.stdout).toContain(rotationNames.replacing);
    expect(foundIn(stage)).toEqual([]);
    expect((await merged(plant)).outputs.result).toBe('changed');
    expectAccepted(plant);

    const switched = await planned(plant, change({ primary: 'a', secondary: 'c', slot: 'secondary' }));
    expect(switched.outputs, switched.stdout).toMatchObject({ result: 'unchanged' });
    expect((await merged(plant)).outputs.result).toBe('unchanged');
    expectAccepted(plant);
    install(plant);

    await issue(plant.folder, ids, 'd');
    const replace = await planned(plant, change({ primary: 'd', secondary: 'c', slot: 'secondary' }));
    expect(replace.outputs, replace.stdout).toMatchObject({ result: 'changes', updated: '3' });
    expect(replace.stdout).toContain(rotationNames.replacing);
    expect((await merged(plant)).outputs.result).toBe('changed');
    expectAccepted(plant);
  });

  it('are not overwritten by a careless merge, whatever the run knows', { timeout: 120_000 }, async () => {
    const ids = manyIds(2);
    const plant = await plantOf(ids);
    install(plant);
    await issue(plant.folder, ids, 'new');
    const overwrite = () => {
      for (const id of ids) {
        renameSync(join(plant.folder, 'certs', 'new', `${id}.pem`), join(plant.folder, 'certs', 'a', `${id}.pem`));
      }
    };
    const known = told('plan/carried-certificate', {
      id: '{id}',
      carried: 'known',
      slot: 'primary',
      staged: false,
    });
    const unknown = told('plan/carried-certificate', {
      id: '{id}',
      carried: 'unknown',
      slot: 'primary',
      staged: false,
    });
    const plan = await planned(plant, overwrite);
    expect(plan.outputs.result, plan.stdout).toBe('invalid');
    expect(foundIn(plan)).toEqual([expect.objectContaining(known)]);
    const applied = await merged(plant);
    expect(applied.outputs.result, applied.stdout).toBe('invalid');
    expect(foundIn(applied)).toEqual([expect.objectContaining(known)]);
    // By hand, and in a checkout that lacks the commit before.
    const before = git(plant.folder, 'rev-parse', 'HEAD^').trim();
    const clone = join(folderWith(), 'clone');
    git(plant.folder, 'clone', '-q', '--depth', '1', `file://${plant.folder}`, clone);
    for (const run of [await push(plant, undefined), await push(plant, before, clone)]) {
      expect(run.outputs.result, run.stdout).toBe('invalid');
      expect(foundIn(run)).toEqual([expect.objectContaining(unknown)]);
    }
    expectAccepted(plant);
    const allowed = await runAction({
      workspace: plant.folder,
      inputs: { ...inputs(plant, 'plan'), 'allow-lockout': ids.join('\n') },
    });
    expect(allowed.outputs, allowed.stdout).toMatchObject({ result: 'changes', updated: '2' });
  });

  it('of 1,000 devices that would be cut off are told as one finding', { timeout: 120_000 }, async () => {
    const ids = manyIds(1000);
    const thumbprint = (id: string, name: string) =>
      createHash('sha1').update(`${id} ${name}`).digest('hex').toUpperCase();
    const rows = (primary: string) =>
      ids.map((id) => `${id},1.1,debian,${thumbprint(id, primary)},${thumbprint(id, 'spare')}\n`);
    const csv = (primary: string) =>
      `id,runtime.version,runtime.platform,thumbprints.primary,thumbprints.secondary\n${rows(primary).join('')}`;
    const folder = repositoryWith({ 'devices.csv': csv('old') });
    const hub = await startHub();
    onTestFinished(() => hub.close());
    for (const id of ids) {
      const x509Thumbprint = { primaryThumbprint: thumbprint(id, 'old'), secondaryThumbprint: thumbprint(id, 'spare') };
      const authentication = { type: 'selfSigned', x509Thumbprint };
      hub.registry.put({ deviceId: id, capabilities: { iotEdge: true }, status: 'enabled', authentication });
    }
    const plant = { hub, folder, devices: new Map(), active: new Map() };
    const plan = await planned(plant, () => writeFileSync(join(folder, 'devices.csv'), csv('new')), 'devices.csv');
    expect(plan.outputs.result, plan.stdout).toBe('invalid');
    const loss = { carried: 'known', slot: 'primary', staged: false } as const;
    const finding = told('plan/carried-certificate', { id: '{id}', ...loss });
    expect(foundIn(plan)).toEqual([expect.objectContaining({ ...finding, devices: ids })]);
    expect(reportOf(plan).changes.filter(({ kind }) => kind === 'blocked')).toHaveLength(1000);
    expect(plan.stdout.match(/::error /g)).toHaveLength(1);
  });
});

it('docs/rotation.md quotes the words of the plan', () => {
  const page = readFileSync('docs/rotation.md', 'utf8').replace(/\s+/g, ' ');
  const loss = { id: '{id}', carried: 'known', slot: 'primary', staged: false } as const;
  expect(page).toContain(told('plan/carried-certificate', loss).message);
  for (const slot of ['primary', 'secondary']) expect(page).toContain(`${rotationNames.replacing}: ${slot}Thumbprint`);
  const thumbprint = `0A1B2C3D${'0'.repeat(32)}`;
  if (!isThumbprint(thumbprint)) throw new Error('no thumbprint');
  expect(page).toContain(mustCarryText({ slot: 'secondary', thumbprint }));
});

describeNeeding(['git'], 'a device that was offline since its certificate was staged', () => {
  it('is told before its old one is dropped', { timeout: 120_000 }, async () => {
    const ids = manyIds(2);
    const plant = await plantOf(ids);
    const change = (wanted: Wanted) => () => writeFileSync(join(plant.folder, 'devices.yaml'), manifestOf(ids, wanted));
    install(plant);
    // Commits have whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await issue(plant.folder, ids, 'c');
    await planned(plant, change({ primary: 'a', secondary: 'c', slot: 'primary' }));
    await merged(plant);
    await planned(plant, change({ primary: 'a', secondary: 'c', slot: 'secondary' }));
    await merged(plant);
    const staged = Number(git(plant.folder, 'log', '-1', '--format=%ct', 'HEAD^').trim()) * 1000;
    const active = staged - 1000;
    plant.active.set(ids[0] ?? '', active).set(ids[1] ?? '', staged);
    const plan = await planned(plant, change({ primary: 'c', secondary: 'c', slot: 'secondary' }));
    const finding = told('plan/inactive-device', { id: ids[0] ?? '', slot: 'primary', active, staged });
    expect(foundIn(plan)).toEqual([expect.objectContaining({ ...finding, device: ids[0] })]);
  });
});
