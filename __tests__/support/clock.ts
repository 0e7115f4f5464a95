import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * One clock for client and hub, so that hours pass in seconds. Its time stands still while anything happens, and jumps
 * to the next sleeper when nothing does. Client and hub take `now` and `sleep` as arguments: `startHub({ clock:
 * clock.now, sleep: clock.sleep })`.
 */
export interface SimulatedClock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Sleeps forever if `milliseconds` is Infinity. Rejects when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Stops the clock. It no longer watches anything. */
  readonly close: () => void;
}

interface Sleeper {
  readonly due: number;
  /** Of two sleepers that are due at the same time, the one that fell asleep first wakes first. */
  readonly order: number;
  readonly wake: () => void;
}

/**
 * Number of turns of the event loop in which nothing may happen before time jumps. The first one reads what lies in a
 * socket. The others are for events that no diagnostics report: a TLS handshake takes a few turns.
 */
const quietTurns = 20;

/**
 * Something happens while one of these holds:
 * - An HTTP call of this process is on its way: a client has begun it and no server of this process has it; or it is
 *   answered and not read to the end; or it is at a server elsewhere (Azurite). A call that a server of this process
 *   holds, asleep or forever, does not count.
 * - Node waits for a file, a name or a connection, or runs code.
 * The clock does not see other processes and worker threads, nor work in Node's thread pool (new keys, gzip). Sleepers
 * wake one at a time, so that a run is the same each time.
 */
export function simulatedClock(start = Date.UTC(2026, 0, 1)): SimulatedClock {
  const traffic = watchTraffic();
  const sleepers = new Set<Sleeper>();
  let time = start;
  let slept = 0;
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (sleepers.size > 0 && !traffic.ended()) {
      await quiet();
      const [next] = [...sleepers].sort((a, b) => a.due - b.due || a.order - b.order);
      if (next === undefined || next.due === Number.POSITIVE_INFINITY) break;
      sleepers.delete(next);
      time = Math.max(time, next.due);
      next.wake();
    }
    running = false;
  }

  async function quiet(): Promise<void> {
    for (let turns = 0; turns < quietTurns && !traffic.ended(); ) {
      const before = traffic.count() + slept;
      await nextTurn();
      turns = before === traffic.count() + slept && !traffic.underWay() && !waitsForSystem() ? turns + 1 : 0;
    }
  }

  return {
    now: () => time,
    close: traffic.close,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        slept += 1;
        const abort = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const wake = () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        };
        const sleeper = { due: time + Math.max(0, milliseconds), order: slept, wake };
        signal?.addEventListener('abort', abort, { once: true });
        sleepers.add(sleeper);
        if (!running) void run();
      }),
  };
}

/**
 * Counts the HTTP exchanges of this process by Node's own diagnostics. A server may hold an exchange that its client
 * has given up. That one does not count as under way.
 */
function watchTraffic() {
  let events = 0;
  let asked = 0;
  let held = 0;
  let ended = false;
  const began = (message: unknown) => {
    const { request } = Object(message);
    asked += 1;
    events += 1;
    const sent: ClientRequest = request;
    sent.once('close', () => {
      asked -= 1;
      events += 1;
    });
  };
  const arrived = (message: unknown) => {
    const { response } = Object(message);
    held += 1;
    events += 1;
    const answer: ServerResponse = response;
    answer.once('close', () => {
      held -= 1;
      events += 1;
    });
  };
  // Calls by `fetch`: Node's built-in undici reports them on its own channels.
  const fetches = new WeakSet<object>();
  const fetchBegan = (message: unknown) => {
    fetches.add(Object(message).request);
    asked += 1;
    events += 1;
  };
  const fetchEnded = (message: unknown) => {
    if (!fetches.delete(Object(message).request)) return;
    asked -= 1;
    events += 1;
  };
  const watched = [
    ['http.client.request.start', began],
    ['http.server.request.start', arrived],
    ['undici:request:create', fetchBegan],
    ['undici:request:trailers', fetchEnded],
    ['undici:request:error', fetchEnded],
  ] as const;
  for (const [channel, heard] of watched) subscribe(channel, heard);
  const close = () => {
    ended = true;
    for (const [channel, heard] of watched) unsubscribe(channel, heard);
  };
  return { count: () => events, underWay: () => asked > held, ended: () => ended, close };
}

/** Whether Node waits for files, names or connections. Sockets that are merely open do not count. */
function waitsForSystem(): boolean {
  return process
    .getActiveResourcesInfo()
    .some((name) => /Req(Wrap|Callback|Promise)$|^(TCPConnect|Write|Shutdown)Wrap$/.test(name));
}
