import { describe, expect, it } from 'vitest';
import { hubInProcess } from '../in-process.ts';

const agent = { modulesContent: { $edgeAgent: { 'properties.desired': { modules: {} } } } };
const device = { deviceContent: { 'properties.desired.a': 1 } };

function body(id: string, more: object = {}) {
  return { id, content: device, targetCondition: '*', ...more };
}

/** `409 ConfigurationAlreadyExists`, or `200`. */
function told({ status, body }: { status: number; body: { Message?: string } | undefined }): string {
  const code = /^ErrorCode:(\w+)/.exec(body?.Message ?? '')?.[1];
  return code === undefined ? String(status) : `${status} ${code}`;
}

describe('If-Match', () => {
  it.each([
    // Reported from a live hub: only quotes count, and without them the answer misleads.
    ['PUT', undefined, '409 ConfigurationAlreadyExists'],
    ['PUT', '""', '409 ConfigurationAlreadyExists'],
    ['PUT', 'MQ==', '409 ConfigurationAlreadyExists'],
    ['PUT', '"MQ=="', '200'],
    ['PUT', '"Mg=="', '412 PreconditionFailed'],
    ['PUT', '*', '200'],
    ['PUT', '"*"', '200'],
    ['DELETE', undefined, '204'],
    ['DELETE', '"Mg=="', '412 PreconditionFailed'],
    ['DELETE', '"MQ=="', '204'],
    ['DELETE', '*', '204'],
  ])('%s of one that exists, with %s: %s', async (method, etag, expected) => {
    const { send } = hubInProcess();
    await send('PUT', '/configurations/c', body('c'));
    expect(told(await send(method, '/configurations/c', method === 'PUT' ? body('c') : undefined, etag))).toBe(
      expected,
    );
  });

  it.each([
    ['PUT', '"MQ=="', '404 ConfigurationNotFound'],
    ['PUT', '*', '404 ConfigurationNotFound'],
    ['PUT', 'MQ==', '200'],
    ['DELETE', undefined, '404 ConfigurationNotFound'],
    ['GET', undefined, '404 ConfigurationNotFound'],
  ])('%s of one that does not exist, with %s: %s', async (method, etag, expected) => {
    const { send } = hubInProcess();
    expect(told(await send(method, '/configurations/c', method === 'PUT' ? body('c') : undefined, etag))).toBe(
      expected,
    );
  });
});

it('keeps the content of the first PUT and answers 200 to another one', async () => {
  const { send } = hubInProcess();
  await send('PUT', '/configurations/c', body('c', { priority: 1, labels: { a: 'b' }, schemaVersion: '1.0' }));
  const changed = {
    content: agent,
    targetCondition: "tags.a = 'b'",
    metrics: { queries: { m: 'SELECT * FROM devices' } },
  };
  expect((await send('PUT', '/configurations/c', { ...body('c'), ...changed }, '*')).status).toBe(200);
  const { body: found } = await send('GET', '/configurations/c');
  expect(found).toMatchObject({
    content: device,
    targetCondition: "tags.a = 'b'",
    priority: 0,
    labels: null,
    schemaVersion: null,
    metrics: { queries: { m: 'SELECT * FROM devices' } },
    etag: 'Mg==',
  });
});

describe('a body', () => {
  it.each<[string, object, string]>([
    ['an id that is not that of the path', { id: 'd' }, '400 ArgumentInvalid'],
    ['no id', { id: null }, '400 ArgumentNull'],
    ['no content', { content: undefined }, '400 InvalidConfigurationContent'],
    ['an empty content', { content: {} }, '400 InvalidConfigurationContent'],
    ['two contents', { content: { ...device, ...agent } }, '400 InvalidConfigurationContent'],
    ['two, one null', { content: { ...device, modulesContent: null } }, '200'],
    ['no $edgeAgent', { content: { modulesContent: { $edgeHub: {} } } }, '400 InvalidConfigurationContent'],
    ['an empty $edgeAgent', { content: { modulesContent: { $edgeAgent: {} } } }, '200'],
    ['a layer', { content: { modulesContent: { $edgeAgent: { 'properties.desired.modules.m': {} } } } }, '200'],
    [
      'a login of a registry in a layer',
      {
        content: {
          modulesContent: { $edgeAgent: { 'properties.desired.runtime.settings.registryCredentials.r': {} } },
        },
      },
      '200',
    ],
    ['tags', { content: { deviceContent: { 'tags.a': 1 } } }, '400 InvalidConfigurationContent'],
    [
      'a name that twins do not take',
      { content: { deviceContent: { 'properties.desired.a b': 1 } } },
      '400 InvalidConfigurationContent',
    ],
    [
      'a text over 4 KB',
      { content: { deviceContent: { 'properties.desired.a': 'x'.repeat(4097) } } },
      '400 InvalidConfigurationContent',
    ],
    ['a text for a module', { content: { modulesContent: { $edgeAgent: 'x' } } }, '400 InvalidConfigurationContent'],
    [
      'a condition over desired properties',
      { targetCondition: 'properties.desired.a = 1' },
      '400 InvalidConfigurationTargetCondition',
    ],
    ['no condition', { targetCondition: undefined }, '200'],
    ['modules for devices', { targetCondition: 'FROM devices.modules' }, '400 InvalidConfigurationTargetCondition'],
    [
      'devices for modules',
      { content: { moduleContent: device.deviceContent } },
      '400 InvalidConfigurationTargetCondition',
    ],
    [
      'modules for modules',
      {
        content: { moduleContent: device.deviceContent },
        targetCondition: "FROM devices.modules WHERE moduleId = 'm'",
      },
      '200',
    ],
    ['a priority that is no number', { priority: '1' }, '400 ArgumentInvalid'],
    ['a negative priority', { priority: -1 }, '400 ArgumentInvalid'],
    ['the largest priority', { priority: 2 ** 31 - 1 }, '200'],
    ['a label of 128 characters', { labels: { a: 'x'.repeat(128) } }, '200'],
    ['a label of 129', { labels: { a: 'x'.repeat(129) } }, '400 ArgumentInvalid'],
    ['a label with a slash', { labels: { a: 'x/y' } }, '400 ArgumentInvalid'],
    ['a label that is not ASCII', { labels: { a: 'ü' } }, '400 ArgumentInvalid'],
    ['a label that is no text', { labels: { a: 1 } }, '400 ArgumentInvalid'],
    [
      'a metric that is no query',
      { metrics: { queries: { m: 'SELEC nope' } } },
      '400 InvalidConfigurationCustomMetricsQuery',
    ],
    [
      'six metrics',
      { metrics: { queries: Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [n, 'SELECT * FROM devices'])) } },
      '400 InvalidConfigurationCustomMetricsQuery',
    ],
  ])('with %s: %s %s', async (_, more, expected) => {
    const { send } = hubInProcess();
    expect(told(await send('PUT', '/configurations/c', body('c', more)))).toBe(expected);
  });

  it.each([
    ["a0-+%_*!'", '200'],
    ['x'.repeat(128), '200'],
    ['x'.repeat(129), '400 ArgumentInvalid'],
    ['Upper', '400 ArgumentInvalid'],
    ['a.b', '400 ArgumentInvalid'],
    ['a b', '400 ArgumentInvalid'],
  ])('with the id %.20s: %s', async (id, expected) => {
    const { send } = hubInProcess();
    expect(told(await send('PUT', `/configurations/${encodeURIComponent(id)}`, body(id)))).toBe(expected);
  });
});

it('takes as many as it may, and lists them or the first of them', async () => {
  const { send } = hubInProcess({ most: 3 });
  for (const id of ['c', 'a', 'b']) await send('PUT', `/configurations/${id}`, body(id));
  expect(told(await send('PUT', '/configurations/d', body('d')))).toBe('413 ConfigurationCountLimitExceeded');
  const ids = async (query: string) =>
    (await send('GET', `/configurations${query}`)).body.map(({ id }: { id: string }) => id);
  expect([await ids(''), await ids('?top=2'), await ids('?top=x')]).toEqual([
    ['c', 'a', 'b'],
    ['c', 'a'],
    ['c', 'a', 'b'],
  ]);
  await send('DELETE', '/configurations/c');
  expect(told(await send('PUT', '/configurations/d', body('d')))).toBe('200');
});

describe('testQueries', () => {
  it.each([
    ["tags.a = 'b'", { m: 'SELECT deviceId FROM devices' }, false, []],
    ['FROM devices.modules WHERE tags.a = 1', {}, false, []],
    ['properties.desired.a = 1', {}, true, []],
    ['tags.a =', { good: 'SELECT * FROM devices', bad: 'SELEC nope' }, true, ['bad']],
    // Reported from a live hub: a PUT takes it all the same.
    ['*', {}, true, []],
  ])(
    'of %s answers 200, and says in the body what is wrong',
    async (targetCondition, customMetricQueries, wrong, bad) => {
      const { send } = hubInProcess();
      const answer = await send('POST', '/configurations/testQueries', { targetCondition, customMetricQueries });
      expect(answer.status).toBe(200);
      expect(typeof answer.body.targetConditionError).toBe(wrong ? 'string' : 'undefined');
      expect(Object.keys(answer.body.customMetricQueryErrors)).toEqual(bad);
    },
  );
});
