/** The version in package.json. A test compares the two, because a bundle cannot read that file when it runs. */
export const version = '1.0.0';
