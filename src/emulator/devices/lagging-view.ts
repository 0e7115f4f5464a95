import type { Identity } from './identity.ts';

export interface LaggingView {
  follow(deviceId: string, identity: Identity | undefined): void;
  identities(): Iterable<Identity>;
}

/** The registry as queries see it: a change shows after the lag. Without a lag it is the registry itself. */
export function laggingView(
  live: ReadonlyMap<string, Identity>,
  { clock, visibilityLagMs }: { readonly clock: () => number; readonly visibilityLagMs: number },
): LaggingView {
  if (visibilityLagMs <= 0) return { follow: () => {}, identities: () => live.values() };
  const seen = new Map(live);
  let waiting: { readonly due: number; readonly deviceId: string; readonly identity: Identity | undefined }[] = [];
  return {
    follow(deviceId, identity) {
      waiting.push({ due: clock() + visibilityLagMs, deviceId, identity });
    },
    identities() {
      const now = clock();
      const firstYoung = waiting.findIndex((change) => change.due > now);
      const ripe = firstYoung === -1 ? waiting : waiting.slice(0, firstYoung);
      waiting = firstYoung === -1 ? [] : waiting.slice(firstYoung);
      for (const { deviceId, identity } of ripe) {
        if (identity === undefined) seen.delete(deviceId);
        else seen.set(deviceId, identity);
      }
      return seen.values();
    },
  };
}
