/**
 * The path from a user on Slack to a story, in one process: the fake Slack, the real Bolt, a real queue, a
 * real worker, and a fake generator that returns plausible words at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningChat, startChat } from '../../src/bots/adapter.ts';
import type { ChatServices } from '../../src/bots/chat-context.ts';
import { SlackAdapter, type SlackTuning } from '../../src/bots/slack/adapter.ts';
import type { SlackHandle } from '../../src/bots/slack/conversations.ts';
import { readBlocks } from '../../src/bots/slack/reply/messages.ts';
import { slackEscaping } from '../../src/bots/text.ts';
import type { SlackConfig } from '../../src/config.ts';
import type { Delivery } from '../fakes/slack/delivery.ts';
import { FakeSlack } from '../fakes/slack/fake-slack.ts';
import { buttonsOf, labelOf, Person } from '../fakes/slack/people.ts';
import { type FakeChannel, type FakeMessage, type Seen, wordsOf } from '../fakes/slack/world.ts';
import { PATIENCE_MS, until } from '../helpers/programs.ts';
import { type ChatHarness, type ChatHarnessOptions, openChat } from './chat.ts';

const ACKNOWLEDGE_MS = 180_000;
/** Faster than in production; the call budget still applies. */
const EDIT_INTERVAL_MS = 250;
export const FOOTER =
  / · (?:calm|lively|wild|classic, temperature .*) · seed .* · written by a neural network$/;

type Slack = RunningChat<SlackHandle> & { readonly port: number | undefined };
type SlackOptions = Partial<ChatServices> & SlackTuning & { readonly config?: SlackConfig };

export interface SlackHarness extends ChatHarness<Slack, SlackOptions> {
  readonly slack: FakeSlack;
  readonly channel: FakeChannel;
  readonly ann: Person;
  readonly config: SlackConfig;
  /** Another conversation, created by Ann. */
  channelOf(options?: Parameters<FakeSlack['world']['addChannel']>[1]): FakeChannel;
  /** The ephemeral reply to a user's action; empty when there is none. */
  ephemeralTo(delivery: Delivery): string;
  /** The same, once there is one. */
  ephemeralReply(delivery: Delivery): Promise<string>;
  /** Has a user give a command; returns the ephemeral reply. */
  command(person: Person, channel: FakeChannel, name: string, text?: string): Promise<string>;
  /** The ephemeral reply to the author of a message; empty when there is none. */
  ephemeralAfter(message: FakeMessage): string;
}

/** @param options `settings` overrides the configuration of the bot */
export async function openSlack(
  options: SlackOptions &
    ChatHarnessOptions & { readonly settings?: (slack: FakeSlack) => Partial<SlackConfig> } = {},
): Promise<SlackHarness> {
  const slack = await FakeSlack.start();
  slack.limits.isOn = options.allowance === undefined;
  // Slack's limits of 3 s would make every test depend on the machine's load.
  slack.deliveries.acknowledgeMs = ACKNOWLEDGE_MS;
  slack.clocks.triggerMs = ACKNOWLEDGE_MS;
  const channel = slack.world.addChannel(slack.workspace);
  const ann = new Person(slack, 'ann');
  const config = { ...configOf(slack), ...options.settings?.(slack) };
  const chat = await openChat<Slack, SlackOptions>(
    options,
    async (shared, more) => {
      const privacy = { ...shared.privacy, url: undefined };
      const all = { config, ...shared, privacy, editIntervalMs: EDIT_INTERVAL_MS, ...options, ...more };
      const { connection, models, logger } = all;
      let port = (): number | undefined => undefined;
      const running = await startChat(async () => {
        const adapter = await SlackAdapter.connect(all.config, connection, models, logger, all);
        port = () => adapter.port;
        return adapter;
      }, all);
      return { ...running, port: port() };
    },
    () => slack.stop(),
  );
  const ephemeralReply = (delivery: Delivery) =>
    until(() => ephemeralTo(slack, delivery), 'an ephemeral reply');
  return Object.assign(chat, {
    slack,
    channel,
    ann,
    config,
    channelOf: (more?: Parameters<FakeSlack['world']['addChannel']>[1]) =>
      slack.world.addChannel(slack.workspace, { creatorId: ann.user.id, ...more }),
    ephemeralTo: (delivery: Delivery) => ephemeralTo(slack, delivery),
    ephemeralReply,
    async command(person: Person, at: FakeChannel, name: string, text?: string) {
      // An ephemeral reply belongs to this command if it is not older, in milliseconds.
      await sleep(2);
      return ephemeralReply(person.slash(at, name, text));
    },
    ephemeralAfter: ({ channel: { id }, user, history }: FakeMessage) =>
      slack.world.ephemerals
        .filter(({ at, channelId, userId }) => at >= history[0]!.at && channelId === id && userId === user.id)
        .map(({ text }) => text)
        .join('\n'),
  });
}

/** Settings for the fake's own workspace, in Socket Mode. */
export function configOf(slack: FakeSlack): SlackConfig {
  return {
    botToken: slack.workspace.token,
    appToken: slack.world.appToken,
    http: undefined,
    installation: undefined,
    channelManagers: { isEverybody: false, ids: new Set() },
    host: '127.0.0.1',
    reply: 'edit',
    api: slack.api,
  };
}

/** The bot's messages in a channel, in a thread of it or at its top. */
export function botsMessages(channel: FakeChannel, threadTs?: string): FakeMessage[] {
  return [...channel.messages.values()].filter((message) => message.isBots && message.threadTs === threadTs);
}

/** An ended story whose text has the given beginning; the newest of several. */
export async function finished(
  channel: FakeChannel,
  is: (message: FakeMessage) => boolean = () => true,
  timeoutMs = PATIENCE_MS,
): Promise<FakeMessage> {
  const find = () =>
    [...channel.messages.values()].reverse().find((message) => isOver(message) && is(message));
  return until(find, 'the end of a story', timeoutMs);
}

/** Whether a message has the buttons of an ended story. */
export function isOver(message: FakeMessage): boolean {
  return labelsOf(message).includes('Another');
}

/** The ephemeral reply to a user's action. */
export function ephemeralTo(slack: FakeSlack, { payload, createdAt }: Delivery): string {
  const { channel_id, channel, user_id, user } = payload as Record<string, { id?: string } | string>;
  const idOf = (value: unknown) => (typeof value === 'string' ? value : (value as { id?: string })?.id);
  return slack.world.ephemerals
    .filter(({ at, channelId, userId }) => {
      return (
        at >= createdAt &&
        channelId === (idOf(channel_id) ?? idOf(channel)) &&
        userId === (idOf(user_id) ?? idOf(user))
      );
    })
    .map(({ text }) => text)
    .join('\n');
}

export function labelsOf(message: Pick<Seen, 'blocks'>): string[] {
  return buttonsOf(message).map(labelOf);
}

/** The story text of a message. */
export function textOf({ blocks }: Pick<Seen, 'blocks'>): string {
  return readBlocks(blocks) ?? '';
}

/** The small print under a message, as users see it. */
export function smallPrintOf({ blocks }: Pick<Seen, 'blocks'>): string {
  return slackEscaping.unescape(wordsOf(blocks, 'context'));
}
