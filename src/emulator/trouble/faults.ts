import { createHash } from 'node:crypto';
import { emulatorFault, type FaultsProblem } from '../faults.ts';
import type { Disturb, Disturbance } from './disturbance.ts';

const kinds = ['429', '500', '503', '504', 'reset-before', 'reset-after', 'hang', 'truncated', 'slow'] as const;
type Kind = (typeof kinds)[number];

/**
 * How often each kind of fault occurs, as a share of all calls, and the seed of the random numbers that pick the calls.
 */
export interface Faults {
  readonly rates: ReadonlyMap<Kind, number>;
  readonly seed: number;
}

/**
 * Reads a text like `429:5%,reset-after:1%,seed:7`. Throws a usage `Fault` for anything else. `name` is the option's
 * name.
 */
export function parseFaults(text: string, name: string): Faults {
  const wrong = (problem: FaultsProblem) => emulatorFault('faults-option', { name, kinds, ...problem });
  const rates = new Map<Kind, number>();
  let seed: number | undefined;
  for (const part of text.split(',').map((each) => each.trim())) {
    const [, word = '', value = ''] = /^([\w-]+):(\S+)$/.exec(part) ?? [];
    if (word === 'seed') {
      if (!/^\d{1,9}$/.test(value)) throw wrong({ problem: 'seed', seed: value });
      if (seed !== undefined) throw wrong({ problem: 'seed-twice' });
      seed = Number(value);
      continue;
    }
    const kind = kinds.find((each) => each === word);
    if (kind === undefined) throw wrong({ problem: 'unknown-kind', part });
    if (rates.has(kind)) throw wrong({ problem: 'kind-twice', kind });
    const share = /^(\d{1,3}(?:\.\d+)?)%$/.exec(value)?.[1];
    if (share === undefined) throw wrong({ problem: 'share', share: value, kind });
    rates.set(kind, Number(share) / 100);
  }
  const sum = [...rates.values()].reduce((total, share) => total + share, 0);
  // The sum of decimal shares is slightly inexact.
  if (sum > 1 + 1e-9) throw wrong({ problem: 'too-many', percent: Math.round(sum * 1000) / 10 });
  return { rates, seed: seed ?? 0 };
}

/** Duration of a slow answer, in milliseconds of the hub's time. */
const slowness = 10_000;

/**
 * Picks faults by the seed: the same calls in the same order get the same faults. Only the service's own calls are
 * disturbed.
 */
export function seededFaults({ rates, seed }: Faults): Disturb {
  let calls = 0;
  return ({ path }) => {
    if (!/^\/(devices|twins|configurations|jobs|statistics)\b/.test(path)) return undefined;
    calls += 1;
    const drawn = createHash('sha256').update(`${seed}:${calls}`).digest();
    let left = drawn.readUInt32BE(0) / 2 ** 32;
    for (const [kind, rate] of rates) {
      if (left < rate) return disturbance(kind, drawn.readUInt8(4) < 128 ? 'before' : 'after');
      left -= rate;
    }
    return undefined;
  };
}

/** `coin` decides whether the call takes effect, for kinds that do not say so. */
function disturbance(kind: Kind, coin: 'before' | 'after'): Disturbance {
  switch (kind) {
    case '429':
      return { kind: 'refuse', code: 'ThrottlingBacklogTimeout' };
    case '500':
      return { kind: 'refuse', code: 'ServerError' };
    case '503':
      return { kind: 'refuse', code: 'ServiceUnavailable' };
    case '504':
      return { kind: 'refuse', code: 'GatewayTimeout', when: coin };
    case 'reset-before':
      return { kind: 'close', when: 'before' };
    case 'reset-after':
      return { kind: 'close', when: 'after' };
    case 'hang':
      return { kind: 'hang', when: coin };
    case 'truncated':
      return { kind: 'truncate' };
    case 'slow':
      return { kind: 'slow', milliseconds: slowness };
  }
}
