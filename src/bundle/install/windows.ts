import type { DeviceEndpoint } from '../../model/hub-name.ts';
import type { Identity } from '../../model/identity.ts';
import type { NameLine } from '../config/own-name.ts';
import { agentImageOf } from '../judge/agent-image.ts';
import { carriesConfiguration } from '../judge/linux-containers.ts';
import type { DevicePlace, Places } from '../judge/places.ts';
import { initializer } from './scripts.generated.ts';

/**
 * `Initialize-IoTEdge.ps1` of a Windows device: its settings and the body that all devices share. Lines end in CRLF.
 * The script gets a byte order mark if a setting is not ASCII: without one, Windows PowerShell reads a script in the
 * code page of the machine
 * (https://learn.microsoft.com/powershell/scripting/dev-cross-plat/vscode/understanding-file-encoding).
 */
export function renderInitializer(identity: Identity, hub: DeviceEndpoint, material: Material): string {
  const settings = Object.entries(settingsOf(identity, hub, material)).map(
    ([name, value]) => `$${name} = ${value}\r\n`,
  );
  // The function keeps the settings' own line breaks and `$` as they are.
  const text = initializer.replaceAll('\n', '\r\n').replace('#SETTINGS#\r\n', () => settings.join(''));
  return isAscii(text) ? text : `\uFEFF${text}`;
}

interface Material {
  readonly places: Places;
  /** The line of the bundled configuration that takes the device's own host name. */
  readonly nameLine?: NameLine | undefined;
}

/** All settings are always set, absent ones to empty text: strict mode stops at a variable that is not set. */
function settingsOf(
  { device, thumbprints, certificates }: Identity,
  hub: DeviceEndpoint,
  { places, nameLine }: Material,
) {
  const { identity, config, runtime } = device;
  return {
    Runtime: literal(runtime.version.text),
    DeviceId: literal(device.id),
    HubHostName: literal(hub),
    Thumbprints: `@(${literal(thumbprints.primary)}, ${literal(thumbprints.secondary)})`,
    Certificate: pathOf(places.certificate),
    PrivateKey: pathOf(places.privateKey),
    BundledCertificate: literal(certificates[identity.slot] === undefined ? undefined : 'identity-certificate.pem'),
    BundledConfiguration: literal(carriesConfiguration(device) ? 'config.yaml' : undefined),
    NameLine: literal(nameLine?.line.trimEnd()),
    NameBefore: literal(nameLine?.before),
    NameAfter: literal(nameLine?.after.trimEnd()),
    ContainerOs: literal(runtime.containerOs === 'linux' ? 'Linux' : 'Windows'),
    DynamicReprovisioning: config.dynamicReprovisioning === true ? '$true' : '$false',
    AgentImage: literal(agentImageOf(device)),
    RegistryUsername: literal(config.agent.registry?.username),
    RegistryPasswordFrom: literal(config.agent.registry?.passwordFrom),
    EdgeCaCertificate: pathOf(places.edgeCa?.certificate),
    EdgeCaPrivateKey: pathOf(places.edgeCa?.privateKey),
    TrustBundle: pathOf(places.trustBundle),
    HttpsProxy: literal(config.proxy?.https),
    NoProxy: literal(config.proxy?.noProxy),
    SecurityDaemonScript: literal(runtime.securityDaemonScript),
  };
}

function pathOf(place: DevicePlace | undefined): string {
  return literal(place?.path);
}

/**
 * A verbatim string. Throws if it holds a NUL, where other programs would end it. PowerShell takes the typographic
 * quotation marks for ' too, and one of them can end a string that another began:
 * https://learn.microsoft.com/powershell/scripting/lang-spec/chapter-02#2352-string-literals
 */
function literal(text = ''): string {
  if (text.includes('\0')) throw new Error('a setting holds a NUL, which no setting of the script can');
  return `'${text.replace(/['\u2018-\u201B]/g, '$&$&')}'`;
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}
