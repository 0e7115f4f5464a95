import type { Texts } from './configuration.ts';

export function requireMetricQueries(_queries: Texts): void {}
