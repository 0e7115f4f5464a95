import { describe, it } from 'vitest';
import { isThere, type Tool } from './tools.ts';

/** `describe`, skipped where the machine lacks one of the tools. The title says which are needed. */
export function describeNeeding(needed: readonly Tool[], title: string, body: () => void): void {
  describe.skipIf(!needed.every(isThere))(titleWith(needed, title), body);
}

/** `it`, skipped where the machine lacks one of the tools. The title says which are needed. */
export function itNeeding(needed: readonly Tool[], title: string, body: () => void | Promise<void>): void {
  it.skipIf(!needed.every(isThere))(titleWith(needed, title), body);
}

function titleWith(needed: readonly Tool[], title: string): string {
  return `${title} (needs ${needed.join(' and ')})`;
}
