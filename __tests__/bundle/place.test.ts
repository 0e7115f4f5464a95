import { win32 } from 'node:path';
import { describe, expect, it } from 'vitest';
import { misplacedIn } from '../../src/bundle/place.ts';

describe('where bundles may lie on Windows', () => {
  it.each([
    ['D:\\a\\fleet\\device-bundles', undefined],
    ['E:\\device-bundles', undefined],
    ['\\\\host\\share\\device-bundles', undefined],
    ['D:\\a\\fleet\\..bundles', undefined],
    ['D:\\a\\fleet', 'workspace'],
    ['d:\\A\\Fleet', 'workspace'],
    ['D:\\a', 'above-workspace'],
    ['d:\\A', 'above-workspace'],
    ['D:\\a\\fleet\\.GIT\\hooks', 'in-git'],
    ['D:\\a\\fleet\\git~1\\hooks', 'in-git'],
    ['D:\\a\\fleet\\.git. \\hooks', 'in-git'],
  ])('%s: %s', (target, expected) => {
    expect(misplacedIn('D:\\a\\fleet', target, win32)).toBe(expected);
  });
});
