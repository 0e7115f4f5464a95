import { fc } from '../../support/property.ts';
import { moduleOf } from './samples.ts';

/** Deployments that a hub and the runtime take, at random: names, images, createOptions, env, routes, forms. */

const name = fc
  .tuple(fc.constantFrom(...'abcXYZ'), fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/))
  .map(([first, rest]) => `${first}${rest}`)
  .filter(
    (text) =>
      !/^(edgeAgent|edgeHub|select|from|where|into|and|or|not|true|false|null|undefined|[eE][0-9]+)$/i.test(text),
  );

const envName = fc.stringMatching(/^[A-Z][A-Za-z0-9_]{0,10}$/);
const plainText = fc.stringMatching(/^[a-z ,;:/_-]{0,20}$/);
const scalar = fc.oneof(plainText, fc.integer({ min: -1e6, max: 1e6 }), fc.boolean());

const image = fc
  .tuple(
    fc.constantFrom('mcr.microsoft.com', 'contoso.azurecr.io', 'docker.io/library', 'localhost:5000'),
    fc.stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z0-9]$/),
    fc.constantFrom('1.0', '1.5', '0.3.1-amd64', 'v2'),
  )
  .map(([registry, repository, tag]) => `${registry}/${repository}:${tag}`);

/** Ports come from the index of the module, so that no two modules publish the same. */
const options = fc.record(
  {
    Env: fc.array(
      fc.tuple(envName, plainText).map(([key, value]) => `${key}=${value}`),
      { maxLength: 2 },
    ),
    Hostname: name,
    HostConfig: fc.record(
      {
        Binds: fc.array(fc.constantFrom('/srv/a:/a', 'volume:/data:ro'), { maxLength: 2 }),
        Memory: fc.integer({ min: 1e6, max: 1e9 }),
        LogConfig: fc.constant({ Type: 'json-file', Config: { 'max-size': '10m' } }),
        RestartPolicy: fc.record({ Name: fc.constantFrom('no', 'always', 'unless-stopped') }),
        CapAdd: fc.constant(['NET_ADMIN']),
      },
      { requiredKeys: [] },
    ),
    Labels: fc.dictionary(envName, plainText, { maxKeys: 2 }),
  },
  { requiredKeys: [] },
);

const oneModule = fc
  .record({
    image,
    options,
    pieces: fc.integer({ min: 1, max: 3 }),
    status: fc.constantFrom('running', 'stopped'),
    restartPolicy: fc.constantFrom('always', 'never', 'on-failure', 'on-unhealthy'),
    env: fc.dictionary(envName, fc.record({ value: scalar }), { maxKeys: 3 }),
    startupOrder: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
  })
  .map(({ image: from, options: created, pieces, ...more }) => ({
    ...moduleOf(from, more),
    settings: { image: from, ...inPieces(JSON.stringify(created), pieces) },
  }));

function inPieces(text: string, count: number): Readonly<Record<string, string>> {
  const size = Math.ceil(text.length / count);
  const parts = Array.from({ length: count }, (_, index) => text.slice(index * size, (index + 1) * size));
  return Object.fromEntries(
    parts.map((part, index) => [index === 0 ? 'createOptions' : `createOptions0${index}`, part]),
  );
}

const condition = fc.constantFrom(
  '',
  " WHERE level = 'high'",
  ' WHERE $body.temp > 20 AND true',
  ' WHERE NOT is_defined($connectionModuleId)',
  " WHERE as_number(n) >= 1.5 OR upper(kind) = 'A'",
);

const routeTo = (names: readonly string[]) =>
  fc
    .tuple(
      fc.constantFrom(
        '/messages/*',
        '/*',
        '/twinChangeNotifications',
        ...names.map((one) => `/messages/modules/${one}/outputs/*`),
      ),
      condition,
      fc.constantFrom('$upstream', ...names.map((one) => `BrokeredEndpoint("/modules/${one}/inputs/in")`)),
      fc.boolean(),
    )
    .map(([from, where, into, plain]) => {
      const route = `FROM ${from}${where} INTO ${into}`;
      return plain ? route : { route, priority: 3, timeToLiveSecs: 60 };
    });

const modules = fc.dictionary(name, oneModule, { maxKeys: 5 });

/** The version of the runtime, the schema, modules, routes. */
export const deployment = modules.chain((all) =>
  fc.record({
    version: fc.constantFrom('1.4', '1.5', '1.5.20', '1.6'),
    modules: fc.constant(all),
    routes: fc.dictionary(name, routeTo(Object.keys(all)), { maxKeys: 4 }),
    form: fc.constantFrom('content', 'modulesContent', 'bare'),
    seconds: fc.integer({ min: -1, max: 1e6 }),
  }),
);
