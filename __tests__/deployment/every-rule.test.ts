import { describe, expect, it } from 'vitest';
import type { JudgeOptions } from '../../src/deployment/verdict.ts';
import { deploymentRules } from '../../src/rules/deployment.ts';
import { deploymentHeldRules } from '../../src/rules/deployment-held.ts';
import { deploymentRefusedRules } from '../../src/rules/deployment-refused.ts';
import { deploymentRouteRules } from '../../src/rules/deployment-route.ts';
import { changed, findingsIn, type Json, type Parts, rulesIn, type Tree } from './deployments.ts';

type Name =
  | keyof typeof deploymentRules
  | keyof typeof deploymentRefusedRules
  | keyof typeof deploymentRouteRules
  | keyof typeof deploymentHeldRules;

type Change = ((parts: Parts) => void) | string;

interface Case {
  readonly rule: Name;
  readonly fires: Change;
  /** What stands on the line of the finding. */
  readonly on: string;
  readonly passes: Change;
  readonly options?: Partial<JudgeOptions>;
}

const placeholder = ['$', '{MODULES.sensor}'].join('');
const system = (agent: Parts['agent'], name: string) => agent.systemModules[name] as Tree;
const route =
  (text: Json) =>
  ({ hub }: Parts) => {
    hub.routes = { upstream: text };
  };
const old = ({ agent }: Parts) => {
  system(agent, 'edgeAgent').settings = { image: 'mcr.microsoft.com/azureiotedge-agent:1.4' };
};

/** One deployment that breaks each rule, alone, and one that just does not. */
const cases: readonly Case[] = [
  {
    rule: 'deployment/syntax',
    fires: '{"modulesContent": {"$edgeAgent" {}}}',
    on: 'edgeAgent',
    passes: changed(() => {}),
  },
  { rule: 'deployment/unknown-form', fires: '{"a": 1}', on: '"a"', passes: changed(() => {}) },
  {
    rule: 'deployment/lenient-json',
    fires: changed(() => {}).replaceAll('"schemaVersion"', "'schemaVersion'"),
    on: "'schemaVersion'",
    passes: changed(() => {}),
  },
  {
    rule: 'deployment/not-strict-json',
    fires: changed(() => {}).replace('{\n', '{ // note\n'),
    on: '// note',
    passes: changed(({ whole }) => {
      whole._comment = '// note';
    }),
  },
  {
    rule: 'deployment/placeholder',
    fires: ({ sensor }) => {
      sensor.env = { MODE: { value: '__MODE__' } };
    },
    on: '__MODE__',
    passes: ({ sensor }) => {
      sensor.env = { Logging__LogLevel__Default: { value: 'a$b' } };
    },
    options: { applied: true },
  },
  {
    rule: 'deployment/empty',
    fires: ({ whole }) => {
      (whole.modulesContent as Tree).$edgeAgent = { 'properties.desired': {} };
    },
    on: 'properties.desired',
    passes: () => {},
  },
  {
    rule: 'deployment/schema-version',
    fires: ({ agent }) => {
      agent.schemaVersion = '1.1.1';
    },
    on: '1.1.1',
    passes: ({ agent }) => {
      agent.schemaVersion = ' +01.1.0';
    },
  },
  {
    rule: 'deployment/refused-value',
    fires: ({ sensor }) => {
      sensor.env = { MODE: 'fast' };
    },
    on: '"MODE": "fast"',
    passes: ({ sensor }) => {
      sensor.env = { MODE: { value: 5 }, EMPTY: '' };
    },
  },
  {
    rule: 'deployment/image',
    fires: ({ settings }) => {
      settings.image = 'contoso.azurecr.io/sensor:2.1@sha256:abc';
    },
    on: 'sha256',
    passes: ({ settings }) => {
      settings.image = 'contoso.azurecr.io/sensor@sha256:abc';
    },
  },
  {
    rule: 'deployment/create-options',
    fires: ({ settings }) => {
      settings.createOptions = '{"HostConfig":{}}}';
    },
    on: 'createOptions',
    passes: ({ settings }) => {
      settings.createOptions = 'NULL';
    },
  },
  {
    rule: 'deployment/create-options-pieces',
    fires: ({ settings }) => {
      settings.createOptionsOld = '{}';
    },
    on: 'createOptionsOld',
    passes: ({ settings }) => {
      settings.createOptions = '{"Labels":{"a":"b"';
      settings.createOptions01 = '}}';
    },
  },
  {
    rule: 'deployment/reserved-module-name',
    fires: ({ agent, sensor }) => {
      agent.modules = { edgeHub: sensor, sensor };
    },
    on: '"edgeHub"',
    passes: () => {},
  },
  {
    rule: 'deployment/null-login',
    fires: ({ agent }) => {
      ((agent.runtime.settings as Tree).registryCredentials as Tree).other = null;
    },
    on: '"other"',
    passes: () => {},
  },
  {
    rule: 'deployment/integrity',
    fires: (parts) => {
      old(parts);
      parts.agent.integrity = { header: { signercert: ['a'] } };
    },
    on: '"integrity"',
    passes: (parts) => {
      old(parts);
      parts.agent.integrity = {};
    },
  },
  {
    rule: 'deployment/mqtt-broker',
    fires: ({ hub }) => {
      hub.schemaVersion = '1.2';
      hub.mqttBroker = {
        authorizations: [{ identities: ['a'], allow: [{ operations: ['mqtt:publish'], resources: ['a#'] }] }],
      };
    },
    on: 'a#',
    passes: ({ hub }) => {
      hub.schemaVersion = '1.2';
      hub.mqttBroker = { authorizations: [{ identities: ['a'], allow: [{ operations: ['mqtt:connect'] }] }] };
    },
  },
  {
    rule: 'deployment/route',
    fires: route('FROM /messages/modules/sensor/* TO $upstream'),
    on: 'TO $upstream',
    passes: route('from /messages/modules/sensor/* into $UPSTREAM'),
  },
  {
    rule: 'deployment/route-condition',
    fires: route('FROM /messages/modules/sensor/* WHERE n > 5 INTO $upstream'),
    on: 'n > 5',
    passes: route('FROM /messages/modules/sensor/* WHERE as_number(n) > 5 INTO $upstream'),
  },
  {
    rule: 'deployment/route-rest',
    fires: route("FROM /messages/modules/sensor/* INTO $upstream WHERE a = 'b'"),
    on: 'WHERE',
    passes: route("FROM /messages/modules/sensor/* WHERE a = 'b' INTO $upstream "),
  },
  {
    rule: 'deployment/route-comment',
    fires: route("FROM /messages/modules/sensor/* WHERE a = 'b' /* note */ INTO $upstream"),
    on: 'note',
    passes: route("FROM /messages/modules/sensor/* WHERE a = '/*' INTO $upstream"),
  },
  {
    rule: 'deployment/changed-value',
    fires: ({ sensor }) => {
      sensor.status = 'running,stopped';
    },
    on: '"status"',
    passes: ({ sensor }) => {
      sensor.status = ' Running ';
    },
  },
  {
    rule: 'deployment/respelt-value',
    fires: ({ sensor }) => {
      sensor.env = { START: { value: '2026-01-01T10:00:00+05:00' } };
    },
    on: '+05:00',
    passes: ({ sensor }) => {
      sensor.env = { START: { value: '2026-01-01T10:00:00.5Z' }, DAY: { value: '2026-02-30T10:00:00+05:00' } };
    },
  },
  {
    rule: 'deployment/key-twice',
    fires: changed(() => {}).replace('"version": "1.0",', '"version": "1.0", "version": "1.1",'),
    on: '"version": "1.1"',
    passes: changed(({ sensor }) => {
      sensor.env = { A: { value: '1' }, a: { value: '2' } };
    }),
  },
  {
    rule: 'deployment/other-key',
    fires: ({ agent }) => {
      agent.runtime = { type: 'docker', config: agent.runtime.settings ?? null };
    },
    on: '"config"',
    passes: () => {},
  },
  {
    rule: 'deployment/misspelt-key',
    fires: ({ hub }) => {
      hub.storeAndForwardConfiguration = { timeToLive: 7200 };
    },
    on: '"timeToLive"',
    passes: ({ hub }) => {
      hub.storeAndForwardConfiguration = { timeToLiveSecs: 7200, _timeToLive: 1 };
    },
  },
  {
    rule: 'deployment/misplaced-key',
    fires: ({ settings }) => {
      settings.env = { A: { value: '1' } };
    },
    on: '"env"',
    passes: ({ sensor }) => {
      sensor.env = { env: { value: '1' } };
    },
  },
  {
    rule: 'deployment/create-options-key',
    fires: ({ settings }) => {
      settings.createOptionsDisabled = settings.createOptions ?? null;
      delete settings.createOptions;
    },
    on: 'createOptionsDisabled',
    passes: () => {},
  },
  {
    rule: 'deployment/create-options-object',
    fires: ({ settings }) => {
      settings.createOptions = { HostConfig: { Memory: 536870912 } };
    },
    on: '"createOptions"',
    passes: ({ settings }) => {
      settings.image = placeholder;
      settings.createOptions = { HostConfig: { Memory: 536870912 } };
    },
  },
  {
    rule: 'deployment/create-options-lenient',
    fires: ({ settings }) => {
      settings.createOptions = "{'HostConfig':{}}";
    },
    on: 'HostConfig',
    passes: ({ settings }) => {
      settings.createOptions = ' {"HostConfig" : {} } ';
    },
  },
  {
    rule: 'deployment/image-not-text',
    fires: ({ settings }) => {
      settings.image = 5;
    },
    on: '"image": 5',
    passes: ({ settings }) => {
      settings.image = '5:1';
    },
  },
  {
    rule: 'deployment/no-routes',
    fires: ({ hub }) => {
      hub.routes = null;
    },
    on: '"routes"',
    passes: ({ hub }) => {
      hub.routes = {};
    },
  },
  {
    rule: 'deployment/skipped-route',
    fires: ({ hub }) => {
      hub.schemaVersion = '1.0';
      hub.routes = { upstream: ' ' };
    },
    on: '"upstream"',
    passes: ({ hub }) => {
      hub.schemaVersion = '1.0';
    },
  },
  {
    rule: 'deployment/no-time-to-live',
    fires: ({ hub }) => {
      hub.storeAndForwardConfiguration = {};
    },
    on: 'storeAndForwardConfiguration',
    passes: ({ hub }) => {
      hub.storeAndForwardConfiguration = { timeToLiveSecs: -1 };
    },
  },
  {
    rule: 'deployment/not-read',
    fires: ({ hub }) => {
      hub.mqttBroker = {};
    },
    on: 'mqttBroker',
    passes: ({ hub }) => {
      hub.schemaVersion = '1.3';
      hub.mqttBroker = {};
    },
  },
  {
    rule: 'deployment/key-case',
    fires: ({ sensor }) => {
      sensor.RestartPolicy = sensor.restartPolicy ?? null;
      delete sensor.restartPolicy;
    },
    on: 'RestartPolicy',
    passes: () => {},
  },
  {
    rule: 'deployment/unknown-key',
    fires: ({ sensor }) => {
      sensor.owner = 'plant';
    },
    on: '"owner"',
    passes: ({ sensor }) => {
      sensor._owner = 'plant';
    },
  },
  {
    rule: 'deployment/edge-agent-fixed',
    fires: ({ agent }) => {
      system(agent, 'edgeAgent').status = 'stopped';
    },
    on: '"stopped"',
    passes: ({ agent }) => {
      system(agent, 'edgeAgent').status = 'Running';
    },
  },
  {
    rule: 'deployment/no-system-module',
    fires: ({ agent }) => {
      system(agent, 'edgeHub').settings = { image: 'mcr.microsoft.com/azureiotedge-hub:1.5', createOptions: '{}' };
      delete agent.systemModules.edgeAgent;
    },
    on: 'systemModules',
    passes: () => {},
    options: { runtime: '1.5' },
  },
  {
    rule: 'deployment/no-tag',
    fires: ({ settings }) => {
      settings.image = 'contoso.azurecr.io/sensor';
    },
    on: '"image"',
    passes: ({ settings }) => {
      settings.image = ' contoso.azurecr.io/sensor:2.1 ';
    },
  },
  {
    rule: 'deployment/route-name',
    fires: ({ hub }) => {
      hub.routes = { 'to upstream': 'FROM /messages/modules/sensor/* INTO $upstream' };
    },
    on: 'to upstream',
    passes: ({ hub }) => {
      hub.routes = { 'to:upstream': 'FROM /messages/modules/sensor/* INTO $upstream' };
    },
  },
];

const textOf = (change: Change) => (typeof change === 'string' ? change : changed(change));
/** Rules that are about the hub or are advice have tests of their own, and may find more here. */
const mine: readonly string[] = [
  ...Object.keys(deploymentRules),
  ...Object.keys(deploymentRefusedRules),
  ...Object.keys(deploymentRouteRules),
  ...Object.keys(deploymentHeldRules),
];
const ofForm = (rules: readonly string[]) => rules.filter((rule) => mine.includes(rule));

describe('each rule about the form of a deployment', () => {
  it('finds nothing in a sound one', () => {
    expect(rulesIn(changed(() => {}))).toEqual([]);
  });

  it.each(cases)('$rule fires alone, at its line, and just does not', ({ rule, fires, on, passes, options = {} }) => {
    const text = textOf(fires);
    expect(ofForm(rulesIn(text, options))).toEqual([rule]);
    const [first] = findingsIn(text, options).filter((one) => one.rule === rule);
    if (on !== '') expect(text.split('\n')[(first?.place?.line ?? 0) - 1]).toContain(on);
    expect(ofForm(rulesIn(textOf(passes), options))).not.toContain(rule);
  });

  it('has a deployment here', () => {
    // These two are about all files of a run: thread.test.ts.
    expect([...new Set(cases.map(({ rule }) => rule)), 'deployment/none', 'deployment/version-assumed'].sort()).toEqual(
      [...mine].sort(),
    );
  });
});
