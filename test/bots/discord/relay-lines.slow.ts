/** A relay of thirty lines on Discord, with an answer to each: as fast as Discord's limits allow. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { discordEscaping } from '../../../src/bots/text.ts';
import { Person } from '../../fakes/discord/people.ts';
import { REDIS_SERVER, skipWithout } from '../../helpers/programs.ts';
import { writeScripted } from '../relay-script.ts';
import { answers, begun, botsIn, overIn, stored, withDiscord } from './relay-threads.ts';

describe('a long relay on Discord', { timeout: 240_000, skip: skipWithout(REDIS_SERVER) }, () => {
  it('has thirty lines by ten people, with an answer to each, and edits and deletions in between', () =>
    withDiscord(async (harness) => {
      const { ann, discord, channel, bot } = harness;
      const { head, thread } = await begun(harness, { opening: 'It all began.', every: 1 });
      const people = Array.from({ length: 10 }, (_, index) => new Person(discord, `person${index}`));
      const { story, linesOf } = await writeScripted('It all began.', {
        say(index, text) {
          const person = people[index]!;
          const message = person.say(thread, text);
          return { edit: (next) => person.edit(message, next), delete: () => person.delete(message) };
        },
        answers: (count) => answers(thread, count),
        stored: (text) => stored(harness, text),
      });
      ann.press(head, 'The end');
      await overIn(thread);
      const ends = botsIn(thread).slice(31);
      const told = ends.map(({ content }) => discordEscaping.unescape(content).split('\n-# ')[0]).join(' ');
      assert.equal(told, story);
      const print = discordEscaping.unescape(ends.at(-1)!.content).split('\n-# ')[1]!;
      for (const [index, lines] of linesOf.entries()) {
        assert.ok(print.includes(`person${index} (${lines} line`), print);
      }
      assert.match(print, /, the computer \(31 lines\) · /);
      const [work] = await bot.shelf.works(channel.id);
      assert.equal(work!.segments.map(({ text }) => text).join(''), story);
      assert.equal(discord.count(429), 0);
    }));
});
