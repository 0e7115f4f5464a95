/** Why a file of the workspace cannot be read, as a clause behind a colon. */
export const unread = {
  outside: () => 'it lies outside the workspace',
  inGit: () => 'it lies in .git',
  /** `refusal` says why the target of the link may not be read. */
  link: (refusal: string) => `it is a link, and what it links to is refused: ${refusal}`,
  /** `refusal` says why the entry of the folder may not be written. */
  linkIn: (name: string, refusal: string) => `its entry ${name} may not be written: ${refusal}`,
  notAFile: (kind: 'folder' | 'device') => `it is ${kind === 'folder' ? 'a folder' : 'a device or a pipe'}, not a file`,
  /** In bytes. */
  tooLarge: (size: number, most: number) => `it has ${size} bytes, expected at most ${most}`,
  missing: () => 'it does not exist',
  brokenLink: () => 'it is a link, and what it links to does not exist',
  linkLoop: () => 'it is a link that leads back to itself',
  changed: () => 'it was changed while it was opened',
  denied: () => 'permission denied',
} as const;
