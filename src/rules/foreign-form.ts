import type { ForeignForm } from '../model/foreign-form.ts';

/** Says what a file is instead, as a clause. */
export const foreignFormText: Readonly<Record<ForeignForm, string>> = {
  'lfs-pointer': 'it is a pointer of Git LFS, and the file itself was not fetched',
  'utf-16': 'it is text in UTF-16 without a byte order mark',
};

export const foreignFormRemedy: Readonly<Record<ForeignForm, string>> = {
  'lfs-pointer':
    'In a workflow, add lfs: true to the step actions/checkout. On a command line, run git lfs pull. Or keep this small file outside of LFS.',
  'utf-16': 'Save it as UTF-8.',
};

/** The same for a glob, where a backslash before a sign takes it as it is. So a glob with both separators is left alone. */
export function globSlashRemedy(glob: string): string | undefined {
  return glob.includes('/') ? undefined : slashRemedy(glob);
}

/** What to do about a path that is missing, where it has the separators of Windows; undefined if it has none. */
export function slashRemedy(path: string): string | undefined {
  return path.includes('\\') && !/^[A-Za-z]:/.test(path)
    ? `Write ${path.replaceAll('\\', '/')}: a backslash is not a separator here.`
    : undefined;
}
