import { afterAll, vi } from 'vitest';

// Test files share a process. What one leaves stubbed must not reach the next.
afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});
