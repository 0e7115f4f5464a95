import { messageOf } from '../../src/model/fault.ts';

/** What V8 says of a text that is not JSON. */
export function jsonError(text: string): string {
  try {
    JSON.parse(text);
  } catch (error) {
    return messageOf(error);
  }
  throw new Error(`it is JSON: ${text}`);
}
