import { entraFault } from './faults.ts';

export interface AccessToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Gives a token that stays valid for the whole of a call. Rejects with a `Fault`. */
export type TokenSource = () => Promise<string>;

const renewBefore = 5 * 60_000;
/** A token that expires sooner is not sent any more, since one attempt of a call takes up to a minute. */
const longestCall = 2 * 60_000;

/**
 * Keeps the token that `acquire` gives. Gets another one 5 minutes before it expires, or after half of a shorter life.
 * If that fails, the current token is used as long as it is valid for a whole call, and the next call tries again:
 * services that give tokens can fail for some minutes. Calls at the same time wait for the same token. `clock` in
 * milliseconds since 1970.
 */
export function renewing(acquire: () => Promise<AccessToken>, clock: () => number): TokenSource {
  let current: (AccessToken & { readonly renewFrom: number }) | undefined;
  let underWay: Promise<string> | undefined;
  const renew = async (): Promise<string> => {
    try {
      const fresh = await acquire();
      const life = fresh.expires - clock();
      if (life <= 0) throw entraFault('token-expired', { expires: fresh.expires });
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
