import {
  consequence,
  type EdgeModule,
  placeholderOfImage,
  type Stage,
  type ValueFault,
  valueFaultRemedy,
  valueFaultText,
} from './deployment-words.ts';
import type { Refuser } from './rule.ts';
import { rule } from './rule.ts';
import { allVersions, iotedge } from './sources.ts';

/** Files of Azure/iotedge at the version whose parsers were run. */
const agent = 'edge-agent/src/Microsoft.Azure.Devices.Edge.Agent';
const hub = 'edge-hub/core/src/Microsoft.Azure.Devices.Edge.Hub.Core/config';

function runtime(path: string, versions = allVersions): readonly Refuser[] {
  return [{ who: 'runtime', versions, when: 'deployment', source: iotedge('1.5.44', path) }];
}

interface OfStage {
  /** Of the runtime that refuses it. */
  readonly runtime: string;
  readonly stage: Stage;
}

/** Where the text of createOptions cannot be read, or what it is instead of an object. */
export type CreateOptionsFault = 'ends-early' | 'not-json' | 'after-end' | 'too-deep' | { readonly found: string };

function createOptionsText(why: CreateOptionsFault, levels: number): string {
  switch (why) {
    case 'ends-early':
      return 'the text ends before its JSON does';
    case 'not-json':
      return 'the text is not JSON from here on';
    case 'after-end':
      return 'there is more text behind the end of the JSON';
    case 'too-deep':
      return `nested deeper than ${levels} levels`;
    default:
      return `expected the text of an object, found ${why.found}`;
  }
}

/** Rules of what edgeAgent and edgeHub refuse, but for routes. */
export const deploymentRefusedRules = {
  'deployment/empty': rule<OfStage & { found: string }>({
    severity: 'error',
    refusedBy: runtime(`${agent}.IoTHub/EdgeAgentConnection.cs`),
    adjustable: 'warning',
    about: 'The desired properties of $edgeAgent are empty, or are no object.',
    message: ({ found, runtime: version, stage }) =>
      `$edgeAgent has no desired properties (found ${found}); ${consequence('edgeAgent', stage, version)}`,
    remedy: () =>
      'Write "$edgeAgent": {"properties.desired": {"schemaVersion": "1.1", "runtime": …, "systemModules": …, "modules": …}}.',
    example: { runtime: '1.5', stage: 'empty', found: '{}' },
  }),
  'deployment/schema-version': rule<OfStage & { of: EdgeModule; found: string; expected: string; write: string }>({
    severity: 'error',
    refusedBy: [...runtime(`${agent}.IoTHub/EdgeAgentConnection.cs`), ...runtime(`${hub}/EdgeHubConfigParser.cs`)],
    adjustable: 'warning',
    about: 'The version of the deployment schema is one that edgeAgent or edgeHub does not take.',
    message: ({ of, found, expected, runtime: version, stage }) =>
      `schemaVersion of $${of}: expected ${expected}, found ${found}; ${consequence(of, stage, version)}`,
    remedy: ({ write }) => `Write "schemaVersion": ${write}.`,
    example: {
      of: 'edgeAgent',
      runtime: '1.5',
      stage: 'schemaVersion',
      found: '"1.4"',
      expected: '"1.0" or "1.1"',
      write: '"1.1"',
    },
  }),
  'deployment/refused-value': rule<OfStage & { of: EdgeModule; fault: ValueFault }>({
    severity: 'error',
    refusedBy: [
      ...runtime(`${agent}.Docker/DockerDesiredModule.cs`),
      ...runtime(`${agent}.Core/EnvVal.cs`),
      ...runtime(`${hub}/RouteSpec.cs`),
    ],
    adjustable: 'warning',
    about:
      'A value is missing, of another type, or none of the words that edgeAgent or edgeHub knows: a plain text in `env`, `status: started`, `imagePullPolicy: always`, a time to live with a fraction.',
    message: ({ of, fault, runtime: version, stage }) => `${valueFaultText(fault)}; ${consequence(of, stage, version)}`,
    remedy: ({ fault }) => valueFaultRemedy(fault),
    example: {
      of: 'edgeAgent',
      runtime: '1.5',
      stage: 'parse',
      fault: { kind: 'env', key: 'modules.sensor.env.MODE', name: 'MODE', found: '"fast"' },
    },
  }),
  'deployment/image': rule<OfStage & { of: EdgeModule; key: string; image: string; why: 'form' | 'dollar' | 'digest' }>(
    {
      severity: 'error',
      refusedBy: runtime(`${agent}.Docker/DockerConfig.cs`),
      adjustable: 'warning',
      about:
        'The name of an image is not of the form `path/name:tag`. A tag and a digest together are refused; from 1.2 on so is a name that begins with `$`, but for `$upstream:PORT`.',
      message: ({ of, key, image, why, runtime: version, stage }) => {
        const what = {
          form: 'is not of the form path/name or path/name:tag',
          dollar: 'begins with $, and is not $upstream:PORT/name:tag',
          digest: 'has a tag and a digest, expected one of them',
        }[why];
        return `${key}: ${JSON.stringify(image)} ${what}; ${consequence(of, stage, version)}`;
      },
      remedy: ({ image, why }) => {
        if (why === 'digest') return `Write "image": ${JSON.stringify(image.replace(/:[^/:@]*@/, '@'))}.`;
        if (why === 'dollar')
          return 'Let the tool that fills in placeholders run before, or write the name: "image": "registry.example.com/name:1.0".';
        return 'Write "image": "registry.example.com/name:1.0".';
      },
      example: {
        of: 'edgeAgent',
        runtime: '1.5',
        stage: 'parse',
        key: 'modules.sensor.settings.image',
        image: placeholderOfImage,
        why: 'dollar',
      },
    },
  ),
  'deployment/create-options': rule<OfStage & { of: EdgeModule; key: string; why: CreateOptionsFault; levels: number }>(
    {
      severity: 'error',
      refusedBy: runtime(`${agent}.Docker/DockerConfig.cs`),
      adjustable: 'warning',
      about: 'The text of createOptions is no JSON object.',
      message: ({ of, key, why, levels, runtime: version, stage }) =>
        `${key}: ${createOptionsText(why, levels)}; ${consequence(of, stage, version)}`,
      remedy: ({ why }) =>
        why === 'too-deep'
          ? 'Remove what is nested so deeply; Docker reads none of it.'
          : String.raw`Write "createOptions": "{\"HostConfig\":{}}", with \" for each quote in the text and all brackets closed.`,
      example: {
        of: 'edgeAgent',
        runtime: '1.5',
        stage: 'parse',
        key: 'modules.sensor.settings.createOptions',
        why: 'ends-early',
        levels: 128,
      },
    },
  ),
  'deployment/create-options-pieces': rule<
    OfStage & { of: EdgeModule; key: string; written: string; expected: string }
  >({
    severity: 'error',
    refusedBy: runtime('edge-util/src/Microsoft.Azure.Devices.Edge.Util/JsonEx.cs'),
    adjustable: 'warning',
    about:
      'A key of settings contains `createOptions`, and does not continue the numbers of its pieces: createOptions, createOptions01, createOptions02. Any such key counts as a piece, also `createOptionsOld`.',
    message: ({ of, key, written, expected, runtime: version, stage }) =>
      `${key}: the key ${JSON.stringify(written)} is taken for a piece of createOptions, expected ${expected} there; ${consequence(of, stage, version)}`,
    remedy: ({ expected }) => `Name the key ${expected}, or remove it.`,
    example: {
      of: 'edgeAgent',
      runtime: '1.5',
      stage: 'parse',
      key: 'modules.sensor.settings',
      written: 'createOptionsOld',
      expected: 'createOptions01',
    },
  }),
  'deployment/reserved-module-name': rule<OfStage & { name: string }>({
    severity: 'error',
    refusedBy: runtime(`${agent}.Core/DeploymentConfig.cs`),
    adjustable: 'warning',
    about: 'A module has the name edgeAgent or edgeHub, which systemModules has too.',
    message: ({ name, runtime: version, stage }) =>
      `modules has a module with the name ${name}, which systemModules has too; ${consequence('edgeAgent', stage, version)}`,
    remedy: ({ name }) => `Give the module another name, or remove it if it is the ${name} of systemModules.`,
    example: { name: 'edgeHub', runtime: '1.5', stage: 'moduleSet' },
  }),
  'deployment/null-login': rule<OfStage & { name: string }>({
    severity: 'error',
    refusedBy: runtime(`${agent}.Docker/CombinedDockerConfigProvider.cs`),
    adjustable: 'warning',
    about: 'An entry of registryCredentials is null. It is read, and then no module can be created.',
    message: ({ name, runtime: version, stage }) =>
      `runtime.settings.registryCredentials.${name} is null; ${consequence('edgeAgent', stage, version)}`,
    remedy: ({ name }) => `Write "${name}": {"address": "…", "username": "…", "password": "…"}, or remove it.`,
    example: { name: 'contoso', runtime: '1.5', stage: 'combine' },
  }),
  'deployment/integrity': rule<OfStage>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: '1.2 to 1.4',
        when: 'deployment',
        source: iotedge('1.4.43', `${agent}.IoTHub/EdgeAgentConnection.cs`),
      },
    ],
    adjustable: 'warning',
    about: 'The deployment is signed. IoT Edge 1.4 refuses it on a device that has no manifest trust bundle.',
    message: ({ runtime: version, stage }) =>
      `the deployment has an integrity section; ${consequence('edgeAgent', stage, version)}`,
    remedy: () =>
      'Remove integrity; if all devices have manifest_trust_bundle_cert in config.toml, lower this rule by the input rules.',
    example: { runtime: '1.4', stage: 'integrity' },
  }),
  'deployment/mqtt-broker': rule<OfStage & { what: string }>({
    severity: 'error',
    refusedBy: runtime(`${hub}/BrokerConfigValidator.cs`, '1.2 to 1.6'),
    adjustable: 'warning',
    about: 'A rule or a bridge of mqttBroker is one that edgeHub does not take.',
    message: ({ what, runtime: version, stage }) => `mqttBroker: ${what}; ${consequence('edgeHub', stage, version)}`,
    remedy: () =>
      'Correct it; or remove mqttBroker and write "schemaVersion": "1.1": no release of IoT Edge has the broker generally available.',
    example: { what: 'identities is empty', runtime: '1.4', stage: 'parse' },
  }),
};
