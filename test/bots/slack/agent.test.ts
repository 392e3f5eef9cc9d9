/** Slack's agent view: its greeting and suggestions, and stories in the threads of direct messages. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { suggestionsOf } from '../../../src/bots/slack/receive/agent-events.ts';
import { Person } from '../../fakes/slack/people.ts';
import type { FakeChannel, FakeMessage } from '../../fakes/slack/world.ts';
import {
  botsMessages,
  finished,
  isOver,
  labelsOf,
  openSlack,
  type SlackHarness,
  smallPrintOf,
  textOf,
} from '../../harness/slack.ts';
import { until } from '../../helpers/programs.ts';

const AGENT_CALLS = /^(?:agents|assistant)\./;

/** The story that ends below a message, and is not one of those before. */
function finishedBelow(root: FakeMessage, ...before: FakeMessage[]): Promise<FakeMessage> {
  return finished(
    root.channel,
    (message) => message.threadTs === root.ts && !before.some(({ ts }) => ts === message.ts),
  );
}

describe('the agent view on Slack', { timeout: 240_000 }, () => {
  let harness: SlackHarness;

  before(async () => {
    harness = await openSlack({ pace: 0, allowance: 20 });
  });
  after(() => harness.close());

  const statusesOf = (root: FakeMessage) =>
    harness.slack.world.agent.sessionOf(root.channel, root.ts)?.statuses ?? [];
  const openDirect = (person = harness.ann): FakeChannel =>
    harness.slack.world.directOf(harness.slack.workspace, person.user.id);

  it('greets in empty direct messages once, and suggests openings each time they are opened', async () => {
    const { slack } = harness;
    const { suggestions } = slack.world.agent;
    const bob = new Person(slack, 'bob');
    const direct = bob.openMessages();
    const { title, prompts } = await until(() => suggestions.get(direct.id), 'suggestions');
    assert.equal(title, 'Choose an opening, or write your own:');
    assert.equal(prompts.length, 4);
    assert.match(botsMessages(direct)[0]!.text, /^Give me an opening/);
    suggestions.clear();
    bob.openMessages();
    await until(() => suggestions.get(direct.id), 'suggestions');
    assert.equal(direct.messages.size, 1);
    // A restarted bot finds the messages.
    await harness.restart();
    suggestions.clear();
    bob.openMessages();
    await until(() => suggestions.get(direct.id), 'suggestions');
    assert.equal(direct.messages.size, 1);
    const chosen = bob.say(direct, prompts[0]!.message);
    const story = await finishedBelow(chosen);
    assert.ok(textOf(story).startsWith(prompts[0]!.message));
  });

  it('suggests four different openings on every day of a week', () => {
    for (let day = 20_000; day < 20_007; day++) {
      const prompts = suggestionsOf(day);
      assert.equal(new Set(prompts.map(({ message }) => message)).size, 4);
      for (const { title } of prompts) assert.match(title, /^[A-Z][^…]*[a-z]…$/);
    }
  });

  it('writes a story below the message, in a session that has its opening as title', async () => {
    const { ann, slack } = harness;
    const root = ann.say(openDirect(), 'What the fuck, said the robot, and left length=300 preset=wild');
    const story = await finishedBelow(root);
    assert.match(smallPrintOf(story), / · wild · /);
    await until(() => statusesOf(root).at(-1) === 'active', 'the end of the session');
    const { title } = slack.world.agent.sessionOf(root.channel, root.ts)!;
    assert.equal(title, 'What the f***');
    assert.equal(botsMessages(openDirect()).length, 0);
  });

  it('goes on with the thread’s last story after the next message', async () => {
    const { ann } = harness;
    const root = ann.say(openDirect(), 'The ice moved length=200 preset=calm');
    const first = await finishedBelow(root);
    const line = ann.say(openDirect(), 'Then the door opened, and length=400', { threadTs: root.ts });
    const second = await finishedBelow(root, first);
    assert.ok(textOf(second).startsWith('Then the door opened, and '), textOf(second));
    assert.ok(textOf(second).length > 200, 'the options of the line apply');
    assert.match(smallPrintOf(second), / · calm · /);
    assert.ok(labelsOf(second).includes('Undo'), 'it continues a story');
    const queue = harness.connection.queue('replies-slack');
    const job = await queue.getJob(`m${line.channel.workspace.id}-${line.channel.id}-${line.ts}`);
    await queue.close();
    assert.equal((job!.data as { request: { context: string } }).request.context, `${textOf(first)} `);
    // With the last story deleted, the one before it goes on; a preset in the line replaces the story's.
    ann.press(second, 'Undo');
    await until(() => second.isDeleted, 'the end of the message');
    ann.say(openDirect(), 'A bell rang temp=0.3', { threadTs: root.ts });
    const third = await finishedBelow(root, first, second);
    assert.match(smallPrintOf(third), / · classic, temperature 0\.3 · /);
    assert.ok(labelsOf(third).includes('Undo'));
  });

  it('begins a story in a thread that has none, and explains itself there', async () => {
    const { ann, slack } = harness;
    const root = ann.say(openDirect(), 'help');
    await until(() => harness.ephemeralAfter(root).includes('Give me an opening'), 'help');
    ann.say(openDirect(), 'It all began length=120', { threadTs: root.ts });
    const story = await finishedBelow(root);
    assert.ok(labelsOf(story).includes('Delete'), 'it continues no story');
    const refused = ann.say(openDirect(), 'All the w0ps', { threadTs: root.ts });
    await until(() => /^I do not write on from/.test(harness.ephemeralAfter(refused)), 'a refusal');
    slack.misbehave({ match: /conversations\.replies/, answer: 500, channel: openDirect() });
    const unread = ann.say(openDirect(), 'One more line', { threadTs: root.ts });
    await until(() => /Send your line again\.$/.test(harness.ephemeralAfter(unread)), 'a refusal');
  });

  it('ends a story whose session Slack refuses, and says nothing', async () => {
    const { ann, slack } = harness;
    for (const answer of ['missing_scope', 'a_code_of_tomorrow', 500, 0] as const) {
      await harness.restart();
      slack.misbehave({ match: AGENT_CALLS, answer, times: 2, channel: openDirect() });
      const root = ann.say(openDirect(), `Refused with ${answer} length=120`);
      await finishedBelow(root);
      assert.equal(harness.ephemeralAfter(root), '', String(answer));
    }
    slack.faults.splice(0);
  });

  it('goes on with a private story after a message below it', async () => {
    const { ann, channel } = harness;
    ann.slash(channel, '/scifi', 'private A locked door length=120');
    const story = await finished(openDirect(), (message) => textOf(message).startsWith('A locked door'));
    ann.say(openDirect(), 'It opened', { threadTs: story.ts });
    const next = await finishedBelow(story);
    assert.ok(textOf(next).startsWith('It opened'));
    assert.ok(labelsOf(next).includes('Undo'));
  });

  it('does not wait long for a session to end', async () => {
    const { ann, slack } = harness;
    await harness.restart();
    const root = ann.say(openDirect(), 'Slow to end length=120');
    const before = (await harness.bot.replies.count()).completed ?? 0;
    slack.misbehave({ match: AGENT_CALLS, answer: 500, times: 2, delayMs: 60_000, channel: openDirect() });
    await finishedBelow(root);
    await until(
      async () => ((await harness.bot.replies.count()).completed ?? 0) > before,
      'the end of the reply',
    );
    slack.faults.splice(0);
  });

  it('does not greet blocked users', async () => {
    const { slack, blocks } = harness;
    const eve = new Person(slack, 'eve');
    await blocks.add({ platform: 'slack', kind: 'user', id: eve.user.id });
    const calls = slack.count(AGENT_CALLS, 'ok');
    const direct = eve.openMessages();
    const message = eve.say(direct, 'Let me in');
    await until(() => harness.ephemeralAfter(message) !== '', 'a notice');
    assert.equal(slack.count(AGENT_CALLS, 'ok'), calls);
    assert.equal(direct.messages.size, 1);
  });
});

describe('a session of the agent on Slack', { timeout: 240_000 }, () => {
  it('is at work while its story waits and grows, and its Stop button stops the story', async () => {
    const harness = await openSlack({ worker: false, pace: 60, allowance: 20 });
    try {
      const { ann, slack } = harness;
      const retire = harness.announceWorker();
      const direct = slack.world.directOf(slack.workspace, ann.user.id);
      const root = ann.say(direct, 'The signal came from length=3000');
      const session = await until(() => slack.world.agent.sessionOf(direct, root.ts), 'a session');
      assert.deepEqual(session.statuses, ['processing']);
      const story = await until(() => botsMessages(direct, root.ts)[0], 'a message');
      assert.match(smallPrintOf(story), /^Next in the queue/);
      retire();
      await harness.startWorker();
      await until(() => textOf(story).length > 40, 'a growing text');
      const early = ann.say(direct, 'Then the door opened', { threadTs: root.ts });
      await until(() => /^The story above is not finished/.test(harness.ephemeralAfter(early)), 'a refusal');
      const bob = new Person(slack, 'bob');
      bob.stopSession(direct, root.ts);
      await until(
        () => slack.world.ephemerals.some(({ userId }) => userId === bob.user.id),
        'a refusal to another user',
      );
      assert.ok(!isOver(story));
      // A restart continues the story and its session.
      await harness.restart();
      ann.stopSession(direct, root.ts);
      await until(() => isOver(story), 'the end');
      assert.ok(textOf(story).length < 2_900);
      await until(() => session.statuses.at(-1) === 'active', 'the end of the session');
      assert.equal(session.title, 'The signal came from');
    } finally {
      await harness.close();
    }
  });
});

describe('a stream on Slack', { timeout: 240_000 }, () => {
  it('is stopped by the Stop button of its session', async () => {
    const harness = await openSlack({
      isEmbedded: true,
      pace: 60,
      allowance: 100,
      settings: () => ({ reply: 'stream' }),
    });
    try {
      const { ann, slack, channel } = harness;
      ann.slash(channel, '/scifi', 'It all began with length=3000');
      const root = await until(() => botsMessages(channel)[0], 'a message');
      const story = await until(() => botsMessages(channel, root.ts)[0], 'a stream');
      ann.stopSession(channel, root.ts);
      await until(() => isOver(story), 'the end');
      assert.ok(textOf(story).length < 2_900);
      await until(
        () => slack.world.agent.sessionOf(channel, root.ts)!.statuses.at(-1) === 'active',
        'the end of the session',
      );
    } finally {
      await harness.close();
    }
  });
});

describe('a workspace on Slack that has not granted the agent view', { timeout: 240_000 }, () => {
  it('is served as before: direct messages without threads, and no call of the agent view', async () => {
    const harness = await openSlack({
      isEmbedded: true,
      pace: 0,
      allowance: 20,
      settings: ({ workspace }) => {
        workspace.scopes = workspace.scopes.filter((scope) => scope !== 'assistant:write');
        return {};
      },
    });
    try {
      const { ann, slack } = harness;
      const direct = ann.openMessages();
      ann.say(direct, 'Between us length=200');
      const message = await finished(direct);
      assert.equal(message.threadTs, undefined);
      assert.ok(textOf(message).startsWith('Between us'));
      ann.say(direct, 'And below it length=200', { threadTs: message.ts });
      const below = await finished(direct, ({ ts }) => ts > message.ts);
      assert.equal(below.threadTs, message.ts);
      assert.ok(labelsOf(below).includes('Delete'), 'it begins a story');
      assert.equal(direct.messages.size, 4);
      assert.ok(!slack.log.some(({ method }) => AGENT_CALLS.test(method)));
      assert.deepEqual(slack.world.ephemerals, []);
    } finally {
      await harness.close();
    }
  });
});
