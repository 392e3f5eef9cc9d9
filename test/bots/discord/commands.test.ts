import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pauseOf } from '../../../src/bots/discord/api.ts';
import { commandsFor } from '../../../src/bots/discord/commands.ts';
import { STORY_BOUNDS } from '../../../src/story/story.ts';
import { checkCommands } from '../../fakes/discord/commands.ts';

type Option = Record<string, unknown> & { name: string };

describe('the commands of Discord', () => {
  const models = Array.from({ length: 40 }, (_, index) => ({
    name: `m${index}`,
    title: 'A long title '.repeat(12),
    description: '',
  }));
  const commands = checkCommands(commandsFor(models));

  it('are valid for Discord, with every bound and choice declared', () => {
    const story = commands.find(({ name }) => name === 'scifi')!;
    const options = Object.fromEntries((story.options as Option[]).map((option) => [option.name, option]));
    assert.deepEqual(Object.keys(options), [
      'prompt',
      'preset',
      'temperature',
      'length',
      'seed',
      'model',
      'choices',
      'private',
    ]);
    assert.equal(options.prompt!.required, true);
    for (const name of ['temperature', 'length', 'seed'] as const) {
      const { min, max } = STORY_BOUNDS[name];
      assert.deepEqual([options[name]!.min_value, options[name]!.max_value], [min, max]);
    }
    const presets = options.preset!.choices as { value: string }[];
    assert.deepEqual(
      presets.map(({ value }) => value),
      ['classic', 'calm', 'lively', 'wild'],
    );
    assert.equal((options.model!.choices as unknown[]).length, 25);
  });

  it('are for servers, direct messages and user installs, but settings are for servers only', () => {
    const administrative: Record<string, string> = {
      'scifi-channel': '16',
      'scifi-limits': '32',
      'scifi-block': String(1n << 40n),
    };
    for (const { name, contexts, integration_types: types, default_member_permissions: needed } of commands) {
      const isForServers = String(name) in administrative;
      assert.deepEqual(contexts, isForServers ? [0] : [0, 1, 2]);
      assert.deepEqual(types, isForServers ? [0] : [0, 1]);
      assert.equal(needed, administrative[String(name)]);
    }
  });
});

describe('the pause derived from Discord’s rate-limit headers', () => {
  const pause = (remaining?: string, resetAfter?: string) =>
    pauseOf(
      new Headers({
        ...(remaining === undefined ? {} : { 'x-ratelimit-remaining': remaining }),
        ...(resetAfter === undefined ? {} : { 'x-ratelimit-reset-after': resetAfter }),
      }),
    );

  it('spreads the remaining calls over the time until the bucket is full again', () => {
    assert.equal(pause('4', '2.000'), 500);
    assert.equal(pause('1', '2.000'), 2_000);
    assert.equal(pause('0', '1.500'), 1_500);
    assert.equal(pause('0', '0.000'), 0);
    assert.equal(pause(), 0);
  });
});
