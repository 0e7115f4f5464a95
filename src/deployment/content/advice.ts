import { lastOf } from '../agent/agent.ts';
import { insideOf } from '../json/inside.ts';
import { offsetOf, type Value } from '../json/value.ts';
import { type Problem, problem } from '../problem.ts';
import { hasPlaceholder } from '../template.ts';
import { isWrittenSecret } from './secret-values.ts';
import type { ModuleSetup, Setup } from './setup.ts';

/** Advice: one problem for each rule, at the first place, with the names of all modules that it is about. */
export function advice(setup: Setup): readonly Problem[] {
  const { modules, deployment } = setup;
  return [
    ...together('deployment/latest-tag', modules.flatMap(latestTags)),
    ...together('deployment/written-secret', secretsOf(setup)),
    ...together('deployment/host-mount', modules.flatMap(hostMounts)),
    ...together('deployment/privileged', modules.flatMap(privileged)),
    ...together('deployment/no-log-limit', modules.flatMap(unlimitedLogs)),
    ...together('deployment/hub-storage', modules.flatMap(withoutStorage)),
    ...finiteTimeToLive(deployment.hub?.whole?.value),
  ];
}

interface Advised {
  /** What it is about: a module, or a module and what it has. */
  readonly name: string;
  readonly at: number;
}

type AdviceRule =
  | 'deployment/latest-tag'
  | 'deployment/written-secret'
  | 'deployment/host-mount'
  | 'deployment/privileged'
  | 'deployment/no-log-limit'
  | 'deployment/hub-storage';

function together(rule: AdviceRule, found: readonly Advised[]): readonly Problem[] {
  const [first] = found;
  if (first === undefined) return [];
  const names = [...new Set(found.map(({ name }) => name))];
  return [problem(rule, { names: names.slice(0, 10), count: found.length }, first.at)];
}

/** An image without any tag has a rule of its own, since edgeAgent adds this one. */
function latestTags({ name, image }: ModuleSetup): readonly Advised[] {
  return image !== undefined && /:latest\s*$/.test(image.text) ? [{ name, at: offsetOf(image) }] : [];
}

function secretsOf({ modules, logins }: Setup): readonly Advised[] {
  const ofLogins = logins.flatMap(({ key, password }) => {
    if (password === undefined || !isWrittenSecret('password', password.text)) return [];
    return [{ name: `the login ${key.split('.').at(-1)}`, at: offsetOf(password) }];
  });
  return [...ofLogins, ...modules.flatMap(secretsOfModule)];
}

function secretsOfModule({ name, env, options }: ModuleSetup): readonly Advised[] {
  const ofEnv = env.flatMap((one) => {
    const isSecret = one.value.kind === 'text' && isWrittenSecret(one.name, one.value.text);
    return isSecret ? [{ name: `${one.name} of ${name}`, at: offsetOf(one.value) }] : [];
  });
  return [...ofEnv, ...items(options, 'Env').flatMap((item) => secretOfItem(name, item))];
}

/** `NAME=value` in createOptions. */
function secretOfItem(module: string, item: Value): readonly Advised[] {
  if (item.kind !== 'text') return [];
  const [, name = '', value = ''] = /^([^=]*)=([\s\S]*)$/.exec(item.text) ?? [];
  return isWrittenSecret(name, value) ? [{ name: `${name} of ${module}`, at: insideOf(item).inFile(0) }] : [];
}

/** Docker's socket, or the whole file system. */
function hostMounts({ name, options }: ModuleSetup): readonly Advised[] {
  const host = lastOf(options, 'HostConfig')?.value;
  const binds = items(host, 'Binds').map((item) => ({
    source: item.kind === 'text' ? item.text.split(':')[0] : '',
    item,
  }));
  const mounts = items(host, 'Mounts').map((item) => ({ source: textAt(item, 'Source'), item }));
  return [...binds, ...mounts]
    .filter(({ source = '' }) => source === '/' || /(^|\/)docker\.sock$/.test(source))
    .map(({ source, item }) => ({ name: `${source} in ${name}`, at: offsetOf(item) }));
}

function privileged({ name, options }: ModuleSetup): readonly Advised[] {
  const found = lastOf(lastOf(options, 'HostConfig')?.value, 'Privileged')?.value;
  return found?.kind === 'truth' && found.value ? [{ name, at: offsetOf(found) }] : [];
}

function unlimitedLogs({ name, options, value, settings }: ModuleSetup): readonly Advised[] {
  const log = lastOf(lastOf(options, 'HostConfig')?.value, 'LogConfig')?.value;
  return log !== undefined && log.kind !== 'null' ? [] : [{ name, at: offsetOf(settings ?? value) }];
}

/** edgeHub keeps messages in its container, and loses them with it, if no folder of the host is mounted. */
function withoutStorage({ name, system, options, value, settings }: ModuleSetup): readonly Advised[] {
  if (name !== 'edgeHub' || !system) return [];
  const host = lastOf(options, 'HostConfig')?.value;
  const isMounted = items(host, 'Binds').length > 0 || items(host, 'Mounts').length > 0;
  return isMounted ? [] : [{ name, at: offsetOf(settings ?? value) }];
}

function finiteTimeToLive(hub: Value | undefined): readonly Problem[] {
  const found = lastOf(lastOf(hub, 'storeAndForwardConfiguration')?.value, 'timeToLiveSecs')?.value;
  const seconds = found?.kind === 'number' ? Number(found.written) : Number.NaN;
  if (found === undefined || !(seconds >= 0)) return [];
  return [problem('deployment/finite-time-to-live', { seconds }, found)];
}

function items(map: Value | undefined, key: string): readonly Value[] {
  const list = lastOf(map, key)?.value;
  return list?.kind === 'list' ? list.items : [];
}

function textAt(map: Value, key: string): string | undefined {
  const value = lastOf(map, key)?.value;
  return value?.kind === 'text' && !hasPlaceholder(value.text) ? value.text : undefined;
}
