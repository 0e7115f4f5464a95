import type { Content } from './content.ts';

export function requireTargetCondition(_condition: string, _kind: Content['kind']): void {}
