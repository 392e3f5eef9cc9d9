/**
 * One reply on Discord: one edit in flight, as often as Discord's headers allow and at most once a second,
 * through the interaction while its token is valid and through the channel after that.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReplyTask } from '../../queue/reply-worker.ts';
import { isFinal, type ReplyState } from '../../story/story.ts';
import type { ChatContext } from '../chat-context.ts';
import { EditPauses } from '../edit-pauses.ts';
import { type MessageSurface, ReplyLost } from '../reply-loop.ts';
import type { DiscordApi, MessageBody, Sent } from './api.ts';
import { failureOf, loggable } from './failures.ts';
import { bodyOf, type MessageFormat } from './message-format.ts';
import { type Layout, layOut, type ReplyFacts } from './messages.ts';

/** The address of a reply on Discord: all that any bot process needs to edit it, independent of shards. */
export interface DiscordHandle {
  readonly channelId: string;
  /** The requester, who may stop the story; the bot itself for a daily line. */
  readonly userId: string;
  /** Whether the bot itself may write in the channel, and not only answer the interaction. */
  readonly inChannel: boolean;
  /** Whether only the requester sees the reply: then it can only be edited through the interaction. */
  readonly isPrivate?: true;
  /** Whether no user asked for the reply: a daily line. */
  readonly unasked?: true;
  /** The interaction that the reply answers; absent when the reply is an ordinary message. */
  readonly interaction?: {
    readonly id: string;
    readonly token: string;
    /** When it arrived, in ms since 1970: its token is valid for 15 minutes. */
    readonly at: number;
    /** The message whose button it is, which is then its response. */
    readonly on?: string;
  };
  /** The message that a reply without an interaction refers to. */
  readonly replyTo?: string;
  /** The message whose text the story continues. */
  readonly source?: string;
  /** How its messages are built; `content` in handles of versions that did not store it. */
  readonly format?: MessageFormat;
}

export interface SurfaceTimes {
  /** How long after an interaction its response is still edited through it: Discord allows 15 minutes. */
  readonly answerableMs: number;
  /** The least time between two edits of one reply. */
  readonly editIntervalMs: number;
}

const EVERYTHING = Number.POSITIVE_INFINITY;
/** Time in which another process's acknowledgement arrives. */
const ACKNOWLEDGEMENT_MS = 300;
const NO_PERMISSION = 'Ended early: the bot may not send messages in this channel';
const OUT_OF_TIME = 'Ended early: Discord lets it edit here for 15 minutes only';
/** In a message that a story reached before it began anew. */
const NOTHING_MORE = 'The story ends above';
const REFUSED = 'The AutoMod of this server refused this story. Try another opening.';

export class DiscordSurface implements MessageSurface {
  readonly #task: ReplyTask<DiscordHandle>;
  readonly #chat: ChatContext<DiscordHandle>;
  readonly #api: DiscordApi;
  readonly #applicationId: string;
  readonly #onFailure: (error: unknown) => void;
  readonly #times: SurfaceTimes;
  readonly #ids: string[];
  /** What each message shows, as far as this process knows. */
  readonly #shown: string[] = [];
  readonly #pauses: EditPauses;
  readonly #deadline: NodeJS.Timeout | undefined;
  #most: number;
  #note: string | undefined;
  #tokenIsDead = false;

  /** @param onFailure called with the error of every failed call */
  constructor(
    task: ReplyTask<DiscordHandle>,
    chat: ChatContext<DiscordHandle>,
    api: DiscordApi,
    applicationId: string,
    onFailure: (error: unknown) => void,
    times: SurfaceTimes,
  ) {
    this.#task = task;
    this.#chat = chat;
    this.#api = api;
    this.#applicationId = applicationId;
    this.#onFailure = onFailure;
    this.#times = times;
    this.#ids = [...(task.record?.messages ?? [])];
    const { inChannel, interaction } = task.handle;
    // Follow-up messages have no nonce: sent again after a crash they would appear twice.
    this.#most = inChannel ? EVERYTHING : 1;
    this.#pauses = new EditPauses(task, times.editIntervalMs);
    if (interaction && !inChannel) {
      const ms = interaction.at + times.answerableMs - Date.now();
      this.#deadline = setTimeout(() => this.#endEarly(OUT_OF_TIME), Math.max(0, ms));
    }
  }

  /** The messages that show the reply so far, to be stored in its record. */
  get messages(): readonly string[] {
    return this.#ids;
  }

  async edit(state: ReplyState): Promise<void> {
    let pauseMs = this.#times.editIntervalMs;
    try {
      pauseMs = Math.max(pauseMs, await this.#show(state));
      this.#pauses.succeeded();
    } catch (error) {
      pauseMs = Math.max(pauseMs, await this.#afterFailure(error));
    }
    await this.#pauses.pause(pauseMs);
  }

  async finish(state: ReplyState): Promise<void> {
    await this.#pauses.insist(
      () => this.#show(state),
      (error) => this.#afterFailure(error),
      failureOf,
    );
  }

  close(): void {
    clearTimeout(this.#deadline);
  }

  get #format(): MessageFormat {
    return this.#task.handle.format ?? 'content';
  }

  /** Brings every message up to date. Returns how long to wait before the next edit. */
  async #show(state: ReplyState): Promise<number> {
    const layout = await this.#layOut(state);
    let pauseMs = 0;
    const unused = bodyOf(this.#format, { smallPrint: isFinal(state) ? NOTHING_MORE : '' });
    for (let index = 0; index < Math.max(layout.count, this.#ids.length); index++) {
      const body = index < layout.count ? layout.body(index, this.#ids) : unused;
      const key = JSON.stringify(body);
      if (this.#shown[index] === key) continue;
      try {
        let sent = await this.#put(index, body);
        this.#ids[index] = sent.id;
        // The message was sent before and the response was lost: it exists, but may show less.
        if (!sent.isCurrent) sent = await this.#put(index, body);
        this.#shown[index] = key;
        pauseMs = Math.max(pauseMs, sent.pauseMs);
      } catch (error) {
        const failure = failureOf(error);
        if (failure === 'refused') return this.#apologise(index, error);
        if (failure !== 'forbidden' || index < Math.max(1, this.#ids.length)) throw error;
        // No further message is possible here: the story ends with what fits into the existing ones.
        this.#most = index;
        this.#endEarly(NO_PERMISSION);
        return this.#show(state);
      }
    }
    return pauseMs;
  }

  async #layOut(state: ReplyState): Promise<Layout> {
    const { id, handle, request } = this.#task;
    const facts: ReplyFacts = {
      id,
      userId: handle.userId,
      format: this.#format,
      request,
      source: handle.source,
      models: this.#chat.models,
      isSharing: this.#chat.sharing.isOffered,
      mayVote: handle.inChannel,
      most: this.#most,
      note: this.#note,
    };
    const wait = state.status === 'waiting' ? await this.#chat.waitingLine(state) : '';
    return layOut(state, facts, wait);
  }

  async #put(index: number, body: MessageBody): Promise<Sent> {
    await this.#task.confirm();
    const { interaction, unasked } = this.#task.handle;
    if (unasked) return this.#api.unasked(() => this.#putInChannel(index, body));
    if (index === 0 && interaction && this.#isAnswerable()) return this.#putAnswer(body);
    return this.#putInChannel(index, body);
  }

  #putInChannel(index: number, body: MessageBody): Promise<Sent> {
    const { channelId, replyTo } = this.#task.handle;
    const id = this.#ids[index];
    if (id !== undefined) return this.#api.edit(channelId, id, body);
    return this.#api.send(channelId, `${this.#task.id}/${index}`, body, index === 0 ? replyTo : undefined);
  }

  #isAnswerable(): boolean {
    const { interaction, inChannel } = this.#task.handle;
    if (!interaction || this.#tokenIsDead) return false;
    // Without a channel to fall back to, the token is used until it expires.
    return !inChannel || Date.now() < interaction.at + this.#times.answerableMs;
  }

  async #putAnswer(body: MessageBody): Promise<Sent> {
    const api = this.#api;
    const { interaction, inChannel } = this.#task.handle;
    const { token } = interaction!;
    try {
      return await api.editAnswer(this.#applicationId, token, body);
    } catch (error) {
      if (failureOf(error) !== 'expired') throw error;
      const isNew = this.#ids[0] === undefined || interaction!.on !== undefined;
      if (isNew && (await this.#acknowledge())) {
        return api.editAnswer(this.#applicationId, token, body);
      }
      this.#tokenIsDead = true;
      if (!inChannel) throw new ReplyLost('expired', { cause: error });
      return this.#putInChannel(0, body);
    }
  }

  /** Acknowledges in place of a killed process. Returns whether the interaction is acknowledged. */
  async #acknowledge(): Promise<boolean> {
    try {
      const { interaction, isPrivate } = this.#task.handle;
      await this.#api.acknowledge(interaction!, isPrivate);
      return true;
    } catch (error) {
      if (failureOf(error) !== 'acknowledged') throw error;
      await sleep(ACKNOWLEDGEMENT_MS);
      return Date.now() < this.#task.handle.interaction!.at + this.#times.answerableMs;
    }
  }

  /** Handles a failed edit: throws when the reply is lost, otherwise returns how long to wait. */
  async #afterFailure(error: unknown): Promise<number> {
    this.#task.signal.throwIfAborted();
    if (error instanceof ReplyLost) throw error;
    const failure = failureOf(error);
    const { logger } = this.#chat;
    const message = 'a reply was not edited';
    logger[failure === 'defect' ? 'error' : 'warn']({ reply: this.#task.id, ...loggable(error) }, message);
    this.#onFailure(error);
    if (failure !== 'temporary' && failure !== 'defect') throw new ReplyLost(failure, { cause: error });
    return this.#pauses.failed();
  }

  /** Handles a text that AutoMod blocked: shows an apology in its place, and ends the story. */
  async #apologise(index: number, cause: unknown): Promise<never> {
    this.#chat.logger.warn({ reply: this.#task.id, ...loggable(cause) }, 'AutoMod refused a reply');
    // If the apology is blocked too, the last shown text stays.
    await this.#put(index, bodyOf(this.#format, { smallPrint: REFUSED })).catch(() => {});
    throw new ReplyLost('refused', { cause });
  }

  #endEarly(note: string): void {
    this.#note ??= note;
    this.#chat.replies.stop(this.#task.id).catch((error) => {
      this.#chat.logger.warn(
        { reply: this.#task.id, reason: (error as Error).message },
        'a reply could not be ended early',
      );
    });
  }
}
