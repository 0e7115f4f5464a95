import { rule } from './rule.ts';
import { manifest } from './sources.ts';

/** What a device's manifest asks for that its version or platform cannot do. `key` is the manifest's. */
export type Unsupported =
  /** No X.509 certificates, or a version to come. */
  | { readonly kind: 'no-manual-x509' | 'unknown-version' }
  | { readonly kind: 'windows-ended' }
  /** The key is known from version `since` on. `feature`: as a part of it. */
  | {
      readonly kind: 'begins';
      readonly key: string;
      readonly since: '1.2' | '1.4';
      readonly feature?: 'nested-edge' | 'security-modules';
    }
  /** The key is known up to 1.1. */
  | { readonly kind: 'ended'; readonly key: string }
  | { readonly kind: 'other-platform'; readonly key: string; readonly platform: 'Linux' | 'Windows' }
  | { readonly kind: 'linux-containers'; readonly key: string }
  | {
      readonly kind:
        | 'trust-bundle-alone'
        | 'edge-ca-alone'
        | 'lifetime-of-named-certificate'
        | 'infinite-on-base'
        | 'agent-without-parents'
        | 'registry-not-of-image'
        | 'path-for-powershell';
    }
  /**
   * A key on top of the config.yaml at `path` that config.toml has from `since` on; `instead` says the same up to 1.1.
   */
  | {
      readonly kind: 'base-key';
      readonly path: string;
      readonly key: string;
      readonly since: string;
      readonly instead?: string;
    };

interface Words {
  readonly what: string;
  readonly remedy: string;
}

function wordsOf(problem: Unsupported, version: string): Words {
  switch (problem.kind) {
    case 'no-manual-x509':
      return {
        what: `IoT Edge ${version} has no manual provisioning with X.509 certificates, which began with 1.0.10`,
        remedy: setVersion,
      };
    case 'unknown-version':
      return { what: `IoT Edge ${version} is not known`, remedy: setVersion };
    case 'windows-ended':
      return {
        what: 'platform windows ended with IoT Edge 1.1',
        remedy: 'IoT Edge for Linux on Windows runs the Linux package: write platform: linux.',
      };
    case 'begins': {
      const { key, since, feature } = problem;
      const what = feature === undefined ? `${key} begins` : `${key}: ${features[feature]}`;
      return { what: `${what} with IoT Edge ${since}`, remedy: instead.get(key) ?? `Remove ${key}.` };
    }
    case 'ended': {
      const { key } = problem;
      return { what: `${key} ended with IoT Edge 1.1`, remedy: instead.get(key) ?? `Remove ${key}.` };
    }
    case 'other-platform':
      return { what: `${problem.key} is a setting of ${problem.platform}`, remedy: `Remove ${problem.key}.` };
    case 'linux-containers':
      return {
        what: `${problem.key} cannot be set with Linux containers on Windows: Initialize-IoTEdge has no parameter for it`,
        remedy: `Remove ${problem.key}, or runtime.containerOs.`,
      };
    case 'base-key': {
      const { path, key, since } = problem;
      const remove = `Remove ${key}, or put "# " before its lines`;
      return {
        what: `${path}: ${key} begins with IoT Edge ${since}`,
        remedy: problem.instead === undefined ? `${remove}.` : `${remove}; up to 1.1 it is ${problem.instead}.`,
      };
    }
    default:
      return combinations[problem.kind];
  }
}

const setVersion = 'Set runtime.version to the one on the device, from 1.0.10 to 1.6.';

const features = {
  'nested-edge': 'nested edge begins',
  'security-modules': 'security modules begin',
} as const;

/** The remedies of keys that have a successor or a predecessor. */
const instead: ReadonlyMap<string, string> = new Map([
  ['config.dynamicReprovisioning', 'Write config.autoReprovisioningMode: Dynamic for true, OnErrorOnly for false.'],
  ['config.autoReprovisioningMode', 'Write config.dynamicReprovisioning: true or false.'],
]);

const combinations = {
  'trust-bundle-alone': {
    what: 'config.trustBundle is only read together with config.edgeCa up to IoT Edge 1.1',
    remedy: 'Set config.edgeCa.certificate and config.edgeCa.privateKey too, or remove config.trustBundle.',
  },
  'edge-ca-alone': {
    what: 'config.edgeCa.certificate is only read together with config.trustBundle up to IoT Edge 1.1',
    remedy: 'Set config.trustBundle too: the file has at least the certificate that config.edgeCa.certificate ends in.',
  },
  'lifetime-of-named-certificate': {
    what: 'config.edgeCa.lifetimeDays is for a certificate that the runtime creates, but config.edgeCa.certificate names a file',
    remedy: 'Remove config.edgeCa.lifetimeDays, or config.edgeCa.certificate and config.edgeCa.privateKey.',
  },
  'infinite-on-base': {
    what: 'config.watchdog.maxRetries: up to IoT Edge 1.1 infinite means no watchdog section, but the file of config.base has one',
    remedy: 'Remove config.watchdog.maxRetries, and the watchdog section from the file that config.base names.',
  },
  'agent-without-parents': {
    what: 'the agent of a device with a parent must be 1.2 or newer',
    remedy: "Name an image of the device's own version, or remove config.agent.image.",
  },
  'registry-not-of-image': {
    what: 'config.agent.registry.server is not that of the image, from which Initialize-IoTEdge takes it with Linux containers',
    remedy: 'Name the registry in config.agent.image: REGISTRY/IMAGE:TAG, and the same one as the server.',
  },
  'path-for-powershell': {
    what: "config.edgeCa or config.trustBundle has one of ' $ [ ] ` in its path, which Initialize-IoTEdge cannot take with Linux containers",
    remedy: 'Use a path without them.',
  },
} as const;

export const unsupportedRules = {
  'config/unsupported-by-version': rule<{ problem: Unsupported; version: string }>({
    severity: 'error',
    refusedBy: [manifest],
    about: 'This version of IoT Edge does not have the setting, or this tool cannot render it for this version.',
    message: ({ problem, version }) => `${wordsOf(problem, version).what} (runtime ${version})`,
    remedy: ({ problem, version }) => wordsOf(problem, version).remedy,
    example: {
      problem: { kind: 'begins', key: 'config.imageGarbageCollection', since: '1.4' },
      version: '1.2',
    },
  }),
};
