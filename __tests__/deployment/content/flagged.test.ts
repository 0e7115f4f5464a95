import { expect, it } from 'vitest';
import { FileText, judgeText } from '../../../src/deployment/judge.ts';
import { deploymentContentRules } from '../../../src/rules/deployment-content.ts';
import { deploymentText, isThere, type Recorded, readAllRecords, resultOf, versions } from '../recorded.ts';
import { flagged } from './flagged.ts';

it.skipIf(!isThere)('of the recorded inputs that the runtime takes, these are told to be wrong otherwise', () => {
  const found = new Map<string, Set<string>>();
  for (const record of readAllRecords()) {
    if (versions.every((version) => resultOf(record, version).verdict === 'refused')) continue;
    const { findings } = judgeText(new FileText('a.json', textOf(record)), { applied: false });
    for (const { rule } of findings) {
      if (!Object.hasOwn(deploymentContentRules, rule)) continue;
      found.set(rule, (found.get(rule) ?? new Set()).add(record.id));
    }
  }
  expect(Object.fromEntries([...found].map(([rule, ids]) => [rule, [...ids].sort()]))).toEqual(
    Object.fromEntries(Object.entries(flagged).map(([rule, ids]) => [rule, [...ids].sort()])),
  );
});

/** A route stands alone in a deployment, so that its modules are not known. */
function textOf(record: Recorded): string {
  if (record.where !== 'route') return deploymentText(record);
  const desired = {
    schemaVersion: '1.1',
    routes: { r: record.input },
    storeAndForwardConfiguration: { timeToLiveSecs: 1 },
  };
  return JSON.stringify({ modulesContent: { $edgeHub: { 'properties.desired': desired } } });
}
