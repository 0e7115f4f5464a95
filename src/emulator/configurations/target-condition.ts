import type { Identity } from '../devices/identity.ts';
import { compiledCondition } from '../queries/compile.ts';
import type { Expression, Path } from '../queries/expression.ts';
import { parseCondition } from '../queries/query.ts';
import { deviceColumn, type ModuleRow, moduleColumn } from '../twins/twin.ts';
import { Refused } from '../wire/errors.ts';
import type { Content } from './content.ts';

/** What a target condition selects. */
export type Selection =
  | { readonly of: 'nothing' }
  | { readonly of: 'devices'; readonly meets: (device: Identity) => boolean }
  | { readonly of: 'modules'; readonly meets: (row: ModuleRow) => boolean };

/**
 * Reads a target condition: empty for nothing, `*` for all devices, or a condition of a query over `deviceId`, `tags` and
 * `properties.reported`. One for modules begins with `FROM devices.modules WHERE`. Throws `Refused`
 * InvalidConfigurationTargetCondition.
 * https://learn.microsoft.com/azure/iot-edge/module-deployment-monitoring#target-condition
 */
export function selectionOf(condition: string, kind: Content['kind']): Selection {
  if (condition.trim() === '') return { of: 'nothing' };
  const selection = condition.trim() === '*' ? everyDevice : conditionOf(condition);
  if ((kind === 'moduleContent') !== (selection.of === 'modules')) {
    throw invalidCondition(
      kind === 'moduleContent'
        ? 'a condition for modules begins with FROM devices.modules WHERE'
        : 'a condition for devices does not begin with FROM',
    );
  }
  if (kind !== 'modulesContent' || selection.of !== 'devices') return selection;
  // Only edge devices can have a deployment (documented, and in the query of its metric, as recorded).
  const { meets } = selection;
  return { of: 'devices', meets: (device) => device.edge && meets(device) };
}

/** What is wrong with a condition by itself, or undefined. It refuses `*`, which a configuration takes (reported from a live hub). */
export function conditionError(condition: string): string | undefined {
  try {
    if (condition.trim() !== '') conditionOf(condition);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

const everyDevice: Selection = { of: 'devices', meets: () => true };

function conditionOf(condition: string): Exclude<Selection, { readonly of: 'nothing' }> {
  const { source, where } = parsed(condition);
  if (where !== undefined) requireColumns(where, source === 'devices.modules');
  if (source === 'devices.modules') return { of: 'modules', meets: compiledCondition(where, moduleColumn) };
  if (source !== undefined) throw invalidCondition('a condition for devices does not begin with FROM');
  return { of: 'devices', meets: compiledCondition(where, deviceColumn) };
}

function parsed(condition: string) {
  try {
    return parseCondition(condition);
  } catch (error) {
    throw error instanceof Refused ? invalidCondition(error.message) : error;
  }
}

function requireColumns(expression: Expression, ofModules: boolean): void {
  for (const path of columnsIn(expression)) {
    const [first = '', second = ''] = path.map((name) => name.toLowerCase());
    const known =
      first === 'deviceid' ||
      first === 'tags' ||
      (first === 'properties' && second === 'reported') ||
      (ofModules && first === 'moduleid');
    if (!known) throw invalidCondition(`${path.join('.')} is not deviceId, a tag or a reported property`);
  }
}

function columnsIn(expression: Expression): readonly Path[] {
  switch (expression.kind) {
    case 'constant':
      return [];
    case 'column':
      return [expression.path];
    case 'and':
    case 'or':
      return expression.parts.flatMap(columnsIn);
    case 'not':
      return columnsIn(expression.part);
    case 'in':
      return columnsIn(expression.value);
    case 'binary':
      return [...columnsIn(expression.left), ...columnsIn(expression.right)];
    case 'call':
      return expression.given.flatMap(columnsIn);
  }
}

function invalidCondition(why: string): Refused {
  return new Refused('InvalidConfigurationTargetCondition', `The target condition is invalid: ${why}`);
}
