import { describe, expect, it } from 'vitest';
import { droppedOfSuperConfig, superConfigMisfits } from '../../../src/bundle/judge/super-config.ts';
import { versionOf } from './real-parsers/facts.ts';

const provisioning = { source: 'none' };
const misfits = (config: object, version = '1.5') =>
  superConfigMisfits({ provisioning, ...config }, versionOf(version));
const dropped = (config: object, version = '1.5') =>
  droppedOfSuperConfig(config, versionOf(version)).map((path) => path.join('.'));

describe('what the runtime refuses of a config.toml', () => {
  it('is told with its path, what belongs there and the kind of what is there', () => {
    expect(misfits({ edge_ca: { cert: 'file:///a.pem' } })).toEqual([
      { path: ['edge_ca', 'pk'], expected: 'a value', found: 'nothing' },
    ]);
    expect(misfits({ agent: { name: 'a', type: 'docker', config: { image: 'secret-5' }, env: { A: 5 } } })).toEqual([
      { path: ['agent', 'env', 'A'], expected: 'text', found: 'a whole number' },
    ]);
  });

  it('is told of the form that is meant: a method, files, or a lifetime', () => {
    expect(misfits({ edge_ca: { method: 'EST', expiry_days: 1 } })).toMatchObject([{ path: ['edge_ca', 'method'] }]);
    expect(misfits({ edge_ca: { auto_generated_edge_ca_expiry_days: '90' } })).toMatchObject([
      { path: ['edge_ca', 'auto_generated_edge_ca_expiry_days'] },
    ]);
    expect(misfits({ edge_ca: {} })).toMatchObject([{ path: ['edge_ca', 'auto_generated_edge_ca_expiry_days'] }]);
  });

  it('is a parameter that the key library does not know', () => {
    const known = { homedir_path: '/h', pkcs11_lib_path: '/m.so', 'preloaded_key:a': 'file:///a' };
    expect(misfits({ aziot_keys: known })).toEqual([]);
    expect(misfits({ aziot_keys: { ...known, pkcs11_lib: '/m.so' } })).toMatchObject([
      { path: ['aziot_keys', 'pkcs11_lib'] },
    ]);
  });

  it('takes numbers as a reader of TOML may give them', () => {
    expect(misfits({ cloud_retries: 3n, watchdog: { max_retries: 5n } })).toEqual([]);
    expect(misfits({ cloud_retries: -1n })).toMatchObject([{ found: 'a whole number' }]);
  });
});

describe('what the runtime drops in silence', () => {
  it.each([
    ['half a pair of an EST server', { edge_ca: { method: 'est', username: 'u' } }, ['edge_ca.username']],
    [
      'the same of all certificates',
      { cert_issuance: { est: { auth: { username: 'u', password: 'p', identity_cert: 'file:///a.pem' } } } },
      ['cert_issuance.est.auth.identity_cert'],
    ],
    [
      'a pair with a part of a wrong type',
      { edge_ca: { method: 'est', identity_cert: 'file:///a.pem', identity_pk: '/a.key' } },
      ['edge_ca.identity_cert', 'edge_ca.identity_pk'],
    ],
    [
      'auto_renew beside files, whole or not',
      { edge_ca: { cert: 'file:///a.pem', pk: 'file:///a.key', auto_renew: { rotate_key: true } } },
      ['edge_ca.auto_renew'],
    ],
    [
      'files beside a method',
      { edge_ca: { method: 'self_signed', cert: 'file:///a.pem', pk: 'file:///a.key' } },
      ['edge_ca.cert', 'edge_ca.pk'],
    ],
    ['what only an EST server needs', { edge_ca: { method: 'local_ca', url: 'https://a/b' } }, ['edge_ca.url']],
    [
      'a subject beside a common name',
      { edge_ca: { method: 'self_signed', common_name: 'a', subject: { CN: 'b' } } },
      ['edge_ca.subject'],
    ],
    [
      'a common name of a wrong type',
      { edge_ca: { auto_generated_edge_ca_expiry_days: 30, common_name: 5 } },
      ['edge_ca.common_name'],
    ],
  ])('is told: %s', (_, config, paths) => {
    expect(misfits(config)).toEqual([]);
    expect(dropped(config)).toEqual(paths);
  });

  it('1.2 drops auto_renew, which began with 1.3', () => {
    const edge_ca = { method: 'self_signed', auto_renew: { rotate_key: true, threshold: '80%', retry: '4%' } };
    expect(dropped({ edge_ca }, '1.2')).toEqual(['edge_ca.auto_renew']);
    expect(dropped({ edge_ca }, '1.3')).toEqual([]);
  });

  it('is nothing where all is read', () => {
    const est = { auth: { username: 'u', password: 'p' }, urls: { default: 'https://a/b' } };
    const edge_ca = { method: 'est', identity_cert: 'file:///a.pem', identity_pk: 'pkcs11:token=a;object=b' };
    expect(dropped({ edge_ca, cert_issuance: { est } })).toEqual([]);
    expect(dropped({ edge_ca: { cert: 'file:///a.pem', pk: 'file:///a.key' } })).toEqual([]);
    expect(dropped({})).toEqual([]);
  });
});
