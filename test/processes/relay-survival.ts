/**
 * Relays under `kill -9`: real processes of bots and a worker on Redis, or one process with its embedded queue, killed at
 * a random moment of a relay, and started again. Meanwhile users post, edit and delete lines. In the end every line is in
 * the story once, in the order of the thread, and so is every line of the network that was posted.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFlags } from 'discord.js';
import { discordEscaping } from '../../src/bots/text.ts';
import { FakeDiscord } from '../fakes/discord/fake-discord.ts';
import { Person as DiscordPerson } from '../fakes/discord/people.ts';
import type { FakeMessage as DiscordMessage } from '../fakes/discord/world.ts';
import { FakeSlack } from '../fakes/slack/fake-slack.ts';
import { Person as SlackPerson } from '../fakes/slack/people.ts';
import { type FakeMessage as SlackMessage, wordsOf } from '../fakes/slack/world.ts';
import { withoutTitles } from '../harness/chat.ts';
import { ephemeralReply, labelsOf } from '../harness/discord.ts';
import {
  botsMessages,
  ephemeralTo,
  labelsOf as slackLabelsOf,
  smallPrintOf,
  textOf,
} from '../harness/slack.ts';
import { embeddedFolder } from '../helpers/embedded-folder.ts';
import { NO_LIMITS_SET } from '../helpers/limits.ts';
import { type Role, type RoleProcess, startRole } from '../helpers/processes.ts';
import { startRedis, until } from '../helpers/programs.ts';
import type { OwnBackend } from './own-survival.ts';

const KILL_WINDOW_MS = 1_500;
/** While titles are written, the relay is put on the shelf, and its end is shown. */
const END_WINDOW_MS = 1_000;
const LINE_PAUSE_MS = 60;
const TIMEOUT_MS = 180_000;
const END_LABELS = ['Continue', 'My line', 'Delete'];
const OPENING = 'It all began.';

/** A message of a user in a relay's thread. */
interface Line {
  edit(text: string): void;
  delete(): void;
}

/** A relay, as users see it. */
interface SeenRelay {
  /** Posts a line as a new user; undefined while there is no thread. */
  say(text: string): Line | undefined;
  /** The lines of the network that are posted. */
  network(): readonly string[];
  /** How many messages there are above the thread. */
  heads(): number;
  /** Ends it, where the button for that is shown. */
  end(): void;
  /** What the shelf of its channel says. */
  shelf(): Promise<string>;
  /** The finished story and the line below it; undefined until then. */
  over(): { readonly story: string; readonly print: string } | undefined;
}

export interface RelayPlatform {
  readonly env: Readonly<Record<string, string>>;
  /** Resolves when the bots receive events. */
  connected(): Promise<unknown>;
  /** The connections of killed processes are lost. */
  cut(): void;
  begin(): Promise<SeenRelay>;
  /** Fails where the bot has called the platform wrongly. */
  check(): void;
  stop(): Promise<unknown>;
}

/** Kills processes in `kills` relays: the bots, and every second time the worker with them, or the only process. */
export async function surviveRelays(
  platform: RelayPlatform,
  kills: number,
  random: () => number,
  backend: OwnBackend,
): Promise<void> {
  const redis = backend === 'redis' ? await startRedis() : undefined;
  const { folder, remove } = await embeddedFolder();
  const env = {
    REDIS_URL: redis?.url ?? '',
    SCIFI_DATA: folder,
    SCIFI_PORT: '0',
    ...NO_LIMITS_SET,
    ...platform.env,
  };
  const roles: readonly Role[] = redis ? ['worker', 'bots'] : ['start'];
  const running = new Map<Role, RoleProcess>();
  const startAll = async (victims: readonly Role[]) => {
    await Promise.all(victims.map(async (role) => running.set(role, await startRole(role, env))));
    await platform.connected();
  };
  const killAll = async (victims: readonly Role[]) => {
    await Promise.all(victims.map((role) => running.get(role)!.kill()));
    platform.cut();
  };
  try {
    await startAll(roles);
    for (let kill = 0; kill < kills; kill++) {
      const relay = await platform.begin();
      const expected = [OPENING];
      const say = async (text: string) => {
        const line = await until(() => relay.say(text), 'a thread', TIMEOUT_MS);
        expected.push(text);
        return line;
      };
      const written: Line[] = [];
      const writing = (async () => {
        for (let index = 0; index < 6; index++) {
          written.push(await say(`Line ${index} of ${kill}.`));
          await sleep(LINE_PAUSE_MS);
        }
      })();
      await sleep(random() * KILL_WINDOW_MS);
      const victims = redis && kill % 2 === 0 ? (['bots'] as const) : roles;
      await killAll(victims);
      written[0]?.delete();
      written[1]?.edit(`Mended in ${kill}.`);
      if (written[0]) expected.splice(1, 1);
      if (written[1]) expected.splice(1, 1, `Mended in ${kill}.`);
      await startAll(victims);
      await writing;
      await say(`Last of ${kill}.`);
      await until(() => relay.network().length > 0, 'a line of the computer', TIMEOUT_MS);
      relay.end();
      if (kill % 3 === 1) {
        await sleep(random() * END_WINDOW_MS);
        await killAll(roles);
        await startAll(roles);
        // The press may have been lost.
        relay.end();
      }
      const { story, print } = await until(() => relay.over(), `the end of relay ${kill}`, TIMEOUT_MS);
      const network = relay.network();
      let rest = story;
      for (const line of network) {
        // A line that begins with a comma has no space before it.
        const joined = [` ${line}`, line].find((one) => rest.includes(one));
        assert.ok(joined, `“${line}” is in “${rest}”`);
        rest = rest.replace(joined, '');
      }
      assert.equal(rest, expected.join(' '));
      assert.ok(print.includes(`the computer (${network.length} line`), print);
      assert.equal(relay.heads(), 1);
      const listed = await relay.shelf();
      assert.match(listed, /What this channel has written: 1 story/);
      assert.match(listed, /1\. .*It all began/);
    }
    platform.check();
  } finally {
    for (const role of running.values()) await role.kill();
    await redis?.stop();
    await remove();
    await platform.stop();
  }
}

export async function relaysOnDiscord(): Promise<RelayPlatform> {
  const discord = await FakeDiscord.start();
  discord.world.flags = ApplicationFlags.GatewayMessageContentLimited;
  const ann = new DiscordPerson(discord, 'ann');
  return {
    env: { DISCORD_TOKEN: discord.token, DISCORD_API: discord.api },
    connected: () => until(() => discord.gateway.listeners > 0, 'the connection to Discord', TIMEOUT_MS),
    cut: () => discord.gateway.cut({ forget: true }),
    async begin() {
      const channel = discord.world.addChannel();
      ann.slash(channel, 'scifi-relay', { opening: OPENING, every: 2 });
      const isHead = ({ content }: DiscordMessage) => content.startsWith('**A relay**');
      const headsOf = () => [...channel.messages.values()].filter(isHead);
      const [head] = await until(() => (headsOf()[0] ? headsOf() : undefined), 'a relay', TIMEOUT_MS);
      const threadOf = () => discord.world.channels.get(head!.id);
      const own = () =>
        [...(threadOf()?.messages.values() ?? [])].filter(({ author, deleted }) => author.bot && !deleted);
      return {
        say(text) {
          const thread = threadOf();
          if (!thread) return undefined;
          const person = new DiscordPerson(discord, 'bob');
          const message = person.say(thread, text);
          return { edit: (next) => person.edit(message, next), delete: () => person.delete(message) };
        },
        network: () =>
          own().flatMap(({ content }) => {
            const [, line] = /^\*(.*)\*$/.exec(content) ?? [];
            return line === undefined ? [] : [discordEscaping.unescape(line)];
          }),
        heads: () => headsOf().length,
        end: () => void (labelsOf(head!).includes('The end') && ann.press(head!, 'The end')),
        shelf: () => ephemeralReply(ann.slash(channel, 'scifi-shelf')),
        over() {
          const end = own().find((message) => withoutTitles(labelsOf(message)).join() === END_LABELS.join());
          if (!end) return undefined;
          const [story = '', print = ''] = discordEscaping.unescape(end.content).split('\n-# ');
          return { story, print };
        },
      };
    },
    check() {
      assert.equal(discord.count('invalid'), 0);
    },
    stop: () => discord.stop(),
  };
}

export async function relaysOnSlack(): Promise<RelayPlatform> {
  const slack = await FakeSlack.start();
  slack.limits.isOn = false;
  const ann = new SlackPerson(slack, 'ann');
  return {
    env: {
      SLACK_BOT_TOKEN: slack.workspace.token,
      SLACK_APP_TOKEN: slack.world.appToken,
      SLACK_API: slack.api,
    },
    connected: () => until(() => slack.deliveries.connections > 0, 'the connection to Slack', TIMEOUT_MS),
    cut: () => slack.deliveries.cut(),
    async begin() {
      const channel = slack.world.addChannel(slack.workspace);
      ann.slash(channel, '/scifi-relay', `${OPENING} every=2`);
      const head = await until(() => botsMessages(channel)[0], 'a relay', TIMEOUT_MS);
      const threadTs = head.ts;
      const own = () => botsMessages(channel, threadTs).filter(({ isDeleted }) => !isDeleted);
      const isLine = (message: SlackMessage) => smallPrintOf(message).startsWith('The computer');
      return {
        say(text) {
          const person = new SlackPerson(slack, 'bob');
          const message = person.say(channel, text, { threadTs });
          return { edit: (next) => person.edit(message, next), delete: () => person.delete(message) };
        },
        network: () =>
          own()
            .filter(isLine)
            .map(({ blocks }) => wordsOf(blocks, 'section')),
        heads: () => botsMessages(channel).length,
        end: () => void (slackLabelsOf(head).includes('The end') && ann.press(head, 'The end')),
        shelf: () => {
          const asked = ann.slash(channel, '/scifi-shelf');
          return until(() => ephemeralTo(slack, asked), 'the list', TIMEOUT_MS);
        },
        over() {
          const end = own().find(
            (message) => withoutTitles(slackLabelsOf(message)).join() === END_LABELS.join(),
          );
          return end && { story: textOf(end), print: smallPrintOf(end) };
        },
      };
    },
    check() {
      assert.deepEqual(slack.world.pings, []);
    },
    stop: () => slack.stop(),
  };
}
