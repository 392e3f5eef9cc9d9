import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseRedisUrl, type RedisAddress, withoutSecrets } from '../../src/queue/backends/redis/address.ts';

const PLAIN = { isTls: false, username: undefined, password: undefined, database: 0, master: undefined };

describe('REDIS_URL', () => {
  it('accepts a server, a cluster or sentinels, with and without TLS', () => {
    const cases: [string, RedisAddress][] = [
      ['redis://localhost', { ...PLAIN, kind: 'server', hosts: [{ host: 'localhost', port: 6_379 }] }],
      [
        'rediss://user:p%40ss%2F@[::1]:7/2',
        {
          ...PLAIN,
          kind: 'server',
          isTls: true,
          username: 'user',
          password: 'p@ss/',
          database: 2,
          hosts: [{ host: '::1', port: 7 }],
        },
      ],
      [
        'redis+cluster://:word@a:1,b',
        {
          ...PLAIN,
          kind: 'cluster',
          password: 'word',
          hosts: [
            { host: 'a', port: 1 },
            { host: 'b', port: 6_379 },
          ],
        },
      ],
      [
        'rediss+sentinel://a,b:1/my%20master/3',
        {
          ...PLAIN,
          kind: 'sentinel',
          isTls: true,
          database: 3,
          master: 'my master',
          hosts: [
            { host: 'a', port: 26_379 },
            { host: 'b', port: 1 },
          ],
        },
      ],
    ];
    for (const [url, expected] of cases) assert.deepEqual(parseRedisUrl(url), expected, url);
  });

  it('is refused with the expected form, and is never repeated, because it may hold a password', () => {
    const wrong: [string, RegExp][] = [
      ['host:6379', /expected an address such as/],
      ['http://hunter2@host', /expected an address such as/],
      ['redis://hunter2@one,two', /one host, or redis\+cluster/],
      ['redis://:hunter2@', /expected hosts/],
      ['redis://:hunter2@host:99999', /expected hosts/],
      ['redis://:hunter2@host name', /expected hosts/],
      ['redis://:hunter2@host/zero', /number of a database/],
      ['redis://:hunter2@host/0/1', /number of a database/],
      ['redis://:hunter2@host?db=1', /expected an address such as/],
      ['redis://:hunter2%@host', /percent-encoded/],
      ['redis+cluster://:hunter2@host/1', /a cluster has only one/],
      ['redis+sentinel://:hunter2@host', /name of the master/],
      ['redis+sentinel://:hunter2@host/master/x', /number of a database/],
    ];
    for (const [url, expected] of wrong) {
      assert.throws(
        () => parseRedisUrl(url),
        ({ message }: Error) => {
          assert.match(message, expected, url);
          assert.doesNotMatch(message, /hunter2/, url);
          return true;
        },
      );
    }
  });

  it('carries any user and password, and shows neither', () => {
    const secret = fc.string({ minLength: 1, unit: 'grapheme' }).map((text) => `s3cret${text}`);
    const form = fc.constantFrom('redis', 'rediss', 'redis+cluster', 'rediss+sentinel');
    fc.assert(
      fc.property(form, secret, secret, (scheme, username, password) => {
        const credentials = [username, password].map(encodeURIComponent).join(':');
        const end = scheme.endsWith('sentinel') ? '/master' : '';
        const url = `${scheme}://${credentials}@one.example:6379${end}`;
        const address = parseRedisUrl(url);
        assert.deepEqual([address.username, address.password], [username, password]);
        assert.equal(withoutSecrets(address), url.replace(`${credentials}@`, ''));
        assert.deepEqual(parseRedisUrl(withoutSecrets(address)), {
          ...address,
          username: undefined,
          password: undefined,
        });
      }),
    );
  });
});
