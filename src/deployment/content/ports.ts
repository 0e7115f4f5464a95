import { lastOf } from '../agent/agent.ts';
import type { Value } from '../json/value.ts';
import { type Problem, problem } from '../problem.ts';
import type { ModuleSetup, Setup } from './setup.ts';

/** Host ports that two modules want. */
export function judgePorts({ modules }: Setup): readonly Problem[] {
  const started = modules.filter((module) => !isStopped(module));
  return [...twice(started), ...metrics(started)];
}

function isStopped({ value }: ModuleSetup): boolean {
  const status = lastOf(value, 'status')?.value;
  return status?.kind === 'text' && status.text.trim().toLowerCase() === 'stopped';
}

interface Published {
  readonly module: string;
  readonly port: string;
  readonly ip: string;
  readonly at: Value;
}

function twice(modules: readonly ModuleSetup[]): readonly Problem[] {
  const taken = new Map<string, Published[]>();
  const problems: Problem[] = [];
  for (const one of modules.flatMap(published)) {
    const before = taken.get(one.port) ?? [];
    const other = before.find(({ ip }) => ip === one.ip || isAny(ip) || isAny(one.ip));
    if (other !== undefined) {
      const details = { port: one.port, module: one.module, other: other.module };
      problems.push(problem('deployment/port-twice', details, one.at));
    }
    taken.set(one.port, [...before, one]);
  }
  return problems;
}

function isAny(ip: string): boolean {
  return ['', '0.0.0.0', '::'].includes(ip);
}

/** A range of host ports gives Docker a choice. On the host's network nothing is published. */
function published({ name, options }: ModuleSetup): readonly Published[] {
  const host = lastOf(options, 'HostConfig')?.value;
  const bindings = lastOf(host, 'PortBindings')?.value;
  if (bindings?.kind !== 'map' || isOnHost(options)) return [];
  return bindings.members.flatMap(({ key, value }) => {
    const protocol = key.split('/')[1] ?? 'tcp';
    return (value.kind === 'list' ? value.items : []).flatMap((item) => {
      const port = lastOf(item, 'HostPort')?.value;
      const ip = lastOf(item, 'HostIp')?.value;
      const text = port?.kind === 'text' ? port.text : port?.kind === 'number' ? port.written : '';
      if (port === undefined || !/^[0-9]+$/.test(text) || Number(text) === 0) return [];
      return [{ module: name, port: `${Number(text)}/${protocol}`, ip: ip?.kind === 'text' ? ip.text : '', at: port }];
    });
  });
}

function isOnHost(options: ModuleSetup['options']): boolean {
  const mode = lastOf(lastOf(options, 'HostConfig')?.value, 'NetworkMode')?.value;
  return mode?.kind === 'text' && mode.text.toLowerCase() === 'host';
}

/**
 * Both give their metrics at port 9600: edgeAgent with `MetricsEnabled` and `port` (MetricsConfig.cs of Edge.Util), edgeHub with
 * `httpSettings:metrics_port` (Hosting.cs of Edge.Hub.Service), where it stops if the port is taken.
 */
function metrics(modules: readonly ModuleSetup[]): readonly Problem[] {
  const [agent, hub] = ['edgeAgent', 'edgeHub'].map((name) => modules.find((one) => one.system && one.name === name));
  if (agent === undefined || hub === undefined) return [];
  const moved = has(agent, /^(MetricsEnabled|port)$/i) || has(hub, /^httpSettings(__|:)metrics_port$/i);
  const at = lastOf(lastOf(hub.options, 'HostConfig')?.value, 'NetworkMode')?.value;
  const collide = isOnHost(agent.options) && isOnHost(hub.options) && !moved;
  return collide && at !== undefined ? [problem('deployment/metrics-port', {}, at)] : [];
}

function has({ env }: ModuleSetup, name: RegExp): boolean {
  return env.some((one) => name.test(one.name));
}
