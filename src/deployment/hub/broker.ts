import type { Value } from '../json/value.ts';
import { problem } from '../problem.ts';
import { foundText } from '../reading/found.ts';
import { heldText } from '../reading/scalars.ts';
import { listOf, needed, object, type Reading, type Shape, text } from '../reading/shape.ts';

const directions = ['in', 'out', 'both'].map((name, number) => ({
  number,
  names: [name, name.charAt(0).toUpperCase() + name.slice(1)] as const,
}));

/** AuthorizationProperties.cs: identities are needed, and may not be null. */
const rules = listOf(object({ operations: listOf(text), resources: listOf(text) }));
const statement = object({ identities: needed(listOf(text)), allow: rules, deny: rules });
/** BridgeConfig.cs */
const setting = object({
  direction: needed({ kind: 'word', words: { words: directions, converter: 'string', defined: false } }),
  topic: needed(text),
  inPrefix: text,
  outPrefix: text,
});
const bridge = object({ endpoint: needed(text), settings: needed(listOf(setting)) });

/** BrokerProperties.cs */
export const broker: Shape = object({ bridges: listOf(bridge), authorizations: listOf(statement) });

const operations = ['mqtt:publish', 'mqtt:subscribe', 'mqtt:connect'];
const variables = [
  '{{iot:identity}}',
  '{{iot:device_id}}',
  '{{iot:module_id}}',
  '{{mqtt:client_id}}',
  '{{iot:this_device_id}}',
];
/** `invalidTopicFilterRegex` of BrokerConfigValidator.cs; its `.` and `$` leave out line breaks as .NET does. */
const badFilter = /[^/]\+[^/]?|\+[^/]|[^/]#|#.+\n?$/;

/** BrokerConfigValidator.cs, over what the reader took. */
export function judgeBroker(reading: Reading, value: Value | undefined): void {
  if (value?.kind !== 'map') return;
  for (const one of itemsOf(fieldOf(value, 'authorizations'))) judgeStatement(reading, one);
  for (const one of itemsOf(fieldOf(value, 'bridges'))) judgeBridge(reading, one);
}

function judgeStatement(reading: Reading, one: Value): void {
  if (one.kind === 'null') refuse(reading, one, 'a statement is null');
  if (one.kind !== 'map') return;
  const identities = fieldOf(one, 'identities');
  if (isEmptyList(identities)) refuse(reading, identities ?? one, 'identities is empty');
  for (const identity of itemsOf(identities)) {
    const name = textIn(reading, identity);
    if (name === undefined) continue;
    if (name === '') refuse(reading, identity, 'an identity is blank');
    judgeVariables(reading, name, identity);
  }
  for (const rule of [...itemsOf(fieldOf(one, 'allow')), ...itemsOf(fieldOf(one, 'deny'))]) judgeRule(reading, rule);
}

function judgeRule(reading: Reading, rule: Value): void {
  if (rule.kind === 'null') refuse(reading, rule, 'a rule is null');
  if (rule.kind !== 'map') return;
  const [does, to] = [itemsOf(fieldOf(rule, 'operations')), itemsOf(fieldOf(rule, 'resources'))];
  if (does.length === 0) refuse(reading, rule, 'a rule has no operations');
  const [only] = does;
  const connects = does.length === 1 && only?.kind === 'text' && only.text === 'mqtt:connect';
  if (to.length === 0 && !connects) refuse(reading, rule, 'a rule has no resources, and is not for mqtt:connect alone');
  for (const operation of does) {
    const name = textIn(reading, operation);
    if (name === undefined) continue;
    if (!operations.includes(name))
      refuse(reading, operation, `the operation ${foundText(operation)} is none of ${operations.join(', ')}`);
    judgeVariables(reading, name, operation);
  }
  for (const resource of to) {
    const topic = textIn(reading, resource);
    if (topic === undefined) continue;
    if (topic === '' || badFilter.test(topic)) refuse(reading, resource, `${foundText(resource)} is no topic filter`);
    judgeVariables(reading, topic, resource);
  }
}

function judgeBridge(reading: Reading, one: Value): void {
  if (one.kind === 'null') refuse(reading, one, 'a bridge is null');
  if (one.kind !== 'map') return;
  const endpoint = fieldOf(one, 'endpoint');
  const name = endpoint === undefined ? undefined : textIn(reading, endpoint);
  if (name === '') refuse(reading, endpoint ?? one, 'the endpoint of a bridge is blank');
  const settings = fieldOf(one, 'settings');
  if (isEmptyList(settings) && name !== undefined && name.toLowerCase() !== '$upstream') {
    refuse(reading, settings ?? one, 'a bridge has no settings');
  }
  for (const rule of itemsOf(settings)) {
    if (rule.kind === 'null') refuse(reading, rule, 'a setting of a bridge is null');
    const topic = fieldOf(rule, 'topic');
    if (topic !== undefined && badFilter.test(textIn(reading, topic) ?? ''))
      refuse(reading, topic, `${foundText(topic)} is no topic filter`);
    for (const prefix of [fieldOf(rule, 'inPrefix'), fieldOf(rule, 'outPrefix')]) {
      if (prefix !== undefined && /[+#]/.test(textIn(reading, prefix) ?? ''))
        refuse(reading, prefix, 'a prefix has a wildcard');
    }
  }
}

function judgeVariables(reading: Reading, name: string, at: Value): void {
  for (const [variable] of name.matchAll(/\{\{[^}]*\}\}/g)) {
    if (!variables.includes(variable)) refuse(reading, at, `the variable ${variable} is unknown`);
  }
}

/** A text as it is held; a null in a list of texts ends the validator. Undefined for what the reader refused, and for placeholders. */
function textIn(reading: Reading, value: Value): string | undefined {
  if (reading.isOpen(value)) return undefined;
  if (value.kind === 'null') refuse(reading, value, 'a text is null');
  return heldText(reading, value);
}

function fieldOf(value: Value, name: string): Value | undefined {
  const lower = name.toLowerCase();
  return value.kind === 'map' ? value.members.findLast(({ key }) => key.toLowerCase() === lower)?.value : undefined;
}

function itemsOf(value: Value | undefined): readonly Value[] {
  return value?.kind === 'list' ? value.items : [];
}

function isEmptyList(value: Value | undefined): boolean {
  return value?.kind === 'list' && value.items.length === 0;
}

function refuse(reading: Reading, at: Value, what: string): void {
  reading.problems.push(problem('deployment/mqtt-broker', { runtime: reading.runtime.name, stage: 'parse', what }, at));
}
