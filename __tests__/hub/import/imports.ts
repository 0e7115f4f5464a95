import { onTestFinished } from 'vitest';
import { type EmbeddedHub, type HubOptions, startHub } from '../../../src/emulator/hub.ts';
import type { DisturbedCall } from '../../../src/emulator/trouble/disturbance.ts';
import { readConnectionStrings } from '../../../src/hub/connection-string.ts';
import type { HubCredential } from '../../../src/hub/credential.ts';
import { readImportContainer } from '../../../src/hub/import/import-container.ts';
import { openRegistry } from '../../../src/hub/registry.ts';
import type { Registry, RegistryWrite, WriteAnswer } from '../../../src/model/registry.ts';
import { StopSwitch } from '../../../src/model/stop.ts';

import type { BlobService } from '../../support/blob-service.ts';

export interface Rig {
  readonly hub: EmbeddedHub;
  /** The calls that the hub got. */
  readonly calls: readonly DisturbedCall[];
  /** The progress that was told. */
  readonly told: string[];
  readonly stop: StopSwitch;
  readonly registry: Registry;
  write(writes: readonly RegistryWrite[]): Promise<readonly WriteAnswer[]>;
  /** The names of the blobs in the container. */
  left(): Promise<readonly string[]>;
}

let containers = 0;

/** Makes a new container. `url` is the value for `import-container`. */
export async function newContainer(blobs: BlobService, permissions = 'rwd') {
  containers += 1;
  const name = `imports-${containers}`;
  await blobs.makeContainer(name);
  return { name, url: blobs.url(name, permissions) };
}

export interface RigOptions extends HubOptions {
  readonly url: string;
  readonly ca?: string;
  readonly credential?: (hub: EmbeddedHub) => HubCredential;
  readonly hub?: EmbeddedHub;
  /** Called before each wait. */
  readonly waiting?: (rig: { readonly stop: StopSwitch; readonly told: readonly string[] }) => void;
}

/** Opens an embedded hub and its client until the test ends. The client waits a five-hundredth of the real time. */
export async function importRig(blobs: BlobService, { url, waiting, ...options }: RigOptions): Promise<Rig> {
  const calls: DisturbedCall[] = [];
  const disturb: HubOptions['disturb'] = (call) => {
    calls.push(call);
    return options.disturb?.(call);
  };
  const hub = options.hub ?? (await startHub({ ...options, disturb }));
  const told: string[] = [];
  const stop = new StopSwitch();
  const registry = await openRegistry(options.credential?.(hub) ?? readConnectionStrings(hub.connectionString)[0]!, {
    userAgent: 'test',
    ca: `${hub.ca}${options.ca ?? ''}`,
    importContainer: readImportContainer(url, Date.now()),
    random: () => 0,
    sleep: (milliseconds) => {
      waiting?.({ stop, told });
      return new Promise((wake) => setTimeout(wake, milliseconds / 500));
    },
  });
  onTestFinished(async () => {
    registry.close();
    if (options.hub === undefined) await hub.close();
  });
  return {
    hub,
    calls,
    told,
    stop,
    registry,
    write: (writes) => registry.importer!.write(writes, { stop, tell: (text) => told.push(text) }),
    left: async () => {
      const { pathname } = new URL(url);
      return blobs.list(pathname.split('/').pop()!);
    },
  };
}
