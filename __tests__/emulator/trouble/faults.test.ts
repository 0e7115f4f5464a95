import { Agent } from 'node:https';
import { describe, expect, it, onTestFinished } from 'vitest';
import { emulatorFault, type FaultsProblem } from '../../../src/emulator/faults.ts';
import { startHub } from '../../../src/emulator/hub.ts';
import { parseFaults, seededFaults } from '../../../src/emulator/trouble/faults.ts';
import { simulatedClock } from '../../support/clock.ts';
import { faultIn, said } from '../../support/fault.ts';
import { call, signature } from '../clients.ts';
import { edgeBody } from '../devices/identities.ts';

describe('--faults', () => {
  it('reads kinds, their shares and a seed', () => {
    const { rates, seed } = parseFaults('429:5%, 500:2.5%,reset-before:0%,hang:0.5%,seed:7', '--faults');
    expect([...rates]).toEqual([
      ['429', 0.05],
      ['500', 0.025],
      ['reset-before', 0],
      ['hang', 0.005],
    ]);
    expect(seed).toBe(7);
    expect(parseFaults('504:50%,slow:50%', '--faults').seed).toBe(0);
  });

  it.each<[string, FaultsProblem]>([
    ['', { problem: 'unknown-kind', part: '' }],
    ['429', { problem: 'unknown-kind', part: '429' }],
    ['502:1%', { problem: 'unknown-kind', part: '502:1%' }],
    ['429:5', { problem: 'share', share: '5', kind: '429' }],
    ['429:-5%', { problem: 'share', share: '-5%', kind: '429' }],
    ['429:5%,429:6%', { problem: 'kind-twice', kind: '429' }],
    ['429:60%,slow:60%', { problem: 'too-many', percent: 120 }],
    ['429:5%,seed:x', { problem: 'seed', seed: 'x' }],
    ['seed:1,seed:2', { problem: 'seed-twice' }],
  ])('%j is refused, with the kinds that there are', (text, problem) => {
    const kinds = ['429', '500', '503', '504', 'reset-before', 'reset-after', 'hang', 'truncated', 'slow'];
    const fault = faultIn(() => parseFaults(text, '--faults'));
    expect(fault.kind).toBe('usage');
    expect(said(fault)).toEqual(said(emulatorFault('faults-option', { name: '--faults', kinds, ...problem })));
  });
});

describe('faults by chance', () => {
  const all = '429:8%,500:8%,503:8%,504:8%,reset-before:8%,reset-after:8%,hang:8%,truncated:8%,slow:8%';
  const device = { method: 'PUT', path: '/devices/d' };
  const drawn = (spec: string, calls: number) => {
    const disturb = seededFaults(parseFaults(spec, '--faults'));
    return Array.from({ length: calls }, () => disturb(device));
  };

  it('come as often as they are told to, the same with the same seed', () => {
    const many = drawn(`${all},seed:3`, 5000);
    const counted = new Map<string, number>();
    for (const each of many) {
      const name = JSON.stringify(each) ?? 'none';
      counted.set(name, (counted.get(name) ?? 0) + 1);
    }
    const share = (count: number | undefined) => Math.round((100 * (count ?? 0)) / many.length);
    expect(Object.fromEntries([...counted].map(([name, count]) => [name, share(count)]))).toEqual({
      none: expect.closeTo(28, -1),
      '{"kind":"refuse","code":"ThrottlingBacklogTimeout"}': expect.closeTo(8, -1),
      '{"kind":"refuse","code":"ServerError"}': expect.closeTo(8, -1),
      '{"kind":"refuse","code":"ServiceUnavailable"}': expect.closeTo(8, -1),
      '{"kind":"refuse","code":"GatewayTimeout","when":"before"}': expect.closeTo(4, -1),
      '{"kind":"refuse","code":"GatewayTimeout","when":"after"}': expect.closeTo(4, -1),
      '{"kind":"close","when":"before"}': expect.closeTo(8, -1),
      '{"kind":"close","when":"after"}': expect.closeTo(8, -1),
      '{"kind":"hang","when":"before"}': expect.closeTo(4, -1),
      '{"kind":"hang","when":"after"}': expect.closeTo(4, -1),
      '{"kind":"truncate"}': expect.closeTo(8, -1),
      '{"kind":"slow","milliseconds":10000}': expect.closeTo(8, -1),
    });
    expect(drawn(`${all},seed:3`, 5000)).toEqual(many);
    expect(drawn(`${all},seed:4`, 5000)).not.toEqual(many);
  });

  it('0% never comes, 100% always', () => {
    expect(new Set(drawn('500:0%', 1000))).toEqual(new Set([undefined]));
    expect(drawn('500:100%', 1000)).toEqual(Array(1000).fill({ kind: 'refuse', code: 'ServerError' }));
  });

  it.each(['/', '/metrics', '/_emulator/reset', '/devicesx'])('leave %s alone', (path) => {
    expect(seededFaults(parseFaults('500:100%', '--faults'))({ method: 'GET', path })).toBeUndefined();
  });
});

/** What a client learns of one creation, and whether it took place. */
async function met(spec: string) {
  const clock = simulatedClock();
  const hub = await startHub({ clock: clock.now, sleep: clock.sleep, faults: parseFaults(spec, '--faults') });
  onTestFinished(async () => {
    await hub.close();
    clock.close();
  });
  const begun = clock.now();
  const agent = new Agent();
  const headers = { authorization: signature(hub, 'iothubowner', begun) };
  const learnt = await call(hub, 'PUT', '/devices/d', { body: edgeBody('d'), headers, agent, timeout: 500 }).then(
    ({ status, json }) => `${status} ${json.Message ?? json.deviceId}`,
    (error: Error) => error.message,
  );
  return { learnt, took: clock.now() - begun, there: hub.registry.all().length === 1, metrics: hub.metrics() };
}

describe('a client meets', () => {
  it.each([
    ['500:100%', { learnt: '500 ErrorCode:ServerError;ServerError', took: 0, there: false }],
    ['503:100%', { learnt: '503 ErrorCode:ServiceUnavailable;ServiceUnavailable', took: 0, there: false }],
    ['504:100%,seed:1', { learnt: '504 ErrorCode:GatewayTimeout;GatewayTimeout', took: 0, there: expect.any(Boolean) }],
    ['reset-before:100%', { learnt: expect.stringMatching(/socket hang up|ECONNRESET/), took: 0, there: false }],
    ['reset-after:100%', { learnt: expect.stringMatching(/socket hang up|ECONNRESET/), took: 0, there: true }],
    ['hang:100%', { learnt: 'timed out', took: 0, there: expect.any(Boolean) }],
    ['truncated:100%', { learnt: expect.stringMatching(/aborted|ECONNRESET/), took: 0, there: true }],
    ['slow:100%', { learnt: '200 d', took: 10_000, there: true }],
  ])('%s', async (spec, expected) => {
    const { metrics, ...found } = await met(spec);
    expect(found).toEqual(expected);
    expect(metrics).toContain(`embedded_hub_faults_total{kind="${spec.split(':')[0]}"} 1\n`);
  });

  it('a slow answer that has no body', async () => {
    const hub = await startHub({ faults: parseFaults('slow:100%', '--faults'), speed: 1000 });
    onTestFinished(() => hub.close());
    hub.registry.put(edgeBody('d'));
    const { status, text } = await call(hub, 'DELETE', '/devices/d', { headers: { 'if-match': '*' } });
    expect([status, text, hub.registry.all()]).toEqual([204, '', []]);
  });

  it('504 and a hang, of which nobody knows whether the call took effect: it did in some', async () => {
    for (const kind of ['504', 'hang']) {
      const outcomes = new Set<boolean>();
      for (let seed = 0; seed < 20 && outcomes.size < 2; seed++) {
        outcomes.add((await met(`${kind}:100%,seed:${seed}`)).there);
      }
      expect(outcomes).toEqual(new Set([true, false]));
    }
  });
});
