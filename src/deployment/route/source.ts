import { equalIgnoringCase, ordinalUpper, trimmed } from './dotnet-text.ts';
import type { Span } from './token.ts';

/** What a route takes messages from. */
export interface RouteSource {
  /** As edgeHub holds it, such as `/messages/modules/temp/`: it takes each message whose own source begins so, in any case of letters. */
  readonly path: string;
  readonly at: Span;
  readonly reads: SourceReads;
}

/**
 * The messages of a source. edgeHub gives each message one of four sources: `/messages` (a device), `/messages/modules/M`,
 * `/messages/modules/M/outputs/O`, `/twinChangeNotifications` (RoutingMessageConverter.cs and messageSources/ in Azure/iotedge).
 */
export type SourceReads =
  | { readonly kind: 'everything' | 'all messages' | 'all modules' | 'twin changes' }
  | { readonly kind: 'module'; readonly module: string; readonly output?: string }
  | { readonly kind: 'nothing' };

/** @param text the words of the path without what stood between them */
export function sourceOf(text: string, at: Span): RouteSource {
  const path = heldPath(text);
  return { path, at, reads: readsOf(path) };
}

/** Whether a source takes messages of this source, such as `/messages/modules/temp/outputs/out`. */
export function takes({ path }: RouteSource, messageSource: string): boolean {
  return ordinalUpper(`${messageSource}/`).startsWith(ordinalUpper(path));
}

/** CustomMessageSource.Create cuts stars at the end, then slashes; BaseMessageSource cuts blanks and slashes and adds one slash. */
function heldPath(text: string): string {
  const withoutStars = trimmed(text).replace(/\*+$/, '');
  return `${trimmed(withoutStars).replace(/\/+$/, '')}/`;
}

function readsOf(path: string): SourceReads {
  if (path === '/') return { kind: 'everything' };
  const [first, second, module, third, ...output] = path.slice(1, -1).split('/');
  if (is(first, 'twinChangeNotifications') && second === undefined) return { kind: 'twin changes' };
  if (!is(first, 'messages')) return { kind: 'nothing' };
  if (second === undefined) return { kind: 'all messages' };
  if (!is(second, 'modules')) return { kind: 'nothing' };
  if (module === undefined) return { kind: 'all modules' };
  if (module.includes('*') || (third !== undefined && !is(third, 'outputs'))) return { kind: 'nothing' };
  return { kind: 'module', module, ...(output.length > 0 && { output: output.join('/') }) };
}

function is(part: string | undefined, word: string): boolean {
  return part !== undefined && equalIgnoringCase(part, word);
}
