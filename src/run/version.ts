/** The version of package.json, which a test holds it to: reading that file at run time would not survive bundling. */
export const version = '1.0.0';
