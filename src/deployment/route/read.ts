import { brokenCondition, faultOfBroken } from './broken.ts';
import { readCondition } from './condition.ts';
import { equalIgnoringCase, trimmed } from './dotnet-text.ts';
import type { ConditionFault, Expression } from './expression.ts';
import type { Expected, Ignored, ParseFault, Route, RouteRefusal, Sink } from './route.ts';
import { type RouteSource, sourceOf } from './source.ts';
import { type Span, type Token, type TokenKind, tokensOf } from './token.ts';

/**
 * Reads a route as edgeHub does, from 1.0.0 to 1.6.1: RouteFactory.cs and grammar/Route.g4 of Routing.Core, EndpointFactory.cs of
 * Edge.Hub.Core, in Azure/iotedge. Pure; offsets count in the given text. Not known here: templates, and whether a route has to be there.
 */
export function readRoute(text: string): Route | RouteRefusal {
  try {
    return new RouteReader(text).route();
  } catch (stop) {
    if (stop instanceof Refused) return stop.refusal;
    throw stop;
  }
}

/** Ends the reading at the first fault, as the runtime does. */
class Refused extends Error {
  readonly refusal: RouteRefusal;

  constructor(refusal: RouteRefusal) {
    super(refusal.what.kind);
    this.refusal = refusal;
  }
}

class RouteReader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #comments: readonly Span[];
  #at = 0;

  constructor(text: string) {
    const { tokens, comments } = tokensOf(text);
    this.#text = text;
    this.#tokens = tokens;
    this.#comments = comments;
  }

  route(): Route {
    if (this.#token.kind === 'end') throw refused({ kind: 'no source' }, this.#token);
    this.#select();
    const source = this.#source();
    const condition = this.#condition();
    this.#take('INTO', condition ? ['INTO'] : ['WHERE', 'INTO']);
    const sink = this.#sink();
    // The runtime compiles the condition after it has read the whole route.
    if (condition?.fault) throw refusedCondition(condition.fault.fault, condition.fault.at);
    return { source, ...this.#conditionOf(condition), sink, ignored: this.#ignored() };
  }

  #conditionOf(read: ReadCondition | undefined): Pick<Route, 'condition'> {
    if (read?.expression === undefined) return {};
    const { expression, at } = read;
    return { condition: { expression, text: this.#text.slice(at.offset, at.offset + at.length), at } };
  }

  get #token(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', offset: this.#text.length, length: 0 };
  }

  #take(kind: TokenKind, expected: readonly Expected[]): Token {
    const token = this.#token;
    if (token.kind !== kind) throw this.#unexpected(expected);
    this.#at += 1;
    return token;
  }

  #unexpected(expected: readonly Expected[]): Refused {
    return refused({ kind: 'syntax', found: this.#token.text, expected }, this.#token);
  }

  #select(): void {
    if (this.#token.kind === 'SELECT') {
      this.#at += 1;
      this.#take('*', ['*']);
      this.#take('FROM', ['FROM']);
    } else {
      this.#take('FROM', ['FROM', 'SELECT']);
    }
  }

  #source(): RouteSource {
    const start = this.#token.offset;
    let path = '';
    let end = start;
    do {
      this.#take('/', ['/']);
      const part = this.#token.kind === '*' ? this.#take('*', []) : this.#take('name', ['part of a path']);
      path += `/${part.text}`;
      end = part.offset + part.length;
    } while (this.#token.kind === '/');
    return sourceOf(path, { offset: start, length: end - start });
  }

  #condition(): ReadCondition | undefined {
    if (this.#token.kind !== 'WHERE') return undefined;
    this.#at += 1;
    const start = this.#at;
    const plain = readCondition(this.#tokens, start);
    if (plain && this.#tokens[plain.next]?.kind === 'INTO') {
      this.#at = plain.next;
      const [fault] = plain.faults;
      return { expression: plain.expression, at: this.#span(start, plain.next), fault };
    }
    const broken = brokenCondition(this.#tokens, start);
    this.#at = broken.next;
    if (broken.fault) throw refusedCondition(broken.fault.fault, broken.fault.at);
    if (!broken.ends)
      throw this.#unexpected(this.#token.offset === this.#tokens[start]?.offset ? ['condition'] : ['INTO']);
    const fault = faultOfBroken(this.#tokens.slice(start, broken.next));
    return { expression: undefined, at: this.#span(start, broken.next), fault };
  }

  #span(start: number, next: number): Span {
    const offset = this.#tokens[start]?.offset ?? 0;
    const last = this.#tokens[next - 1];
    return { offset, length: last ? last.offset + last.length - offset : 0 };
  }

  #sink(): Sink {
    const name = this.#token;
    if (name.kind !== '$name') return this.#moduleSink();
    this.#at += 1;
    if (!equalIgnoringCase(name.text, '$upstream')) throw refused({ kind: 'system sink', name: name.text }, name);
    return { kind: 'upstream', at: name };
  }

  #moduleSink(): Sink {
    const name = this.#take('name', ['sink']);
    this.#take('(', ['(']);
    const address = this.#take('string', ['text in quotes']);
    this.#take(')', [')']);
    if (!equalIgnoringCase(name.text, 'BrokeredEndpoint'))
      throw refused({ kind: 'function sink', name: name.text }, name);
    const at = { offset: address.offset + 1, length: address.length - 2 };
    return { kind: 'module', ...moduleAndInput(address.text.slice(1, -1), at), at };
  }

  #ignored(): readonly Ignored[] {
    const last = this.#tokens[this.#at - 1];
    const end = last ? last.offset + last.length : 0;
    const comments = this.#comments
      .filter(({ offset }) => offset < end)
      .map(
        ({ offset, length }): Ignored => ({
          kind: 'comment',
          offset,
          length,
          text: this.#text.slice(offset, offset + length),
        }),
      );
    const rest = this.#text.slice(end);
    const after = rest.trim();
    if (after === '') return comments;
    return [...comments, { kind: 'after sink', offset: end + rest.indexOf(after), length: after.length, text: after }];
  }
}

interface ReadCondition {
  readonly expression: Expression | undefined;
  readonly at: Span;
  readonly fault: { readonly fault: ConditionFault; readonly at: Span } | undefined;
}

/**
 * Four parts between slashes; one slash at the start and one at the end may be there. Escapes of the string are not resolved, and the
 * first and third part are not looked at (EndpointFactory.CreateFunctionEndpoint).
 */
function moduleAndInput(address: string, at: Span): { readonly module: string; readonly input: string } {
  const text = trimmed(address);
  if (text === '') throw refused({ kind: 'blank address' }, at);
  const parts = text.replace(/^\//, '').replace(/\/$/, '').split('/');
  const [, module, , input] = parts;
  if (parts.length !== 4 || module === undefined || input === undefined) {
    throw refused({ kind: 'address parts', count: parts.length }, at);
  }
  return { module, input };
}

function refused(what: ParseFault, { offset, length }: Span): Refused {
  return new Refused({ stage: 'parse', what, offset, length });
}

function refusedCondition(what: ConditionFault, { offset, length }: Span): Refused {
  return new Refused({ stage: 'compile', what, offset, length });
}
