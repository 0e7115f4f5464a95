import { afterAll, vi } from 'vitest';
import { endFile } from './at-file-end.ts';

// Test files share a process. What one leaves stubbed must not reach the next.
afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

afterAll(endFile);
