// A hub has three host names: contoso.azure-devices.net, contoso.device.azure-devices.net and contoso.service.azure-devices.net
// (https://learn.microsoft.com/azure/iot-hub/iot-hub-tls-support). Three types keep apart what each of them is for.

/**
 * A hub: its classic host name in lower case, with a port if it has one: `contoso.azure-devices.net`, `localhost:8443`. Plans, marks,
 * file names and reports name a hub by it, and hubs are compared by it.
 */
export type HubHost = string & { readonly brand: 'HubHost' };

/** The host name that the workflow gives for a hub, in lower case. Calls and tokens go there, and to no other of its names. */
export type HubEndpoint = string & { readonly brand: 'HubEndpoint' };

/** The host name of the hub in the configuration of a device. It has no port, since no runtime takes one. */
export type DeviceEndpoint = string & { readonly brand: 'DeviceEndpoint' };

/** Which of its names a text gives a hub. A host that is none of Azure's three has one name, which counts as classic. */
export type HubForm = 'classic' | 'device' | 'service';

/** The names that devices may sign in at: https://learn.microsoft.com/azure/iot-hub/iot-hub-tls-support. */
export type DeviceForm = Exclude<HubForm, 'service'>;

/** A hub, and how a text names it. */
export interface HubName {
  readonly hub: HubHost;
  readonly endpoint: HubEndpoint;
  readonly form: HubForm;
}

/** `no-domain`: the text is only the name of the hub's resource. `meant` is its host name in Azure's public cloud. */
export type HubNameReading =
  | ({ readonly kind: 'hub' } & HubName)
  | { readonly kind: 'no-domain'; readonly meant: HubName }
  | { readonly kind: 'not-a-host' };

/** Reads a host name of a hub, in any case. */
export function readHubName(text: string): HubNameReading {
  const given = text.toLowerCase();
  if (!isEndpoint(given)) return { kind: 'not-a-host' };
  if (/[.:]/.test(given) || given === 'localhost') return { kind: 'hub', ...named(given) };
  const whole = `${given}.azure-devices.net`;
  return isEndpoint(whole) ? { kind: 'no-domain', meant: named(whole) } : { kind: 'not-a-host' };
}

/** The hub that a called host belongs to. */
export function hubOf(endpoint: HubEndpoint): HubHost {
  return named(endpoint).hub;
}

/** Returns the classic name for any of a hub's names. Any other text is returned in lower case. */
export function classicName(text: string): string {
  return text.toLowerCase().replace(newName, '$1$3');
}

/** Returns the name at which devices sign in to a hub, with the port of an embedded hub. */
export function nameForDevices(hub: HubHost, form: DeviceForm = 'classic'): string {
  return form === 'classic' ? hub : hub.replace(oldName, '$1.device$2');
}

/** Returns the same name for a configuration. */
export function deviceEndpoint(hub: HubHost, form: DeviceForm = 'classic'): DeviceEndpoint {
  return checked(withoutPort(nameForDevices(hub, form)), isDeviceEndpoint);
}

/**
 * Returns the three names of the hub that Azure's public cloud gives a host to, the given one first. Any other host has one name.
 */
export function allNames(endpoint: HubEndpoint): readonly HubEndpoint[] {
  const { hub } = named(endpoint);
  const others = oldName.test(hub) ? [hub, ...newForms.map((form) => hub.replace(oldName, `$1.${form}$2`))] : [];
  return [...new Set([endpoint, ...others.map((name) => checked(name, isEndpoint))])];
}

export function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '');
}

export function isHubHost(text: string): text is HubHost {
  return isEndpoint(text) && classicName(text) === text;
}

const hostPattern = /^(?=.{1,253}(:\d+)?$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:\d{1,5})?$/;

// The name of a hub has no dot. Other clouds (azure-devices.cn, azure-devices.us) are not known to have the new names.
const oldName = /^([a-z0-9-]+)(\.azure-devices\.net(?::\d+)?)$/;
const newForms = ['device', 'service'] as const;
const newName = /^([a-z0-9-]+)\.(device|service)(\.azure-devices\.net(?::\d+)?)$/;

function named(endpoint: HubEndpoint): HubName {
  const [, , form] = newName.exec(endpoint) ?? [];
  return {
    hub: checked(classicName(endpoint), isHubHost),
    endpoint,
    form: form === 'device' || form === 'service' ? form : 'classic',
  };
}

function isEndpoint(text: string): text is HubEndpoint {
  return hostPattern.test(text);
}

function isDeviceEndpoint(text: string): text is DeviceEndpoint {
  return hostPattern.test(text) && !text.includes(':');
}

function checked<Name extends string>(text: string, is: (text: string) => text is Name): Name {
  if (!is(text)) throw new Error(`${text} is not a host name`);
  return text;
}
