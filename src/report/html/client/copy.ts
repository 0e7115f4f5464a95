import { words } from '../words.ts';
import { part } from './dom.ts';

/** Copies what a button offers, and says so. */
export function copyFrom(clicked: Element): void {
  const button = clicked.closest<HTMLElement>('[data-copy]');
  const text = button?.dataset.copy;
  if (button === null || text === undefined) return;
  void copied(text).then((done) => {
    if (!done) return;
    button.textContent = words.copied;
    part('said').textContent = words.copied;
    setTimeout(() => {
      button.textContent = words.copy;
      part('said').textContent = '';
    }, 1_500);
  });
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page that is not from a secure place has no clipboard, but may copy what is selected.
    const field = document.createElement('textarea');
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}
