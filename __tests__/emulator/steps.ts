import { fc } from '../support/property.ts';

/** One call of a client, without the etags and scopes, which only the hub's answers give. */
export type Step =
  | { readonly kind: 'statistics' }
  | { readonly kind: 'list'; readonly top: number }
  | { readonly kind: 'get'; readonly id: string }
  | { readonly kind: 'create'; readonly id: string; readonly wish: Wish }
  | { readonly kind: 'update'; readonly id: string; readonly wish: Wish; readonly etag: EtagChoice }
  | { readonly kind: 'delete'; readonly id: string; readonly etag: EtagChoice | 'none' }
  | { readonly kind: 'tag'; readonly id: string; readonly site: string }
  | { readonly kind: 'agent'; readonly id: string }
  | ConfigurationStep
  | { readonly kind: 'bulk'; readonly entries: readonly BulkStep[] };

/** One call about a configuration, or the comparison of all of them. Some parts belong to some kinds only. */
export type ConfigurationStep = {
  readonly kind: 'configure' | 'unconfigure' | 'report' | 'configurations';
  readonly id: string;
  readonly device: string;
  readonly code: number;
  readonly condition: keyof typeof conditions;
  readonly priority: number;
  readonly content: { readonly kind: 'base' | 'layer'; readonly module: string; readonly image: string };
  /** `unquoted`: the right one, without its quotes. */
  readonly etag: 'right' | 'stale' | 'unquoted' | '*' | 'none';
};

/** Target conditions, and what each means. */
export const conditions = {
  '*': () => true,
  '': () => false,
  "tags.site = 'ulm'": (_: string, site: string | undefined) => site === 'ulm',
  "NOT tags.site = 'ulm'": (_: string, site: string | undefined) => site !== undefined && site !== 'ulm',
  "deviceId IN ['a', 'A', 'g%1'] OR tags.site = 'bonn'": (id: string, site: string | undefined) =>
    ['a', 'A', 'g%1'].includes(id) || site === 'bonn',
  'IS_DEFINED(tags.site)': (_: string, site: string | undefined) => site !== undefined,
} as const;

export interface BulkStep {
  readonly id: string;
  readonly mode: 'create' | 'update' | 'updateIfMatchETag' | 'delete' | 'deleteIfMatchETag';
  readonly wish: Wish;
  readonly etag: EtagChoice;
}

/** `stale`: an etag that this or another device once had. */
export type EtagChoice = 'right' | 'stale' | 'invented' | '*';

export interface Wish {
  readonly status: 'enabled' | 'disabled';
  readonly reason: string | undefined;
  readonly edge: boolean;
  /** `left out`: the hub makes new keys. */
  readonly authentication: 'thumbprints' | 'keys' | 'left out';
  /** Whether an edge device sends its scope back, as it must. */
  readonly echo: boolean;
}

/** Two of them differ only by case, and two must be encoded in a path. */
export const ids = ['a', 'b', 'c', 'd', 'e', 'A', 'f:1', 'g%1'];
const id = fc.constantFrom(...ids);
const wish: fc.Arbitrary<Wish> = fc.record({
  status: fc.constantFrom('enabled', 'disabled'),
  reason: fc.constantFrom(undefined, 'lost', 'repaired'),
  edge: fc.boolean(),
  authentication: fc.constantFrom('thumbprints', 'keys', 'left out'),
  echo: fc.constantFrom(true, true, true, false),
});
const etag = fc.constantFrom<EtagChoice>('right', 'right', 'stale', 'invented', '*');
const mode = fc.constantFrom<BulkStep['mode']>('create', 'update', 'updateIfMatchETag', 'delete', 'deleteIfMatchETag');

const condition = fc.constantFrom<keyof typeof conditions>(
  '*',
  '',
  "tags.site = 'ulm'",
  "NOT tags.site = 'ulm'",
  "deviceId IN ['a', 'A', 'g%1'] OR tags.site = 'bonn'",
  'IS_DEFINED(tags.site)',
);
const configurationStep: fc.Arbitrary<ConfigurationStep> = fc.record({
  kind: fc.constantFrom('configure', 'configure', 'unconfigure', 'report', 'configurations'),
  id: fc.constantFrom('c', 'd', 'e', 'f'),
  device: id,
  code: fc.constantFrom(200, 406),
  condition,
  priority: fc.constantFrom(0, 1, 2),
  content: fc.record({
    kind: fc.constantFrom('base', 'layer'),
    module: fc.constantFrom('m', 'n', 'o'),
    image: fc.constantFrom('1', '2'),
  }),
  etag: fc.constantFrom('right', 'right', 'stale', 'unquoted', '*', 'none', 'none'),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  // The first one does nothing, so that a step that a failing sequence does not need shrinks to it.
  { withCrossShrink: true },
  fc.constant<Step>({ kind: 'statistics' }),
  fc.record({ kind: fc.constant('list'), top: fc.constantFrom(1000, 3) }),
  fc.record({ kind: fc.constant('get'), id }),
  fc.record({ kind: fc.constant('create'), id, wish }),
  fc.record({ kind: fc.constant('update'), id, wish, etag }),
  fc.record({ kind: fc.constant('delete'), id, etag: fc.constantFrom('right', 'stale', '*', 'none') }),
  fc.record({ kind: fc.constant('tag'), id, site: fc.constantFrom('ulm', 'bonn') }),
  fc.record({ kind: fc.constant('agent'), id }),
  configurationStep,
  configurationStep,
  fc.record({
    kind: fc.constant('bulk'),
    entries: fc.array(fc.record({ id, mode, wish, etag }), { minLength: 1, maxLength: 6 }),
  }),
);

/** 200 calls on eight ids. */
export const sequences = fc.array(step, { minLength: 200, maxLength: 200 });
