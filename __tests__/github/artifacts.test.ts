import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeBundles } from '../../src/bundle/directory.ts';
import { requireUploads, type UploadOptions, uploadBundles } from '../../src/github/artifacts.ts';
import { githubFault } from '../../src/github/faults.ts';
import { githubLines } from '../../src/github/lines.ts';
import type { Bundle } from '../../src/model/bundle.ts';
import { isDeviceId, isHubHost } from '../../src/model/fleet.ts';
import { serveSilence } from '../hub/calls/loopback.ts';
import { faultIn, faultOf, said } from '../support/fault.ts';
import { type ResultsService, startResultsService } from '../support/results-service.ts';

let service: ResultsService;
let folder = '';
beforeAll(async () => {
  service = await startResultsService();
});
afterAll(() => service?.close());
beforeEach(() => {
  // Keep the masks of the signed URLs out of the output of the tests.
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  folder = mkdtempSync(join(tmpdir(), 'artifacts-'));
  for (const [name, value] of Object.entries(service.environment)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function bundleOf(id: string, artifact = `iot-edge-${id}`, directory = id): Bundle {
  const hub = 'contoso.azure-devices.net';
  if (!isDeviceId(id) || !isHubHost(hub)) throw new Error('no device');
  const files = [
    { name: 'config.yaml', text: `device_id: "${id}"\n` },
    { name: 'identity-certificate.pem', text: `certificate of ${id}\n` },
  ];
  return { device: id, hub, directory, artifact, files };
}

async function upload(bundles: readonly Bundle[], options: Partial<UploadOptions> = {}) {
  const directory = join(folder, 'device-bundles');
  await writeBundles(directory, bundles);
  const lines: string[] = [];
  const uploads = await uploadBundles(bundles, directory, {
    mode: 'device',
    log: (line) => lines.push(line),
    ...options,
  });
  return { ...uploads, lines };
}

/** The message of @actions/artifact when the service refuses to create an artifact. */
const refusedAs = (answer: string) =>
  `Failed to CreateArtifact: Received non-retryable error: Failed request: ${answer}`;

describe('uploading bundles', () => {
  it('makes an artifact of each device, which holds its files and nothing else', async () => {
    const bundles = [bundleOf('one'), bundleOf('a:b*c?', 'iot-edge-a%3Ab%2Ac%3F', 'a%3Ab%2Ac%3F'), bundleOf('three')];
    const { ids, names, failures, notice, lines } = await upload(bundles);
    expect(names).toEqual(bundles.map(({ artifact }) => artifact));
    expect(new Set(ids).size).toBe(3);
    expect({ failures, notice }).toEqual({ failures: [], notice: undefined });
    for (const [index, bundle] of bundles.entries()) {
      const expected = Object.fromEntries(bundle.files.map(({ name, text }) => [name, text]));
      expect(await service.files(bundle.artifact)).toEqual(expected);
      expect(await service.files(ids[index]!)).toEqual(expected);
    }
    const { size } = service.artifacts.find(({ id }) => id === ids[1])!;
    expect(size).toBeGreaterThan(0);
    const odd = { artifact: 'iot-edge-a%3Ab%2Ac%3F', devices: ['a:b*c?'], id: ids[1]!, size };
    expect(lines).toContain(githubLines['artifact-uploaded'](odd));
    expect(lines).toHaveLength(3);
  });

  it('makes one artifact of the fleet, a folder for each device', async () => {
    const { names, ids } = await upload([bundleOf('one'), bundleOf('two')], { mode: 'fleet' });
    expect(names).toEqual(['iot-edge-devices']);
    expect(ids).toHaveLength(1);
    expect(Object.keys(await service.files('iot-edge-devices'))).toEqual([
      ...['one/config.yaml', 'one/identity-certificate.pem', 'two/config.yaml', 'two/identity-certificate.pem'],
    ]);
  });

  it('names the hub in it where this is one of several, so that the jobs of a run do not meet', async () => {
    const one = bundleOf('e', 'iot-edge-contoso-e', 'contoso/e');
    expect((await upload([one], { mode: 'fleet' })).names).toEqual(['iot-edge-devices-contoso']);
    const two = bundleOf('e', 'iot-edge-fabrikam-e', 'fabrikam/e');
    const both = await upload([one, two], { mode: 'fleet' });
    expect(both.failures[0]?.artifact).toBe('iot-edge-devices');
    const taken = {
      artifact: 'iot-edge-devices',
      devices: ['e', 'e'],
      reason: refusedAs('(409) Conflict: an artifact with this name already exists on the workflow run'),
      nameTaken: true,
    };
    expect(both.failures[0]?.message).toBe(githubLines['artifact-failed'](taken));
  });

  it('makes one artifact of 200 devices each for more than 400, and says so', async () => {
    const bundles = Array.from({ length: 401 }, (_, index) => bundleOf(`edge-${index}`));
    const { names, notice } = await upload(bundles);
    expect(names).toEqual(['iot-edge-devices-001', 'iot-edge-devices-002', 'iot-edge-devices-003']);
    const shared = {
      devices: 401,
      artifacts: 3,
      size: 200,
      first: 'iot-edge-devices-001',
      last: 'iot-edge-devices-003',
      mostSingle: 400,
      mostOfAJob: 500,
    };
    expect(notice).toBe(githubLines['artifacts-shared'](shared));
    const parts = await Promise.all(names.map((name) => service.files(name)));
    expect(parts.map((files) => Object.keys(files).length)).toEqual([400, 400, 2]);
    const all: Record<string, string> = Object.assign({}, ...parts);
    for (const { device, files } of bundles) {
      for (const { name, text } of files) expect(all[`${device}/${name}`]).toBe(text);
    }
  });

  it('keeps them as long as it is told', async () => {
    await upload([bundleOf('kept')], { retentionDays: 3 });
    const { expiresAt } = service.artifacts.find(({ name }) => name === 'iot-edge-kept')!;
    expect(Date.parse(expiresAt!) - Date.now()).toBeGreaterThan(2.9 * 86_400_000);
    expect(Date.parse(expiresAt!) - Date.now()).toBeLessThan(3.1 * 86_400_000);
    await upload([bundleOf('unlimited')]);
    expect(service.artifacts.at(-1)?.expiresAt).toBeUndefined();
  });

  it('goes on when one is refused, and names its device', async () => {
    service.refuse('iot-edge-bad');
    const { names, failures, lines } = await upload([bundleOf('bad'), bundleOf('good'), bundleOf('better')]);
    expect(names).toEqual(['iot-edge-good', 'iot-edge-better']);
    expect(failures).toMatchObject([{ artifact: 'iot-edge-bad', devices: ['bad'] }]);
    const reason = refusedAs('(403) Forbidden: refused by the test');
    const message = githubLines['artifact-failed']({
      artifact: 'iot-edge-bad',
      devices: ['bad'],
      reason,
      nameTaken: false,
    });
    expect(failures[0]?.message).toBe(message);
    expect(lines).toContain(message);
  });

  it('ends when the service does not answer: the first is waited for, and the others are not tried', async () => {
    const silence = await serveSilence();
    vi.stubEnv('ACTIONS_RESULTS_URL', silence.url);
    const bundles = Array.from({ length: 20 }, (_, index) => bundleOf(`edge-${index}`));
    const limits: number[] = [];
    const limit = (bytes: number) => {
      limits.push(bytes);
      return 100;
    };
    const { names, failures } = await upload(bundles, { limit });
    expect(names).toEqual([]);
    const failed = ({ artifact, device }: Bundle, index: number) => {
      const reason =
        index === 0
          ? githubLines['upload-late']({ seconds: 0 })
          : githubLines['not-tried']({ artifact: 'iot-edge-edge-0' });
      return githubLines['artifact-failed']({ artifact, devices: [device], reason, nameTaken: false });
    };
    expect(failures.map(({ message }) => message)).toEqual(bundles.map(failed));
    expect(silence.opened()).toBe(1);
    const [first] = bundles;
    expect(limits).toEqual([first!.files.reduce((sum, { text }) => sum + text.length, 0)]);
  });

  it.each(['', '1'])(
    'keeps the client’s chatter off standard output (RUNNER_DEBUG=%s), but not its masks, and not what others write',
    async (debug) => {
      vi.stubEnv('RUNNER_DEBUG', debug);
      const write = vi.mocked(process.stdout.write);
      const log = (line: string) => void process.stdout.write(`${line}\n`);
      await upload([bundleOf(`quiet-1${debug}`), bundleOf(`quiet-2${debug}`)], { log });
      expect(process.stdout.write).toBe(write);
      const written = write.mock.calls.map(([chunk]) => String(chunk));
      expect(written.filter((line) => line.startsWith('::add-mask::')).length).toBeGreaterThan(0);
      expect(written.some((line) => line.startsWith('::debug::'))).toBe(debug === '1');
      expect(written.filter((line) => !line.startsWith('::'))).toEqual([
        expect.stringContaining('artifact iot-edge-quiet-1'),
        expect.stringContaining('artifact iot-edge-quiet-2'),
      ]);
    },
  );

  it('does nothing, and needs nothing, for none and for no bundles', async () => {
    vi.stubEnv('ACTIONS_RUNTIME_TOKEN', '');
    const nothing = { ids: [], names: [], failures: [], lines: [] };
    expect(await upload([bundleOf('x')], { mode: 'none' })).toEqual(nothing);
    expect(await upload([])).toEqual(nothing);
  });

  it.each(['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_RESULTS_URL'])('is refused with the remedy without %s', async (name) => {
    vi.stubEnv(name, '');
    const fault = githubFault('uploads-outside-actions', { variable: name });
    expect(said(await faultOf(upload([bundleOf('x')])))).toEqual(said(fault));
  });

  it.each([
    ['https://github.example.com', {}],
    ['https://github.com.example', {}],
    ['https://ghe.plant.example', { ACTIONS_RESULTS_URL: '', ACTIONS_RUNTIME_TOKEN: '' }],
  ])('is refused with the remedy on GitHub Enterprise Server: %s', async (url, more) => {
    for (const [name, value] of Object.entries({ ...more, GITHUB_SERVER_URL: url })) vi.stubEnv(name, value);
    const fault = said(githubFault('uploads-on-enterprise-server', {}));
    expect(said(faultIn(requireUploads))).toEqual(fault);
    expect(said(await faultOf(upload([bundleOf('x'), bundleOf('y')])))).toEqual(fault);
  });

  it.each(['', 'https://github.com', 'https://GitHub.com/', 'https://octo.ghe.com', 'http://github.localhost:3000'])(
    'is possible on the server "%s"',
    (url) => {
      vi.stubEnv('GITHUB_SERVER_URL', url);
      expect(requireUploads).not.toThrow();
    },
  );
});
