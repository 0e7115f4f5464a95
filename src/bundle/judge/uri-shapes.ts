import { percentDecoded, readModuleUri } from './pkcs11-uri.ts';
import { type Shape, shape } from './shape.ts';

/** A URL of any scheme. The runtime follows the same standard as `URL`. */
export const url: Shape = shape('a URL', (value) => typeof value === 'string' && URL.canParse(value));

/** A URI of which the runtime can make a path. Up to 1.1 it does not take a query. */
export function fileUri(generation: 'iotedge' | 'aziot'): Shape {
  return shape('a file: URI', (value) => typeof value === 'string' && isFile(value, generation));
}

/** Where a private key lies from 1.2 on (PreloadedKeyLocation of Azure/iot-identity-service): the scheme is in lower case. */
export const keyUri: Shape = shape('a file: or pkcs11: URI', (value) => typeof value === 'string' && isKeyUri(value));

/** A `pkcs11:` URI with a token or a slot. */
export const moduleUri: Shape = shape(
  'a pkcs11: URI with token=… or slot-id=…',
  (value) => typeof value === 'string' && typeof readModuleUri(value) !== 'string',
);

function isKeyUri(text: string): boolean {
  if (text.startsWith('pkcs11:')) return typeof readModuleUri(text) !== 'string';
  return text.startsWith('file:') && isFile(text, 'aziot');
}

function isFile(text: string, generation: 'iotedge' | 'aziot'): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, host, search, pathname } = new URL(text);
  if (generation === 'iotedge' && search !== '') return false;
  return protocol === 'file:' && host === '' && percentDecoded(pathname) !== '';
}
