import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answersByDevice, bulkAnswers, deviceErrors } from '../../src/hub/bulk.ts';
import { refusedReply } from '../../src/hub/calls/reply.ts';
import { deviceCount, deviceWithTwin, registeredDevice, registeredTwin } from '../../src/hub/calls/wire.ts';
import { linesOf } from '../../src/hub/import/import-lines.ts';
import { Fault } from '../../src/model/fault.ts';
import type { RegistryWrite } from '../../src/model/registry.ts';
import { readPlanFile } from '../../src/run/plan-file.ts';
import { expectThat } from './expect.ts';
import { identity } from './seeds.ts';

const scratch = mkdtempSync(join(tmpdir(), 'provision-fuzz-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** A plan, or a fault that names the file and quotes nothing of it. Says whether it is a plan. */
export function planRead(input: Buffer): 'a plan' | 'refused' {
  const file = join(scratch, 'plan.json');
  writeFileSync(file, input);
  try {
    const { hubs } = readPlanFile(file, scratch);
    for (const { changes } of hubs)
      for (const { device } of changes) expectThat(typeof device === 'string', 'a change without a device');
    return 'a plan';
  } catch (thrown) {
    expectThat(thrown instanceof Fault && thrown.message.includes(file), `${thrown} names no file`);
    return 'refused';
  }
}

/** Removals of two devices, as a run asks for them. */
const writes: readonly RegistryWrite[] = ['edge-001', 'edge-002'].flatMap((deviceId) => {
  const found = registeredDevice({ ...JSON.parse(identity), deviceId });
  return found === undefined ? [] : [{ mode: 'delete' as const, found }];
});

export function answerRead(input: Buffer): void {
  const text = input.toString('utf8');
  const body = jsonIn(text);
  registeredDevice(body);
  deviceCount(body);
  for (const statusCode of [400, 404, 412, 429, 503]) {
    const reply = refusedReply({ statusCode, headers: {}, text });
    const answers = bulkAnswers(writes, reply, true);
    expectThat('kind' in answers || answers.length === writes.length, 'an answer too many, or too few');
  }
  const answers = bulkAnswers(writes, { kind: 'answered', body }, true);
  expectThat('kind' in answers || answers.length === writes.length, 'an answer too many, or too few');
}

export function twinRead(input: Buffer): void {
  const body = jsonIn(input.toString('utf8'));
  registeredTwin(body);
  deviceWithTwin(body);
}

export async function importRead(input: Buffer): Promise<void> {
  const half = Math.floor(input.length / 2);
  const entries: unknown[] = [];
  async function* chunks() {
    yield input.subarray(0, half);
    yield input.subarray(half);
  }
  for await (const line of linesOf(chunks())) if (line.trim() !== '') entries.push(jsonIn(line));
  const answers = answersByDevice(writes, { successful: true, errors: deviceErrors(entries) });
  expectThat(answers.length === writes.length, 'an answer too many, or too few');
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
