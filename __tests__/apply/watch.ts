import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { DisturbedCall } from '../../src/emulator/trouble/disturbance.ts';
import { registeredDevice } from '../../src/hub/calls/wire.ts';
import type { Change, Removal } from '../../src/model/plan.ts';
import type { RegisteredDevice } from '../../src/model/registration.ts';
import { differences } from '../../src/plan/compare.ts';
import { entriesOf, type Rig } from './rig.ts';

/** Changes of devices that a manifest declares. */
type Declared = Exclude<Change, Removal>;

/** Records the history of the devices: what we wrote over which state, and whether they were ever as wanted. */
export class Watch {
  readonly #rig: Rig;
  readonly #planned: ReadonlyMap<string, Declared>;
  readonly #landed = new Set<string>();
  /** Devices on which our write landed and that have not been deleted since. */
  readonly #inEffect = new Set<string>();
  readonly #right = new Set<string>();
  /**
   * Violations, reported at the end. An error thrown while the hub carries out a call would look like a network fault.
   */
  readonly #wrongs: string[] = [];

  constructor(rig: Rig, changes: readonly Change[]) {
    this.#rig = rig;
    const declared = changes.filter((change) => 'identity' in change);
    this.#planned = new Map(declared.map((change) => [change.id, change]));
  }

  /**
   * If a new device is deleted right after we have created it, while our answer is lost, it looks as if it was never
   * created, and we create it again. So the other writer deletes only devices that were there before.
   */
  mayComeAndGo(n: number): boolean {
    return this.#planned.get(`edge-${n}`)?.kind !== 'create' || !this.#landed.has(`edge-${n}`);
  }

  /** To be called right before the hub carries out a bulk, so that nothing can come in between. */
  expectWrites(call: DisturbedCall): void {
    for (const { id, importMode, eTag, etag, parentScopes } of entriesOf(call)) {
      const now = this.#current(String(id));
      const change = this.#planned.get(String(id));
      const fits = ['*', now?.etag].includes(bare(eTag ?? etag));
      const lands = /^create$/i.test(String(importMode)) ? now === undefined : now !== undefined && fits;
      if (!lands || change === undefined) continue;
      if (change.kind === 'update') {
        const theirs = now !== undefined && !isDeepStrictEqual(written(now, change), written(change.found, change));
        const away = change.parent === undefined && !isDeepStrictEqual(parentScopes, now?.parentScopes);
        if (away) this.#wrongs.push(`our update of ${id} moves it away`);
        if (theirs) this.#wrongs.push(`our update of ${id} overwrites a change of theirs`);
        if (this.#landed.has(change.id)) this.#wrongs.push(`our update of ${id} lands twice`);
      } else if (change.kind !== 'create') {
        this.#wrongs.push(`${id} is ${change.kind}, and written all the same`);
      }
      this.#landed.add(change.id);
      this.#inEffect.add(change.id);
      this.#right.add(change.id);
    }
  }

  /** To be called after every change by the other writer. */
  look(): void {
    for (const change of this.#planned.values()) {
      const { id } = change;
      const now = this.#current(id);
      if (now === undefined) this.#inEffect.delete(id);
      if (now !== undefined && this.#isRight(change, now)) this.#right.add(id);
    }
  }

  judge(outcomes: Readonly<Record<string, string>>): void {
    expect(this.#wrongs).toEqual([]);
    for (const { id, kind } of this.#planned.values()) {
      const [outcome, landed] = [outcomes[id], this.#landed.has(id)];
      const told = `${kind} of ${id}: ${outcome}, ${landed ? 'landed' : 'never landed'}`;
      switch (outcome) {
        case undefined:
          expect(kind, told).toBe('unchanged');
          expect(landed, told).toBe(false);
          break;
        case 'created':
        case 'updated':
          expect(outcome, told).toBe(`${kind}d`);
          expect(this.#right.has(id), told).toBe(true);
          break;
        case 'unchanged':
          expect(landed, told).toBe(false);
          expect(this.#right.has(id), told).toBe(true);
          break;
        case 'failed':
          expect(this.#inEffect.has(id), told).toBe(false);
          break;
        default:
          expect(outcome, told).toBe('unknown');
      }
    }
  }

  #isRight({ identity, parent }: Declared, now: RegisteredDevice): boolean {
    if (parent === undefined || parent.id === null) return differences(identity, now, parent).length === 0;
    // The child was planned before its parent existed. It is right with the scope that the parent has now.
    const scope = parent.scope ?? this.#current(parent.id)?.deviceScope;
    return scope !== undefined && differences(identity, now, { id: parent.id, scope }).length === 0;
  }

  #current(id: string): RegisteredDevice | undefined {
    return registeredDevice(this.#rig.hub.registry.get(id));
  }
}

/**
 * The fields that an update writes. A parent that the manifest does not name is sent back unchanged, so it is left out.
 */
function written(device: RegisteredDevice, { parent }: Declared): readonly unknown[] {
  const { authentication, edge, thumbprints, status, statusReason, parentScopes } = device;
  const attached = parent === undefined ? undefined : parentScopes;
  return [authentication, edge, thumbprints.primary, thumbprints.secondary, status, statusReason, attached];
}

function bare(etag: unknown): string {
  return String(etag).replaceAll('"', '');
}
