import type { Severity } from '../../src/model/finding.ts';
import type { Recorded, Result } from './recorded.ts';

export type Kind = Severity | 'nothing';

/** Numbers that are spelt otherwise when a module gets them. The record says how they were read, and not how they were written. */
const respelt = [
  'agent/schemaVersion/number 1.10',
  'agent/schemaVersion/number 1e0',
  'hub/schemaVersion/number 1.10',
  'hub/schemaVersion/number 1e0',
  'agent/runtime/minDockerVersion number 1.30',
  'agent/env/value number 1.10',
  'agent/env/value number 1e5',
  'agent/env/value number 1.00000000000000000001',
  'agent/env/value number 20000000000000000000.0',
  'agent/env/value number 1E400',
];

/** Each way in which something is held otherwise than it is written, with its severity. The first that fits counts. */
const kinds: readonly (readonly [pattern: RegExp, kind: Kind, why: string])[] = [
  [/second spelling|are the same key|desiredStatus|held: \["z"\]/, 'warning', 'two spellings of a key'],
  [/^modules\/m: dropped|Privileged: dropped \(written true\)/, 'warning', 'two spellings of a key'],
  [/not strict JSON( or|;)/, 'nothing', 'the form of the file: judged apart'],
  [/(not strict JSON is taken|object is taken as if)/, 'warning', 'createOptions that other tools do not read'],
  [
    /^modules\/m\/settings: keys (createOptions\w+|\w+createOptions\w*|createOptions, zcreate\w+) /,
    'warning',
    'another key',
  ],
  [/^modules\/m\/settings: keys /, 'notice', 'the key in other letters'],
  [/joined from \d+ pieces|null is taken as empty/, 'nothing', 'usual forms of createOptions'],
  [/: read as /, 'notice', 'a key in other letters'],
  [/edge(Agent|Hub): (not written|null), absent/, 'notice', 'no edgeAgent or edgeHub'],
  [
    /edgeAgent\/(status|restartPolicy): written "(Running|Always)"/,
    'nothing',
    'another spelling of what is held anyway',
  ],
  [/edgeAgent\/(status|restartPolicy|startupOrder): written/, 'notice', 'edgeAgent ignores it'],
  [/\/\$edge(Agent|Hub): ignored/, 'nothing', 'a key with a dollar sign'],
  [/(vlaue|pullPolicy|timeToLive|runtime\/config): ignored/, 'warning', 'nearly a key that is known'],
  [
    /(settings\/(env|restartPolicy|imagePullPolicy|startupOrder)|~?m\/createOptions|desired\.\S+|(modules|routes)\.x): ignored/,
    'warning',
    'at the wrong level',
  ],
  [/: ignored$/, 'notice', 'an unknown key'],
  [
    /settings\/image: written ".*:latest"$|\(309 chars\)|held as "parenthost:\d+\/x:latest"/,
    'notice',
    ':latest is added',
  ],
  [/settings\/image: written "/, 'nothing', 'blanks, or the parent of the device'],
  [/settings\/image: written/, 'warning', 'an image that is no text'],
  [/written "(2020|\/Date)/, 'warning', 'a date spelt anew'],
  [
    /(status|restartPolicy|imagePullPolicy): written ("[^",]*"), held as/,
    'nothing',
    'a word in other letters or with blanks',
  ],
  [/(status|restartPolicy|imagePullPolicy): written/, 'warning', 'a number or several words for a word'],
  [/RestartPolicy\/Name: written .*, held as \d/, 'warning', 'Docker does not know the number'],
  [/RestartPolicy\/Name: written/, 'nothing', 'a word in other letters'],
  [
    /(startupOrder|priority|timeToLiveSecs|maxSizeBytes|Memory): written (true|false|\d+\.\d*[1-9]\d*),/,
    'warning',
    'another number',
  ],
  [/Privileged: written 1,/, 'warning', 'a number for true'],
  [/timeToLiveSecs: not written/, 'warning', 'no time to live, and so 0'],
  [/^routes: written/, 'warning', 'routes that are no object'],
  [/blank route texts are skipped/, 'warning', 'a skipped route'],
  [/mqttBroker: not read|integrity: not kept/, 'warning', 'not read by this version'],
  [/name held as|no such route held; held: \["\['a/, 'notice', 'a route with another name'],
  [/./, 'nothing', 'plain defaults and usual forms'],
];

/** What the table says of a record: the kinds of all that is held otherwise. */
export function expectedKinds({ id }: Recorded, { understood = [] }: Result): readonly Kind[] {
  const of = understood.map((text) => {
    if (/status: written "(2|99)"|restartPolicy: written "3"|imagePullPolicy: written "1"/.test(text)) return 'warning';
    return kinds.find(([pattern]) => pattern.test(text))?.[1] ?? 'nothing';
  });
  return [...new Set([...of, ...(respelt.includes(id) ? (['warning'] as const) : [])])].filter(
    (kind) => kind !== 'nothing',
  );
}
