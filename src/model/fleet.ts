import type { Place } from './finding.ts';

/** A device id that IoT Hub accepts: 1 to 128 of its characters, case-sensitive. */
export type DeviceId = string & { readonly brand: 'DeviceId' };

/** A hub's host name in lower case, with its port where it has one: `contoso.azure-devices.net`, `localhost:8443`. */
export type HubHost = string & { readonly brand: 'HubHost' };

/** The two thumbprints a device may have in the hub, and the two certificates behind them. */
export type Slot = 'primary' | 'secondary';
export const slots: readonly Slot[] = ['primary', 'secondary'];
export type BySlot<T> = { readonly [S in Slot]?: T };

export type ThumbprintAlgorithm = 'sha1' | 'sha256';
export type Platform = 'debian' | 'linux' | 'windows';

/** The version of the IoT Edge runtime: `1.1`, or exact, `1.0.10`. */
export interface RuntimeVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
  /** Absent: the newest of its minor version. */
  readonly patch?: number;
}

/** One device as the manifest wants it: defaults merged, `{id}` replaced, paths relative to the workspace. */
export interface Device {
  readonly id: DeviceId;
  /** As the manifest names it; a device without one goes to the run's only hub. */
  readonly hub?: HubHost;
  readonly certificates: BySlot<string>;
  /** As written, not yet normalised. */
  readonly thumbprints: BySlot<string>;
  readonly thumbprintAlgorithm: ThumbprintAlgorithm;
  readonly status?: 'enabled' | 'disabled';
  readonly statusReason?: string;
  readonly parent?: string;
  readonly runtime: { readonly version: RuntimeVersion; readonly platform: Platform };
  readonly identity: { readonly slot: Slot; readonly certificate?: string; readonly privateKey?: string };
  readonly config: DeviceConfig;
  /**
   * Where the value of a dotted key stands (`certificates.primary`), also when it came from `defaults`;
   * for a key that is absent, its nearest parent, at last the device itself.
   */
  readonly place: (key: string) => Place;
}

export interface DeviceConfig {
  readonly hostname?: string;
  readonly agent: { readonly image?: string; readonly env: Readonly<Record<string, string>> };
}

/** All devices of all manifests of a run, in the order of the files. */
export interface Fleet {
  readonly devices: readonly Device[];
  /** The manifests read, relative to the workspace. */
  readonly manifests: readonly string[];
}

// https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-identity-registry#device-identity-properties
const deviceIdPattern = /^[A-Za-z0-9\-._:%#*?!(),+=@$';]{1,128}$/;
const hostPattern = /^(?=.{1,253}(:\d+)?$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:\d{1,5})?$/;

export function isDeviceId(text: string): text is DeviceId {
  return deviceIdPattern.test(text);
}

export function isHubHost(text: string): text is HubHost {
  return hostPattern.test(text);
}

/** An id in the names of a repository's files: as it is, but for three characters that Windows has in no file name, and `%`. */
export function fileNameOf(id: string): string {
  return id.replace(/[%:*?]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
