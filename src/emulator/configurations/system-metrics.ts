import type { Configuration, Texts } from './configuration.ts';

/**
 * The queries by which the hub counts. Those of devices and of edge deployments are recorded; those of modules are like
 * them. Each counts the devices or modules that a client finds by the same query.
 */
export function systemQueries({ id, content, targetCondition }: Configuration): Texts {
  const applied = `configurations.[[${id}]].status = 'Applied'`;
  switch (content.kind) {
    case 'deviceContent':
      return {
        targetedCount: targeted(targetCondition, (condition) => `select deviceId from devices${where(condition)}`),
        appliedCount: `select deviceId from devices where ${applied}`,
      };
    case 'moduleContent':
      return {
        targetedCount: targeted(targetCondition, () => `select deviceId, moduleId ${targetCondition}`),
        appliedCount: `select deviceId, moduleId from devices.modules where ${applied}`,
      };
    case 'modulesContent': {
      const agents = `select deviceId from devices.modules where moduleId = '$edgeAgent' and ${applied}`;
      const reported = `${agents} and properties.desired.$version = properties.reported.lastDesiredVersion and properties.reported.lastDesiredStatus.code`;
      return {
        targetedCount: targeted(targetCondition, edgeDevices),
        appliedCount: agents,
        reportedSuccessfulCount: `${reported} = 200`,
        reportedFailedCount: `${reported} != 200`,
      };
    }
  }
}

/** A deployment without a condition targets nothing, and its query is empty (recorded). */
function targeted(condition: string, query: (condition: string) => string): string {
  return condition === '' ? '' : query(condition);
}

function where(condition: string): string {
  return condition === '*' ? '' : ` where ${condition}`;
}

function edgeDevices(condition: string): string {
  const edge = 'select deviceId from devices where capabilities.iotEdge = true';
  return condition === '*' ? edge : `${edge} and (${condition})`;
}
