/**
 * Users who ask for stories on the page, on Discord and on Slack, and the final outcome of each request.
 * Every user asks in a separate channel, so that all messages there belong to one story.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReplyState } from '../../src/story/story.ts';
import type { FakeDiscord } from '../fakes/discord/fake-discord.ts';
import { Person as DiscordPerson } from '../fakes/discord/people.ts';
import type { FakeSlack } from '../fakes/slack/fake-slack.ts';
import { Person as SlackPerson } from '../fakes/slack/people.ts';
import { EPHEMERAL, endOf, FOOTER, isOver, textOf } from '../harness/discord.ts';
import * as onSlack from '../harness/slack.ts';
import { followReply } from '../helpers/page-client.ts';
import { PROMPT } from '../helpers/undisturbed.ts';
import type { Fate } from './counts.ts';

/** The time after which a missing story counts as lost. */
const STORY_TIMEOUT_MS = 240_000;
/** Discord and Slack give up on an app that has not acknowledged after three seconds. */
const UNHEARD_MS = 4_000;
const POLL_MS = 50;
/** How long the page tries to reach a server that is down. */
const RETRY_FOR_MS = 60_000;
const RETRY_PAUSE_MS = 200;
const UNKNOWN = /a reply that was accepted is known/;
const CROWDED = /Yours comes whole, as soon as it is done/;

/** A requested story, and its expected text. */
export interface Wish {
  readonly seed: number;
  readonly length: number;
  readonly text: Promise<string>;
}

export interface Places {
  /** Address of the page. */
  readonly page: string;
  readonly discord: FakeDiscord;
  readonly slack: FakeSlack;
}

/** Observations while a user waits. */
export interface Watch {
  /** Called once with the time until the request was acknowledged, in ms. */
  acknowledged(ms: number): void;
  /** Called with the length of the current text, at every check. */
  grown(characters: number): void;
}

/**
 * One request on the page, from the button to its end. Sent again while the server is down, as the page does.
 */
export async function askOnPage({ page }: Pick<Places, 'page'>, wish: Wish, watch: Watch): Promise<Fate> {
  const id = randomUUID();
  const { seed, length } = wish;
  const body = JSON.stringify({ id, prompt: PROMPT, seed, length });
  const post = () =>
    fetch(`${page}/api/replies`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(RETRY_FOR_MS),
    });
  const asked = performance.now();
  for (;;) {
    try {
      const response = await post();
      if (response.status === 202) {
        watch.acknowledged(performance.now() - asked);
        break;
      }
      const { error } = (await response.json()) as { error: { message: string } };
      return { end: 'refused', sentence: error.message };
    } catch (error) {
      // The error of `fetch` when the server is down, or goes down.
      if (!(error instanceof TypeError)) throw error;
      if (performance.now() - asked > RETRY_FOR_MS) return { end: 'unheard' };
      await sleep(RETRY_PAUSE_MS);
    }
  }
  return followOnPage({ page }, id, wish, watch);
}

async function followOnPage(
  { page }: Pick<Places, 'page'>,
  id: string,
  wish: Wish,
  watch: Watch,
): Promise<Fate> {
  let grewAt = performance.now();
  let shown = 0;
  let longestPauseMs = 0;
  const look = (state: ReplyState, at: number) => {
    if (!('text' in state) || (state.status === 'writing' && state.text.length <= shown)) return;
    longestPauseMs = Math.max(longestPauseMs, at - grewAt);
    grewAt = at;
    shown = state.text.length;
    watch.grown(shown);
  };
  try {
    const end = await followReply(page, id, STORY_TIMEOUT_MS, look);
    if (end.status === 'failed') return { end: 'told', sentence: end.error.message, longestPauseMs };
    const lookAgain = async () => {
      const isRight = end.status === 'finished' && end.text === (await wish.text);
      // A second request returns the same end; or it is forgotten, with all replies that had ended.
      const again = await followReply(page, id, STORY_TIMEOUT_MS).catch((error) => {
        if (!UNKNOWN.test(error.message)) throw error;
        return end;
      });
      const isDoubled = JSON.stringify(again) !== JSON.stringify(end);
      return { end: isRight ? ('whole' as const) : ('wrong' as const), isDoubled };
    };
    return { ...(await lookAgain()), longestPauseMs, lookAgain };
  } catch (error) {
    const { message } = error as Error;
    // The page then says that the story is not known here any more.
    if (UNKNOWN.test(message)) return { end: 'told', sentence: message };
    return { end: 'lost', sentence: message, longestPauseMs };
  }
}

/** One slash command on Discord. */
export async function askOnDiscord(
  { discord }: Pick<Places, 'discord'>,
  wish: Wish,
  watch: Watch,
): Promise<Fate> {
  const { seed, length } = wish;
  const channel = discord.world.addChannel();
  const person = new DiscordPerson(discord, `person-${channel.id}`);
  const interaction = person.slash(channel, 'scifi', { prompt: PROMPT, seed, length });
  const messages = () => [...channel.messages.values()];
  const asked = performance.now();
  let isAcknowledged = false;
  while (performance.now() - asked < STORY_TIMEOUT_MS) {
    await sleep(POLL_MS);
    if (interaction.acknowledgedAt === undefined) {
      if (performance.now() - asked > UNHEARD_MS) return { end: 'unheard' };
      continue;
    }
    if (!isAcknowledged) watch.acknowledged(interaction.acknowledgedAt - interaction.createdAt);
    isAcknowledged = true;
    const original = interaction.original;
    const shown = original && !original.thinking ? original.content : '';
    if (shown.startsWith(PROMPT)) watch.grown(textOf(messages()).length);
    // A late refusal is a separate message, for the requester.
    const ephemeral = messages().find(({ flags }) => flags & EPHEMERAL);
    if (ephemeral) return { end: 'refused', sentence: ephemeral.content };
    // A waiting reply has a button; a refused one has none.
    const isSentence = shown !== '' && !shown.startsWith(PROMPT) && original!.components.length === 0;
    if (isSentence) return { end: 'refused', sentence: shown };
    const ended = endOf(interaction);
    if (!ended) continue;
    const last = ended.at(-1)!.content;
    if (!FOOTER.test(last)) return { end: 'told', sentence: last };
    const lookAgain = async () => {
      const parts = endOf(interaction) ?? [];
      const isDoubled = messages().length !== parts.length || messages().filter(isOver).length !== 1;
      const isRight = textOf(parts) === (await wish.text);
      return { end: isRight ? ('whole' as const) : ('wrong' as const), isDoubled };
    };
    return { ...(await lookAgain()), lookAgain };
  }
  const sentence = messages().at(-1)?.content.slice(-80) ?? 'nothing';
  return { end: 'lost', sentence, isDoubled: messages().filter(isOver).length > 1 };
}

/** One slash command on Slack. */
export async function askOnSlack({ slack }: Pick<Places, 'slack'>, wish: Wish, watch: Watch): Promise<Fate> {
  const { seed, length } = wish;
  const channel = slack.world.addChannel(slack.workspace);
  const person = new SlackPerson(slack, `person-${channel.id}`);
  const delivery = person.slash(channel, '/scifi', `${PROMPT} seed=${seed} length=${length}`);
  const asked = performance.now();
  await delivery.done;
  if (delivery.acknowledgedAt === undefined) return { end: 'unheard' };
  watch.acknowledged(delivery.acknowledgedAt - delivery.createdAt);
  const told = () =>
    onSlack
      .ephemeralTo(slack, delivery)
      .split('\n')
      .find((sentence) => sentence && !CROWDED.test(sentence));
  while (performance.now() - asked < STORY_TIMEOUT_MS) {
    await sleep(POLL_MS);
    const messages = onSlack.botsMessages(channel);
    const [message] = messages;
    if (message) watch.grown(onSlack.textOf(message).length);
    const sentence = told();
    if (sentence) return { end: message ? 'told' : 'refused', sentence };
    const over = messages.find(onSlack.isOver);
    if (!over) continue;
    const print = onSlack.smallPrintOf(over);
    if (!onSlack.FOOTER.test(print)) return { end: 'told', sentence: print };
    const lookAgain = async () => {
      const ours = onSlack.botsMessages(channel);
      const isRight = onSlack.textOf(ours[0]!) === (await wish.text) && onSlack.isOver(ours[0]!);
      return { end: isRight ? ('whole' as const) : ('wrong' as const), isDoubled: ours.length !== 1 };
    };
    return { ...(await lookAgain()), lookAgain };
  }
  return { end: 'lost', isDoubled: onSlack.botsMessages(channel).length > 1 };
}
