const ends: (() => Promise<void>)[] = [];

/** Lets something that the tests of a file share be closed after the last of them. Test files share a process, and so do their modules. */
export function atFileEnd(end: () => Promise<void>): void {
  ends.push(end);
}

export async function endFile(): Promise<void> {
  for (const end of ends.splice(0)) await end();
}
