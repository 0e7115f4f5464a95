import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import type { DisturbedCall } from '../../src/emulator/trouble/disturbance.ts';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import { openRegistry } from '../../src/hub/registry.ts';
import type { History } from '../../src/model/history.ts';
import { markOf, type Owner, ownerTag } from '../../src/model/owner.ts';
import type { Registry } from '../../src/model/registry.ts';
import { removalMark } from '../../src/plan/status.ts';
import type { Settings } from '../../src/run/settings.ts';
import { runOn } from '../apply/runs.ts';
import { folderWith } from '../support/folder.ts';
import { fc, times } from '../support/property.ts';

// Two repositories on one hub go through random histories. Whatever happens, no run removes a device that its repository neither
// created nor adopted.

const ids = ['a', 'b', 'c'] as const;
type Id = (typeof ids)[number];
type Name = 'one' | 'two';

const digest = (text: string) => createHash('sha256').update(text).digest('hex').toUpperCase();
/** Both repositories know the same certificates in half of the cases, so that devices are shared. */
const entry = (id: Id, of: string) =>
  `  - { id: ${id}, thumbprints: { primary: ${digest(`${of}${id}1`)}, secondary: ${digest(`${of}${id}2`)} } }\n`;
const manifest = (declared: readonly Id[], of: string) =>
  declared.length === 0
    ? 'devices: []\n'
    : `defaults:\n  runtime: { version: "1.6", platform: debian }\ndevices:\n${declared.map((id) => entry(id, of)).join('')}`;

type Step =
  | { readonly kind: 'declare' | 'drop' | 'revert' | 'rebase' | 'rename' | 'move'; readonly who: Name; readonly id: Id }
  | {
      readonly kind: 'apply';
      readonly who: Name;
      readonly prune: 'none' | 'disable' | 'delete';
      readonly adopt: 'false' | 'unmarked' | 'true';
      /** What another writer does to a device while the run plans and removes. */
      readonly meanwhile: 'nothing' | 'adopts' | 'makes anew' | 'erases' | 'unreadable';
      readonly id: Id;
    };

const who = fc.constantFrom<Name>('one', 'two');
const id = fc.constantFrom<Id>(...ids);
const history = fc.constantFrom('declare', 'drop', 'revert', 'rebase', 'rename', 'move');
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: history, who, id }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('apply'),
        who,
        prune: fc.constantFrom('none', 'disable', 'delete', 'delete'),
        adopt: fc.constantFrom('false', 'false', 'unmarked', 'true'),
        meanwhile: fc.constantFrom('nothing', 'nothing', 'adopts', 'makes anew', 'erases', 'unreadable'),
        id,
      }),
    },
  ),
  { minLength: 4, maxLength: 12 },
);

/** A repository, whose branch has had some states: which devices its manifest declared, under which name. */
interface Repository {
  readonly name: Name;
  readonly owner: string;
  readonly folder: string;
  states: { readonly file: string; readonly declared: readonly Id[] }[];
}

let hub: EmbeddedHub;
let registry: Registry;
let disturb: ((call: DisturbedCall) => void) | undefined;
let unreadable: Id | undefined;
beforeAll(async () => {
  hub = await startHub({
    disturb: (call) => {
      disturb?.(call);
      const hidden = call.method === 'GET' && call.path === `/twins/${unreadable}`;
      return hidden ? { kind: 'refuse', code: 'ServiceUnavailable' } : undefined;
    },
  });
  const [credential] = readConnectionStrings(hub.connectionString);
  registry = await openRegistry(credential!, { userAgent: 'test', ca: hub.ca, sleep: async () => {} });
});
afterAll(async () => {
  registry.close();
  await hub.close();
});

/** Who created or adopted each device that the hub has, by the id of its incarnation. */
type Owned = Map<string, Set<Name>>;

const incarnation = (device: Id): string | undefined => hub.registry.get(device)?.generationId;
const isThere = (device: Id) => {
  const found = hub.registry.get(device);
  return found !== undefined && !(found.status === 'disabled' && found.statusReason === removalMark);
};

const others: Owner = { server: 'github.com', id: '9', name: 'contoso/third' };
function meddle(what: (Step & { kind: 'apply' })['meanwhile'], device: Id): void {
  if (!hub.registry.get(device)) return;
  if (what === 'adopts') hub.registry.patchTwin(device, { tags: { [ownerTag]: { ...markOf(others) } } });
  if (what === 'erases') hub.registry.patchTwin(device, { tags: { [ownerTag]: null } });
  if (what === 'makes anew') {
    const { etag, ...found } = { ...hub.registry.get(device) };
    hub.registry.remove(device);
    hub.registry.put({ ...found, deviceId: device, deviceScope: undefined });
    hub.registry.patchTwin(device, { tags: { [ownerTag]: { ...markOf(others) } } });
  }
}

function historyOf({ states }: Repository): History {
  const versions = states.map(({ file, declared }, index) => {
    const until = index + 1 < states.length ? index + 1 : Number.POSITIVE_INFINITY;
    return { path: file, blob: String(index), from: index, until, declared };
  });
  return {
    versionsOf: async () => versions,
    read: async (wanted) => wanted.map(({ blob }) => Buffer.from(manifest(states[Number(blob)]!.declared, 'x'))),
  };
}

async function apply(repository: Repository, step: Step & { kind: 'apply' }, owned: Owned, shared: boolean) {
  const { file, declared } = repository.states.at(-1)!;
  writeFileSync(join(repository.folder, file), manifest(declared, shared ? 'same' : repository.name));
  const before = new Map(ids.map((device) => [device, { life: incarnation(device), there: isThere(device) }]));
  unreadable = step.meanwhile === 'unreadable' ? step.id : undefined;
  let met = false;
  let third: string | undefined;
  disturb = ({ method, path }) => {
    // Between plan and removal: the plan has read the hub by queries, and the removal begins to read twins.
    if (met || method !== 'GET' || path !== `/twins/${step.id}`) return;
    met = true;
    meddle(step.meanwhile, step.id);
    if (step.meanwhile === 'adopts' || step.meanwhile === 'makes anew') third = incarnation(step.id);
  };
  const settings: Settings = {
    command: 'apply',
    manifest: file,
    owner: repository.owner,
    prune: step.prune,
    adopt: step.adopt,
    'allow-lockout': 'true',
    'output-directory': 'out',
  };
  const report = await runOn(hub, repository.folder, settings, {
    openRegistry: async () => ({ ...bound(registry), close: () => {} }),
    openHistory: async () => historyOf(repository),
    sleep: async () => {},
  });
  disturb = undefined;
  unreadable = undefined;
  for (const device of ids) {
    const was = before.get(device)!;
    const removed = was.there && was.life !== undefined && (incarnation(device) !== was.life || !isThere(device));
    const byUs = report.outcomes.some((one) => one.device === device && one.result === 'removed');
    if (removed && byUs) {
      expect(owned.get(was.life!)?.has(repository.name), `${repository.name} removed ${device}`).toBe(true);
      expect(third === undefined || third !== was.life, `${device} was a third repository's`).toBe(true);
    }
    const life = incarnation(device);
    if (life === undefined) continue;
    const outcome = report.outcomes.find((one) => one.device === device);
    if (outcome?.result === 'created') owned.set(life, new Set([repository.name]));
    // Whoever adopts a device takes it from the others.
    if (outcome?.owner === 'claimed') owned.set(life, new Set([repository.name]));
    if (third === life) owned.set(life, new Set());
  }
}

function bound(of: Registry): Registry {
  return {
    host: of.host,
    read: of.read.bind(of),
    readOne: of.readOne.bind(of),
    readEdgeDevices: of.readEdgeDevices.bind(of),
    write: of.write.bind(of),
    readTwin: of.readTwin.bind(of),
    readWithTwin: of.readWithTwin.bind(of),
    patchTags: of.patchTags.bind(of),
    close: () => {},
  };
}

function advance(repository: Repository, { kind, id: device }: Exclude<Step, { kind: 'apply' }>): void {
  const { states } = repository;
  const { file, declared } = states.at(-1)!;
  const without = declared.filter((one) => one !== device);
  switch (kind) {
    case 'declare':
      states.push({ file, declared: [...without, device] });
      return;
    case 'drop':
      states.push({ file, declared: without });
      return;
    case 'revert':
      states.push({ file, declared: states.at(-2)?.declared ?? [] });
      return;
    case 'rebase':
      // Both commits of the branch become states of the default branch, and no run saw the first.
      states.push({ file, declared: [...without, device] }, { file, declared: without });
      return;
    case 'rename':
      states.push({ file: file === 'devices.yaml' ? 'fleet.yaml' : 'devices.yaml', declared });
      return;
    case 'move':
      // The device moves to the other repository's manifest in one step, as two people would do it at once.
      states.push({ file, declared: without });
      return;
  }
}

it('removes no device that the repository neither created nor adopted', async () => {
  const folders = { one: folderWith(), two: folderWith() };
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (taken, shared) => {
      hub.reset();
      const make = (name: Name): Repository => ({
        name,
        owner: `github.com/octo/${name}`,
        folder: folders[name],
        states: [{ file: 'devices.yaml', declared: name === 'one' ? ['a'] : ['b'] }],
      });
      const repositories = { one: make('one'), two: make('two') };
      for (const name of ['devices.yaml', 'fleet.yaml']) {
        for (const folder of Object.values(folders)) writeFileSync(join(folder, name), 'devices: []\n');
      }
      const owned: Owned = new Map();
      for (const step of taken) {
        const repository = repositories[step.who];
        if (step.kind === 'apply') await apply(repository, step, owned, shared);
        else {
          advance(repository, step);
          if (step.kind === 'move')
            advance(repositories[step.who === 'one' ? 'two' : 'one'], { ...step, kind: 'declare' });
        }
        for (const { folder, states } of Object.values(repositories)) {
          const unused = states.at(-1)!.file === 'devices.yaml' ? 'fleet.yaml' : 'devices.yaml';
          writeFileSync(join(folder, unused), 'devices: []\n');
        }
      }
    }),
    times(50),
  );
}, 7_200_000);
