import { type Identity, wantedIdentity } from '../../../src/emulator/devices/identity.ts';
import { createRegistry, type IdentityRegistry, type Surroundings } from '../../../src/emulator/devices/registry.ts';
import { Refused } from '../../../src/emulator/wire/errors.ts';

export const a40 = 'a1'.repeat(20);
export const b40 = 'B2'.repeat(20);
export const c64 = 'c3'.repeat(32);
export const key = Buffer.alloc(32, 7).toString('base64');
export const start = Date.UTC(2026, 0, 2, 3, 4, 5);

/** The body of an edge device with two thumbprints. */
export function edgeBody(deviceId: string, more: object = {}) {
  return {
    deviceId,
    status: 'enabled',
    capabilities: { iotEdge: true },
    authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: a40, secondaryThumbprint: b40 } },
    ...more,
  };
}

export function wanted(body: { readonly deviceId: string; readonly [name: string]: unknown }) {
  return wantedIdentity(body.deviceId, body);
}

export interface TestRegistry extends IdentityRegistry {
  /** Milliseconds. Tests may set it. */
  now: number;
  readonly changes: (readonly [string, Identity | undefined])[];
}

/** A registry with its own clock and random numbers: the random bytes count up. */
export function testRegistry(options: Partial<Surroundings> = {}, stored: Iterable<Identity> = []): TestRegistry {
  const changes: (readonly [string, Identity | undefined])[] = [];
  let drawn = 0;
  const registry = createRegistry(stored, {
    clock: () => test.now,
    randomBytes: (length) => {
      drawn += 1;
      return Buffer.alloc(length, drawn);
    },
    visibilityLagMs: 0,
    changed: (deviceId, identity) => changes.push([deviceId, identity]),
    ...options,
  });
  const test: TestRegistry = Object.assign(registry, { now: start, changes });
  return test;
}

/** The name of the refusal that `act` throws. Fails if it throws none. */
export function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Refused) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('Nothing was refused.');
}
