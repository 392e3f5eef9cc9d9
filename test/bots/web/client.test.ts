import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { clientAt } from '../../../src/bots/web/client.ts';
import type { Asker } from '../../../src/queue/limits/asker.ts';
import { ask, startServer } from './helpers.ts';

describe('a client of the page', () => {
  it('is somebody if it comes from the internet, and at home nobody', () => {
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

  it('is its whole network, where every device has as many addresses as it likes', () => {
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

  it('is told by a proxy only where that is trusted', async (t) => {
    const forwarded = async (trustProxy: string | undefined): Promise<(Asker | undefined)[]> => {
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
});

/** The same address with its longest run of zeros left out, as it is usually written. */
function shortened(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}
