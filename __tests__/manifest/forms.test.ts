import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Registry } from '../../src/model/registry.ts';
import type { Report } from '../../src/model/report.ts';
import { StopSwitch } from '../../src/model/stop.ts';
import { provision } from '../../src/provision.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { hubHost } from '../hub/devices.ts';
import { type SelfSigned, writeCertificate } from '../support/certificate.ts';
import { writeCertificates } from '../support/fleet.ts';
import { type FlatDevice, forms, type Shared } from './forms.ts';

const hub = 'a.azure-devices.net';
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'provision-'));
  await writeCertificates(folder, ['edge-001', 'edge-002', 'edge-003', 'edge 4']);
  mkdirSync(join(folder, 'bad'));
  writeFileSync(join(folder, 'bad/text.pem'), 'no certificate\n');
  const day = 86_400_000;
  await certificate('no-cn', { subject: [{ O: ['Contoso'] }] });
  await certificate('two-cn', { subject: [{ CN: ['edge-002'] }, { CN: ['edge-009'] }] });
  await certificate('expired', { from: -20 * day, to: -day });
  await certificate('soon', { to: 5 * day });
  await certificate('future', { from: day });
  await certificate('late', { to: Date.UTC(2051, 0) - Date.now() });
  await certificate('server', { usages: ['1.3.6.1.5.5.7.3.1'] });
  await certificate('ca', { authority: true });
  await certificate('weak', { bits: 1024 });
});

/** Something is wrong with each of these of `edge-002`. */
async function certificate(name: string, wanted: SelfSigned): Promise<void> {
  await writeCertificate(join(folder, 'bad', `${name}.pem`), { subject: [{ CN: ['edge-002'] }], ...wanted });
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the same fleet', () => {
  const own: readonly FlatDevice[] = [
    { id: 'edge-001' },
    { id: 'edge-002', status: 'disabled', statusReason: 'awaiting "repair",\nthen paint', 'config.agent.env.A': '1' },
    {
      id: 'edge-003',
      'runtime.version': '1.0.10',
      'identity.slot': 'secondary',
      'certificates.secondary': 'certs/edge-003-secondary.pem',
    },
  ];
  const shared = {
    hub,
    defaults: {
      'certificates.primary': 'certs/{id}-primary.pem',
      'certificates.secondary': 'certs/{id}-secondary.pem',
      'runtime.version': '1.1',
      'runtime.platform': 'debian',
      'config.hostname': '{id}.plant.example',
    },
  };

  it('gives equal plans in each form, defaults said once or spelled out', async () => {
    const spelled = own.map((device) => ({ hub, ...shared.defaults, ...device }));
    const reports = [
      await planOf('YAML', own, shared),
      await planOf('JSON', own, shared),
      await planOf('YAML', spelled),
      await planOf('JSON', spelled),
      await planOf('CSV', spelled),
    ];
    const [first, ...others] = reports.map(({ result, changes, bundles, findings }) => ({
      result,
      changes: changes.map((change) => {
        const { device, ...identity } = 'identity' in change ? change.identity : expect.fail('a removal');
        return [{ ...device, place: undefined }, identity, { ...change, identity: undefined }];
      }),
      bundles,
      // Told once for each place, of which defaults have fewer.
      said: [...new Set(findings.map(({ rule, message }) => `${rule}: ${message}`))].sort(),
    }));
    expect(first!.result).toBe('changes');
    expect(first!.changes).toHaveLength(3);
    for (const other of others) expect(other).toEqual(first);
  });
});

/** Where a fault is expected: at the value of a key of `edge-002`, at the key itself, or at the device. */
type At = { readonly value: string } | { readonly key: string } | 'device';

const id65 = 'e'.repeat(65);
const hex = (length: number, digit = 'A') => digit.repeat(length);
const none = { 'certificates.primary': undefined, 'certificates.secondary': undefined };

const faults: readonly [rule: string, what: string, plant: Readonly<Record<string, string | undefined>>, at: At][] = [
  ['manifest/unknown-key', 'a misspelt key', { sttus: 'enabled' }, { key: 'sttus' }],
  ['manifest/unknown-key', 'a key that is nothing like any', { colour: 'red' }, { key: 'colour' }],
  ['manifest/unknown-key', 'a misspelt key inside', { 'runtime.versoin': '1.1' }, { key: 'runtime.versoin' }],
  [
    'manifest/unknown-key',
    'a third certificate',
    { 'certificates.tertiary': 'c.pem' },
    { key: 'certificates.tertiary' },
  ],
  ['manifest/unknown-key', 'a key three levels down', { 'config.agent.imgae': 'x' }, { key: 'config.agent.imgae' }],
  ['manifest/unknown-key', 'a place of nothing', { 'identity.key': '/k.pem' }, { key: 'identity.key' }],
  ['manifest/type', 'a status that is none', { status: 'on' }, { value: 'status' }],
  ['manifest/type', 'another digest', { thumbprintAlgorithm: 'md5' }, { value: 'thumbprintAlgorithm' }],
  ['manifest/type', 'another platform', { 'runtime.platform': 'ubuntu' }, { value: 'runtime.platform' }],
  ['manifest/type', 'a version in words', { 'runtime.version': 'latest' }, { value: 'runtime.version' }],
  ['manifest/type', 'a version with a comma', { 'runtime.version': '1,1' }, { value: 'runtime.version' }],
  ['manifest/type', 'a third slot', { 'identity.slot': 'third' }, { value: 'identity.slot' }],
  ['manifest/type', 'a reason of 129 characters', { statusReason: 'x'.repeat(129) }, { value: 'statusReason' }],
  ['manifest/type', 'a URL for a hub', { hub: 'https://a.b/c' }, { value: 'hub' }],
  ['manifest/type', 'an image with a space', { 'config.agent.image': 'a b' }, { value: 'config.agent.image' }],
  ['manifest/type', 'a path of spaces', { 'certificates.primary': '  ' }, { value: 'certificates.primary' }],
  ['manifest/type', 'no id', { id: undefined }, 'device'],
  ['manifest/type', 'no version', { 'runtime.version': undefined }, { value: 'id' }],
  ['manifest/type', 'no runtime', { 'runtime.version': undefined, 'runtime.platform': undefined }, { value: 'id' }],
  ['device/id-characters', 'a space in an id', { id: 'edge 4' }, { value: 'id' }],
  ['device/id-characters', 'a slash in an id', { id: 'edge/2' }, { value: 'id' }],
  ['device/id-characters', 'an id of 129 characters', { id: 'e'.repeat(129) }, { value: 'id' }],
  [
    'device/id-too-long-for-cn',
    'an id of 65 characters',
    { id: id65, ...none, 'thumbprints.primary': hex(40), 'config.hostname': 'e' },
    { value: 'id' },
  ],
  [
    'device/duplicate',
    'an id that stands above',
    { id: 'edge-001', ...none, 'thumbprints.primary': hex(64), 'config.hostname': 'e' },
    { value: 'id' },
  ],
  [
    'device/case-collision',
    'an id in other case',
    { id: 'EDGE-001', ...none, 'thumbprints.primary': hex(64), 'config.hostname': 'e' },
    { value: 'id' },
  ],
  [
    'device/parent-unknown',
    'a parent that is not there',
    { parent: 'gateway', 'runtime.version': '1.1' },
    { value: 'parent' },
  ],
  ['device/parent-cycle', 'itself as parent', { parent: 'edge-002' }, { value: 'parent' }],
  ['config/unsupported-by-version', 'a parent before 1.2', { parent: 'edge-001' }, { value: 'parent' }],
  [
    'config/unsupported-by-version',
    'a version without X.509',
    { 'runtime.version': '1.0.9' },
    { value: 'runtime.version' },
  ],
  ['config/unsupported-by-version', 'a version to come', { 'runtime.version': '9.1' }, { value: 'runtime.version' }],
  [
    'certificate/missing',
    'a certificate that is not there',
    { 'certificates.secondary': 'certs/no.pem' },
    { value: 'certificates.secondary' },
  ],
  [
    'certificate/outside-workspace',
    'a certificate elsewhere',
    { 'certificates.primary': '../x.pem' },
    { value: 'certificates.primary' },
  ],
  [
    'certificate/unreadable',
    'a certificate that is none',
    { 'certificates.primary': 'bad/text.pem' },
    { value: 'certificates.primary' },
  ],
  [
    'certificate/cn-mismatch',
    'the certificate of another',
    { 'certificates.primary': 'certs/edge-003-primary.pem' },
    { value: 'certificates.primary' },
  ],
  [
    'certificate/cn-mismatch',
    'a certificate of two names',
    { 'certificates.primary': 'bad/two-cn.pem' },
    { value: 'certificates.primary' },
  ],
  [
    'certificate/no-cn',
    'a certificate of no name',
    { 'certificates.primary': 'bad/no-cn.pem' },
    { value: 'certificates.primary' },
  ],
  [
    'certificate/expired',
    'a certificate that has ended',
    { 'certificates.primary': 'bad/expired.pem' },
    { value: 'certificates.primary' },
  ],
  [
    'certificate/expires-soon',
    'a certificate that ends soon',
    { 'certificates.secondary': 'bad/soon.pem' },
    { value: 'certificates.secondary' },
  ],
  [
    'certificate/not-yet-valid',
    'a certificate of tomorrow',
    { 'certificates.secondary': 'bad/future.pem' },
    { value: 'certificates.secondary' },
  ],
  [
    'certificate/year-2050',
    'a certificate for too long',
    { 'certificates.primary': 'bad/late.pem' },
    { value: 'certificates.primary' },
  ],
  [
    'certificate/no-client-auth',
    'a certificate of a server',
    { 'certificates.primary': 'bad/server.pem' },
    { value: 'certificates.primary' },
  ],
  [
    'certificate/is-ca',
    'a certificate that may sign others',
    { 'certificates.primary': 'bad/ca.pem' },
    { value: 'certificates.primary' },
  ],
  [
    'certificate/small-key',
    'a key of 1024 bits',
    { 'certificates.primary': 'bad/weak.pem' },
    { value: 'certificates.primary' },
  ],
  [
    'certificate/same-key-twice',
    'one certificate twice',
    { 'certificates.secondary': 'certs/edge-002-primary.pem' },
    { value: 'certificates.secondary' },
  ],
  [
    'thumbprint/length',
    'a digit too few',
    { ...none, 'thumbprints.primary': hex(39) },
    { value: 'thumbprints.primary' },
  ],
  [
    'thumbprint/not-hex',
    'a letter O',
    { ...none, 'thumbprints.primary': `O${hex(39)}` },
    { value: 'thumbprints.primary' },
  ],
  [
    'thumbprint/mixed-lengths',
    'SHA-1 and SHA-256',
    { ...none, 'thumbprints.primary': hex(40), 'thumbprints.secondary': hex(64) },
    { value: 'thumbprints.secondary' },
  ],
  [
    'thumbprint/mismatch',
    'a thumbprint beside another certificate',
    { 'thumbprints.primary': hex(64) },
    { value: 'thumbprints.primary' },
  ],
  [
    'thumbprint/only-secondary',
    'a secondary alone',
    { ...none, 'thumbprints.secondary': hex(40) },
    { value: 'thumbprints.secondary' },
  ],
  ['thumbprint/missing', 'nothing to register', none, { value: 'id' }],
  ['hub/not-allowed', 'a hub of somebody else', { hub: 'evil.example' }, { value: 'hub' }],
  ['config/hostname', 'a host name of no DNS', { 'config.hostname': 'press_2' }, { value: 'config.hostname' }],
  ['config/uri', 'a relative place', { 'identity.certificate': 'a.pem' }, { value: 'identity.certificate' }],
  [
    'config/uri',
    'a place of another scheme',
    { 'identity.privateKey': 'https://a/b' },
    { value: 'identity.privateKey' },
  ],
  [
    'config/path-needs-encoding',
    'a place with a space',
    { 'runtime.version': '1.5', 'identity.certificate': '/var/my cert.pem' },
    { value: 'identity.certificate' },
  ],
  [
    'config/secret-in-manifest',
    'a secret',
    { 'config.agent.env.Cloud': 'HostName=x;SharedAccessKey=abc=' },
    { value: 'config.agent.env.Cloud' },
  ],
];

describe.each(['YAML', 'JSON', 'CSV'] as const)('each fault has its place in %s', (form) => {
  it.each(faults)('%s: %s', async (rule, _, plant, place) => {
    const fleet = ['edge-001', 'edge-002', 'edge-003'].map((id) => ({
      id,
      hub,
      'certificates.primary': `certs/${id}-primary.pem`,
      'certificates.secondary': `certs/${id}-secondary.pem`,
      'runtime.version': '1.1',
      'runtime.platform': 'debian',
    }));
    const planted = fleet.map((device, index) => (index === 1 ? without({ ...device, ...plant }) : device));
    const written = forms[form](planted);
    const [line, column] =
      place === 'device'
        ? written.value(1, '')
        : 'key' in place
          ? written.key(1, place.key)
          : written.value(1, place.value);
    const { findings, result } = await planOf(form, planted);
    const seen = findings.filter((f) => f.rule === rule).map((f) => f.place);
    expect(seen).toEqual([{ file: written.file, line, column }]);
    const stopped = findings.some(({ severity }) => severity === 'error');
    expect(result).toBe(stopped ? 'invalid' : 'changes');
  });
});

it('forty faults and more are planted', () => {
  expect(faults.length).toBeGreaterThanOrEqual(40);
});

function without(device: Readonly<Record<string, string | undefined>>): FlatDevice {
  return Object.fromEntries(Object.entries(device).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])));
}

/** Plans against a hub that has no device yet. */
async function planOf(form: keyof typeof forms, devices: readonly FlatDevice[], shared: Shared = {}): Promise<Report> {
  const { file, text } = forms[form](devices, shared);
  writeFileSync(join(folder, file), text);
  return provision(
    {
      command: 'plan',
      manifests: [file],
      hubs: [hubHost(hub)],
      outputDirectory: join(folder, 'bundles'),
      failOn: 'error',
      expiryWarningDays: 30,
      plan: { adopt: false, allowLockout: false, maxChanges: { kind: 'number', number: 10, text: '10' } },
      findings: [],
    },
    {
      workspace: openWorkspace(folder),
      openRegistry: async () => emptyHub,
      now: () => new Date(),
      sleep: async () => {},
      random: () => 0.5,
      stop: new StopSwitch(),
      progress: { phase: () => {}, waiting: () => {}, warning: () => {}, written: () => {} },
      checkPublishing: () => {},
      openHistory: () => expect.fail('nothing is to be removed'),
    },
  );
}

const emptyHub: Registry = {
  host: hubHost(hub),
  read: async () => new Map(),
  readOne: async () => undefined,
  readEdgeDevices: async () => [],
  write: async () => [],
  readTwin: async () => undefined,
  readWithTwin: async () => undefined,
  patchTags: async (id) => ({ id, answer: 'applied' }),
  close: () => {},
};
