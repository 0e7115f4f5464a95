/**
 * The tag that holds the list of the tags that the manifest names, as dotted paths. Since the list is in the twin itself, it needs
 * no history of the repository. The other tag of this product is in owner.ts.
 */
export const tagMark = 'provisionIotEdge';
