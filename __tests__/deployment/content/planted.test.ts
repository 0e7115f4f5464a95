import { expect, it } from 'vitest';
import { FileText, judgeText } from '../../../src/deployment/judge.ts';
import { weighed } from '../../../src/model/finding.ts';
import type { RuleName } from '../../../src/rules/rules.ts';
import { moduleOf, modulesContent } from './samples.ts';

/** A deployment with something of everything, two blanks a level, so that each fault can be planted by its text. */
const sound = JSON.stringify(
  {
    modulesContent: modulesContent({
      logins: { contoso: { address: 'contoso.azurecr.io', username: 'reader', password: 'REPLACE_ME' } },
      modules: {
        sensor: moduleOf('contoso.azurecr.io/sensor:1.0', {
          env: { LEVEL: { value: 'info' } },
          startupOrder: 1,
          imagePullPolicy: 'on-create',
        }),
        filter: moduleOf(
          'contoso.azurecr.io/filter:1.0',
          {},
          { HostConfig: { Binds: ['/srv/a:/a'], PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } },
        ),
      },
      routes: {
        toFilter: 'FROM /messages/modules/sensor/outputs/out INTO BrokeredEndpoint("/modules/filter/inputs/in")',
        upstream: {
          route: "FROM /messages/modules/filter/* WHERE level = 'high' INTO $upstream",
          priority: 1,
          timeToLiveSecs: 60,
        },
      },
      others: { filter: { 'properties.desired': { limits: [1, 2], name: 'f' } } },
    }),
  },
  null,
  2,
);

/** `§` stands where the finding is told. */
type Planted = readonly [what: string, from: string, to: string, rule: RuleName];

const image = '"image": "contoso.azurecr.io/sensor:1.0"';
const filterOptions = String.raw`"{\"HostConfig\":{\"Binds\":[\"/srv/a:/a\"],\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"8080\"}]}}}"`;
const toFilter = String.raw`"FROM /messages/modules/sensor/outputs/out INTO BrokeredEndpoint(\"/modules/filter/inputs/in\")"`;
const condition = "level = 'high'";

const planted: readonly Planted[] = [
  // The hub
  ['a dot in the name of a variable', '"LEVEL"', '§"Log.Level"', 'deployment/hub-limit'],
  ['a space in the name of a variable', '"LEVEL"', '§"LOG LEVEL"', 'deployment/hub-limit'],
  ['a hash in a key', '"limits"', '§"limits#"', 'deployment/hub-limit'],
  ['a dollar in a key', '"limits"', '§"lim$its"', 'deployment/hub-limit'],
  ['a control character in a key', '"limits"', String.raw`§"limits\u0007"`, 'deployment/hub-limit'],
  ['null in a list', /\[\s+1,\s+2\s+\]/.exec(sound)![0], '[1, §null]', 'deployment/hub-limit'],
  ['a text over 4,096 bytes', '"name": "f"', `"name": §"${'x'.repeat(4097)}"`, 'deployment/hub-limit'],
  ['a key over 1,024 bytes', '"name": "f"', `§"${'x'.repeat(1025)}": 1`, 'deployment/hub-limit'],
  ['too deep a map', '"name": "f"', `"name": ${'{"a": '.repeat(9)}§{"a": 1}${'}'.repeat(9)}`, 'deployment/hub-limit'],
  ['too large a number', '"name": "f"', '"name": §4503599627370496', 'deployment/hub-limit'],
  [
    'more than three quarters of 32 KB',
    '"properties.desired": {\n        "limits"',
    `§"properties.desired": {${texts(7, 3600)}"limits"`,
    'deployment/nearly-too-large',
  ],
  [
    'more than 32 KB',
    '"properties.desired": {\n        "limits"',
    `§"properties.desired": {${texts(9, 4000)}"limits"`,
    'deployment/too-large',
  ],
  // Names, ports, logins
  [
    'a bracket in a name',
    '"modules": {\n          "sensor"',
    '"modules": {§"m[1]": {"type": "docker", "status": "running", "settings": {"image": "contoso.azurecr.io/m:1"}}, "sensor"',
    'deployment/module-name',
  ],
  [
    'a dash as the first letter',
    '"modules": {\n          "sensor"',
    '"modules": {§"-m": {"type": "docker", "status": "running", "settings": {"image": "contoso.azurecr.io/m:1"}}, "sensor"',
    'deployment/module-name',
  ],
  [
    'an umlaut in a name',
    '"modules": {\n          "sensor"',
    '"modules": {§"tür": {"type": "docker", "status": "running", "settings": {"image": "contoso.azurecr.io/m:1"}}, "sensor"',
    'deployment/module-name',
  ],
  [
    'a port of edgeHub',
    String.raw`{\"HostPort\":\"8080\"}`,
    String.raw`{\"HostPort\":§\"8883\"}`,
    'deployment/port-twice',
  ],
  [
    'one port twice',
    String.raw`{\"HostPort\":\"8080\"}`,
    String.raw`{\"HostPort\":\"8080\"},{\"HostPort\":§\"8080\"}`,
    'deployment/port-twice',
  ],
  [
    'https in the address of a login',
    '"address": "contoso.azurecr.io"',
    '"address": §"https://contoso.azurecr.io"',
    'deployment/login-unused',
  ],
  [
    'a slash behind the address of a login',
    '"address": "contoso.azurecr.io"',
    '"address": §"contoso.azurecr.io/"',
    'deployment/login-unused',
  ],
  [
    'a login of no image',
    '"address": "contoso.azurecr.io"',
    '"address": §"fabrikam.azurecr.io"',
    'deployment/login-unused',
  ],
  // Routes that carry nothing
  [
    'a route from no module',
    'modules/sensor/outputs/out INTO',
    'modules/sensr/outputs/out INTO',
    'deployment/route-module',
  ],
  [
    'a route to no module',
    String.raw`\"/modules/filter/inputs/in\"`,
    String.raw`\"§/modules/filtr/inputs/in\"`,
    'deployment/route-module',
  ],
  [
    'a route to a module in other letters',
    String.raw`\"/modules/filter/inputs/in\"`,
    String.raw`\"§/modules/Filter/inputs/in\"`,
    'deployment/route-module',
  ],
  [
    'a source that no message has',
    'FROM /messages/modules/filter/* WHERE',
    'FROM §/messages/events/* WHERE',
    'deployment/route-never',
  ],
  [
    'a star in the middle',
    'FROM /messages/modules/filter/* WHERE',
    'FROM §/messages/modules/*/outputs/a WHERE',
    'deployment/route-never',
  ],
  [
    'inputs as a source',
    'FROM /messages/modules/filter/* WHERE',
    'FROM §/messages/modules/filter/inputs/a WHERE',
    'deployment/route-never',
  ],
  ['TRUE', condition, '§TRUE', 'deployment/route-never'],
  ['a bare property', condition, '§level', 'deployment/route-never'],
  ['a property of the twin', condition, "§$twin.tags.site = 'a'", 'deployment/route-never'],
  ['two values for one property', condition, "§level = 'a' AND level = 'b'", 'deployment/route-never'],
  ['false', condition, "§level = 'a' AND false", 'deployment/route-never'],
  // Routes that edgeHub refuses
  ['no INTO', "'high' INTO", "'high' §TO", 'deployment/route'],
  ['a double equals sign', condition, "level =§= 'high'", 'deployment/route'],
  ['&&', condition, "level = 'high' §&& n = '1'", 'deployment/route'],
  ['a slash at the end of the source', 'filter/* WHERE', 'filter/ §WHERE', 'deployment/route'],
  ['a sink that edgeHub does not know', 'INTO $upstream"', 'INTO §$upstream.x"', 'deployment/route'],
  ['a function that is no sink', 'INTO BrokeredEndpoint', 'INTO §BrokerEndpoint', 'deployment/route'],
  [
    'an address of three parts',
    String.raw`\"/modules/filter/inputs/in\"`,
    String.raw`\"§/modules/filter/in\"`,
    'deployment/route',
  ],
  ['a number against a text', condition, 'level §> 5', 'deployment/route-condition'],
  ['NOT before a text', condition, "§NOT level = 'high'", 'deployment/route-condition'],
  ['an unknown function', condition, "§startswith(level, 'h')", 'deployment/route-condition'],
  ['too few arguments', condition, '§contains(level)', 'deployment/route-condition'],
  ['a missing parenthesis', condition, "§(level = 'high'", 'deployment/route-condition'],
  ['an extra parenthesis', condition, "(level = 'high')§)", 'deployment/route-condition'],
  ['true AND a value of the body', condition, 'true §AND $body.a', 'deployment/route-condition'],
  ['a path of the body that is none', condition, '§$body..a = 1', 'deployment/route-condition'],
  ['text behind the sink', 'INTO $upstream"', "INTO $upstream §WHERE level = 'x'\"", 'deployment/route-rest'],
  ['a comment that swallows the condition', condition, "level = 'high' /* loud */", 'deployment/route-comment'],
  // edgeAgent
  [
    'schemaVersion 1.4',
    '"schemaVersion": "1.1",\n        "runtime"',
    '"schemaVersion": §"1.4",\n        "runtime"',
    'deployment/schema-version',
  ],
  ['a comment in env', '"LEVEL": {', '"_comment": §"the level", "LEVEL": {', 'deployment/refused-value'],
  [
    'a plain text in env',
    /"LEVEL": \{\s+"value": "info"\s+\}/.exec(sound)![0],
    '"LEVEL": §"info"',
    'deployment/refused-value',
  ],
  [
    'an unknown status',
    '"status": "running",\n            "restartPolicy": "always",\n            "settings": {\n              "image": "contoso.azurecr.io/filter',
    '"status": §"started",\n            "restartPolicy": "always",\n            "settings": {\n              "image": "contoso.azurecr.io/filter',
    'deployment/refused-value',
  ],
  ['an unknown pull policy', '"on-create"', '§"always"', 'deployment/refused-value'],
  ['a start order below zero', '"startupOrder": 1', '"startupOrder": §-1', 'deployment/refused-value'],
  ['a start order with a fraction', '"startupOrder": 1', '"startupOrder": §1.5', 'deployment/changed-value'],
  ['no image', image, '"_image": "contoso.azurecr.io/sensor:1.0"', 'deployment/refused-value'],
  [
    'a tag and a digest',
    image,
    `"image": §"contoso.azurecr.io/sensor:1.0@sha256:${'a'.repeat(64)}"`,
    'deployment/image',
  ],
  ['a blank image', image, '"image": §" "', 'deployment/refused-value'],
  [
    'no type of the runtime',
    '"type": "docker",\n          "settings": {\n            "minDockerVersion"',
    '"settings": {\n            "minDockerVersion"',
    'deployment/refused-value',
  ],
  [
    'kubernetes as the runtime',
    '"type": "docker",\n          "settings": {\n            "minDockerVersion"',
    '"type": §"kubernetes",\n          "settings": {\n            "minDockerVersion"',
    'deployment/refused-value',
  ],
  ['a blank user name', '"username": "reader"', '"username": §""', 'deployment/refused-value'],
  ['Binds as a text', String.raw`[\"/srv/a:/a\"]`, String.raw`§\"/srv/a:/a\"`, 'deployment/refused-value'],
  ['createOptions cut off', filterOptions, String.raw`"{\"HostConfig\":{"`, 'deployment/create-options'],
  [
    'a second createOptions of another name',
    `"createOptions": ${filterOptions}`,
    `"createOptions": ${filterOptions}, §"createOptionsOld": "{}"`,
    'deployment/create-options-pieces',
  ],
  ['createOptions as an object', filterOptions, '§{"HostConfig": {}}', 'deployment/create-options-object'],
  [
    'edgeHub among the modules',
    '"modules": {\n          "sensor"',
    '"modules": {§"edgeHub": {"type": "docker", "status": "running", "settings": {"image": "contoso.azurecr.io/m:1"}}, "sensor"',
    'deployment/reserved-module-name',
  ],
  ['one key twice', '"startupOrder": 1', '"startupOrder": 1, §"startupOrder": 2', 'deployment/key-twice'],
  ['a date in env', '"value": "info"', '"value": §"2020-01-01T10:00:00+05:00"', 'deployment/respelt-value'],
  // edgeHub
  [
    'schemaVersion 2.0',
    '"schemaVersion": "1.1",\n        "routes"',
    '"schemaVersion": §"2.0",\n        "routes"',
    'deployment/schema-version',
  ],
  ['a priority of 10', '"priority": 1', '"priority": §10', 'deployment/refused-value'],
  ['a blank route', toFilter, '§""', 'deployment/refused-value'],
  ['null as a route', toFilter, '§null', 'deployment/refused-value'],
  ['a time to live with a fraction', '"timeToLiveSecs": 7200', '"timeToLiveSecs": §7200.5', 'deployment/refused-value'],
  ['a time to live that is missing', '"timeToLiveSecs": 7200', '"_": 7200', 'deployment/no-time-to-live'],
  [
    'a key of a route that is no number',
    '"timeToLiveSecs": 60',
    '"timeToLiveSecs": §"soon"',
    'deployment/refused-value',
  ],
  // The file
  ['a missing comma', '"startupOrder": 1,', '"startupOrder": 1 ', 'deployment/syntax'],
  ['a word that is none', '"startupOrder": 1', '"startupOrder": §tru', 'deployment/syntax'],
  // Advice
  ['latest', image, '"image": §"contoso.azurecr.io/sensor:latest"', 'deployment/latest-tag'],
  ['a password', '"password": "REPLACE_ME"', '"password": §"hG7+kd93nQ"', 'deployment/written-secret'],
  [
    'a secret in env',
    '"LEVEL": {\n                "value": "info"',
    '"LEVEL": {"value": "info"}, "DB_PASSWORD": {"value": §"hG7+kd93nQ"',
    'deployment/written-secret',
  ],
  ["Docker's socket", '/srv/a:/a', '/var/run/docker.sock:/var/run/docker.sock', 'deployment/host-mount'],
  ['the root of the host', '/srv/a:/a', '/:/host', 'deployment/host-mount'],
  [
    'Privileged',
    String.raw`{\"HostConfig\":{\"Binds\"`,
    String.raw`{\"HostConfig\":{\"Privileged\":§true,\"Binds\"`,
    'deployment/privileged',
  ],
];

function texts(count: number, length: number): string {
  return Array.from({ length: count }, (_, index) => `"t${index}": "${'x'.repeat(length)}",`).join('');
}

it('there are 80 of them', () => {
  expect(planted.length).toBeGreaterThanOrEqual(80);
});

it('are planted in a deployment that has nothing to tell', () => {
  expect(told(sound)).toEqual([]);
});

it.each(planted)('%s', (_, from, to, rule) => {
  expect(sound).toContain(from);
  const marked = sound.replace(from, () => to);
  const at = marked.indexOf('§');
  const text = marked.replace('§', '');
  const [first, ...others] = told(text);
  expect([first?.rule, ...others.map((one) => one.rule)]).toEqual([rule]);
  const { line, column } = at >= 0 ? placeAt(text, at) : placeAt(text, text.indexOf(to));
  if (at >= 0) expect([first?.place?.line, first?.place?.column]).toEqual([line, column]);
  else expect(Math.abs((first?.place?.line ?? 0) - line)).toBeLessThanOrEqual(1);
});

function told(text: string) {
  return weighed(judgeText(new FileText('a.json', text), { applied: false }).findings, undefined);
}

function placeAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
