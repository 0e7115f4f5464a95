import { describe, expect, it } from 'vitest';
import { recognize } from '../../src/deployment/form.ts';
import { readText } from '../../src/deployment/json/read.ts';
import { hasPlaceholder, leftOver } from '../../src/deployment/template.ts';
import { changed, findingsIn, rulesIn, soundAgent, soundHub, type Tree } from './deployments.ts';

const modules = () => ({
  $edgeAgent: { 'properties.desired': soundAgent() },
  $edgeHub: { 'properties.desired': soundHub() },
});
const formOf = (value: object) => {
  const read = readText(JSON.stringify(value));
  const recognized = read.kind === 'value' ? recognize(read.value) : undefined;
  return recognized?.kind === 'deployment' ? recognized.deployment.form : recognized?.why;
};

describe('the form of a file', () => {
  it.each<[string, object, string]>([
    ['a whole configuration', { id: 'a', priority: 10, content: { modulesContent: modules() } }, 'configuration'],
    ['content', { content: { modulesContent: modules() } }, 'content'],
    ['modulesContent', { modulesContent: modules() }, 'modulesContent'],
    ['the older moduleContent', { moduleContent: modules() }, 'moduleContent'],
    ['the pair alone', modules(), 'bare'],
    [
      'a module configuration',
      { id: 'a', content: { moduleContent: { 'properties.desired.a': 1 } } },
      'module-configuration',
    ],
    ['a configuration of devices', { content: { deviceContent: {} } }, 'device-configuration'],
    ['another object', { a: 1 }, 'unknown'],
    ['a list', [], 'not-a-map'],
  ])('%s', (_, value, form) => expect(formOf(value)).toBe(form));

  it('is judged in each of them', () => {
    const agent = { ...soundAgent(), schemaVersion: '1.4' };
    const wrong = { ...modules(), $edgeAgent: { 'properties.desired': agent } };
    const all = [{ content: { modulesContent: wrong } }, { modulesContent: wrong }, { moduleContent: wrong }, wrong];
    for (const value of all) expect(rulesIn(JSON.stringify(value))).toEqual(['deployment/schema-version']);
  });

  it('may be that of a layer, whose modules, routes and logins are judged', () => {
    const layer = (agent: object, hub: object) =>
      JSON.stringify({ modulesContent: { $edgeAgent: agent, $edgeHub: hub } });
    const sensor = soundAgent().modules.sensor as Tree;
    const route = 'FROM /messages/modules/sensor/outputs/* INTO $upstream';
    const sound = layer({ 'properties.desired.modules.sensor': sensor }, { 'properties.desired.routes.up': route });
    expect(rulesIn(sound, { runtime: '1.5' })).toEqual([]);
    const faulty = layer(
      {
        'properties.desired.modules.sensor': { ...sensor, status: 'started' },
        'properties.desired.runtime.settings.registryCredentials.contoso': {
          address: 'contoso.azurecr.io',
          username: 'u',
        },
      },
      { 'properties.desired.routes.up': 'FROM /messages/*' },
    );
    const errors = findingsIn(faulty, { runtime: '1.5' }).filter(({ severity }) => severity === 'error');
    expect(errors.map(({ rule }) => rule)).toEqual([
      'deployment/refused-value',
      'deployment/refused-value',
      'deployment/route',
    ]);
  });
});

const dollar = '$';

describe('a placeholder', () => {
  it.each([
    [`${dollar}{X}`, true, true],
    [`a${dollar}{MODULEDIR<../x>}b`, true, true],
    [`${dollar}X`, true, true],
    [`${dollar}tag`, true, false],
    ['<your registry>', true, true],
    ['__X__', true, true],
    ['#{X}#', true, true],
    [`${dollar}upstream:443/a`, false, false],
    [`${dollar}body.a > 1`, false, false],
    [`${dollar}connectionDeviceId`, false, false],
    [`pa${dollar}word`, false, false],
    ['Logging__LogLevel__Default', false, false],
    ['<a>b</a>', false, false],
    ['a < b > c', false, false],
  ])('%s', (text, template, left) => {
    expect(hasPlaceholder(text)).toBe(template);
    expect(leftOver(text) !== undefined).toBe(left);
  });

  it('stands for any value, and what stands around it is judged', () => {
    const template = changed(({ sensor, settings }) => {
      Object.assign(sensor, { status: `${dollar}{STATUS}`, startupOrder: 'BARE', env: { MODE: 'fast' } });
      settings.image = `${dollar}{MODULES.sensor}`;
      settings.createOptions = `${dollar}{OPTIONS}`;
    }).replace('"BARE"', `${dollar}{ORDER}`);
    const [only, ...more] = findingsIn(template).filter(({ severity }) => severity !== 'notice');
    expect(more).toEqual([]);
    expect(only?.rule).toBe('deployment/refused-value');
    expect(only?.place?.line).toBe(template.split('\n').findIndex((line) => line.includes('"MODE"')) + 1);
  });

  it('that is left over in an applied file is an error at its place', () => {
    const applied = changed(({ settings }) => {
      settings.image = `${dollar}{MODULES.sensor}`;
    });
    expect(rulesIn(applied, { applied: true })).toEqual(
      expect.arrayContaining(['deployment/image', 'deployment/placeholder']),
    );
    expect(
      rulesIn(
        changed(() => {}),
        { applied: true },
      ),
    ).toEqual([]);
  });
});
