import type { Place } from './finding.ts';
import type { SettingKey } from './setting-key.ts';

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
  /** Tags of the device's twin, maps in maps down to texts, numbers and truth values; `{}` names none, which is not the same as no tags. */
  readonly tags?: JsonObject;
  readonly runtime: Runtime;
  readonly identity: DeviceIdentity;
  readonly config: DeviceConfig;
  /**
   * Where the value of a dotted key stands (`certificates.primary`), also when it came from `defaults`;
   * for a key that is absent, its nearest parent, at last the device itself.
   */
  readonly place: (key: string) => Place;
}

export interface Runtime {
  readonly version: RuntimeVersion;
  readonly platform: Platform;
  /** On Windows: which containers the device runs, as `Deploy-IoTEdge` was told. */
  readonly containerOs?: ContainerOs;
  /** On Windows: where a copy of the daemon's script lies on the device, instead of the download. */
  readonly securityDaemonScript?: string;
}

/** Which certificate the device carries, and where the pair lies on it. */
export interface DeviceIdentity {
  readonly slot: Slot;
  readonly certificate?: string;
  readonly privateKey?: string;
  /** Name of the environment variable that holds the PIN of the module with the key; `IOTEDGE_…`. */
  readonly pinFrom?: string;
}

/** What goes into the device's configuration beside its identity, as the manifest says it; which version knows what is judged later. */
export interface DeviceConfig {
  /** An existing config.yaml to edit, relative to the workspace. */
  readonly base?: string;
  readonly hostname?: string;
  readonly parentHostname?: string;
  readonly agent: AgentConfig;
  readonly proxy?: { readonly https: string; readonly noProxy?: string };
  /** Place on the device of the certificates that modules trust. */
  readonly trustBundle?: string;
  /** The authority for the modules' certificates: files on the device, or made by the runtime. */
  readonly edgeCa?: { readonly certificate?: string; readonly privateKey?: string; readonly lifetimeDays?: number };
  readonly dynamicReprovisioning?: boolean;
  readonly autoReprovisioningMode?: AutoReprovisioningMode;
  readonly network?: ContainerNetwork;
  readonly watchdog?: { readonly maxRetries: number | 'infinite' };
  readonly imageGarbageCollection?: ImageGarbageCollection;
  /** The library through which keys in a security module are reached, and where its new keys go (a `pkcs11:` URI). */
  readonly pkcs11?: { readonly library: string; readonly baseSlot?: string };
}

export interface AgentConfig {
  readonly image?: string;
  readonly env: Readonly<Record<string, string>>;
  /** As Docker's API takes them to create a container. */
  readonly createOptions?: JsonObject;
  readonly registry?: RegistryCredentials;
}

/** How to sign in to a container registry; the password is in an environment variable `IOTEDGE_…` when the files are installed. */
export interface RegistryCredentials {
  readonly server: string;
  readonly username: string;
  readonly passwordFrom: string;
}

export interface ContainerNetwork {
  readonly name?: string;
  readonly ipv6?: boolean;
  readonly ipam: readonly { readonly gateway?: string; readonly subnet?: string; readonly ipRange?: string }[];
}

/** Durations as `1d`, the time as `HH:MM`. */
export interface ImageGarbageCollection {
  readonly enabled?: boolean;
  readonly cleanupRecurrence?: string;
  readonly imageAgeCleanupThreshold?: string;
  readonly cleanupTime?: string;
}

export type ContainerOs = 'linux' | 'windows';
export const autoReprovisioningModes = ['Dynamic', 'AlwaysOnStartup', 'OnErrorOnly'] as const;
export type AutoReprovisioningMode = (typeof autoReprovisioningModes)[number];
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** The path of a setting in `Device`. If this does not compile, `Device` lacks a key that the schema has. */
export type DeviceSettingKey = PathIn<Pick<Device, 'config' | 'runtime' | 'identity'>, SettingKey>;

type PathIn<Whole, Path extends PathsOf<Whole>> = Path;

/** The dotted paths below a type, through lists. A map of any names has none. */
type PathsOf<Whole> = Whole extends readonly (infer Item)[]
  ? PathsOf<Item>
  : Whole extends object
    ? string extends keyof Whole
      ? never
      : { [Name in keyof Whole & string]-?: Name | `${Name}.${PathsOf<Whole[Name]>}` }[keyof Whole & string]
    : never;

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
