import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { clientAt, proxyWarner } from '../../../src/bots/web/request.ts';
import type { Requester } from '../../../src/queue/admission/store.ts';
import { ask, startServer } from './helpers.ts';

describe('a client of the page', () => {
  it('is identified at a public address, and not at a private one', () => {
    const public4 = ['8.8.8.8', '172.32.0.1', '11.0.0.1', '::ffff:203.0.113.7'];
    const home = [
      '127.0.0.1',
      '127.8.9.10',
      '::1',
      '10.1.2.3',
      '172.17.0.1',
      '192.168.178.20',
      '169.254.1.1',
    ];
    const home6 = ['fd12::1', 'fe80::1%eth0', '::ffff:192.168.0.7', '::ffff:127.0.0.1'];
    for (const address of public4) assert.ok(clientAt(address, 'public'), address);
    for (const address of [...home, ...home6]) assert.equal(clientAt(address, 'public'), undefined, address);
    for (const address of [...public4, ...home, ...home6]) {
      assert.ok(clientAt(address, 'all'), address);
      assert.equal(clientAt(address, 'none'), undefined, address);
    }
    assert.deepEqual(clientAt('::ffff:203.0.113.7', 'public'), { person: 'web:203.0.113.7' });
  });

  it('is its whole IPv6 network, because every device has many addresses in it', () => {
    assert.deepEqual(clientAt('2001:DB8::7:8', 'public'), { person: 'web:2001:db8:0:0' });
    const group = fc.integer({ min: 0, max: 0xffff }).map((number) => number.toString(16));
    const groups = (length: number) => fc.array(group, { minLength: length, maxLength: length });
    const property = fc.property(groups(3), groups(4), groups(4), (network, one, other) => {
      const of = (host: readonly string[]) => ['2a00', ...network, ...host].join(':');
      const expected = { person: `web:${['2a00', ...network].join(':')}` };
      for (const address of [of(one), of(other), shortened(of(one))]) {
        assert.ok(isIPv6(address), address);
        assert.deepEqual(clientAt(address, 'public'), expected, address);
      }
    });
    fc.assert(property);
  });

  it('is taken from a proxy’s header only where the proxy is trusted', async (t) => {
    const forwarded = async (trustProxy: string | undefined): Promise<(Requester | undefined)[]> => {
      const options = trustProxy === undefined ? {} : { trustProxy };
      const server = await startServer(t, { ...options, clientAt: (address) => clientAt(address, 'all') });
      await ask(server, 'It all began with', { 'x-forwarded-for': '203.0.113.7, 198.51.100.1' });
      return server.replies.askers;
    };
    assert.deepEqual(await forwarded(undefined), [{ person: 'web:127.0.0.1' }]);
    assert.deepEqual(await forwarded('loopback'), [{ person: 'web:198.51.100.1' }]);
    assert.deepEqual(await forwarded('loopback,198.51.100.0/24'), [{ person: 'web:203.0.113.7' }]);
    assert.deepEqual(await forwarded('10.0.0.0/8'), [{ person: 'web:127.0.0.1' }]);
  });

  it('is the same with another port, and through a proxy that sends its port', async (t) => {
    const server = await startServer(t, {
      trustProxy: 'loopback,10.0.0.0/8',
      clientAt: (address) => clientAt(address, 'all'),
    });
    for (const forwarded of [
      '203.0.113.7:1',
      '203.0.113.7:65535',
      '203.0.113.7:4711, 10.0.0.1:443',
      '198.51.100.1, [::ffff:203.0.113.7]:80',
    ]) {
      await ask(server, 'It all began with', { 'x-forwarded-for': forwarded });
    }
    for (const one of ['[2001:db8::1]:80', '2001:db8::2', '[2001:db8::3]']) {
      await ask(server, 'It all began with', { 'x-forwarded-for': one });
    }
    const people = server.replies.askers.map((asker) => asker?.person);
    assert.deepEqual(new Set(people.slice(0, 4)), new Set(['web:203.0.113.7']));
    assert.deepEqual(new Set(people.slice(4)), new Set(['web:2001:db8:0:0']));
  });

  it('is the proxy itself when the header holds no valid address', async (t) => {
    const server = await startServer(t, {
      trustProxy: 'loopback',
      clientAt: (address) => clientAt(address, 'all'),
    });
    for (const forwarded of ['unknown', '_secret', 'a:1', '203.0.113.999', '']) {
      await ask(server, 'It all began with', { 'x-forwarded-for': forwarded });
    }
    assert.deepEqual(
      new Set(server.replies.askers.map((asker) => asker?.person)),
      new Set(['web:127.0.0.1']),
    );
  });

  it('cannot avoid the limits of a minute by ports or addresses of its own network', async (t) => {
    const server = await startServer(t, { trustProxy: 'loopback', limits: { requests: 3 } });
    const statusFrom = async (forwarded: string) =>
      (await fetch(`${server.url}/api/status`, { headers: { 'x-forwarded-for': forwarded } })).status;
    for (const [ports, networks] of [
      [1, 0],
      [2, 0],
      [3, 0],
    ]) {
      assert.equal(await statusFrom(`203.0.113.7:${ports}`), 200);
      assert.equal(await statusFrom(`2001:db8::${networks}:${ports}`), 200);
    }
    assert.equal(await statusFrom('203.0.113.7:4'), 429);
    assert.equal(await statusFrom('[2001:db8::4:1]:4'), 429);
    assert.equal(await statusFrom('203.0.113.8:4'), 200, 'another one is not counted with it');
  });
});

describe('an untrusted proxy', () => {
  const warnings = (log: readonly string[]) =>
    log
      .map((line) => JSON.parse(line))
      .filter(({ level, msg }) => level === 40 && /X-Forwarded-For/.test(msg));

  it('is logged once as a warning, with the setting that trusts it', async (t) => {
    for (const trustProxy of [undefined, '10.0.0.0/8']) {
      const server = await startServer(t, trustProxy === undefined ? {} : { trustProxy });
      await fetch(server.url);
      assert.equal(warnings(server.log).length, 0, 'without the header there is nothing to say');
      for (let n = 0; n < 3; n++) {
        await fetch(server.url, { headers: { 'x-forwarded-for': '203.0.113.7' } });
      }
      const [warning, ...more] = warnings(server.log);
      assert.deepEqual(more, []);
      assert.match(warning.msg, /127\.0\.0\.1.*SCIFI_TRUST_PROXY=loopback/);
      assert.doesNotMatch(server.log.join(''), /203\.0\.113/);
    }
  });

  it('is not logged where it is trusted', async (t) => {
    const server = await startServer(t, { trustProxy: 'loopback' });
    await fetch(server.url, { headers: { 'x-forwarded-for': '203.0.113.7' } });
    assert.deepEqual(warnings(server.log), []);
  });

  it('is still logged after a visitor has forged the header, without the visitor’s address', () => {
    const texts: string[] = [];
    const hear = proxyWarner(
      () => false,
      (text) => texts.push(text),
    );
    for (const peer of ['203.0.113.7', '203.0.113.8', '::ffff:172.18.0.1', '172.18.0.2', undefined]) {
      hear('198.51.100.1', peer);
    }
    assert.equal(texts.length, 2);
    assert.doesNotMatch(texts.join(), /203\.|198\./);
    assert.match(texts[1]!, /172\.18\.0\.1.*SCIFI_TRUST_PROXY=uniquelocal/);
  });
});

/** The same address with its longest run of zeros omitted, as it is usually written. */
function shortened(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}
