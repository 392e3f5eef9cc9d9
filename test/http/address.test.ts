import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  clientNetwork,
  hostGuard,
  isLoopback,
  isWildcard,
  localUrl,
  namedNetwork,
  parseAddress,
  parseProxies,
} from '../../src/http/address.ts';

const ADDRESSES = ['192.168.1.5', '192.168.1.5:3000', '203.0.113.7', '[2001:db8::7]:3000'];
const NAMES = ['evil.example', 'evil.example:3000', '192.168.1.5.nip.io', '0x7f.1', 'bots'];

describe('an address', () => {
  it('is parsed with the port, the brackets and the zone that proxies and systems write', () => {
    for (const [text, expected] of [
      ['203.0.113.7', '203.0.113.7'],
      [' 203.0.113.7:51234 ', '203.0.113.7'],
      ['::ffff:203.0.113.7', '203.0.113.7'],
      ['::ffff:cb00:7107', '203.0.113.7'],
      ['[::ffff:203.0.113.7]:80', '203.0.113.7'],
      ['2001:DB8::7', '2001:db8::7'],
      ['[2001:db8::7]', '2001:db8::7'],
      ['[2001:db8::7]:443', '2001:db8::7'],
      ['fe80::1%eth0', 'fe80::1'],
    ]) {
      assert.equal(parseAddress(text!)?.toString(), expected, text);
    }
  });

  it('is rejected where the text is ambiguous', () => {
    const others = ['', 'unknown', '_hidden', 'localhost', '127.1', '0x7f.0.0.1', '0177.0.0.1', '2130706433'];
    for (const text of [...others, '1.2.3.4.5', '1.2.3.4:x', '[1.2.3.4', '1.2.3.256', '2001:db8::g']) {
      assert.equal(parseAddress(text), undefined, text);
    }
  });

  it('never throws, for any header', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.ipV6(), fc.ipV4Extended()),
        (text) => {
          parseAddress(text);
          clientNetwork(text);
          namedNetwork(text);
        },
      ),
    );
  });

  it('is the same client with every port', () => {
    const port = fc.integer({ min: 0, max: 65_535 });
    fc.assert(
      fc.property(fc.ipV4(), port, (address, number) => {
        assert.equal(clientNetwork(`${address}:${number}`), clientNetwork(address));
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), port, (address, number) => {
        assert.equal(clientNetwork(`[${address}]:${number}`), clientNetwork(address));
      }),
    );
  });

  it('of a listener is recognised as loopback or wildcard', () => {
    assert.ok(['127.0.0.1', '127.9.9.9', '::1', 'localhost', '::ffff:127.0.0.1'].every(isLoopback));
    assert.ok(!['0.0.0.0', '::', '192.168.0.2', '127.evil.example', ''].some(isLoopback));
    assert.ok(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'].every(isWildcard));
    assert.ok(!['127.0.0.1', 'localhost', '::1'].some(isWildcard));
  });

  it('of a listener becomes a URL for this machine', () => {
    assert.equal(localUrl('127.0.0.1', 80), 'http://127.0.0.1:80');
    assert.equal(localUrl('::1', 80), 'http://[::1]:80');
    for (const any of ['0.0.0.0', '::']) assert.equal(localUrl(any, '80'), 'http://localhost:80');
  });
});

describe('a list of proxies', () => {
  it('holds addresses, networks and named networks', () => {
    const trusts = parseProxies('loopback, 203.0.113.0/24,2001:db8::/32,198.51.100.7')!;
    for (const address of ['127.0.0.1', '::1', '203.0.113.9:80', '[2001:db8:1::2]:80', '198.51.100.7']) {
      assert.ok(trusts(address), address);
    }
    for (const address of ['198.51.100.8', '10.0.0.1', '2001:db9::1', 'unknown', '', undefined]) {
      assert.ok(!trusts(address), address);
    }
  });

  it('is rejected whole for one invalid item', () => {
    for (const list of ['', 'proxy', 'loopback,', '10.0.0.0/33', '10.0.0.0/x', '::/129', '127.1', 'true']) {
      assert.equal(parseProxies(list), undefined, list);
    }
  });

  it('gives the name of the network that a proxy is in', () => {
    assert.equal(namedNetwork('127.0.0.1'), 'loopback');
    assert.equal(namedNetwork('::ffff:172.18.0.1'), 'uniquelocal');
    assert.equal(namedNetwork('fe80::1%eth0'), 'linklocal');
    assert.equal(namedNetwork('203.0.113.7'), undefined);
  });
});

describe('a server answers', () => {
  it('to localhost and its loopback addresses only, when it listens on loopback', () => {
    for (const host of ['127.0.0.1', '::1', 'localhost']) {
      const answersTo = hostGuard(host, []);
      for (const name of ['localhost', 'LOCALHOST:80', '127.0.0.1', '[::1]:9'])
        assert.ok(answersTo(name), name);
      for (const name of [...NAMES, ...ADDRESSES]) assert.ok(!answersTo(name), name);
    }
    assert.ok(hostGuard('127.0.0.9', [])('127.0.0.9:80'));
  });

  it('to every address and to no other name, when it listens on the network', () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5']) {
      const answersTo = hostGuard(host, []);
      for (const name of ['localhost:3000', ...ADDRESSES]) assert.ok(answersTo(name), `${host}: ${name}`);
      for (const name of NAMES) assert.ok(!answersTo(name), `${host}: ${name}`);
    }
    assert.ok(hostGuard('stories.lan', [])('stories.lan:3000'));
  });

  it('to the allowed names', () => {
    const answersTo = hostGuard('0.0.0.0', ['Mine.example']);
    for (const name of ['mine.example', 'MINE.example:8080', 'localhost', ...ADDRESSES]) {
      assert.ok(answersTo(name), name);
    }
    for (const name of NAMES) assert.ok(!answersTo(name), name);
    assert.ok(!hostGuard('127.0.0.1', ['mine.example'])('192.168.1.5'));
  });

  it('to no invalid Host header', () => {
    for (const name of [undefined, '', 'no spaces', '::1', 'localhost:80@evil', 'localhost:123456']) {
      assert.ok(!hostGuard('0.0.0.0', [])(name), name);
    }
  });
});
