/** A block as text, and the order in which blocks take precedence. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blockedSentence, blocksOn, formOf, parseBlock } from '../../src/bots/blocks.ts';

const GUILD = '123456789012345678';
const USER = '223456789012345678';

describe('a block', () => {
  it('is serialised as platform, kind and id, and parsed back', () => {
    const forms = [
      `discord:user:${USER}`,
      `discord:server:${GUILD}`,
      `discord:channel:${USER}`,
      'slack:user:U012ABC',
      'slack:user:W012ABC',
      'slack:workspace:T012ABC',
      'slack:channel:C012ABC',
      'slack:channel:D012ABC',
    ];
    for (const form of forms) assert.equal(formOf(parseBlock(` ${form} `)!), form);
  });

  it('rejects other strings', () => {
    for (const text of [
      '',
      'ann',
      'discord:user',
      'discord:user:ann',
      'discord:user:12',
      `discord:workspace:${GUILD}`,
      'slack:server:T012',
      'slack:user:T012',
      'slack:workspace:U012',
      'slack:channel:#general',
      'slack:user:U012:more',
      'slack:constructor:U012',
      'web:user:U012',
    ]) {
      assert.equal(parseBlock(text), undefined, text);
    }
  });

  it('of the operator takes precedence over one of moderators, who cannot block a community', () => {
    const presence = { platform: 'slack', userId: 'U1', community: 'T1', channels: ['C1', 'C0'] } as const;
    const all = blocksOn(presence).map(
      (block) => `${formOf(block)}${block.setIn ? ` in ${block.setIn}` : ''}`,
    );
    assert.deepEqual(all, [
      'slack:user:U1',
      'slack:channel:C1',
      'slack:channel:C0',
      'slack:workspace:T1',
      'slack:user:U1 in T1',
      'slack:channel:C1 in T1',
      'slack:channel:C0 in T1',
    ]);
    assert.deepEqual(blocksOn({ platform: 'discord', userId: USER, channels: [] }).map(formOf), [
      `discord:user:${USER}`,
    ]);
  });

  it('is reported in one line that says who can lift it', () => {
    assert.equal(
      blockedSentence(parseBlock('slack:workspace:T012')!),
      'The operator of this bot has blocked this workspace, so I write no stories in it. Only the operator can lift that.',
    );
    assert.equal(
      blockedSentence({ platform: 'discord', kind: 'user', id: USER, setIn: GUILD }),
      'The moderators here have blocked you, so I write no stories for you. Ask them to lift that.',
    );
  });
});
