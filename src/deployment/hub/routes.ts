import { insideOf } from '../json/inside.ts';
import { type MapValue, offsetOf, type Value } from '../json/value.ts';
import { problem, problemAtKey } from '../problem.ts';
import { foundText } from '../reading/found.ts';
import { wholeOfNumber, wholeOfText } from '../reading/number.ts';
import { type Held, object, type Reading, type Shape, text, whole } from '../reading/shape.ts';
import { textOf } from '../reading/token-text.ts';
import { trimmed } from '../route/dotnet-text.ts';
import { isRefusal } from '../route/route.ts';
import { hasPlaceholder } from '../template.ts';

/** RouteConfig.cs wants one. */
export const nameOfRoute = 'routes: the name of a route';

/** `routes` from schemaVersion 1.1 on, and of all versions up to 1.1: RouteSpecConverter.cs, which takes any JSON. */
export const routes: Shape = { kind: 'own', read: readRoutes };

function readRoutes(reading: Reading, value: Value, key: string): Held {
  if (reading.isOpen(value)) return 'value';
  if (value.kind === 'map') return readNamed(reading, value, key);
  if (value.kind === 'list') {
    for (const [index, item] of value.items.entries()) readListed(reading, item, `${key}[${index}]`);
  }
  // It has no children, so there are no routes, and nobody says so.
  reading.problems.push(problem('deployment/no-routes', { found: foundText(value) }, value));
  return 'value';
}

function readNamed(reading: Reading, map: MapValue, key: string): Held {
  for (const { key: name, keyOffset, value } of reading.membersOf(map)) {
    const path = `${key}.${name}`;
    if (trimmed(name) === '' && !special.test(name)) {
      reading.refuse({ kind: 'blank', key: nameOfRoute }, { keyOf: map, offset: keyOffset });
      continue;
    }
    readOneRoute(reading, value, path);
    if (!special.test(name) || (reading.template && hasPlaceholder(name))) continue;
    const held = `['${name.replace(/[\\']/g, String.raw`\$&`).replace(/\n/g, String.raw`\n`).replace(/\t/g, String.raw`\t`)}']`;
    reading.problems.push(problemAtKey('deployment/route-name', { name, held }, map, keyOffset));
  }
  return 'value';
}

/** SpecialCharacters of JsonPosition.cs, Newtonsoft.Json: a name with one of them is written in brackets. */
const special = /[. '/"[\]()\t\n\r\f\b\\\u0085\u2028\u2029]/;

/** An item of a list is taken for a route with a name. Only a list that begins with a text or an object passes by that. */
function readListed(reading: Reading, item: Value, key: string): void {
  const [first] = item.kind === 'list' ? item.items : [];
  if (first?.kind === 'text' || first?.kind === 'map') readOneRoute(reading, first, key);
  else reading.refuse({ kind: 'type', key, expected: 'routes by their names', found: foundText(item) }, item);
}

export function readOneRoute(reading: Reading, value: Value, key: string): void {
  if (reading.isOpen(value)) return;
  if (value.kind === 'text') {
    if (trimmed(value.text) === '') reading.refuse({ kind: 'blank', key }, value);
    else readRouteText(reading, value.text, value, key);
  } else if (value.kind === 'map') readSpec(reading, value, key);
  else
    reading.refuse(
      { kind: 'type', key, expected: 'a text or an object with the key route', found: foundText(value) },
      value,
    );
}

/** RouteSpec.cs, and RouteConfiguration.cs up to 1.1. */
const spec = object({
  route: {
    shape: {
      kind: 'own',
      read: (reading, value, key) => {
        if (reading.isOpen(value)) return 'value';
        if (value.kind === 'null') return 'null';
        if (value.kind === 'map' || value.kind === 'list') return reading.read(value, text, key);
        const route = textOf(value);
        if (trimmed(route) === '') return reading.refuse({ kind: 'blank', key }, value);
        return readRouteText(reading, route, value, key);
      },
    },
    needs: 'value',
  },
  priority: { shape: { kind: 'own', read: readPriority } },
  timeToLiveSecs: whole('uint32'),
});

function readSpec(reading: Reading, map: MapValue, key: string): void {
  reading.fields(map, spec, key);
}

/** `DefaultPriority` of RouteFactory.cs is taken too. */
const defaultPriority = 2_000_000_000n;

function readPriority(reading: Reading, value: Value, key: string): Held {
  const held = reading.read(value, whole('uint32'), key);
  if (held !== 'value' || reading.isOpen(value)) return held;
  const number =
    value.kind === 'number'
      ? wholeOfNumber(value.written, 'uint32')
      : wholeOfText(value.kind === 'text' ? value.text : '0', 'uint32');
  if (number.kind === 'held' && (number.value <= 9n || number.value === defaultPriority)) return held;
  return reading.refuse({ kind: 'priority', key, found: foundText(value) }, value);
}

/** RouteFactory.Create of edgeHub, and the compiler of its conditions. */
export function readRouteText(reading: Reading, route: string, value: Value, key: string): Held {
  const { problems, runtime } = reading;
  const read = reading.texts.route(route);
  const place = (offset: number) => (value.kind === 'text' ? insideOf(value).inFile(offset) : offsetOf(value));
  if (!isRefusal(read)) {
    for (const { kind, text: ignored, offset } of read.ignored) {
      const details = { key, text: ignored.slice(0, 200) };
      if (ignored.trim() === '') continue;
      const rule = kind === 'comment' ? 'deployment/route-comment' : 'deployment/route-rest';
      problems.push(problem(rule, details, place(offset)));
    }
    return 'value';
  }
  const of = { key, character: read.offset + 1, runtime: runtime.name };
  problems.push(
    read.stage === 'parse'
      ? problem('deployment/route', { ...of, stage: 'parse', fault: read.what }, place(read.offset))
      : problem('deployment/route-condition', { ...of, stage: 'compile', fault: read.what }, place(read.offset)),
  );
  return 'refused';
}
