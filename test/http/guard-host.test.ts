import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hostGuard } from '../../src/http/guard-host.ts';

const ADDRESSES = ['192.168.1.5', '192.168.1.5:3000', '203.0.113.7', '[2001:db8::7]:3000'];
const NAMES = ['evil.example', 'evil.example:3000', '192.168.1.5.nip.io', '0x7f.1', 'bots'];

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
