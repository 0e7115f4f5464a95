import { describe, expect, it } from 'vitest';
import { entraFault } from '../../../src/hub/entra/faults.ts';
import { type AccessToken, renewing } from '../../../src/hub/entra/token.ts';
import { Fault } from '../../../src/model/fault.ts';
import { faultOf, said } from '../../support/fault.ts';

const minute = 60_000;

/**
 * Tokens by a clock that only `wait` moves. Each entry of `lives` is the life of one token in minutes, or the error
 * instead of a token.
 */
function source(...lives: readonly (number | Error)[]) {
  let now = Date.UTC(2026, 10, 23);
  let given = 0;
  const acquire = async (): Promise<AccessToken> => {
    const life = lives[given++];
    if (life instanceof Error) throw life;
    return { token: `token-${given}`, expires: now + (life ?? 60) * minute };
  };
  const token = renewing(acquire, () => now);
  return {
    token,
    given: () => given,
    wait: (minutes: number) => {
      now += minutes * minute;
    },
  };
}

describe('a token', () => {
  it.each([
    ['of an hour serves until 5 minutes before its end', 60, 54.9, 55],
    ['of a day as well', 1440, 1434.9, 1435],
    ['of 8 minutes serves half its life', 8, 3.9, 4],
    ['of a minute as well', 1, 0.49, 0.5],
  ])('%s', async (_, life, before, after) => {
    const { token, wait } = source(life);
    expect(await token()).toBe('token-1');
    wait(before);
    expect(await token()).toBe('token-1');
    wait(after - before);
    expect(await token()).toBe('token-2');
  });

  it('is asked for when it is needed, and once for calls at the same time', async () => {
    const { token, given, wait } = source();
    expect(given()).toBe(0);
    expect(await Promise.all([token(), token(), token()])).toEqual(['token-1', 'token-1', 'token-1']);
    wait(58);
    expect(await Promise.all([token(), token()])).toEqual(['token-2', 'token-2']);
    expect(given()).toBe(2);
  });

  it('serves on where there is no new one, as long as it outlives a call, and each call tries again', async () => {
    const no = new Fault('not today', 'tomorrow');
    const { token, given, wait } = source(60, no, no, 60);
    await token();
    wait(56);
    expect(await token()).toBe('token-1');
    wait(1);
    expect(await token()).toBe('token-1');
    wait(1);
    expect(await token()).toBe('token-4');
    expect(given()).toBe(4);
  });

  it('that would end during a call is sent no more', async () => {
    const { token, wait } = source(60, new Fault('not today', 'tomorrow'));
    await token();
    wait(58.5);
    await expect(token()).rejects.toThrow('not today');
    expect(await token()).toBe('token-3');
  });

  it('that cannot be had is a fault, and may be had later', async () => {
    const { token } = source(new Fault('not today', 'tomorrow'));
    await expect(token()).rejects.toThrow('not today');
    expect(await token()).toBe('token-2');
  });

  it('that has ended is none: the clocks differ', async () => {
    const { token } = source(-1);
    const fault = await faultOf(token());
    expect(said(fault)).toEqual(said(entraFault('token-expired', { expires: Date.parse('2026-11-22T23:59:00.000Z') })));
    expect(fault.remedy).toContain('date -u');
  });
});
