/** The text after a command. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readChannelWords } from '../../../src/bots/commands/channel.ts';
import { readLimitsWords } from '../../../src/bots/commands/limits.ts';
import { readStoryWords } from '../../../src/bots/slack/markup.ts';

describe('the text after /scifi', () => {
  it('is a prompt, with options anywhere in it', () => {
    assert.deepEqual(readStoryWords('It all began with'), { prompt: 'It all began with' });
    assert.deepEqual(readStoryWords('temp=0.7 It all length=800 began  with seed=7 model=melville'), {
      prompt: 'It all began  with',
      temperature: 0.7,
      length: 800,
      seed: 7,
      model: 'melville',
    });
    assert.deepEqual(readStoryWords('TEMPERATURE=1 Line one\nseed=3\nline two'), {
      prompt: 'Line one\nline two',
      temperature: 1,
      seed: 3,
    });
    assert.deepEqual(readStoryWords('It all Preset=Wild, began'), { prompt: 'It all began', preset: 'wild' });
    assert.deepEqual(readStoryWords('x=y and attempt=2'), { prompt: 'x=y and attempt=2' });
  });

  it('ends an option’s value at a comma or a semicolon', () => {
    const read = { temperature: 0.7, length: 300 };
    for (const text of [
      'It began temp=0.7, length=300',
      'temp=0.7; It began length=300,',
      'temp=0.7 , length=300 , It began',
    ]) {
      assert.deepEqual(readStoryWords(text), { prompt: 'It began', ...read }, text);
    }
    assert.deepEqual(readStoryWords('model=melville, It began, they say,'), {
      prompt: 'It began, they say,',
      model: 'melville',
    });
    assert.throws(() => readStoryWords('temp=0,7 x'), /The temperature is “0,7”; give a number/);
  });

  it('keeps every prompt, in any order of options', () => {
    const word = fc.stringMatching(/^[A-Za-z][a-z]{0,8}[,.]?$/);
    const options = { preset: 'wild', temp: '0.7', length: '800', seed: '7', model: 'melville' };
    fc.assert(
      fc.property(
        fc.array(word),
        fc.shuffledSubarray(Object.entries(options)),
        fc.array(fc.nat()),
        (words, some, at) => {
          const all: string[] = [...words];
          for (const [index, [name, value]] of some.entries()) {
            all.splice((at[index] ?? 0) % (all.length + 1), 0, `${name}=${value}`);
          }
          const { prompt, ...read } = readStoryWords(all.join(' '));
          assert.equal(prompt, words.join(' '));
          assert.equal(Object.keys(read).length, some.length);
        },
      ),
    );
  });

  it('reports an option that is not a number', () => {
    for (const text of ['temp=warm x', 'length= x', 'seed=0x7', 'temp=Infinity', 'length=1e3']) {
      assert.throws(
        () => readStoryWords(text),
        { code: 'bad_request', message: /give a number, such as/ },
        text,
      );
    }
  });
});

describe('the text after /scifi-channel', () => {
  const prompts = { messages: 'every', cooldownSeconds: 30, leastCharacters: 10, threads: false };

  it('is parsed as an order', () => {
    assert.deepEqual(readChannelWords('on'), { kind: 'on', prompts });
    assert.deepEqual(readChannelWords(' ON  mentions cooldown=60 min=12 threads '), {
      kind: 'on',
      prompts: { messages: 'mentions', cooldownSeconds: 60, leastCharacters: 12, threads: true },
    });
    assert.deepEqual(readChannelWords('on preset=Wild'), {
      kind: 'on',
      prompts: { ...prompts, preset: 'wild' },
    });
    assert.deepEqual(readChannelWords('daily 8 preset=calm'), {
      kind: 'daily',
      daily: { hour: 8, timeZone: 'UTC', preset: 'calm' },
    });
    const daily = { hour: 8, timeZone: 'Europe/Vienna' };
    for (const text of [
      'daily hour=8 tz=Europe/Vienna',
      'daily 8 Europe/Vienna',
      'daily timezone=Europe/Vienna hour=08:00',
    ]) {
      assert.deepEqual(readChannelWords(text), { kind: 'daily', daily }, text);
    }
    assert.deepEqual(readChannelWords('daily 0'), { kind: 'daily', daily: { hour: 0, timeZone: 'UTC' } });
    assert.deepEqual(readChannelWords('daily hour=8, tz=Europe/Vienna'), { kind: 'daily', daily });
    assert.deepEqual(readChannelWords('on, mentions, cooldown=60, min=12; threads,'), {
      kind: 'on',
      prompts: { messages: 'mentions', cooldownSeconds: 60, leastCharacters: 12, threads: true },
    });
    assert.deepEqual(readLimitsWords('person-hourly=5, all-hourly=9'), {
      kind: 'set',
      limits: { personHourly: 5, communityHourly: 9 },
    });
    assert.deepEqual(readChannelWords('together Moderators'), { kind: 'together', hosts: 'moderators' });
    assert.deepEqual(readChannelWords('together hosts=default'), { kind: 'together', hosts: undefined });
    assert.deepEqual(readLimitsWords('together nobody'), { kind: 'together', hosts: 'nobody' });
    assert.deepEqual(readLimitsWords('together hosts=everyone'), { kind: 'together', hosts: 'everyone' });
    assert.deepEqual(readChannelWords('off'), { kind: 'off' });
    assert.deepEqual(readChannelWords('status'), { kind: 'status' });
    assert.equal(readChannelWords(''), undefined);
    assert.equal(readChannelWords('help'), undefined);
  });

  it('gets an error that names what is wrong', () => {
    const cases: [string, RegExp][] = [
      ['on preset=hot', /There is no preset of that name\. Choose one of: classic, calm, lively, wild/],
      ['maybe', /Choose one of: on, daily, status, off/],
      ['together us', /Choose who may start them: everyone, moderators, nobody, default\./],
      ['daily', /an hour from 0 to 23/],
      ['daily hour=24', /an hour from 0 to 23/],
      ['on cooldown=soon', /The cooldown is “soon”; give a number/],
      ['on cooldown=-1', /from 0 to 86,400/],
      ['on minimum=2.5', /from 1 to 1,000/],
    ];
    for (const [text, message] of cases) {
      assert.throws(() => readChannelWords(text), { code: 'bad_request', message }, text);
    }
  });
});
