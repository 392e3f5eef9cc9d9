/**
 * Delete, Undo and Edit on Slack under `kill -9`: real processes of bots and a worker, killed at a random moment after a
 * button was pressed, and started again. What was acknowledged is done in the end, and what was not is done wholly or
 * not at all. Every second story is in a thread of the agent, whose session ends.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from '../fakes/slack/delivery.ts';
import { FakeSlack } from '../fakes/slack/fake-slack.ts';
import { Person } from '../fakes/slack/people.ts';
import type { FakeChannel, FakeMessage } from '../fakes/slack/world.ts';
import { botsMessages, isOver, textOf } from '../harness/slack.ts';
import { NO_LIMITS_SET } from '../helpers/limits.ts';
import { type RoleProcess, startRole } from '../helpers/processes.ts';
import { startRedis, until } from '../helpers/programs.ts';
import { PROMPT, undisturbed } from '../helpers/undisturbed.ts';
import type { OwnAction, OwnSurvival } from './own-survival.ts';

const LENGTH = 300;
const PACE = 2_000;
const KILL_WINDOW_MS = { Delete: 400, Undo: 400, Edit: 1_500 } as const;
const TIMEOUT_MS = 180_000;

/** Kills the bots, and every second time the worker with them, `kills` times during an action. */
export async function surviveOwnActionOnSlack(
  action: Exclude<OwnAction, 'Share'>,
  kills: number,
  random: () => number,
): Promise<OwnSurvival> {
  const slack = await FakeSlack.start();
  slack.limits.isOn = false;
  const redis = await startRedis();
  const env = {
    REDIS_URL: redis.url,
    SCIFI_PORT: '0',
    ...NO_LIMITS_SET,
    SCIFI_PACE: String(PACE),
    SLACK_BOT_TOKEN: slack.workspace.token,
    SLACK_APP_TOKEN: slack.world.appToken,
    SLACK_API: slack.api,
  };
  const ann = new Person(slack, 'ann');
  const expected = await undisturbed();
  const running = new Map<'bots' | 'worker', RoleProcess>();
  const start = async (role: 'bots' | 'worker') => running.set(role, await startRole(role, env));
  let done = 0;
  let unheard = 0;
  try {
    await Promise.all([start('worker'), start('bots')]);
    for (let kill = 0; kill < kills; kill++) {
      const text = `${PROMPT} seed=${kill} length=${LENGTH}`;
      const { channel, threadTs } = ask(slack, ann, text, kill % 2 === 1);
      const seen = () => botsMessages(channel, threadTs).filter(({ isDeleted }) => !isDeleted);
      const ended = (count: number) =>
        until(() => seen().length === count && seen().every(isOver), `${count} stories`, TIMEOUT_MS);
      await ended(1);
      if (action === 'Undo') {
        ann.press(seen()[0]!, 'Continue');
        await ended(2);
      }
      const before = textsOf(seen());
      const press = await pressed(ann, seen().at(-1)!, action, kill);
      await sleep(random() * KILL_WINDOW_MS[action]);
      const victims = kill % 2 === 0 ? (['bots'] as const) : (['bots', 'worker'] as const);
      await Promise.all(victims.map((role) => running.get(role)!.kill()));
      await Promise.all(victims.map(start));
      const edited = await expected.text(1_000 + kill, LENGTH);
      const isDone = () => {
        if (action === 'Delete') return seen().length === 0;
        if (action === 'Undo') return textsOf(seen()) === JSON.stringify(JSON.parse(before).slice(0, 1));
        return seen().length === 1 && isOver(seen()[0]!) && textOf(seen()[0]!) === edited;
      };
      const isHeard = press.acknowledgedAt !== undefined;
      const isRight = () => isDone() || (!isHeard && textsOf(seen()) === before);
      await until(isRight, `one consistent state after ${action} ${kill}`, TIMEOUT_MS);
      if (threadTs !== undefined) {
        const session = slack.world.agent.sessionOf(channel, threadTs)!;
        await until(() => session.statuses.at(-1) === 'active', 'the end of the session', TIMEOUT_MS);
      }
      if (isHeard) done++;
      else unheard++;
    }
    assert.deepEqual(slack.world.pings, []);
    return { done, unheard };
  } finally {
    for (const role of running.values()) await role.kill();
    await expected.close();
    await redis.stop();
    await slack.stop();
  }
}

/** Asks for a story in a channel, or in a thread of the agent. */
function ask(
  slack: FakeSlack,
  ann: Person,
  text: string,
  isForAgent: boolean,
): { readonly channel: FakeChannel; readonly threadTs?: string } {
  if (!isForAgent) {
    const channel = slack.world.addChannel(slack.workspace);
    ann.slash(channel, '/scifi', text);
    return { channel };
  }
  const channel = slack.world.directOf(slack.workspace, ann.user.id);
  return { channel, threadTs: ann.say(channel, text).ts };
}

/** Presses a button; fills in the form that Edit shows. Resolves when the action has been sent. */
async function pressed(
  ann: Person,
  message: FakeMessage,
  action: OwnAction,
  index: number,
): Promise<Delivery> {
  const press = ann.press(message, action);
  if (action !== 'Edit') return press;
  await until(() => ann.viewAfter(press), 'a form', TIMEOUT_MS);
  return ann.fill(press, { seed: String(1_000 + index), length: String(LENGTH) });
}

function textsOf(messages: readonly FakeMessage[]): string {
  return JSON.stringify(messages.map(textOf));
}
