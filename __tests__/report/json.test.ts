import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/model/report.ts';
import { reportJson } from '../../src/report/json.ts';
import { ruleNames, rules } from '../../src/rules/rules.ts';
import { digest } from '../plan/devices.ts';
import { changeOf, everyResult, findingOf, outcomeOf, reportOf } from './reports.ts';

const schema = JSON.parse(readFileSync('schemas/report.schema.json', 'utf8'));
const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);

/** Returns the document as a reader gets it, without the undefined values. */
function printed(...parts: Parameters<typeof reportJson>) {
  return JSON.parse(JSON.stringify(reportJson(...parts)));
}

function faultsOf(document: unknown) {
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe('the report as JSON', () => {
  it.each(Object.entries(everyResult))('of %s is as its schema says', (_, report) => {
    expect(faultsOf(printed(report))).toEqual([]);
  });

  it('of every rule is as its schema says', () => {
    const findings = ruleNames.map((rule) => findingOf({ rule, severity: rules[rule].severity }));
    expect(faultsOf(printed(reportOf({ findings })))).toEqual([]);
  });

  it('has the shape that is promised', () => {
    expect(printed(everyResult.partial)).toEqual({
      command: 'apply',
      result: 'partial',
      findings: [],
      changes: [
        {
          device: 'a',
          hub: 'contoso.azure-devices.net',
          kind: 'update',
          reasons: [{ field: 'status', before: 'enabled', after: 'disabled' }],
        },
        expect.objectContaining({ device: 'b', kind: 'update' }),
        { device: 'c', hub: 'contoso.azure-devices.net', kind: 'create', reasons: [] },
      ],
      outcome: {
        created: 0,
        updated: 1,
        claimed: 0,
        unchanged: 0,
        removed: 0,
        failed: 1,
        unknown: 1,
        tagged: 0,
        devices: [
          { device: 'a', hub: 'contoso.azure-devices.net', result: 'updated' },
          { device: 'b', hub: 'contoso.azure-devices.net', result: 'failed', reason: 'refused' },
          { device: 'c', hub: 'contoso.azure-devices.net', result: 'unknown', reason: 'no answer' },
        ],
      },
      bundles: [],
      faults: [],
    });
  });

  it('has what a pull request changes of the configuration, where that was compared', () => {
    const configuration = [{ key: 'agent.image', before: 'agent:1', after: 'agent:2', devices: ['a', 'b'] }];
    const document = printed({ ...everyResult.changes, configuration });
    expect(document.configuration).toEqual(configuration);
    expect(faultsOf(document)).toEqual([]);
    expect(printed(everyResult.changes)).not.toHaveProperty('configuration');
  });

  it('holds nothing that signs in, in no text of it', () => {
    const id = 'HostName=h;SharedAccessKey=c2VjcmV0';
    const report = reportOf({
      findings: [findingOf({ device: id, message: id, place: { file: id, line: 1, column: 1 } })],
      changes: [changeOf('update', 'SharedAccessKey=c2VjcmV0')],
      outcomes: [outcomeOf('failed', 'SharedAccessKey=c2VjcmV0', id)],
    });
    const document = printed(report);
    expect(JSON.stringify(document)).not.toContain('c2VjcmV0');
    expect(document.findings[0]).toMatchObject({ device: 'HostName=h;SharedAccessKey=***', line: 1 });
    expect(document.changes[0].device).toBe('SharedAccessKey=***');
    expect(faultsOf(document)).toEqual([]);
  });

  it('gives the place of a finding flat, and leaves out what it has not', () => {
    const { findings } = printed(
      reportOf({ findings: [findingOf(), findingOf({ place: undefined, device: undefined, hub: 'a.b' })] }),
    );
    const said = {
      rule: 'certificate/cn-mismatch',
      severity: 'error',
      message: 'certs/a.pem has the common name "b", expected "a"',
      remedy: 'Rename it.',
    };
    expect(findings).toEqual([
      { ...said, file: 'fleet/devices.yaml', line: 12, column: 5, device: 'a', devices: ['a'] },
      { ...said, hub: 'a.b' },
    ]);
  });

  it('gives the names of the files of a bundle, not what is in them', () => {
    const document = printed(everyResult.changed);
    expect(document.bundles).toEqual([
      { device: 'edge-001', hub: 'contoso.azure-devices.net', directory: 'edge-001', files: ['config.yaml'] },
    ]);
    expect(JSON.stringify(document)).not.toContain('secret');
  });

  it('of list holds the devices of the hubs, and only that', () => {
    expect(printed(everyResult.listed).devices).toEqual([
      {
        device: 'edge-001',
        hub: 'contoso.azure-devices.net',
        managed: true,
        owner: 'none',
        status: 'enabled',
        authentication: 'selfSigned',
        thumbprints: { primary: digest('new-1'), secondary: digest('new-2') },
      },
      expect.objectContaining({ device: 'stranger', managed: false }),
    ]);
    expect(printed(everyResult.changed)).not.toHaveProperty('devices');
  });

  it('tells faults with their remedies', () => {
    expect(printed(everyResult.failed).faults).toEqual([{ message: 'no hub', remedy: 'Again.' }]);
  });
});

describe('the schema of the report', () => {
  it('knows every command and every result, and no others', () => {
    expect(schema.properties.command.enum).toEqual([...commands]);
    expect([...schema.properties.result.enum].sort()).toEqual(Object.keys(everyResult).sort());
  });

  it('describes every property', () => {
    const undescribed: string[] = [];
    const visit = (node: Record<string, unknown>, path: string) => {
      for (const [name, value] of Object.entries(node)) {
        if (typeof value !== 'object' || value === null) continue;
        const here = `${path}/${name}`;
        const leads = '$ref' in value || 'description' in value;
        if (/\/properties\/[^/]+$/.test(here) && !leads && !/thumbprints|\/if\//.test(here)) undescribed.push(here);
        visit(value as Record<string, unknown>, here);
      }
    };
    visit(schema, '');
    expect(undescribed).toEqual([]);
  });

  it.each([
    ['a key of its own', { surprise: 1 }],
    ['an unknown result', { result: 'perhaps' }],
    ['devices of another command', { devices: [] }],
    [
      'a place without a line',
      { findings: [{ rule: 'a/b', severity: 'error', message: 'm', remedy: 'r', file: 'f' }] },
    ],
    ['an unknown severity', { findings: [{ rule: 'a/b', severity: 'fatal', message: 'm', remedy: 'r' }] }],
    ['a negative count', { outcome: { ...printed(reportOf()).outcome, created: -1 } }],
    ['a change without reasons', { changes: [{ device: 'a', hub: 'b', kind: 'update' }] }],
  ])('refuses %s', (_, wrong) => {
    const right = printed(reportOf({ changes: [changeOf('update')], findings: [findingOf()] }));
    expect(faultsOf(right)).toEqual([]);
    expect(faultsOf({ ...right, ...wrong })).not.toEqual([]);
  });
});
