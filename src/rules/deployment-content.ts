import { rule } from './rule.ts';
import { allVersions, nobody, twinFormat } from './sources.ts';

/** What a hub does not take in desired properties. */
export type HubLimit =
  | { readonly kind: 'depth' | 'key size' | 'integer' | 'null in list' }
  | { readonly kind: 'key character'; readonly character: string; readonly name: string }
  | { readonly kind: 'text'; readonly bytes: number };

/** What the hub refuses in a deployment, and what a deployment itself contradicts. */
export const deploymentContentRules = {
  'deployment/hub-limit': rule<{ module: string; key: string; fault: HubLimit }>({
    severity: 'error',
    refusedBy: [{ who: 'hub', source: twinFormat }],
    adjustable: 'warning',
    about:
      'A key or a value is none that an IoT hub takes as a desired property, so the hub refuses the whole deployment.',
    message: ({ module, key, fault }) => `${module}: ${key} ${limitText(fault)}; the hub refuses the deployment`,
    remedy: ({ fault }) => limitRemedy(fault),
    example: {
      module: '$edgeAgent',
      key: 'modules.sensor.env.Logging.Level',
      fault: { kind: 'key character', character: '.', name: 'Logging.Level' },
    },
  }),
  'deployment/too-large': rule<{ module: string; bytes: number; most: number }>({
    severity: 'error',
    refusedBy: [{ who: 'hub', source: twinFormat }],
    adjustable: 'warning',
    about: 'The desired properties of one module are more than an IoT hub takes.',
    message: ({ module, bytes, most }) => `${module} has ${bytes} bytes of desired properties; a hub takes ${most}`,
    remedy: () =>
      'Shorten createOptions, or move modules to a layered deployment for other devices: all modules of one device share the limit.',
    example: { module: '$edgeAgent', bytes: 34000, most: 32768 },
  }),
  'deployment/nearly-too-large': rule<{ module: string; bytes: number; most: number }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The desired properties of one module are over three quarters of what an IoT hub takes. What edgeAgent reports about them has the same limit, and is longer (https://github.com/Azure/iotedge/issues/7035).',
    message: ({ module, bytes, most }) =>
      `${module} has ${bytes} bytes of desired properties, of ${most} that a hub takes; what the module reports needs more and has the same limit`,
    remedy: () => 'Shorten createOptions, or have fewer modules on a device.',
    example: { module: '$edgeAgent', bytes: 26000, most: 32768 },
  }),
  'deployment/module-name': rule<{ name: string }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: allVersions,
        when: 'deployment',
        source: 'https://github.com/moby/moby/blob/v28.3.0/daemon/names/names.go',
      },
    ],
    adjustable: 'warning',
    about:
      'Docker takes no container of this name, so the module never starts. A container has the name of its module.',
    message: ({ name }) =>
      `the module name ${JSON.stringify(name)} is none for a container, expected letters, digits, _ . or -, the first a letter or digit`,
    remedy: ({ name }) => `Rename the module, for example to ${JSON.stringify(containerName(name))}, also in routes.`,
    example: { name: 'my sensor' },
  }),
  'deployment/port-twice': rule<{ port: string; module: string; other: string }>({
    severity: 'error',
    refusedBy: [
      {
        who: 'runtime',
        versions: allVersions,
        when: 'deployment',
        source: 'https://docs.docker.com/engine/network/port-publishing/',
      },
    ],
    adjustable: 'warning',
    about: 'Two modules publish one port of the host. Docker starts the first one alone.',
    message: ({ port, module, other }) =>
      module === other
        ? `${module} publishes port ${port} of the host twice`
        : `${module} publishes port ${port} of the host, which ${other} publishes already; Docker does not start the second one`,
    remedy: ({ port }) => `Give one of them another HostPort than ${JSON.stringify(port.split('/')[0])}.`,
    example: { port: '8080/tcp', module: 'web', other: 'proxy' },
  }),
  'deployment/metrics-port': rule<Record<never, never>>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The modules edgeAgent and edgeHub are both on the network of the host, where each of them wants port 9600 for its metrics.',
    message: () =>
      'edgeAgent and edgeHub are both on the network of the host, and each wants port 9600 for its metrics, so edgeHub stops',
    remedy: () => 'Set "MetricsEnabled": {"value": "false"} or "port": {"value": "9601"} in the env of edgeAgent.',
    example: {},
  }),
  'deployment/route-module': rule<{ key: string; module: string; role: 'from' | 'to'; known: readonly string[] }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'A route takes messages from a module that the deployment does not have, or gives them to one. edgeHub does not notice.',
    message: ({ key, module, role }) =>
      role === 'from'
        ? `${key} takes messages from the module ${JSON.stringify(module)}, which is not in modules`
        : `${key} gives messages to the module ${JSON.stringify(module)}, which is not in modules; edgeHub keeps them until they expire`,
    remedy: ({ known }) =>
      known.length === 0
        ? 'Add the module, or remove the route.'
        : `Name one of these: ${known.join(', ')}. Or add the module, or remove the route.`,
    example: { key: 'routes.toFilter', module: 'filtr', role: 'to', known: ['filter', 'sensor'] },
  }),
  'deployment/route-never': rule<{ key: string; why: 'source' | 'condition'; text: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'No message can take a route: no message has this source, or the condition can never be true.',
    message: ({ key, why, text }) =>
      why === 'source'
        ? `${key}: no message has the source ${JSON.stringify(text)}`
        : `${key}: the condition ${JSON.stringify(text)} can never be true`,
    remedy: ({ why }) =>
      why === 'source'
        ? 'Write /messages/*, /messages/modules/NAME/outputs/OUTPUT or /twinChangeNotifications; * stands only at the end.'
        : "A property is text and has to be compared, as in level = 'high' or as_number(temp) > 20; true and false are written in small letters.",
    example: { key: 'routes.upstream', why: 'condition', text: 'TRUE' },
  }),
  'deployment/login-unused': rule<{
    name: string;
    address: string;
    registries: readonly string[];
    why: 'form' | 'docker hub' | 'no image';
  }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'A login is used by edgeAgent for the images whose registry is exactly its address. No image of this deployment has this one, so its images are pulled without a login (FirstAuthConfig of DockerUtil.cs).',
    message: ({ name, address, why }) =>
      why === 'no image'
        ? `the login ${JSON.stringify(name)} is for ${JSON.stringify(address)}, from which no image comes`
        : `the login ${JSON.stringify(name)} has the address ${JSON.stringify(address)}, which edgeAgent finds for no image`,
    remedy: ({ why, registries, address }) => loginRemedy(why, registries, address),
    example: {
      name: 'acr',
      address: 'https://contoso.azurecr.io',
      registries: ['contoso.azurecr.io'],
      why: 'form',
    },
  }),
  'deployment/login-missing': rule<{ registry: string; module: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'An image comes from a registry for which another deployment of the run has a login, and this one has none. The registry refuses the device, unless its configuration has the login.',
    message: ({ registry, module }) =>
      `the image of ${module} comes from ${registry}, for which another deployment has a login and this one has none`,
    remedy: ({ registry }) =>
      `Write "registryCredentials": {"name": {"address": ${JSON.stringify(registry)}, "username": "…", "password": "…"}} in runtime.settings.`,
    example: { registry: 'contoso.azurecr.io', module: 'filter' },
  }),
  'deployment/layer-base': rule<{ module: string; path: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'A layer sets a part of a module that no deployment of the run has. A device without the rest refuses the module.',
    message: ({ module, path }) => `the layer sets ${path}, and no deployment has the module ${JSON.stringify(module)}`,
    remedy: ({ module }) =>
      `Correct the name, add the deployment that has ${JSON.stringify(module)} to the input deployments, or write the whole module: "properties.desired.modules.${module}".`,
    example: { module: 'camera', path: 'modules.camera.env.RATE' },
  }),
  'deployment/fewer-pieces': rule<{ module: string; before: number; now: number }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The createOptions of a module have fewer pieces (createOptions01 …) than at the commit before. The hub lays the deployment over what is there, so the old pieces that are left over stay in force and spoil the text (https://github.com/Azure/iotedge/issues/7489).',
    message: ({ module, before, now }) =>
      `createOptions of ${module} are in ${pieces(now)} now and were in ${pieces(before)}: the old ones from ${pieceKey(now)} on stay in force`,
    remedy: ({ before, now }) => `Keep ${pieces(before)}: add ${blankPieces(now, before)}.`,
    example: { module: 'edgeHub', before: 3, now: 1 },
  }),
};

function pieces(count: number): string {
  return count === 1 ? 'one piece' : `${count} pieces`;
}

function pieceKey(index: number): string {
  return `createOptions${String(index).padStart(2, '0')}`;
}

/** A blank piece is taken, and changes nothing. */
function blankPieces(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `"${pieceKey(from + index)}": ""`).join(', ');
}

function limitText(fault: HubLimit): string {
  switch (fault.kind) {
    case 'depth':
      return 'is nested deeper than 10 levels';
    case 'key size':
      return 'is a key of more than 1,024 bytes';
    case 'integer':
      return 'is a whole number beyond 52 bits';
    case 'null in list':
      return 'is null in a list';
    case 'key character':
      return `has ${characterText(fault.character)} in its name`;
    case 'text':
      return `is a text of ${fault.bytes} bytes, of at most 4,096`;
  }
}

function limitRemedy(fault: HubLimit): string {
  switch (fault.kind) {
    case 'depth':
      return 'Nest it less, or write the inner part as a text.';
    case 'key size':
      return 'Shorten the key.';
    case 'integer':
      return 'Write the number as a text.';
    case 'null in list':
      return 'Remove the null from the list.';
    case 'key character':
      return fault.name.includes('.')
        ? `Write ${JSON.stringify(fault.name.replaceAll('.', '__').replace(/[\s$#]/g, '_'))}; .NET reads __ in names of variables as it reads a colon. Or set it in Env of createOptions.`
        : `Write ${JSON.stringify(fault.name.replace(/[\p{Cc}\s$#]/gu, '_'))}.`;
    case 'text':
      return 'Split createOptions into createOptions, createOptions01, createOptions02 …; no piece over 4,096 bytes.';
  }
}

function characterText(character: string): string {
  if (character === ' ') return 'a space';
  return /\p{Cc}/u.test(character) ? 'a control character' : `a ${character}`;
}

function containerName(name: string): string {
  const plain = name.replace(/[^a-zA-Z0-9_-]+/g, '-').replace(/^[^a-zA-Z0-9]+|-+$/g, '');
  return plain.length > 1 ? plain : 'my-module';
}

function loginRemedy(why: 'form' | 'docker hub' | 'no image', registries: readonly string[], address: string): string {
  if (why === 'docker hub')
    return 'Write "address": "https://index.docker.io/v1/", by which edgeAgent knows Docker Hub.';
  if (why === 'form') return `Write "address": ${JSON.stringify(hostOf(address))}.`;
  return registries.length === 0
    ? 'Remove the login.'
    : `Write the registry of the images as address (${registries.slice(0, 5).join(', ')}), or remove the login.`;
}

/** The host, with its port, as it stands before the image. */
function hostOf(address: string): string {
  return address
    .trim()
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/\/.*$/s, '');
}
