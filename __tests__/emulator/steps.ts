import { fc } from '../support/property.ts';

/** One call of a client, without the etags and scopes, which only the hub's answers give. */
export type Step =
  | { readonly kind: 'statistics' }
  | { readonly kind: 'list'; readonly top: number }
  | { readonly kind: 'get'; readonly id: string }
  | { readonly kind: 'create'; readonly id: string; readonly wish: Wish }
  | { readonly kind: 'update'; readonly id: string; readonly wish: Wish; readonly etag: EtagChoice }
  | { readonly kind: 'delete'; readonly id: string; readonly etag: EtagChoice | 'none' }
  | { readonly kind: 'bulk'; readonly entries: readonly BulkStep[] };

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

const step: fc.Arbitrary<Step> = fc.oneof(
  // The first one does nothing, so that a step that a failing sequence does not need shrinks to it.
  { withCrossShrink: true },
  fc.constant<Step>({ kind: 'statistics' }),
  fc.record({ kind: fc.constant('list'), top: fc.constantFrom(1000, 3) }),
  fc.record({ kind: fc.constant('get'), id }),
  fc.record({ kind: fc.constant('create'), id, wish }),
  fc.record({ kind: fc.constant('update'), id, wish, etag }),
  fc.record({ kind: fc.constant('delete'), id, etag: fc.constantFrom('right', 'stale', '*', 'none') }),
  fc.record({
    kind: fc.constant('bulk'),
    entries: fc.array(fc.record({ id, mode, wish, etag }), { minLength: 1, maxLength: 6 }),
  }),
);

/** 200 calls on eight ids. */
export const sequences = fc.array(step, { minLength: 200, maxLength: 200 });
