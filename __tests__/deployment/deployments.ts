import { FileText, judgeText } from '../../src/deployment/judge.ts';
import type { JudgeOptions } from '../../src/deployment/verdict.ts';
import type { Finding } from '../../src/model/finding.ts';

export type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;
export interface Tree {
  [key: string]: Json;
}

/** A deployment in which nothing is wrong. */
function soundDeployment() {
  return {
    modulesContent: {
      $edgeAgent: { 'properties.desired': soundAgent() },
      $edgeHub: { 'properties.desired': soundHub() },
    },
  };
}

export function soundAgent() {
  return {
    schemaVersion: '1.1',
    runtime: {
      type: 'docker',
      settings: {
        minDockerVersion: 'v1.25',
        registryCredentials: {
          contoso: { address: 'contoso.azurecr.io', username: 'edge', password: 'REPLACE_ME' },
        } as Tree,
      } as Tree,
    } as Tree,
    systemModules: {
      edgeAgent: { type: 'docker', settings: { image: 'mcr.microsoft.com/azureiotedge-agent:1.5' } as Tree } as Tree,
      edgeHub: {
        type: 'docker',
        status: 'running',
        restartPolicy: 'always',
        settings: { image: 'mcr.microsoft.com/azureiotedge-hub:1.5', createOptions: '{}' } as Tree,
      } as Tree,
    } as Tree,
    modules: {
      sensor: {
        version: '1.0',
        type: 'docker',
        status: 'running',
        restartPolicy: 'always',
        env: { MODE: { value: 'fast' } } as Tree,
        settings: {
          image: 'contoso.azurecr.io/sensor:2.1',
          createOptions: '{"HostConfig":{"Memory":536870912}}',
        } as Tree,
      } as Tree,
    } as Tree,
  };
}

export function soundHub() {
  return {
    schemaVersion: '1.1',
    routes: { upstream: 'FROM /messages/modules/sensor/outputs/* INTO $upstream' } as Json,
    storeAndForwardConfiguration: { timeToLiveSecs: 7200 } as Tree,
  };
}

type Sound = ReturnType<typeof soundDeployment>['modulesContent'];

/** The parts of a sound deployment that a test changes. */
export interface Parts {
  readonly agent: Sound['$edgeAgent']['properties.desired'] & Tree;
  readonly hub: Sound['$edgeHub']['properties.desired'] & Tree;
  readonly sensor: Tree;
  readonly settings: Tree;
  readonly whole: Tree;
}

/** The text of a sound deployment after a change. */
export function changed(change: (parts: Parts) => void): string {
  const whole = soundDeployment();
  const agent = whole.modulesContent.$edgeAgent['properties.desired'];
  const hub = whole.modulesContent.$edgeHub['properties.desired'];
  const sensor = agent.modules.sensor as Tree;
  change({ agent, hub, sensor, settings: sensor.settings as Tree, whole } as Parts);
  return JSON.stringify(whole, null, 2);
}

export function findingsIn(text: string, options: Partial<JudgeOptions> = {}): readonly Finding[] {
  return judgeText(new FileText('deployment.json', text), { applied: false, ...options }).findings.filter(
    ({ initially }) => initially !== 'off',
  );
}

export function rulesIn(text: string, options: Partial<JudgeOptions> = {}): readonly string[] {
  return [...new Set(findingsIn(text, options).map(({ rule }) => rule))].sort();
}
