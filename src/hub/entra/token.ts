import { Fault } from '../../model/fault.ts';

export interface AccessToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Gives a token that lives longer than any call. Rejects with a `Fault`. */
export type TokenSource = () => Promise<string>;

const renewBefore = 5 * 60_000;
/** A token with less than this is not sent any more: one attempt of a call takes up to a minute. */
const longestCall = 2 * 60_000;

/**
 * Keeps the token that `acquire` gives, and gets another 5 minutes before its end, or in the middle of a shorter life.
 * Where that fails, the one at hand serves as long as it outlives a call, and the next call tries again: the services that
 * give tokens have bad minutes too. Calls at the same time wait for the same token. `clock` in milliseconds since 1970.
 */
export function renewing(acquire: () => Promise<AccessToken>, clock: () => number): TokenSource {
  let current: (AccessToken & { readonly renewFrom: number }) | undefined;
  let underWay: Promise<string> | undefined;
  const renew = async (): Promise<string> => {
    try {
      const fresh = await acquire();
      const life = fresh.expires - clock();
      if (life <= 0) throw expired(fresh);
      current = { ...fresh, renewFrom: fresh.expires - Math.min(renewBefore, life / 2) };
      return current.token;
    } catch (thrown) {
      if (current === undefined || current.expires - clock() < longestCall) throw thrown;
      return current.token;
    }
  };
  return async () => {
    if (current !== undefined && clock() < current.renewFrom) return current.token;
    underWay ??= renew().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

function expired({ expires }: AccessToken): Fault {
  return new Fault(
    `Entra gave a token that ended at ${new Date(expires).toISOString()}`,
    'Is the clock of this machine right (date -u)? If it is, sign in anew: az login.',
  );
}
