/**
 * A story as Slack's native stream, below the reply's first message. Streams end after a few minutes, and not
 * every workspace supports them: on any failure the reply continues as an edited message.
 */
import type { webApi } from '@slack/bolt';
import { type Clock, Cooldowns } from '../../cooldowns.ts';
import { clean, slackEscaping } from '../../text.ts';
import type { SlackApi } from '../api.ts';
import type { SlackConversation } from '../conversations.ts';
import { failureOf } from '../failures.ts';
import { type Budgets, CallSlot } from './budgets.ts';

/** Markdown's special characters; a stream's text is Markdown until its final edit makes it plain. */
const MARKS = /[\\`*_{}[\]()#+\-.!|~]/g;

export class SlackStream {
  readonly #api: SlackApi;
  readonly #budgets: Budgets;
  readonly #conversation: SlackConversation;
  readonly #slot = new CallSlot();
  readonly #stream: webApi.ChatStreamer;
  #sent = '';

  /** @param conversation with the thread to stream in */
  constructor(api: SlackApi, budgets: Budgets, conversation: SlackConversation, userId: string) {
    this.#api = api;
    this.#budgets = budgets;
    this.#conversation = conversation;
    this.#stream = api.stream(conversation, userId);
  }

  /** The timestamp of the stream's message, once the stream has started. */
  get ts(): string | undefined {
    return this.#stream.ts;
  }

  /**
   * Sends the new part of a text, if the slot is granted in time.
   *
   * @throws Slack's error: the stream cannot be used any more
   */
  async grow(text: string, enough: Promise<unknown>): Promise<void> {
    const all = clean(text);
    const more = all.slice(this.#sent.length);
    if (more === '') return;
    const budget = this.#budgets.of(this.ts === undefined ? 'start' : 'append', this.#conversation.teamId);
    if (!(await this.#slot.wait(budget, 'progress', enough))) return;
    const token = await this.#api.tokenOf(this.#conversation);
    await this.#slot.use(() => this.#stream.append({ markdown_text: markdownOf(more), token }));
    this.#sent = all;
  }

  /** Ends the stream at its current text. */
  async end(enough: Promise<unknown>): Promise<void> {
    this.#slot.giveUp();
    if (this.ts === undefined) return;
    await this.#slot.wait(this.#budgets.of('stop', this.#conversation.teamId), 'final', enough);
    await this.#slot.use(() => this.#api.stopStream(this.#conversation, this.ts!));
  }

  close(): void {
    this.#slot.giveUp();
  }
}

/** A clean text as Markdown that displays unchanged. */
export function markdownOf(text: string): string {
  return slackEscaping.escape(text.replace(MARKS, '\\$&'));
}

/** After this time a stream is tried again: plans and settings of workspaces change. */
const RETRY_MS = 3_600_000;

/** Remembers where Slack has refused to start a stream, so that not every story asks again. */
export class StreamSupport {
  /** Of workspaces, and of conversations in them. */
  readonly #refusals: Cooldowns;

  constructor(clock: Clock) {
    this.#refusals = new Cooldowns(RETRY_MS, clock);
  }

  /** Whether a stream in a conversation is likely to start. */
  isLikely({ teamId, channelId }: SlackConversation): boolean {
    return ![teamId, `${teamId}/${channelId}`].some((key) => this.#refusals.isRunning(key));
  }

  /** Records that a stream was not started, unless the failure is temporary. */
  refused({ teamId, channelId }: SlackConversation, error: unknown): void {
    const failure = failureOf(error);
    if (failure === 'limited' || failure === 'temporary') return;
    // A failure of one conversation (its kind, an archive, no invitation) says nothing about other ones.
    this.#refusals.begin(failure === 'absent' || failure === 'gone' ? `${teamId}/${channelId}` : teamId);
  }
}
