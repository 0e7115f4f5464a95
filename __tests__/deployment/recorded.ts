import { existsSync, readFileSync } from 'node:fs';
import { findNodeAtLocation, parseTree } from 'jsonc-parser';
import { expect } from 'vitest';
import { judgeAgent } from '../../src/deployment/agent/agent.ts';
import { recognize } from '../../src/deployment/form.ts';
import { judgeHub } from '../../src/deployment/hub/hub.ts';
import { readText } from '../../src/deployment/json/read.ts';
import type { Problem } from '../../src/deployment/problem.ts';
import { recorded } from '../../src/deployment/runtime.ts';
import { rules } from '../../src/rules/rules.ts';

/** What the real parsers did with 907 inputs of edgeAgent and 368 of edgeHub. */
const file = new URL('../../../shared/reference/deployments/real-agent.json', import.meta.url);
export const isThere = existsSync(file);

export type Version = keyof typeof recorded;
export const versions = ['1.1.15', '1.4.43', '1.5.44', '1.6.1'] as const satisfies readonly Version[];

export interface Result {
  readonly verdict: 'accepted' | 'accepted-but' | 'refused';
  readonly stage?: string;
  readonly reason?: string;
  readonly understood?: readonly string[];
}

export interface Recorded {
  readonly id: string;
  readonly where: 'agent' | 'hub' | 'route';
  readonly group: string;
  readonly input?: unknown;
  readonly inputText?: string;
  readonly all?: Result;
  readonly versions?: Readonly<Record<Version, Result>>;
}

export function readRecords(): readonly Recorded[] {
  return readAllRecords().filter(({ where }) => where !== 'route');
}

/** Routes too. */
export function readAllRecords(): readonly Recorded[] {
  if (!isThere) return [];
  const text = readFileSync(file, 'utf8');
  const { records }: { records: readonly Recorded[] } = JSON.parse(text);
  // Numbers count as they are spelt, so each input is cut out of the file.
  const nodes = findNodeAtLocation(parseTree(text) ?? expect.fail('no JSON'), ['records'])?.children ?? [];
  return records.map((record, index) => {
    const input = nodes[index] === undefined ? undefined : findNodeAtLocation(nodes[index], ['input']);
    return input === undefined
      ? record
      : { ...record, inputText: record.inputText ?? text.slice(input.offset, input.offset + input.length) };
  });
}

export function resultOf({ all, versions: each }: Recorded, version: Version): Result {
  const result = all ?? each?.[version];
  if (result === undefined) throw new Error('a record has a result for each version');
  return result;
}

/** The file of a deployment around desired properties of one of the two modules. */
export function deploymentText({ where, input, inputText }: Recorded): string {
  const text = inputText ?? JSON.stringify(input, null, 2);
  return `{"modulesContent": {"${where === 'agent' ? '$edgeAgent' : '$edgeHub'}": {"properties.desired": ${text}}}}`;
}

/** Reads the text of a deployment, and gives what each version alone says of it. */
export function judging(text: string, template = false): (version: Version) => readonly Problem[] {
  const read = readText(text);
  if (read.kind === 'refused') throw new Error(`not read: ${JSON.stringify(read.why)}`);
  const recognized = recognize(read.value);
  if (recognized.kind === 'none') throw new Error(`no deployment: ${recognized.why}`);
  const { agent, hub } = recognized.deployment;
  return (version) => {
    const options = { runtime: recorded[version], template };
    return [
      ...read.problems,
      ...(agent === undefined ? [] : judgeAgent(agent, options)),
      ...(hub === undefined ? [] : judgeHub(hub, options)),
    ];
  };
}

/** What is an error for the runtime, by when it refuses it. */
export function stagesOf(problems: readonly Problem[]): readonly string[] {
  return [...new Set(problems.flatMap(({ stage }) => stage ?? []))];
}

/** The rules of warnings and notices. */
export function toldBeside(problems: readonly Problem[]): readonly string[] {
  return [...new Set(problems.filter(({ stage }) => stage === undefined).map(({ rule }) => rule))].sort();
}

export function severityOf({ rule }: Problem) {
  return rules[rule].severity;
}
