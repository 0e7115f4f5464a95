import { expect } from 'vitest';
import type { Fault } from '../../src/model/fault.ts';

/**
 * A placeholder in the details of a fault. It stands for a text of Node, Azurite or a hub that differs between versions
 * or runs.
 */
export const anyText = '⟨any text⟩';

/** As `said`, for a fault with `anyText` among its details. The rest of the message has to match exactly. */
export function saidWithAnyText({ kind, message, remedy }: Fault) {
  return { kind, message: expect.stringMatching(withAnyText(message)), remedy };
}

/** A pattern that matches the text with anything in place of `anyText`. */
export function withAnyText(text: string): RegExp {
  const parts = text.split(anyText).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`);
}
