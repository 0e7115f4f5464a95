import { expect } from 'vitest';
import type { Fault } from '../../src/model/fault.ts';

/** Stands in the details of a fault for a text of Node, Azurite or a hub that differs between versions or runs. */
export const anyText = '⟨any text⟩';

/** As `said`, for a fault with `anyText` among its details: the rest of the message has to be exactly the table's. */
export function saidWithAnyText({ kind, message, remedy }: Fault) {
  return { kind, message: expect.stringMatching(withAnyText(message)), remedy };
}

/** A pattern for a text that holds `anyText`. */
export function withAnyText(text: string): RegExp {
  const parts = text.split(anyText).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`);
}
