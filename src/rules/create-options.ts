import { rule } from './rule.ts';
import { allVersions, newVersions, oldVersions } from './sources.ts';

/** What the runtime does not take in `config.agent.createOptions`. `key` is the path of the value in the manifest. */
export type CreateOptionsProblem =
  | { readonly kind: 'type'; readonly key: string; readonly expected: string; readonly found: string }
  | OldTomlProblem;

/** What IoT Edge 1.2 to 1.4.8 cannot write as TOML, or cannot read again. `behind`: the name of a map beside the value. */
export type OldTomlProblem =
  | { readonly kind: 'behind-table'; readonly key: string; readonly behind: string }
  | { readonly kind: 'mixed-list'; readonly key: string };

function whatOf(problem: CreateOptionsProblem): string {
  switch (problem.kind) {
    case 'type':
      return `${problem.key}: expected ${problem.expected}, found ${problem.found}`;
    case 'behind-table':
      return `${problem.key}: iotedge config apply writes it behind ${problem.behind}, which is a map, and refuses that ("values must be emitted before tables")`;
    case 'mixed-list':
      return `${problem.key}: a list with a map and other values, which iotedge config apply writes and aziot-edged cannot read`;
  }
}

/** The hub's deployment is JSON, and no daemon writes it as TOML. */
function inDeployment({ key }: OldTomlProblem): string {
  return `Move ${key.split('.').at(-1)} from the manifest into the deployment of the hub (systemModules.edgeAgent.settings.createOptions)`;
}

export const createOptionsRules = {
  'config/create-options': rule<{ problem: CreateOptionsProblem; version: string }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: oldVersions,
        when: 'start',
        source:
          'edgelet/docker-rs/src/models of Azure/iotedge; Settings::new of 1.0.10.4 and 1.1.15 refused such files',
      },
      {
        who: 'runtime',
        versions: newVersions,
        when: 'config apply',
        source:
          'edgelet/docker-rs/src/models of Azure/iotedge; iotedge config apply of 1.3.0, 1.5.44 and 1.6.1 refused such files, and those of toml 0.5 up to 1.4.8',
      },
    ],
    adjustable: 'warning',
    about:
      "The runtime does not take the container options of edgeAgent. It types some fields and converts nothing: `Memory: 512m` is refused. IoT Edge 1.2 to 1.4.8 also refuse a plain value behind a map, in their own order of the fields, so that no way of writing the manifest helps; and a list that holds a map and something else stops the daemon's start.",
    message: ({ problem, version }) => `${whatOf(problem)} (runtime ${version})`,
    remedy: ({ problem }) =>
      problem.kind === 'type'
        ? `Write ${problem.expected} there.`
        : `${inDeployment(problem)}, or update the device to IoT Edge 1.5 or newer.`,
    example: {
      problem: {
        kind: 'type',
        key: 'config.agent.createOptions.HostConfig.Memory',
        expected: 'a whole number',
        found: 'text',
      },
      version: '1.5',
    },
  }),
  'config/create-options-old-patch': rule<{ problem: OldTomlProblem; version: string }>({
    severity: 'warning',
    refusedBy: [
      {
        who: 'runtime',
        versions: '1.4.0 to 1.4.8',
        when: 'config apply',
        source: 'edgelet/Cargo.lock of Azure/iotedge: toml 0.5 up to 1.4.8, 0.7 from 1.4.9 on',
      },
    ],
    adjustable: 'warning',
    about:
      'The manifest says 1.4 without a patch, and its container options for edgeAgent are refused by 1.4.0 to 1.4.8. From 1.4.9 on they are taken.',
    message: ({ problem }) => `${whatOf(problem)} (runtime 1.4 before 1.4.9)`,
    remedy: ({ problem }) =>
      `Write the patch that the device has in runtime.version, such as "1.4.33". If it is before 1.4.9: ${lower(inDeployment(problem))}.`,
    example: {
      problem: {
        kind: 'behind-table',
        key: 'config.agent.createOptions.HostConfig.Privileged',
        behind: 'PortBindings',
      },
      version: '1.4',
    },
  }),
  'config/empty-name': rule<{ key: string; version: string }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: '1.2 to 1.3',
        when: 'config apply',
        source: 'the TOML reader of 1.3.0 and that of 1.2.0 and 1.2.10 refused an empty key anywhere',
      },
    ],
    adjustable: 'warning',
    about: 'A setting has an empty name. IoT Edge 1.2 and 1.3 then refuse the whole file.',
    message: ({ key, version }) =>
      `${key} has an entry with an empty name, which the runtime does not read (runtime ${version})`,
    remedy: () => 'Give the entry a name, or remove it.',
    example: { key: 'config.agent.env', version: '1.3' },
  }),
  'config/variable-without-name': rule<{ key: string }>({
    severity: 'warning',
    refusedBy: [
      {
        who: 'runtime',
        versions: allVersions,
        when: 'start',
        source: 'the container engine: ValidateEnv in opts/env.go of moby/moby refuses a variable without a name',
      },
    ],
    adjustable: 'warning',
    about:
      'An environment variable of edgeAgent has no name. The runtime accepts it, but the container engine does not create a container with it.',
    message: ({ key }) => `${key} has a variable without a name; the container engine will refuse to make edgeAgent`,
    remedy: () => 'Give the variable a name, or remove it.',
    example: { key: 'config.agent.env' },
  }),
};

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
