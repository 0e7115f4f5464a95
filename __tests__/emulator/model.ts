import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { key } from './devices/identities.ts';
import { configurationModel, type ModelDevice } from './model-configurations.ts';
import { type BulkStep, type EtagChoice, ids, type Step, type Wish } from './steps.ts';

/** Sends one call; `body` is undefined for none. */
export type Send = (method: string, path: string, body?: object, etag?: string) => Promise<Reply> | Reply;

export interface Reply {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
}

/**
 * What the model knows about one device. Values that the hub makes up (etag, scope, keys, generation) are learned from
 * its first answer.
 */
interface Device extends ModelDevice {
  readonly status: string;
  readonly reason: string | null;
  readonly type: 'sas' | 'selfSigned';
  /** Keys or thumbprints. Undefined: the hub makes new keys. */
  pair: readonly string[] | undefined;
  etag: string | undefined;
  scope: string | undefined;
  generation: string | undefined;
}

const thumbprints = ['AB'.repeat(20), 'CD'.repeat(20)];
const refusals = { 409: 409001, 404: 404001, 412: 412001, 400: 400004 } as const;
type Refusal = keyof typeof refusals;

/** Makes the calls, and compares every answer, and at the end the whole hub, with a small model. Fails by `expect`. */
export async function follow(steps: readonly Step[], send: Send): Promise<void> {
  /** In order of creation. */
  const model = new Map<string, Device>();
  const seen = { etags: new Set<string>(['MA==']), keys: new Set<string>(), generations: new Set<string>() };

  const configurations = configurationModel(model, send);
  for (const step of steps) {
    await take(step);
    configurations.settle();
  }
  await configurations.compare();
  for (const each of ids) await read(each);
  expect((await send('GET', '/devices')).body.map((device: { deviceId: string }) => device.deviceId)).toEqual([
    ...model.keys(),
  ]);

  async function take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'statistics':
        return statistics();
      case 'list': {
        const { body } = await send('GET', `/devices?top=${step.top}`);
        for (const device of body) learn(device.deviceId, device);
        return expectEqual(
          body.map((device: { deviceId: string }) => device.deviceId),
          [...model.keys()].slice(0, step.top),
        );
      }
      case 'get':
        return read(step.id);
      case 'create': {
        const answer = await send('PUT', path(step.id), { deviceId: step.id, ...bodyOf(step.id, step.wish) });
        return settle(answer, step.id, create(step.id, step.wish));
      }
      case 'update': {
        const sent = etagOf(step.id, step.etag);
        const body = { deviceId: step.id, ...bodyOf(step.id, step.wish) };
        const answer = await send('PUT', path(step.id), body, sent === '*' ? '*' : `"${sent}"`);
        return settle(answer, step.id, update(step.id, step.wish, sent));
      }
      case 'delete': {
        const sent = step.etag === 'none' ? undefined : etagOf(step.id, step.etag);
        const answer = await send('DELETE', path(step.id), undefined, sent);
        const refused = sent === undefined ? 412 : remove(step.id, sent);
        return expectEqual(answer.status, refused ?? 204);
      }
      case 'tag': {
        const answer = await send('PATCH', `/twins/${encodeURIComponent(step.id)}`, { tags: { site: step.site } });
        const device = model.get(step.id);
        if (device !== undefined) model.set(step.id, { ...device, site: step.site });
        return expectEqual(answer.status, device === undefined ? 404 : 200);
      }
      case 'agent':
        await configurations.agent(step.id);
        return;
      case 'configure':
      case 'unconfigure':
      case 'report':
      case 'configurations':
        return configurations.take(step);
      case 'bulk':
        return bulk(step.entries);
    }
  }

  async function bulk(entries: readonly BulkStep[]): Promise<void> {
    const body = entries.map((entry) => ({
      id: entry.id,
      importMode: entry.mode,
      eTag: etagOf(entry.id, entry.etag),
      ...(entry.mode.startsWith('delete') ? {} : bodyOf(entry.id, entry.wish)),
    }));
    const expected = entries.flatMap((entry, at) => {
      const code = isTwice(entry, entries) ? 400011 : bulkRefusal(entry, body[at]!.eTag);
      return code === undefined ? [] : [{ deviceId: entry.id, errorCode: code }];
    });
    const answer = await send('POST', '/devices', body);
    expectEqual(answer.status, expected.length === 0 ? 200 : 400);
    expectEqual(answer.body.isSuccessful, expected.length === 0);
    expectEqual(
      answer.body.errors.map((error: { deviceId: string; errorCode: number }) => ({
        deviceId: error.deviceId,
        errorCode: error.errorCode,
      })),
      expected,
    );
    for (const { id } of entries) await read(id);
  }

  function bulkRefusal(entry: BulkStep, sent: string): number | undefined {
    const conditional = entry.mode.endsWith('IfMatchETag') ? sent : '*';
    const refused =
      entry.mode === 'create'
        ? create(entry.id, entry.wish)
        : entry.mode.startsWith('delete')
          ? remove(entry.id, conditional)
          : update(entry.id, entry.wish, conditional);
    return refused === undefined ? undefined : refusals[refused];
  }

  // The model: three rules. Each returns the status of a refusal, or undefined once it is done.

  function create(id: string, wish: Wish): Refusal | undefined {
    if (model.has(id)) return 409;
    model.set(id, { ...deviceOf(wish), ...untouched, scope: undefined, generation: undefined });
    return undefined;
  }

  function update(id: string, wish: Wish, sent: string): Refusal | undefined {
    const device = model.get(id);
    if (device === undefined) return 404;
    if (sent !== '*' && sent !== device.etag) return 412;
    if (device.edge && wish.edge && !wish.echo) return 400;
    const scope = device.edge && wish.edge ? device.scope : undefined;
    // A leaf has no modules of the runtime; they begin anew when it becomes an edge device again.
    const { agent, code, site } = device;
    const kept = device.edge && wish.edge ? { agent, code, site } : { ...untouched, site };
    model.set(id, { ...deviceOf(wish), ...kept, scope, generation: device.generation });
    return undefined;
  }

  function remove(id: string, sent: string): Refusal | undefined {
    const device = model.get(id);
    if (device === undefined) return 404;
    if (sent !== '*' && sent !== device.etag) return 412;
    model.delete(id);
    return undefined;
  }

  // Requests and answers.

  function bodyOf(id: string, wish: Wish): object {
    const scope = model.get(id)?.scope;
    const authentication = {
      thumbprints: {
        type: 'selfSigned',
        x509Thumbprint: { primaryThumbprint: thumbprints[0], secondaryThumbprint: thumbprints[1] },
      },
      keys: { type: 'sas', symmetricKey: { primaryKey: key, secondaryKey: key } },
      'left out': undefined,
    }[wish.authentication];
    return {
      status: wish.status,
      ...(wish.reason === undefined ? {} : { statusReason: wish.reason }),
      ...(authentication === undefined ? {} : { authentication }),
      capabilities: { iotEdge: wish.edge },
      ...(wish.edge && wish.echo && scope !== undefined ? { deviceScope: scope } : {}),
    };
  }

  function etagOf(id: string, choice: EtagChoice): string {
    const own = model.get(id)?.etag;
    if (choice === '*') return '*';
    if (choice === 'right' && own !== undefined) return own;
    if (choice === 'stale') return [...seen.etags].findLast((each) => each !== own)!;
    return 'MA==';
  }

  function settle(answer: Reply, id: string, refused: Refusal | undefined): void {
    expectEqual(answer.status, refused ?? 200);
    if (refused === undefined) learn(id, answer.body);
  }

  async function read(id: string): Promise<void> {
    const answer = await send('GET', path(id));
    expectEqual(answer.status, model.has(id) ? 200 : 404);
    if (model.has(id)) learn(id, answer.body);
  }

  async function statistics(): Promise<void> {
    const enabled = [...model.values()].filter((device) => device.status === 'enabled').length;
    expectEqual((await send('GET', '/statistics/devices')).body, {
      totalDeviceCount: model.size,
      enabledDeviceCount: enabled,
      disabledDeviceCount: model.size - enabled,
    });
  }

  /** Compares a device in an answer with the model, and learns the values that the hub made up, which must be new. */
  function learn(id: string, body: Reply['body']): void {
    const device = model.get(id)!;
    device.etag ??= fresh(seen.etags, body.etag);
    device.generation ??= fresh(seen.generations, body.generationId);
    device.pair ??= [body.authentication.symmetricKey.primaryKey, body.authentication.symmetricKey.secondaryKey].map(
      (made) => fresh(seen.keys, made),
    );
    if (device.edge) device.scope ??= String(body.deviceScope);
    const [primary, secondary] = device.pair;
    const sas = device.type === 'sas';
    expectEqual(
      {
        deviceId: body.deviceId,
        status: body.status,
        reason: body.statusReason,
        iotEdge: body.capabilities.iotEdge,
        scope: body.deviceScope,
        etag: body.etag,
        generation: body.generationId,
        authentication: body.authentication,
      },
      {
        deviceId: id,
        status: device.status,
        reason: device.reason,
        iotEdge: device.edge,
        scope: device.scope,
        etag: device.etag,
        generation: device.generation,
        authentication: {
          symmetricKey: { primaryKey: sas ? primary : null, secondaryKey: sas ? secondary : null },
          x509Thumbprint: { primaryThumbprint: sas ? null : primary, secondaryThumbprint: sas ? null : secondary },
          type: device.type,
        },
      },
    );
  }
}

/** A device that nobody has tagged and no deployment has reached. */
const untouched = { site: undefined, agent: {}, code: undefined } as const;

function deviceOf(wish: Wish): Omit<Device, 'scope' | 'generation' | keyof typeof untouched> {
  return {
    status: wish.status,
    reason: wish.reason ?? null,
    edge: wish.edge,
    type: wish.authentication === 'thumbprints' ? 'selfSigned' : 'sas',
    pair: { thumbprints, keys: [key, key], 'left out': undefined }[wish.authentication],
    etag: undefined,
  };
}

function isTwice(entry: BulkStep, entries: readonly BulkStep[]): boolean {
  return entries.filter((other) => other.id === entry.id).length > 1;
}

function path(id: string): string {
  return `/devices/${encodeURIComponent(id)}`;
}

function fresh(seen: Set<string>, made: unknown): string {
  if (typeof made !== 'string' || made === '' || seen.has(made)) expect.fail(`${String(made)} is not new`);
  seen.add(String(made));
  return String(made);
}

/** `expect` takes as long as the call itself, so it is used only for its message. */
function expectEqual(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected);
}
