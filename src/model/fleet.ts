import type { Place } from './finding.ts';
import type { DeviceForm, HubHost } from './hub-name.ts';
import type { SettingKey } from './setting-key.ts';

export { type HubHost, isHubHost } from './hub-name.ts';

/** A device id that IoT Hub accepts: 1 to 128 of its characters, case-sensitive. */
export type DeviceId = string & { readonly brand: 'DeviceId' };

/** The slots of a device in the hub: each holds one thumbprint, made from one certificate. */
export type Slot = 'primary' | 'secondary';
export const slots: readonly Slot[] = ['primary', 'secondary'];
export type BySlot<T> = { readonly [S in Slot]?: T };

export type ThumbprintAlgorithm = 'sha1' | 'sha256';
export type Platform = 'debian' | 'linux' | 'windows';

/** The version of the IoT Edge runtime: `1.1`, or with its patch, `1.0.10`. */
export interface RuntimeVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
  /** If absent, the newest patch of the minor version. */
  readonly patch?: number;
}

/** One device as the manifest wants it: defaults merged, `{id}` replaced, paths relative to the workspace. */
export interface Device {
  readonly id: DeviceId;
  /** The hub that the manifest names. If absent, the device goes to the only hub of the run. */
  readonly hub?: HubHost;
  /** At which of the hub's names the device signs in. If absent, at the classic one. */
  readonly hubForm?: DeviceForm;
  readonly certificates: BySlot<string>;
  /** As written in the manifest, not normalised. */
  readonly thumbprints: BySlot<string>;
  readonly thumbprintAlgorithm: ThumbprintAlgorithm;
  readonly status?: 'enabled' | 'disabled';
  readonly statusReason?: string;
  readonly parent?: string;
  /** Tags of the device twin: nested maps of strings, numbers and booleans. Unlike an absent key, `{}` has all twins read. */
  readonly tags?: JsonObject;
  readonly runtime: Runtime;
  readonly identity: DeviceIdentity;
  readonly config: DeviceConfig;
  /**
   * Returns the place of the value of a dotted key (`certificates.primary`), also when it comes from `defaults`.
   * For an absent key this is the place of the device's id.
   */
  readonly place: (key: string) => Place;
}

export interface Runtime {
  readonly version: RuntimeVersion;
  readonly platform: Platform;
  /** On Windows: the kind of containers that the device runs, as given to `Deploy-IoTEdge`. */
  readonly containerOs?: ContainerOs;
  /** On Windows: the path on the device of a copy of the security daemon script, used instead of downloading it. */
  readonly securityDaemonScript?: string;
}

/** Which certificate the device uses, and where its certificate and key are on the device. */
export interface DeviceIdentity {
  readonly slot: Slot;
  readonly certificate?: string;
  readonly privateKey?: string;
  /** The environment variable that holds the PIN of the security module with the key: `IOTEDGE_…`. */
  readonly pinFrom?: string;
}

/** The device's configuration besides its identity, as written in the manifest. Which runtime version knows which key is judged later. */
export interface DeviceConfig {
  /** An existing config.yaml or config.toml to edit; the path is relative to the workspace. */
  readonly base?: string;
  readonly hostname?: string;
  readonly parentHostname?: string;
  readonly agent: AgentConfig;
  readonly proxy?: { readonly https: string; readonly noProxy?: string };
  /** The path on the device of the certificates that modules trust. */
  readonly trustBundle?: string;
  /** The authority that issues the modules' certificates: files on the device, or one that the runtime makes. */
  readonly edgeCa?: { readonly certificate?: string; readonly privateKey?: string; readonly lifetimeDays?: number };
  readonly dynamicReprovisioning?: boolean;
  readonly autoReprovisioningMode?: AutoReprovisioningMode;
  readonly network?: ContainerNetwork;
  readonly watchdog?: { readonly maxRetries: number | 'infinite' };
  readonly imageGarbageCollection?: ImageGarbageCollection;
  /** The library for keys in a security module, and the slot for new keys (a `pkcs11:` URI). */
  readonly pkcs11?: { readonly library: string; readonly baseSlot?: string };
}

export interface AgentConfig {
  readonly image?: string;
  readonly env: Readonly<Record<string, string>>;
  /** The create options of the container, in the form of Docker's API. */
  readonly createOptions?: JsonObject;
  readonly registry?: RegistryCredentials;
}

/** How to sign in to a container registry. An environment variable `IOTEDGE_…` holds the password when the files are installed. */
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

/** Durations are written as `1d`, times as `HH:MM`. */
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

/** All devices of all manifests of a run, in the order of the manifests. */
export interface Fleet {
  readonly devices: readonly Device[];
  /** The manifests that were read, relative to the workspace. */
  readonly manifests: readonly string[];
}

// https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-identity-registry#device-identity-properties
const deviceIdPattern = /^[A-Za-z0-9\-._:%#*?!(),+=@$';]{1,128}$/;

export function isDeviceId(text: string): text is DeviceId {
  return deviceIdPattern.test(text);
}

/** Returns an id for use in a file name. It encodes `:`, `*` and `?`, which Windows forbids in file names, and `%`. */
export function fileNameOf(id: string): string {
  return id.replace(/[%:*?]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
