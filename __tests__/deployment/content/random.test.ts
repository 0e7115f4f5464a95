import { expect, it } from 'vitest';
import { FileText, judgeText } from '../../../src/deployment/judge.ts';
import { weighed } from '../../../src/model/finding.ts';
import type { RuleName } from '../../../src/rules/rules.ts';
import { fc, times } from '../../support/property.ts';
import { deployment } from './random.ts';
import { modulesContent } from './samples.ts';

type Generated = typeof deployment extends fc.Arbitrary<infer Value> ? Value : never;

function textOf({ form, version, modules, routes, seconds }: Generated): string {
  const content = modulesContent({
    version,
    modules,
    routes,
    hub: { storeAndForwardConfiguration: { timeToLiveSecs: seconds } },
  });
  const whole =
    form === 'bare'
      ? content
      : form === 'content'
        ? { content: { modulesContent: content } }
        : { modulesContent: content };
  return JSON.stringify(whole);
}

function errorsOf(text: string): readonly string[] {
  const { findings } = judgeText(new FileText('a.json', text), { applied: false });
  return weighed(findings, undefined).flatMap(({ rule, severity, message }) =>
    severity === 'error' ? [`${rule}: ${message}`] : [],
  );
}

/** What is changed in the text, by a piece that each deployment has, and the rule that tells it. */
const mutations: readonly (readonly [from: string, to: string, rule: RuleName])[] = [
  ['"schemaVersion":"1.1","runtime"', '"schemaVersion":"1.2","runtime"', 'deployment/schema-version'],
  ['"schemaVersion":"1.1","routes"', '"schemaVersion":"2.0","routes"', 'deployment/schema-version'],
  ['"runtime":{"type":"docker"', '"runtime":{"type":"Docker"', 'deployment/refused-value'],
  ['"runtime":{"type":"docker",', '"runtime":{', 'deployment/refused-value'],
  ['"status":"running"', '"status":"on"', 'deployment/refused-value'],
  ['"restartPolicy":"always"', '"restartPolicy":"unless-stopped"', 'deployment/refused-value'],
  ['"image":"mcr.microsoft.com/azureiotedge-hub', '"image":"mcr.microsoft.com/azureiotedge-hub:x', 'deployment/image'],
  [
    '"image":"mcr.microsoft.com/azureiotedge-hub',
    '"img":"mcr.microsoft.com/azureiotedge-hub',
    'deployment/refused-value',
  ],
  [
    String.raw`"createOptions":"{\"HostConfig\":{\"PortBindings\"`,
    String.raw`"createOptions":"{\"HostConfig\":[\"PortBindings\"`,
    'deployment/create-options',
  ],
  [
    '"modules":{',
    '"modules":{"edgeHub":{"type":"docker","status":"running","settings":{"image":"a/b:1"}}@',
    'deployment/reserved-module-name',
  ],
  [
    '"modules":{',
    '"modules":{"-x":{"type":"docker","status":"running","settings":{"image":"a/b:1"}}@',
    'deployment/module-name',
  ],
  [
    '"modules":{',
    '"modules":{"xy":{"type":"docker","status":"running","env":{"A":"b"},"settings":{"image":"a/b:1"}}@',
    'deployment/refused-value',
  ],
  [
    '"modules":{',
    '"modules":{"xy":{"type":"docker","status":"running","env":{"A.B":{"value":"b"}},"settings":{"image":"a/b:1"}}@',
    'deployment/hub-limit',
  ],
  ['"modules":{', '"modules":{"xy":null@', 'deployment/refused-value'],
  ['"routes":{', '"routes":{"bad":"FROM /messages/ INTO $upstream"@', 'deployment/route'],
  ['"routes":{', '"routes":{"bad":"FROM /messages/* WHERE a == b INTO $upstream"@', 'deployment/route'],
  ['"routes":{', '"routes":{"bad":"FROM /messages/* WHERE a > 1 INTO $upstream"@', 'deployment/route-condition'],
  ['"routes":{', '"routes":{"bad":null@', 'deployment/refused-value'],
  ['"routes":{', '"routes":{"bad":{"route":"FROM /* INTO $upstream","priority":11}@', 'deployment/refused-value'],
  ['"routes":{', '"routes":{"bad key":"FROM /* INTO $upstream"@', 'deployment/hub-limit'],
  [
    '"storeAndForwardConfiguration":{"timeToLiveSecs":',
    '"storeAndForwardConfiguration":{"timeToLiveSecs":0.',
    'deployment/refused-value',
  ],
  ['"storeAndForwardConfiguration":', '"storeAndForward":', 'deployment/refused-value'],
];

it('a valid deployment has no error, and with a fault in it one of its rule alone', () => {
  fc.assert(
    fc.property(deployment, fc.constantFrom(...mutations), (generated, [from, to, rule]) => {
      const sound = textOf(generated);
      expect(errorsOf(sound)).toEqual([]);
      // A time below zero is no start of a number with a fraction.
      const positive = textOf({ ...generated, seconds: Math.abs(generated.seconds) + 1 });
      expect(positive).toContain(from);
      const mutated = positive.replace(from, () => to).replace(/@(\}?)/, (_, end: string) => (end === '' ? ',' : end));
      expect([...new Set(errorsOf(mutated).map((one) => one.split(': ')[0]))]).toEqual([rule]);
    }),
    times(5000),
  );
});
