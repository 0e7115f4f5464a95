import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lacking } from '../../../src/emulator/http/lacking.ts';
import { routeNames } from '../../../src/emulator/http/routes.ts';
import { startHub } from '../../../src/emulator/hub.ts';
import { itNeeding } from '../../support/needing.ts';
import { call } from '../clients.ts';
import { documentedCalls } from '../documented-calls.ts';

const root = join(import.meta.dirname, '../../..');
const swaggerFile = join(root, '../shared/reference/iothub/swagger-2021-04-12.json');
const lacked = lacking.map((lack) => lack.call);

/** A call with the names of its ids left out: `GET /devices/{}`. */
const bare = (name: string) => name.replace(/\{\w+\}/g, '{}');
const served = new Set(routeNames.map(bare));

describe('a call of the service', () => {
  itNeeding(['../shared/reference'], 'is served, or named among those that this hub lacks, and not both', () => {
    const { paths } = JSON.parse(readFileSync(swaggerFile, 'utf8'));
    const described = Object.entries<object>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const known = new Set([...served, ...lacked.map(bare)]);
    expect(described.filter((name) => !known.has(bare(name)))).toEqual([]);
    expect(lacked.filter((name) => served.has(bare(name)))).toEqual([]);
  });

  it('is in the list of the docs exactly if this hub lacks it', () => {
    expect(documentedCalls('What it lacks').toSorted()).toEqual([...lacked].sort());
  });

  it('is in the table of the docs exactly if this hub serves it', () => {
    const isOwn = (name: string) => /^(GET \/|GET \/metrics|\w+ \/_emulator\/.*)$/.test(name);
    const names = routeNames.map(bare).filter((name) => !isOwn(name));
    expect(documentedCalls('What it answers').map(bare).toSorted()).toEqual(names.sort());
  });

  it('that this hub lacks is refused in words that name the hub and what it lacks', async () => {
    const hub = await startHub();
    onTestFinished(() => hub.close());
    for (const { call: name, what } of lacking) {
      const [method = '', path = ''] = name.split(' ');
      for (const target of [path.replace(/\{\w+\}/g, 'x'), `${path.replace(/\{\w+\}/g, 'x')}/`]) {
        const { status, headers, json } = await call(hub, method, target);
        expect([status, headers['iothub-errorcode']]).toEqual([501, 'NotImplemented']);
        expect(json.Message).toMatch(/embedded hub of provision-iot-edge/);
        expect(json.Message).toContain(what);
        expect(json.Message).toContain(name);
      }
    }
    expect(hub.metrics()).not.toContain('route="GET /devices/{id}"');
  });
});
