import { expect, it } from 'vitest';
import { deploymentText, isThere, judging, readRecords, resultOf, severityOf, stagesOf, versions } from './recorded.ts';
import { expectedKinds } from './recorded-kinds.ts';

/**
 * Records for which our own findings say more than the record: what was accepted and has two equal keys, and the like. By the start of
 * their names, with the severities that the findings have.
 */
const more: readonly (readonly [start: string, severities: string, why: string])[] = [
  ['agent/raw/duplicate ', 'warning', 'equal keys'],
  ['agent/raw/same module twice', 'warning', 'equal keys'],
  ['agent/createOptions.content/duplicate keys', 'warning', 'equal keys'],
  ['hub/raw/duplicate ', 'warning', 'equal keys'],
  ['agent/raw/image and Image', 'warning', 'two spellings'],
  ['agent/env/value and Value', 'warning', 'two spellings'],
  ['agent/createOptions.content/HostConfig and hostConfig', 'warning', 'two spellings'],
  ['agent/raw/Modules first', 'notice,warning', 'two spellings, and one in other letters'],
  ['agent/raw/status and Status', 'notice,warning', 'two spellings, and one in other letters'],
  ['agent/raw/comment in JSON', 'notice', 'the Azure CLI refuses comments'],
  ['hub/raw/comment', 'notice', 'the Azure CLI refuses comments'],
  ['agent/raw/single quotes', 'warning', 'no tool reads such a file'],
  ['agent/startupOrder/raw 007', 'warning', 'no tool reads such a file'],
  ['agent/systemModules/third system module', 'warning', 'a module that is never started'],
  ['agent/systemModules/third system module, bad content', 'notice', 'an unknown key'],
  ['agent/module/settings.digest null', '', 'null is left out'],
  ['agent/createOptions.content/PortBindings at root', 'warning', 'Docker reads none of it'],
  ['agent/createOptions.content/Binds at root', 'warning', 'Docker reads none of it'],
  ['agent/createOptions.content/Privileged at root', 'warning', 'Docker reads none of it'],
  ['hub/mqttBroker/authorizations: unknown key in statement', 'notice', 'an unknown key'],
  ['hub/mqttBroker/authorizations: case Allow', 'notice', 'a key in other letters'],
];

it.skipIf(!isThere)('the recorded verdicts of edgeAgent and edgeHub, and what they held otherwise', () => {
  const wrong: string[] = [];
  for (const record of readRecords()) {
    const judge = judging(deploymentText(record));
    const named = more.findLast(([start]) => record.id.startsWith(start))?.[1];
    for (const version of versions) {
      const result = resultOf(record, version);
      const problems = judge(version);
      const stages = stagesOf(problems);
      const refused = result.verdict === 'refused';
      const agrees = refused ? result.stage !== undefined && stages.includes(result.stage) : stages.length === 0;
      if (!agrees)
        wrong.push(`${record.id} ${version}: ${result.verdict} ${result.stage ?? ''}, judged ${stages.join()}`);
      if (refused) continue;
      const found = [...new Set(problems.map(severityOf))].sort().join();
      const expected = [...expectedKinds(record, result)].sort().join();
      const isNamed = named !== undefined && (found === named || found === expected);
      if (found !== expected && !isNamed) wrong.push(`${record.id} ${version}: expected ${expected}, found ${found}`);
    }
  }
  expect(wrong).toEqual([]);
});
