/**
 * The tag that holds the list of the tags that the manifest names, as dotted paths. Since the list is in the twin itself, it needs
 * no history of the repository. It is the only tag that belongs to this product.
 */
export const tagMark = 'provisionIotEdge';
