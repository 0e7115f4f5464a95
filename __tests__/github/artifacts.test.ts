import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeBundles } from '../../src/bundle/directory.ts';
import { type UploadOptions, uploadBundles } from '../../src/github/artifacts.ts';
import type { Bundle } from '../../src/model/bundle.ts';
import { isDeviceId, isHubHost } from '../../src/model/fleet.ts';
import { type ResultsService, startResultsService } from '../support/results-service.ts';

let service: ResultsService;
let folder = '';
beforeAll(async () => {
  service = await startResultsService();
});
afterAll(() => service?.close());
beforeEach(() => {
  // The masks of the signed URLs, among the lines of the tests.
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
    expect(lines.toSorted()[0]).toMatch(/^artifact iot-edge-a%3Ab%2Ac%3F \(device "a:b\*c\?"\): id \d+, \d+ bytes$/);
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
    expect(both.failures[0]?.message).toContain('A run takes each name once');
  });

  it('makes one artifact of 200 devices each for more than 400, and says so', async () => {
    const bundles = Array.from({ length: 401 }, (_, index) => bundleOf(`edge-${index}`));
    const { names, notice } = await upload(bundles);
    expect(names).toEqual(['iot-edge-devices-001', 'iot-edge-devices-002', 'iot-edge-devices-003']);
    expect(notice).toContain('401 devices, more than 400, share 3 artifacts of up to 200 devices each');
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
    expect(failures[0]?.message).toContain('artifact iot-edge-bad (device "bad") was not uploaded: ');
    expect(failures[0]?.message).toContain('refused by the test');
    expect(lines).toContain(failures[0]?.message);
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
    const fault = { name: 'Fault', kind: 'usage', remedy: expect.stringContaining('artifacts: none') };
    await expect(upload([bundleOf('x')])).rejects.toMatchObject(fault);
    await expect(upload([bundleOf('x')])).rejects.toThrow(name);
  });

  it('is refused with the remedy on GitHub Enterprise Server', async () => {
    vi.stubEnv('GITHUB_SERVER_URL', 'https://github.example.com');
    const fault = { name: 'Fault', kind: 'usage', remedy: expect.stringContaining('artifacts: none') };
    await expect(upload([bundleOf('x'), bundleOf('y')])).rejects.toMatchObject(fault);
  });
});
