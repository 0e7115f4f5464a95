import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from '../../src/check.ts';
import { answersByDevice, bulkAnswers, deviceErrors } from '../../src/hub/bulk.ts';
import { refusedReply } from '../../src/hub/calls/reply.ts';
import { deviceCount, deviceWithTwin, registeredDevice, registeredTwin } from '../../src/hub/calls/wire.ts';
import { linesOf } from '../../src/hub/import/import-lines.ts';
import { Fault } from '../../src/model/fault.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { RegistryWrite } from '../../src/model/registry.ts';
import { StopSwitch } from '../../src/model/stop.ts';
import type { Workspace } from '../../src/model/workspace.ts';
import { readPlanFile } from '../../src/run/plan-file.ts';
import type { Request, World } from '../../src/run/request.ts';

/** One kind of input from outside. */
export interface Target {
  /** Inputs to begin with. */
  readonly seeds: readonly Buffer[];
  /** What means something in this kind of input. */
  readonly words: readonly string[];
  /** Reads the input as a run does. Throws if the result is not what users may expect of any input. */
  run(input: Buffer): Promise<void> | void;
}

/** Certificates to begin with, as DER and as PEM. They are made for each run. */
export interface Certificates {
  readonly der: Buffer;
  readonly pem: Buffer;
}

/** All kinds of inputs from outside, by name. */
export function targetsWith({ der, pem }: Certificates): Readonly<Record<string, Target>> {
  return {
    'manifest-yaml': {
      seeds: [yaml, yamlOfLists].map((text) => Buffer.from(text)),
      words: [
        ...keys,
        '&a ',
        '*a',
        '<<: ',
        '!!binary ',
        '!!set',
        '---\n',
        '|\n',
        '? ',
        '- ',
        ': ',
        '\n  ',
        '"',
        '\ufeff',
        '__proto__: ',
      ],
      run: (input) => checked({ 'm.yaml': input, 'c.pem': pem }),
    },
    'manifest-json': {
      seeds: [Buffer.from(json)],
      words: [
        ...keys.map((key) => `"${key}":`),
        '{',
        '}',
        '[',
        ']',
        ',',
        '"',
        '\\u0000',
        '//',
        '"__proto__":{"x":1},',
        'null',
        'true',
        '1e999',
      ],
      run: (input) => checked({ 'm.json': input, 'c.pem': pem }),
    },
    'manifest-csv': {
      seeds: [csv, 'sep=;\nid;thumbprints.primary;thumbprints.secondary\r\na;b;c\r\n'].map((text) => Buffer.from(text)),
      words: [
        ...keys,
        ',',
        ';',
        '\t',
        '"',
        '\r\n',
        'tags.',
        'config.env.',
        '__proto__.x',
        'constructor.prototype.x',
        '[0]',
        '\ufeff',
      ],
      run: (input) => checked({ 'm.csv': input, 'c.pem': pem }),
    },
    'certificate-pem': {
      seeds: [pem],
      words: [
        '-----BEGIN CERTIFICATE-----\n',
        '-----END CERTIFICATE-----\n',
        '-----BEGIN PRIVATE KEY-----\n',
        '\n',
        '\\n',
        '\0',
        'version https://git-lfs',
      ],
      run: (input) => checked({ 'm.yaml': Buffer.from(yaml), 'c.pem': input }),
    },
    'certificate-der': {
      seeds: [der],
      words: [
        '\x30\x80',
        '\x30\x82',
        '\x02\x01',
        '\x03\x02',
        '\x06\x03\x55\x04\x03',
        '\x0c\x08',
        '\x1e\x08',
        '\x1c\x08',
        '\xa3\x82',
        '\x00\x00',
      ],
      run: (input) => checked({ 'm.yaml': Buffer.from(yaml.replaceAll('c.pem', 'c.cer')), 'c.cer': input }),
    },
    'base-toml': {
      seeds: [Buffer.from(toml)],
      words: [
        '[',
        ']',
        '[[a]]',
        '=',
        '"""',
        "'''",
        '\\',
        '#',
        '\n',
        '{ a = 1 }',
        '1979-05-27',
        '__proto__ = 1',
        'hostname = ',
        '[provisioning]\n',
      ],
      run: (input) =>
        checked({ 'm.yaml': Buffer.from(`${yaml}  config: { base: base.toml }\n`), 'c.pem': pem, 'base.toml': input }),
    },
    'base-yaml': {
      seeds: [Buffer.from(configYaml)],
      words: ['provisioning:\n', '  ', '# ', ': ', '"', '&a ', '*a', '---\n', '__proto__: 1\n', '\t'],
      run: (input) =>
        checked({
          'm.yaml': Buffer.from(`${yaml.replace('1.5', '1.1')}  config: { base: base.yaml }\n`),
          'c.pem': pem,
          'base.yaml': input,
        }),
    },
    'plan-file': {
      seeds: [Buffer.from(planFile)],
      words: [
        '"version":1',
        '"hubs":[',
        '"changes":[',
        '"device":',
        '"fields":',
        'null',
        '{}',
        '[]',
        '"__proto__":{"x":1}',
      ],
      run: planRead,
    },
    'hub-answer': {
      seeds: [identity, bulk, `{"Message":"ErrorCode:DeviceNotFound;E2"}`, `{"totalDeviceCount":7}`].map((text) =>
        Buffer.from(text),
      ),
      words: [
        '"deviceId":',
        '"etag":',
        '"errorCode":',
        '"isSuccessful":',
        'null',
        '[]',
        '{}',
        '1e999',
        '"__proto__":{"x":1}',
        'SharedAccessSignature sr=',
      ],
      run: answerRead,
    },
    twin: {
      seeds: [Buffer.from(twin)],
      words: [
        '"tags":',
        '"properties":',
        '"$version":',
        '"etag":',
        'null',
        '[]',
        '{}',
        '"__proto__":{"x":1}',
        '"constructor":',
      ],
      run: twinRead,
    },
    'import-log': {
      seeds: [Buffer.from(`${importError}\n${importError}\n`)],
      words: [
        '"deviceId":',
        '"errorCode":',
        '"errorStatus":',
        '\n',
        '\r\n',
        '\u2028',
        '\ufeff',
        '{}',
        'null',
        '"__proto__":{"x":1}',
      ],
      run: importRead,
    },
  };
}

const keys = [
  'devices',
  'id',
  'hub',
  'defaults',
  'thumbprints',
  'certificates',
  'primary',
  'secondary',
  'tags',
  'config',
  'runtime',
];
const [one, two] = ['1', '2'].map((digit) => digit.repeat(40));
const yaml = `hub: contoso.azure-devices.net\ndefaults:\n  runtime: { version: "1.5" }\ndevices:\n- id: edge-001\n  certificates: { primary: c.pem, secondary: c.pem }\n`;
const yamlOfLists = `devices:\n- &a { id: a, thumbprints: { primary: ${one}, secondary: ${two} }, tags: { site: { city: "x", list: [1, null, true] } } }\n- <<: *a\n  id: b\n  config: { env: { A: b }, agent: { createOptions: { HostConfig: { Binds: [] } } } }\n`;
const json = `// fleet\n{"hub":"contoso.azure-devices.net","devices":[{"id":"edge-001","thumbprints":{"primary":"${one}","secondary":"${two}"},"tags":{"a":1},},]}\n`;
const csv = `id,thumbprints.primary,thumbprints.secondary,tags.site\nedge-001,${one},${two},"a ""b"", c"\n`;
const toml = `hostname = "edge-001" # of the plant\n[provisioning]\nsource = "manual"\nconnection_string = "x"\n[agent]\nname = "edgeAgent"\ntype = "docker"\n[agent.config]\nimage = "mcr.microsoft.com/azureiotedge-agent:1.5"\ncreateOptions = { HostConfig = { Binds = ["a:b"] } }\n`;
const configYaml = `provisioning:\n  source: "manual"\n  device_connection_string: "x"\nagent:\n  name: "edgeAgent"\n  type: "docker"\n  env: {}\n  config:\n    image: "mcr.microsoft.com/azureiotedge-agent:1.1"\n    auth: {}\nhostname: "edge-001"\nconnect:\n  management_uri: "unix:///var/run/iotedge/mgmt.sock"\n`;
const planFile = JSON.stringify({
  version: 1,
  hubs: [
    {
      hub: 'contoso.azure-devices.net',
      changes: [
        { device: 'edge-001', kind: 'update', fields: [{ field: 'status', before: 'enabled', after: 'disabled' }] },
      ],
    },
  ],
});
const identity = JSON.stringify({
  deviceId: 'edge-001',
  etag: 'MQ==',
  status: 'enabled',
  statusReason: null,
  connectionState: 'Disconnected',
  lastActivityTime: '0001-01-01T00:00:00',
  capabilities: { iotEdge: true },
  deviceScope: 'ms-azure-iot-edge://edge-001-1',
  parentScopes: [],
  authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: one, secondaryThumbprint: two } },
});
const bulk = `{"isSuccessful":false,"errors":[{"deviceId":"edge-001","errorCode":409001,"errorStatus":"exists"}],"warnings":[]}`;
const twin = `{"deviceId":"edge-001","etag":"AAAAAAAAAAE=","version":2,"tags":{"provision":{"owner":"github.com/a/b"}},"properties":{"desired":{"$version":1},"reported":{"$version":1}}}`;
const importError = `{"deviceId":"edge-001","errorCode":"412001","errorStatus":"the etag does not match"}`;

/** A workspace in memory: no input can make it read anything else. */
function workspaceOf(files: Readonly<Record<string, Buffer>>): Workspace {
  const manifests = Object.keys(files).filter((name) => name.startsWith('m.'));
  return {
    root: '/workspace',
    read: (path, limit) => {
      const bytes = files[path];
      if (bytes === undefined) return { ok: false, why: 'missing', detail: 'no such file' };
      return bytes.length <= limit
        ? { ok: true, bytes }
        : { ok: false, why: 'too-large', detail: `${bytes.length} bytes` };
    },
    find: async (patterns) => ({
      files: patterns.filter((pattern) => pattern in files || manifests.includes(pattern)),
      missing: [],
    }),
    spelled: (pattern) => pattern,
    filesBelow: () => ({ files: [] }),
    ignored: async () => new Set(),
  };
}

/** All checks of `render`. Every device is known, or a finding says at which place why not. */
async function checked(files: Readonly<Record<string, Buffer>>): Promise<void> {
  const workspace = workspaceOf(files);
  const manifests = Object.keys(files).filter((name) => name.startsWith('m.'));
  const request: Request = {
    command: 'render',
    manifests,
    hubs: [],
    outputDirectory: '/workspace/bundles',
    failOn: 'error',
    expiryWarningDays: 30,
    plan: { adopt: false, allowLockout: false, maxChanges: { kind: 'number', number: 10, text: '10' } },
    findings: [],
  };
  const { devices, bundles, findings } = await check(request, worldOf(workspace));
  expectThat(devices.length > 0 || findings.length > 0, 'no device, and no finding');
  const errors = findings.filter(({ severity }) => severity === 'error');
  expectThat(bundles.length === devices.length || errors.length > 0, 'a device without a bundle, and no error');
  for (const one of findings) expectThat(isPlaced(one, files), `${one.rule} has no place in a file`);
}

function isPlaced({ place }: Finding, files: Readonly<Record<string, Buffer>>): boolean {
  if (place === undefined) return false;
  const lines = (files[place.file]?.toString('utf8').split(/\r\n|\r|\n/).length ?? 0) + 1;
  return place.line === undefined || (place.line >= 1 && place.line <= lines);
}

function worldOf(workspace: Workspace): World {
  const asked = () => {
    throw new Error('a check asked for a hub');
  };
  return {
    workspace,
    openRegistry: asked,
    now: () => new Date(),
    sleep: async () => {},
    random: () => 0.5,
    stop: new StopSwitch(),
    progress: { phase: () => {}, warning: () => {}, written: () => {}, waiting: () => {}, counted: () => {} },
    checkPublishing: () => {},
    openHistory: asked,
  };
}

const scratch = mkdtempSync(join(tmpdir(), 'provision-fuzz-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** A plan, or a fault that names the file and quotes nothing of it. */
function planRead(input: Buffer): void {
  const file = join(scratch, 'plan.json');
  writeFileSync(file, input);
  try {
    const { hubs } = readPlanFile(file, scratch);
    for (const { changes } of hubs)
      for (const { device } of changes) expectThat(typeof device === 'string', 'a change without a device');
  } catch (thrown) {
    expectThat(thrown instanceof Fault && thrown.message.includes(file), `${thrown} names no file`);
  }
}

/** Removals of two devices, as a run asks for them. */
const writes: readonly RegistryWrite[] = ['edge-001', 'edge-002'].flatMap((deviceId) => {
  const found = registeredDevice({ ...JSON.parse(identity), deviceId });
  return found === undefined ? [] : [{ mode: 'delete' as const, found }];
});

function answerRead(input: Buffer): void {
  const text = input.toString('utf8');
  const body = jsonIn(text);
  registeredDevice(body);
  deviceCount(body);
  for (const statusCode of [400, 404, 412, 429, 503]) {
    const reply = refusedReply({ statusCode, headers: {}, text });
    const answers = bulkAnswers(writes, reply, true);
    expectThat('kind' in answers || answers.length === writes.length, 'an answer too many, or too few');
  }
  const answers = bulkAnswers(writes, { kind: 'answered', body }, true);
  expectThat('kind' in answers || answers.length === writes.length, 'an answer too many, or too few');
}

function twinRead(input: Buffer): void {
  const body = jsonIn(input.toString('utf8'));
  registeredTwin(body);
  deviceWithTwin(body);
}

async function importRead(input: Buffer): Promise<void> {
  const half = Math.floor(input.length / 2);
  const entries: unknown[] = [];
  async function* chunks() {
    yield input.subarray(0, half);
    yield input.subarray(half);
  }
  for await (const line of linesOf(chunks())) if (line.trim() !== '') entries.push(jsonIn(line));
  const answers = answersByDevice(writes, { successful: true, errors: deviceErrors(entries) });
  expectThat(answers.length === writes.length, 'an answer too many, or too few');
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
