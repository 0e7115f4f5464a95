import type { Finding } from '../model/finding.ts';
import { finding } from '../rules/rules.ts';
import { at, type Node, placeOf } from './node.ts';
import { textOf } from './values.ts';

const key = 'config.agent.createOptions';

/**
 * Returns a finding for each `null` in a list of `createOptions`, at the place where it is written. In a map `null`
 * removes a key. In a list it would vanish in silence, since TOML has no null, and the next items would move up.
 */
export function nullsInLists(root: Node): readonly Finding[] {
  const devices = at(root, ['devices']);
  const written = [at(root, ['defaults']), ...(devices?.kind === 'list' ? devices.items : [])];
  return written.flatMap((settings) => {
    const options = at(settings, key.split('.'));
    if (options === undefined) return [];
    const device = textOf(at(settings, ['id']));
    return [...nullsBelow(options, key)].map(([path, node]) =>
      finding('manifest/type', { problem: 'null-in-list', key: path }, { place: placeOf(node), device }),
    );
  });
}

function* nullsBelow(node: Node, path: string): Generator<readonly [path: string, node: Node]> {
  if (node.kind === 'map')
    for (const [name, { node: inner }] of node.entries) yield* nullsBelow(inner, `${path}.${name}`);
  if (node.kind !== 'list') return;
  for (const [index, item] of node.items.entries()) {
    const here = `${path}.${index}`;
    if (item.kind === 'scalar' && item.value === null) yield [here, item];
    else yield* nullsBelow(item, here);
  }
}
