/**
 * The name under which a twin's tags keep which of them the manifest names, as a list of dotted paths. In the twin itself it outlives
 * every rerun and needs no history of the repository; it is the only tag that is this product's own.
 */
export const tagMark = 'provisionIotEdge';
