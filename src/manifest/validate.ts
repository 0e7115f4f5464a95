import { distance } from 'fastest-levenshtein';
import type { Finding, Subject } from '../model/finding.ts';
import type { ValueRemedy } from '../rules/manifest.ts';
import { finding } from '../rules/rules.ts';
import { most } from './limits.ts';
import { at, type Node, placeOf, plain } from './node.ts';
import validate, { type SchemaError } from './schema.generated.js';

/** The result of checking a manifest against the schema. */
export interface Validation {
  readonly findings: readonly Finding[];
  /** Tells whether the device at this index and what it inherits have no faults. A faulty device is not judged further. */
  readonly sound: (index: number) => boolean;
}

/** Checks one manifest against schemas/devices.schema.json before merging, so that each fault is reported once, where it is written. */
export function validateManifest(root: Node): Validation {
  const { errors, judged } = schemaErrors(root);
  if (errors.length === 0) return { findings: [], sound: () => true };
  const misspelt = new Set(errors.flatMap((e) => (e.keyword === 'additionalProperties' ? [meantBy(e)] : [])));
  // A misspelt required key is one fault, not two: do not report it as missing too.
  const needed = errors.filter(
    (e) => e.keyword !== 'required' || !misspelt.has(`${e.instancePath}/${text(e.params.missingProperty)}`),
  );
  // If `devices` is a map of ids, report the map and not each of its keys.
  const noList = needed.some((e) => e.keyword === 'required' && e.instancePath === '/devices');
  const reported = needed.filter((e) => !noList || e.instancePath !== '/devices' || e.keyword === 'required');
  const faulty = new Set(errors.map((e) => /^\/devices\/(\d+)/.exec(e.instancePath)?.[1] ?? 'all'));
  const [next] = reported.slice(most.faults);
  const cut = next === undefined ? [] : [finding('manifest/syntax', { kind: 'more-faults' }, subjectOf(next, root))];
  return {
    findings: [...reported.slice(0, most.faults).map((error) => findingOf(error, root)), ...cut],
    sound: (index) => index < judged && !faulty.has('all') && !faulty.has(String(index)),
  };
}

/** The number of devices to validate together. Plain copies of all devices of a long fleet would take most of the run's memory. */
const devicesAtOnce = 1_000;

/** The faults of the first devices, up to about a limit, and the number of these devices. */
function schemaErrors(root: Node): { readonly errors: readonly SchemaError[]; readonly judged: number } {
  const devices = at(root, ['devices']);
  const all = Number.POSITIVE_INFINITY;
  if (root.kind !== 'map' || devices?.kind !== 'list' || devices.items.length <= devicesAtOnce)
    return { errors: errorsIn(root), judged: all };
  const errors: SchemaError[] = [];
  for (let from = 0; from < devices.items.length; from += devicesAtOnce) {
    if (errors.length > most.faults) return { errors, judged: from };
    const node = { ...devices, items: devices.items.slice(from, from + devicesAtOnce) };
    const entries = new Map(root.entries).set('devices', { keyOffset: devices.offset, node });
    for (const error of errorsIn({ ...root, entries })) {
      const [start, index] = /^\/devices\/(\d+)/.exec(error.instancePath) ?? [];
      if (start !== undefined) {
        const rest = error.instancePath.slice(start.length);
        errors.push({ ...error, instancePath: `/devices/${Number(index) + from}${rest}` });
      } else if (from === 0) errors.push(error); // Faults outside `devices` are found again with each part.
    }
  }
  return { errors, judged: all };
}

function errorsIn(root: Node): readonly SchemaError[] {
  return validate(plain(root)) ? [] : (validate.errors ?? []);
}

function subjectOf(error: SchemaError, root: Node): Subject {
  const path = pathOf(error.instancePath);
  return { place: placeOf(at(root, path) ?? root), device: deviceOf(root, path) };
}

function findingOf(error: SchemaError, root: Node): Finding {
  const path = pathOf(error.instancePath);
  const node = at(root, path) ?? root;
  const device = deviceOf(root, path);
  if (error.keyword === 'additionalProperties' && node.kind === 'map') {
    const key = text(error.params.additionalProperty);
    const place = node.source.place(node.entries.get(key)?.keyOffset ?? node.offset);
    const suggestion = suggest(key, knownKeys(error));
    const details = {
      key,
      where: nameOfMap(path),
      known: knownKeys(error),
      ...(suggestion === undefined ? {} : { suggestion }),
    };
    return finding('manifest/unknown-key', details, { place, device });
  }
  const subject = { place: placeOf(node), device };
  if (error.keyword === 'required' && error.instancePath !== '/devices') {
    const key = text(error.params.missingProperty);
    const details = { key: nameOf([...path, key]), expected: 'a value', found: 'nothing' };
    return finding('manifest/type', key === 'id' ? { ...details, remedy: 'device' } : details, subject);
  }
  const key = nameOf(path);
  const quoted = !oftenSecret.test(key);
  const expected = expectedBy(error);
  const remedy = /^\/devices(\/\d+)?$/.test(error.instancePath)
    ? 'device'
    : key === 'devices.from'
      ? 'from'
      : quotesFor(error, key, node, quoted);
  const details = { key, expected, found: describe(node, quoted), ...(remedy === undefined ? {} : { remedy }) };
  return finding('manifest/type', details, subject);
}

/** Keys that take the name of an environment variable. */
const namesVariable = /From$/;

/** Keys where people type secrets by mistake: instead of a variable's name, into an address, after the name of an image. */
const oftenSecret = /From$|^config\.(proxy\.https|agent\.image|agent\.registry\.\w+)$/;

/** Says what a value is. With `quoted` it shows the value itself. */
function describe(node: Node, quoted: boolean): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return 'a list';
  if (node.value === null) return 'nothing';
  if (!quoted) return typeof node.value === 'string' ? 'another text' : `a ${kindOf(node.value)}`;
  if (typeof node.value === 'string')
    return JSON.stringify(node.value.length > 60 ? `${node.value.slice(0, 59)}…` : node.value);
  return `the ${kindOf(node.value)} ${node.written}`;
}

function kindOf(value: number | boolean): string {
  return typeof value === 'number' ? 'number' : 'truth value';
}

function expectedBy({ parentSchema, keyword, params }: SchemaError): string {
  if (typeof parentSchema.expected === 'string') return parentSchema.expected;
  if (keyword === 'enum')
    return `one of ${list(params.allowedValues)
      .filter((v) => v !== null)
      .join(', ')}`;
  const types = [params.type].flat().filter((type) => type !== 'null');
  return types.map((type) => typeNames.get(text(type)) ?? text(type)).join(' or ');
}

const typeNames = new Map([
  ['object', 'a map'],
  ['array', 'a list'],
  ['boolean', 'true or false'],
  ['string', 'text'],
]);

/** Quotes help where text is expected: YAML reads 001, 1.10, yes and 12345e67 as numbers and booleans. */
function quotesFor(error: SchemaError, key: string, node: Node, quoted: boolean): ValueRemedy | undefined {
  const unquoted = node.kind === 'scalar' && node.value !== null && typeof node.value !== 'string';
  if (!unquoted || takesOtherThanText(error) || namesVariable.test(key)) return undefined;
  return quoted ? { quote: node.written } : 'quotes';
}

function takesOtherThanText({ parentSchema: { const: only, type } }: SchemaError): boolean {
  return only !== undefined || [type].flat().some((name) => otherTypes.has(name));
}

const otherTypes: ReadonlySet<unknown> = new Set(['array', 'boolean', 'integer', 'number', 'object']);

/** Returns the known key that was probably meant. */
export function suggest(key: string, known: readonly string[]): string | undefined {
  const allowed = (candidate: string) => Math.max(1, Math.floor(candidate.length / 3));
  const ranked = known
    // Texts of other lengths are that far apart at least. To compare long ones takes long.
    .filter((candidate) => Math.abs(candidate.length - key.length) <= allowed(candidate))
    .map((candidate) => ({ candidate, far: distance(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best !== undefined && best.far <= allowed(best.candidate) ? best.candidate : undefined;
}

function meantBy(error: SchemaError): string {
  return `${error.instancePath}/${suggest(text(error.params.additionalProperty), knownKeys(error)) ?? ''}`;
}

function knownKeys(error: SchemaError): readonly string[] {
  const properties = error.parentSchema.properties;
  return typeof properties === 'object' && properties !== null
    ? Object.keys(properties).filter((key) => key !== '$schema')
    : [];
}

function pathOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Names `devices/3/runtime/version` as `runtime.version`: the place of the finding shows the device. */
function nameOf(path: readonly string[]): string {
  if (path[0] === 'devices' && path[1] === 'from') return 'devices.from';
  const inner =
    path[0] === 'devices' && path.length > 2
      ? path.slice(2)
      : path[0] === 'defaults' && path.length > 1
        ? path.slice(1)
        : path;
  return inner.length === 0
    ? 'the manifest'
    : inner.length === 2 && inner[0] === 'devices'
      ? 'a device'
      : inner.join('.');
}

function nameOfMap(path: readonly string[]): string {
  if (path.length === 0) return 'the manifest';
  return path.length === 2 && path[0] === 'devices' ? 'a device' : nameOf(path);
}

function deviceOf(root: Node, path: readonly string[]): string | undefined {
  if (path[0] !== 'devices' || path[1] === undefined) return undefined;
  const id = at(root, ['devices', path[1], 'id']);
  return id?.kind === 'scalar' && typeof id.value === 'string' ? id.value : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
