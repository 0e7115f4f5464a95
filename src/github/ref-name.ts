/** A branch or a tag as people read it: `main`, `the tag v1`. */
export function refName({ ref }: { readonly ref: string }): string {
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1];
  return tag === undefined ? ref.replace(/^refs\/heads\//, '') : `the tag ${tag}`;
}
