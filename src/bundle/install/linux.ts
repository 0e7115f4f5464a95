import type { Platform, RuntimeVersion } from '../../model/fleet.ts';
import type { NameLine } from '../config/own-name.ts';
import { isAddress } from '../judge/hostname.ts';
import { installer } from './scripts.generated.ts';

/** The installer's settings for one device. Paths are absolute paths on the device, decoded, not URIs. */
export interface InstallerSettings {
  readonly device: string;
  readonly version: RuntimeVersion;
  readonly platform: Exclude<Platform, 'windows'>;
  /** The two registered thumbprints, 40 or 64 hex digits each. They may be equal. */
  readonly thumbprints: readonly string[];
  readonly certificate: string;
  /** Undefined if the key is in a PKCS#11 module: then only the certificate is checked. */
  readonly privateKey: string | undefined;
  /** The CA of the modules' certificates, if it is in files. Its key may be in a PKCS#11 module. */
  readonly edgeCa?: { readonly certificate: string; readonly privateKey: string | undefined };
  readonly trustBundle?: string | undefined;
  /** The security module that holds keys, if any is in one. */
  readonly module?: KeyModule | undefined;
  /** The host name that the manifest or `config.base` gives to the device. */
  readonly hostname?: string | undefined;
  /** The line of the configuration that takes the device's own host name, if neither gives one. */
  readonly nameLine?: NameLine | undefined;
  /**
   * Digests of the bundle's files, lower-case hex. `certificate` if the bundle has an `identity-certificate.pem` to
   * place.
   */
  readonly sha256: { readonly configuration: string; readonly certificate?: string };
  /** The proxy of the runtime's daemons. */
  readonly proxy?: { readonly https: string; readonly noProxy?: string };
  readonly secrets: readonly Secret[];
}

/** A security module, as the keys service reaches it. */
export interface KeyModule {
  /** The library's path, or a name that the device's loader finds. */
  readonly library: string;
  /** The tokens and slots that hold keys or get new ones: labels, and slots as decimal numbers. */
  readonly tokens: readonly string[];
  readonly slots: readonly string[];
}

/** A value that the device's environment provides, since the bundle must not hold it. */
export interface Secret {
  /** `IOTEDGE_…` */
  readonly variable: string;
  /** The exact line of the configuration that holds the placeholder. */
  readonly line: string;
  readonly placeholder: string;
  /** `text` is inside a double-quoted string of YAML or TOML; `uri` is percent-encoded. */
  readonly encoding: 'text' | 'uri';
}

/**
 * The installer of one device's bundle: a POSIX shell script with LF. Throws if a setting holds a NUL, which no shell
 * variable can hold, or if a secret's line has no placeholder.
 */
export function renderInstaller(settings: InstallerSettings): string {
  const { device, version, hostname = '', nameLine, proxy, secrets, sha256, module } = settings;
  const isIotedge = version.major < 1 || (version.major === 1 && version.minor < 2);
  return installer.replace('#SETTINGS#\n', () =>
    assignments({
      DEVICE: device,
      RUNTIME: version.text,
      // From Microsoft's instructions for Red Hat. Newer releases have yum as a name for dnf.
      INSTALL: settings.platform === 'debian' ? 'sudo apt-get install' : 'sudo yum install',
      THUMBPRINTS: settings.thumbprints.join(' '),
      CERTIFICATE_PATH: settings.certificate,
      PRIVATE_KEY_PATH: settings.privateKey ?? '',
      EDGE_CA_CERTIFICATE: settings.edgeCa?.certificate ?? '',
      EDGE_CA_KEY: settings.edgeCa?.privateKey ?? '',
      TRUST_BUNDLE: settings.trustBundle ?? '',
      MODULE: module?.library ?? '',
      MODULE_TOKENS: module?.tokens.join('\n') ?? '',
      MODULE_SLOTS: module?.slots.join('\n') ?? '',
      HOST_NAME: hostname,
      HOST_ADDRESS: isAddress(hostname) ? 'yes' : '',
      NAME_LINE: nameLine?.line ?? '',
      NAME_BEFORE: nameLine?.before ?? '',
      NAME_AFTER: nameLine?.after ?? '',
      // From 1.3 on: execute_inner in edgelet/iotedge/src/config/apply.rs.
      RENAMING_REFUSED: isIotedge || (version.major === 1 && version.minor < 3) ? '' : 'yes',
      CONFIG_SHA256: sha256.configuration,
      CARRIED: sha256.certificate === undefined ? '' : 'identity-certificate.pem',
      CARRIED_SHA256: sha256.certificate ?? '',
      PROXY: proxy === undefined ? '' : dropIn(proxy),
      PROXY_MARK: proxyMark,
      SECRET_NAMES: secrets.map(nameOf).join('\n'),
      SECRET_LINES: secrets.map(lineOf).join('\n'),
      SECRET_PLACEHOLDERS: secrets.map(({ placeholder }) => placeholder).join('\n'),
      SECRET_ENCODINGS: secrets.map(({ encoding }) => encoding).join('\n'),
      ...(isIotedge ? iotedge : aziot),
    }),
  );
}

/** 1.0 and 1.1: one daemon reads all files itself. */
const iotedge = {
  FORM: 'yaml',
  SERVICE: 'iotedge',
  OTHER_SERVICE: 'aziot-edged',
  PACKAGE: 'iotedge',
  DAEMONS: 'iotedge',
  SOCKETS: 'iotedge.socket iotedge.mgmt.socket',
  UNITS: 'iotedge',
  LOGS: 'journalctl -u iotedge',
  HAZARD: '',
  CONFIG: '/etc/iotedge/config.yaml',
  CONFIG_USER: 'iotedge',
  CONFIG_UNIT: 'iotedge',
  CONFIG_MODE: '400',
  CERTIFICATE_USER: 'iotedge',
  CERTIFICATE_UNIT: 'iotedge',
  CERTIFICATE_MODE: '444',
  KEY_USER: 'iotedge',
  KEY_UNIT: 'iotedge',
  KEY_MODE: '400',
} as const;

/**
 * 1.2 and later: the certificates service reads the certificate and the keys service reads the key, each as its own
 * user.
 */
const aziot = {
  FORM: 'toml',
  SERVICE: 'aziot-edged',
  OTHER_SERVICE: 'iotedge',
  PACKAGE: 'aziot-edge',
  DAEMONS: 'aziot-edged aziot-identityd aziot-certd aziot-keyd',
  SOCKETS:
    'aziot-edged.mgmt.socket aziot-edged.workload.socket aziot-identityd.socket aziot-certd.socket aziot-keyd.socket',
  // Those with a proxy. Not aziot-certd, which connects to EST servers only: https://learn.microsoft.com/azure/iot-edge/how-to-configure-proxy-support
  UNITS: 'aziot-edged aziot-identityd',
  LOGS: 'iotedge system logs',
  HAZARD:
    ' Put this right before anything else: where the certificate cannot be read, IoT Edge 1.3 and later delete the key pair.',
  CONFIG: '/etc/aziot/config.toml',
  CONFIG_USER: 'root',
  CONFIG_UNIT: '',
  CONFIG_MODE: '600',
  CERTIFICATE_USER: 'aziotcs',
  CERTIFICATE_UNIT: 'aziot-certd',
  CERTIFICATE_MODE: '644',
  KEY_USER: 'aziotks',
  KEY_UNIT: 'aziot-keyd',
  KEY_MODE: '600',
} as const;

function assignments(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      if (value.includes('\0')) throw new Error(`${name} holds a NUL, which no setting of the installer can`);
      const assignment = `${name}='${value.replaceAll("'", "'\\''")}'\n`;
      return /[$`]/.test(value)
        ? `# shellcheck disable=SC2016 # it is not this shell's to expand\n${assignment}`
        : assignment;
    })
    .join('');
}

/**
 * The installer knows its own file by this first line, and removes the file when the bundle no longer names a proxy.
 */
const proxyMark = '# Placed by install.sh of the device bundle, which replaces and removes it.';

function dropIn({ https, noProxy }: NonNullable<InstallerSettings['proxy']>): string {
  const lines = [proxyMark, '[Service]', `Environment=${unitWord(`https_proxy=${https}`)}`];
  if (noProxy !== undefined) lines.push(`Environment=${unitWord(`no_proxy=${noProxy}`)}`);
  return `${lines.join('\n')}\n`;
}

/** One quoted word of a systemd unit: https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html#Quoting */
function unitWord(text: string): string {
  const escaped = text
    .replace(/["\\]/g, '\\$&')
    .replaceAll('%', '%%')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would begin a setting of its own
    .replace(/[\x01-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped}"`;
}

/** The shell evaluates the name, so it must be a valid variable name. */
function nameOf({ variable }: Secret): string {
  if (!/^IOTEDGE_[A-Za-z0-9_]+$/.test(variable)) throw new Error(`"${variable}" is no variable IOTEDGE_…`);
  return variable;
}

function lineOf({ variable, line, placeholder }: Secret): string {
  const fits = placeholder !== '' && line.includes(placeholder) && !line.includes('\n');
  if (!fits) throw new Error(`the place of ${variable} is no line with its placeholder`);
  return line;
}
