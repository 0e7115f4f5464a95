import type { Value } from '../json/value.ts';
import { problem } from '../problem.ts';
import { respeltDate } from '../reading/date.ts';
import { foundText } from '../reading/found.ts';
import type { Held, Reading } from '../reading/shape.ts';
import { textOf } from '../reading/token-text.ts';
import { trimmed } from '../route/dotnet-text.ts';

/** ImageRegexPattern of DockerConfig.cs, "a less strict version" of Docker's. `$` in .NET is also before a last line break. */
const form = /^([^/]*\/)*[^/:]+(:[^/:]+)?\n?$/;
const withTag = /^([^/]*\/)*[^/:]+:[^/:]+\n?$/;
/** NestedEdgeParentUrlParser.cs */
const upstream = /^.*\$upstream:[1-9].*/;

/** ValidateAndGetImage of DockerConfig.cs. A value that is no text is turned into one (JToken.ToString). */
export function readImage(reading: Reading, value: Value | undefined, key: string, settings: Value): Held {
  if (value === undefined) return reading.refuse({ kind: 'missing', key, isNull: false }, settings);
  if (reading.isOpen(value)) return 'value';
  if (value.kind === 'null') return reading.refuse({ kind: 'missing', key, isNull: true }, value);
  const image = trimmed(textOf(value));
  if (image === '') return reading.refuse({ kind: 'blank', key }, value);
  const refuse = (why: 'form' | 'dollar' | 'digest') => {
    const details = {
      of: reading.of,
      runtime: reading.runtime.name,
      stage: 'parse',
      key,
      image: image.slice(0, 300),
      why,
    } as const;
    reading.problems.push(problem('deployment/image', details, value));
    return 'refused' as const;
  };
  if (reading.runtime.knowsUpstream && image.startsWith('$') && !upstream.test(image)) return refuse('dollar');
  const isDate = value.kind === 'text' && respeltDate(value.text) !== undefined;
  if (isDate || !form.test(image)) return refuse(/:[^/]*@sha256:/.test(image) ? 'digest' : 'form');
  if (value.kind !== 'text') {
    reading.problems.push(problem('deployment/image-not-text', { key, found: foundText(value), held: image }, value));
  } else if (!withTag.test(image)) {
    reading.problems.push(problem('deployment/no-tag', { key, image: image.slice(0, 300) }, value));
  }
  return 'value';
}
