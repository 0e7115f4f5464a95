import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { Send } from './model.ts';
import { type ConfigurationStep, conditions } from './steps.ts';

/** What the configurations' part of the model has to know about a device. */
export interface ModelDevice {
  readonly edge: boolean;
  readonly site: string | undefined;
  /** What the agent is told to run, with the image of each. It stays when no deployment is left. */
  agent: Readonly<Record<string, string>>;
  /** What the agent last reported about just this. */
  code: number | undefined;
}

interface ModelConfiguration {
  readonly version: number;
  readonly age: number;
  readonly condition: keyof typeof conditions;
  readonly priority: number;
  readonly content: ConfigurationStep['content'];
}

/** The rules of configurations once more, as plainly as can be: everything is worked out anew after every step. */
export function configurationModel(devices: ReadonlyMap<string, ModelDevice>, send: Send) {
  const model = new Map<string, ModelConfiguration>();
  let age = 0;

  function targets(id: string, device: ModelDevice): readonly (readonly [string, ModelConfiguration])[] {
    return [...model]
      .filter(([, { condition }]) => device.edge && conditions[condition](id, device.site))
      .sort(([, one], [, other]) => other.priority - one.priority || other.age - one.age);
  }

  /** The base and what is stronger, the base first. */
  function applied(id: string, device: ModelDevice) {
    const all = targets(id, device);
    const base = all.findIndex(([, { content }]) => content.kind === 'base');
    return base === -1 ? [] : all.slice(0, base + 1).reverse();
  }

  /** What the hub has done by the next call. */
  function settle(): void {
    for (const [id, device] of devices) {
      const layers = applied(id, device);
      if (layers.length === 0) continue;
      const agent = Object.fromEntries(layers.map(([, { content }]) => [content.module, content.image]));
      if (isDeepStrictEqual(agent, device.agent)) continue;
      device.agent = agent;
      device.code = undefined;
    }
  }

  async function put(step: ConfigurationStep): Promise<void> {
    const body = {
      id: step.id,
      content: contentOf(step.content),
      targetCondition: step.condition,
      priority: step.priority,
    };
    const etag = etagOf(step.id, step.etag);
    const answer = await send('PUT', `/configurations/${step.id}`, body, etag);
    const current = model.get(step.id);
    const updates = etag === '*' || etag?.startsWith('"');
    const refused = updates ? refusalOf(step.id, etag) : current && 409;
    expectEqual(answer.status, refused ?? 200);
    if (refused !== undefined) return;
    age += 1;
    const { condition, priority } = step;
    // An update keeps the content, whatever it brings.
    const kept = current ?? { version: 0, age, content: step.content };
    model.set(step.id, { ...kept, version: kept.version + 1, condition, priority });
    expectEqual(answer.body.etag, base64(kept.version + 1));
    expectEqual(answer.body.content, contentOf(kept.content));
  }

  function refusalOf(id: string, etag: string | undefined): number | undefined {
    const current = model.get(id);
    if (current === undefined) return 404;
    return etag?.startsWith('"') && etag !== `"${base64(current.version)}"` ? 412 : undefined;
  }

  function etagOf(id: string, choice: ConfigurationStep['etag']): string | undefined {
    const version = model.get(id)?.version ?? 1;
    if (choice === 'right') return `"${base64(version)}"`;
    if (choice === 'stale') return `"${base64(version + 1)}"`;
    if (choice === 'unquoted') return base64(version);
    return choice === '*' ? '*' : undefined;
  }

  async function remove(step: ConfigurationStep): Promise<void> {
    const etag = etagOf(step.id, step.etag);
    const answer = await send('DELETE', `/configurations/${step.id}`, undefined, etag);
    const refused = refusalOf(step.id, etag);
    expectEqual(answer.status, refused ?? 204);
    if (refused === undefined) model.delete(step.id);
  }

  /** Everything that the hub shows about configurations. */
  async function compare(): Promise<void> {
    const { body } = await send('GET', '/configurations');
    const found = body.map((each: ReturnType<typeof JSON.parse>) => [each.id, each.etag, each.systemMetrics.results]);
    const expected = [...model].map(([id, { version }]) => {
      const standing = [...devices].map(([deviceId, device]) => ({
        targeted: targets(deviceId, device).some(([each]) => each === id),
        applied: applied(deviceId, device).some(([each]) => each === id),
        code: device.code,
      }));
      const count = (wanted: (each: (typeof standing)[number]) => boolean) => standing.filter(wanted).length;
      const results = {
        targetedCount: count(({ targeted }) => targeted),
        appliedCount: count((each) => each.applied),
        reportedSuccessfulCount: count((each) => each.applied && each.code === 200),
        reportedFailedCount: count((each) => each.applied && each.code !== undefined && each.code !== 200),
      };
      return [id, base64(version), results];
    });
    expectEqual(found, expected);
  }

  async function agent(id: string): Promise<ReturnType<typeof JSON.parse> | undefined> {
    const answer = await send('GET', `/twins/${encodeURIComponent(id)}/modules/$edgeAgent`);
    const device = devices.get(id);
    expectEqual(answer.status, device?.edge ? 200 : 404);
    if (!device?.edge) return undefined;
    const { modules = {} } = answer.body.properties.desired;
    const images = Object.entries(modules).map(([name, module]) => [name, Object(module).image]);
    expectEqual(Object.fromEntries(images), device.agent);
    const winners = new Set(applied(id, device).map(([each]) => each));
    const statuses = targets(id, device).map(([each]) => [
      each,
      { status: winners.has(each) ? 'Applied' : 'Targeted' },
    ]);
    expectEqual(answer.body.configurations ?? {}, Object.fromEntries(statuses));
    return answer.body;
  }

  async function report(id: string, code: number): Promise<void> {
    const twin = await agent(id);
    if (twin === undefined) return;
    const lastDesiredVersion = twin.properties.desired.$version;
    await send('PATCH', `/_emulator/reported/${encodeURIComponent(id)}/modules/$edgeAgent`, {
      lastDesiredVersion,
      lastDesiredStatus: { code },
    });
    devices.get(id)!.code = code;
  }

  return {
    settle,
    compare,
    agent,
    async take(step: ConfigurationStep): Promise<void> {
      if (step.kind === 'configure') await put(step);
      else if (step.kind === 'unconfigure') await remove(step);
      else if (step.kind === 'report') await report(step.device, step.code);
      else await compare();
    },
  };
}

function contentOf({ kind, module, image }: ConfigurationStep['content']): object {
  const $edgeAgent =
    kind === 'base'
      ? { 'properties.desired': { modules: { [module]: { image } } } }
      : { [`properties.desired.modules.${module}`]: { image } };
  return { modulesContent: { $edgeAgent } };
}

function base64(version: number): string {
  return Buffer.from(String(version)).toString('base64');
}

function expectEqual(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected);
}
