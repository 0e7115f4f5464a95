import type { EdgeModule } from './deployment-words.ts';
import { rule } from './rule.ts';
import { nobody } from './sources.ts';

interface OfKey {
  readonly of: EdgeModule;
  /** Where the key stands; empty at the top. */
  readonly key: string;
  readonly written: string;
}

function at(key: string, written: string): string {
  return key === '' ? written : `${key}.${written}`;
}

/** Rules of what the runtime takes and holds otherwise than it is written. Nobody refuses it, and nobody says so. */
export const deploymentHeldRules = {
  'deployment/changed-value': rule<{ of: EdgeModule; key: string; written: string; held: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The runtime holds another value than is written: `running,stopped` is dead, "2" running, 1.5 is 2, true is 1.',
    message: ({ of, key, written, held }) => `${key}: ${of} holds ${written} as ${held}`,
    remedy: ({ held }) => `Write ${/^-?\d+$|^true$/.test(held) ? held : `"${held}"`}, or what is meant.`,
    example: { of: 'edgeAgent', key: 'modules.sensor.status', written: '"running,stopped"', held: 'dead' },
  }),
  'deployment/respelt-value': rule<{ of: EdgeModule; key: string; held: string; date: boolean }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'A number or a date is spelled otherwise when the module gets it: 1.10 is 1.1, 1e5 is 100000.0, a date is in UTC.',
    message: ({ of, key, held, date }) => `${key}: ${of} writes the ${date ? 'date' : 'number'} again, as "${held}"`,
    remedy: ({ held, date }) =>
      date
        ? 'Write it in another form if the module needs this one, for example without the T.'
        : `Put it in quotes, or write "${held}".`,
    example: { of: 'edgeAgent', key: 'modules.sensor.env.VERSION.value', held: '1.1', date: false },
  }),
  'deployment/key-twice': rule<OfKey & { known: string; other: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'A key stands twice, perhaps in other letters. The last one counts.',
    message: ({ key, written, known, other }) =>
      other === written
        ? `the key ${JSON.stringify(at(key, written))} stands twice, and one of them does not count`
        : `${JSON.stringify(at(key, written))} and ${JSON.stringify(other)} are the same key (${known}), and one of them does not count`,
    remedy: () => 'Remove one of them.',
    example: { of: 'edgeAgent', key: 'modules.sensor', written: 'Status', known: 'status', other: 'status' },
  }),
  'deployment/other-key': rule<OfKey & { known: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'A key has the name that the source of the runtime has for another one, and is read as that.',
    message: ({ of, key, written, known }) => `${of} reads ${at(key, written)} as ${known}`,
    remedy: ({ known }) => `Write "${known}", or remove the key.`,
    example: { of: 'edgeAgent', key: 'modules.sensor', written: 'desiredStatus', known: 'status' },
  }),
  'deployment/misspelt-key': rule<OfKey & { known: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'A key that the runtime does not know, and that is close to one that it knows. It is ignored without a message.',
    message: ({ of, key, written, known }) =>
      `${of} does not know the key ${JSON.stringify(at(key, written))} and ignores it; did you mean "${known}"?`,
    remedy: ({ known }) => `Write "${known}", or remove the key.`,
    example: { of: 'edgeHub', key: 'storeAndForwardConfiguration', written: 'timeToLive', known: 'timeToLiveSecs' },
  }),
  'deployment/misplaced-key': rule<OfKey & { belongs: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'A key that the runtime knows at another place. Here it is ignored without a message.',
    message: ({ of, key, written, belongs }) =>
      `${of === 'edgeAgent' && belongs === 'HostConfig' ? 'Docker' : of} ignores ${JSON.stringify(at(key, written))} here; it belongs into ${belongs}`,
    remedy: ({ belongs }) => `Move it into ${belongs}.`,
    example: { of: 'edgeAgent', key: 'modules.sensor.settings', written: 'env', belongs: 'the module' },
  }),
  'deployment/create-options-key': rule<OfKey & { known: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'A key that contains `createOptions` is taken for createOptions, whatever stands before and behind it.',
    message: ({ of, key, written }) => `${of} takes ${JSON.stringify(at(key, written))} for createOptions`,
    remedy: () => 'Write "createOptions" if it is meant; otherwise remove the key.',
    example: {
      of: 'edgeAgent',
      key: 'modules.sensor.settings',
      written: 'createOptionsDisabled',
      known: 'createOptions',
    },
  }),
  'deployment/create-options-object': rule<{ key: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'A file without placeholders has createOptions as an object. The runtime takes it; the hub counts its levels, and other tools expect a text.',
    message: ({ key }) => `${key} is an object, expected the text of one`,
    remedy: () => String.raw`Write it as a text: "createOptions": "{\"HostConfig\":{}}".`,
    example: { key: 'modules.sensor.settings.createOptions' },
  }),
  'deployment/create-options-lenient': rule<{ key: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The text of createOptions is JSON only to edgeAgent: it has single quotes, names without quotes, comments, or a comma at the end.',
    message: ({ key }) => `${key}: edgeAgent takes this text, and no other tool does, since it is not JSON`,
    remedy: () =>
      String.raw`Write names and texts in \", without comments and without a comma before a closing bracket.`,
    example: { key: 'modules.sensor.settings.createOptions' },
  }),
  'deployment/image-not-text': rule<{ key: string; found: string; held: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'The name of an image is no text. edgeAgent makes a text of it, and the pull fails.',
    message: ({ key, found, held }) =>
      `${key}: expected a text, found ${found}, which edgeAgent takes for the image ${JSON.stringify(held)}`,
    remedy: () => 'Write "image": "registry.example.com/name:1.0".',
    example: { key: 'modules.sensor.settings.image', found: '5', held: '5' },
  }),
  'deployment/no-routes': rule<{ found: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'The routes of edgeHub are no object. edgeHub takes that, and has no routes.',
    message: ({ found }) =>
      `routes: expected an object, found ${found}, from which edgeHub reads no routes by their names`,
    remedy: () => 'Write "routes": {"name": "FROM /messages/* INTO $upstream"}.',
    example: { found: 'null' },
  }),
  'deployment/skipped-route': rule<{ key: string; found: string }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'A route is blank. With schemaVersion 1.0, edgeHub from 1.2 on skips it.',
    message: ({ key, found }) => `${key} is ${found}; edgeHub skips this route`,
    remedy: ({ key }) => `Write "${key.split('.').at(-1) ?? 'name'}": "FROM /messages/* INTO $upstream", or remove it.`,
    example: { key: 'routes.upstream', found: '""' },
  }),
  'deployment/no-time-to-live': rule<Record<never, never>>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'There is no timeToLiveSecs in storeAndForwardConfiguration, which edgeHub takes for 0: messages are not kept while the device is offline.',
    message: () =>
      'storeAndForwardConfiguration has no timeToLiveSecs; edgeHub takes that for 0 and keeps no message while it is offline',
    remedy: () => 'Write "timeToLiveSecs": 7200, or the seconds for which messages are to be kept.',
    example: {},
  }),
  'deployment/not-read': rule<{ key: string; runtime: string; needs: string; known: boolean }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The keys mqttBroker and integrity are read with certain versions of the schema alone, and by edgeHub from 1.2 on.',
    message: ({ key, runtime, needs, known }) =>
      known
        ? `edgeHub ${runtime} does not read ${key} here: it needs schemaVersion "${needs}", and a value`
        : `edgeHub ${runtime} does not know ${key} and ignores it`,
    remedy: ({ key, needs, known }) =>
      known ? `Remove ${key}, or write "schemaVersion": "${needs}".` : `Remove ${key}, or update the device.`,
    example: { key: 'mqttBroker', runtime: '1.5', needs: '1.2', known: true },
  }),
  'deployment/key-case': rule<OfKey & { known: string }>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'A key is written in other letters than in the documentation. The runtime takes it.',
    message: ({ of, key, written, known }) => `${of} reads ${JSON.stringify(at(key, written))} as ${known}`,
    remedy: ({ known }) => `Write "${known}".`,
    example: { of: 'edgeAgent', key: 'modules.sensor', written: 'RestartPolicy', known: 'restartPolicy' },
  }),
  'deployment/unknown-key': rule<OfKey>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'A key that the runtime does not know. It is ignored.',
    message: ({ of, key, written }) => `${of} does not know the key ${JSON.stringify(at(key, written))} and ignores it`,
    remedy: () => 'Remove it; a comment is best written as "_comment".',
    example: { of: 'edgeAgent', key: 'modules.sensor', written: 'owner' },
  }),
  'deployment/edge-agent-fixed': rule<{ key: string; written: string; held: string }>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The keys status, restartPolicy and startupOrder of edgeAgent are ignored: it always runs, restarts and comes first.',
    message: ({ key, written, held }) => `${key} is ${written}, which edgeAgent ignores: it holds ${held}`,
    remedy: ({ key }) => `Remove ${key.split('.').at(-1) ?? 'it'}.`,
    example: { key: 'systemModules.edgeAgent.status', written: '"stopped"', held: 'running' },
  }),
  'deployment/no-system-module': rule<{ name: 'edgeAgent' | 'edgeHub' }>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'There is no edgeAgent or no edgeHub in systemModules. The agent then goes on as it is; without edgeHub no message leaves the device.',
    message: ({ name }) => `systemModules has no ${name}`,
    remedy: ({ name }) => `Write "${name}" into systemModules if the device has none yet or should have one.`,
    example: { name: 'edgeHub' },
  }),
  'deployment/no-tag': rule<{ key: string; image: string }>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about: 'An image has no tag. edgeAgent adds `:latest`, so that devices may run different versions.',
    message: ({ key, image }) => `${key}: ${JSON.stringify(image)} has no tag; edgeAgent adds ":latest"`,
    remedy: ({ image }) => `Write the version: ${JSON.stringify(`${image.trim()}:1.0`)}.`,
    example: { key: 'modules.sensor.settings.image', image: 'registry.example.com/sensor' },
  }),
  'deployment/route-name': rule<{ name: string; held: string }>({
    severity: 'notice',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The name of a route has a sign for which edgeHub puts it in brackets: in logs and metrics it has another name.',
    message: ({ name, held }) => `edgeHub calls the route ${JSON.stringify(name)} ${held}`,
    remedy: () => 'Use letters, digits, "-" and "_" alone.',
    example: { name: 'to.upstream', held: "['to.upstream']" },
  }),
};
