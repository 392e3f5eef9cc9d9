/**
 * One reply on Slack: one message, edited as often as the workspace's budget allows. Progress edits may be
 * skipped; the final edit is always made, and a story that is complete before anything was posted is posted
 * whole. In a stream, the story grows below that message, and also ends as an edited message.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ReplyTask } from '../../../queue/reply-worker.ts';
import type { ModelChoice, ReplyState, StorytellerStatus } from '../../../story/story.ts';
import { type MessageRecord, type MessageSurface, ReplyLost } from '../../reply-worker.ts';
import { type WaitGuess, waitingLine } from '../../wait-guess.ts';
import type { SlackApi, WireMessage } from '../api.ts';
import { CLOSED, codeOf, failureOf, loggable, retryAfterOf, type SlackFailure } from '../failures.ts';
import type { SlackConversation, SlackHandle } from '../handle.ts';
import type { Budgets } from './budgets.ts';
import { CallSlot } from './call-slot.ts';
import { layOut, layOutRoot, type MessageBody, type ReplyFacts, replyIdOf } from './messages.ts';
import { findWhenGranted, ShownMessage } from './shown-message.ts';
import { SlackStream } from './stream.ts';
import type { StreamSupport } from './stream-support.ts';

/** Shared by all replies of a process. */
export interface SurfaceTools {
  readonly api: SlackApi;
  readonly budgets: Budgets;
  readonly models: readonly ModelChoice[];
  readonly guess: WaitGuess;
  readonly status: () => StorytellerStatus;
  /** The sentence for a user when the bot may not write. */
  readonly invitation: (handle: SlackHandle) => string;
  readonly logger: Logger;
  /** How a reply grows when both ways are possible. */
  readonly reply: 'edit' | 'stream';
  /** Where streams can be started. */
  readonly streams: StreamSupport;
  /** The least time between two edits of one reply. */
  readonly editIntervalMs: number;
}

/** How long progress waits for its slot before it checks for newer text. */
const PATIENCE_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;
/** Attempts at the final edit, over several minutes. */
const FINAL_ATTEMPTS = 10;
/** A workspace may limit how long messages can be edited. */
const TOO_OLD = 'edit_window_closed';
const SHUT_OUT =
  'I may not write in this workspace any more, so this story ends here. Whoever looks after the app can mend that.';
/** Failures after which another attempt may succeed. */
const PASSING: readonly SlackFailure[] = ['limited', 'temporary', 'defect'];

export class SlackSurface implements MessageSurface {
  readonly #task: ReplyTask<SlackHandle>;
  readonly #tools: SurfaceTools;
  /** Aborted when a user presses Stop: then the reply does not wait for the next edit. */
  readonly #hurry = new AbortController();
  /** Shows the story; while a stream is open, the message above it. */
  #message: ShownMessage;
  /** The message above the story, when the story was streamed. */
  #root: ShownMessage | undefined;
  #stream: SlackStream | undefined;
  /** The slot for finding a stream that was left open. */
  readonly #looking = new CallSlot();
  /**
   * Whether it is a daily line, which is shown only when complete: the rate limit is kept for users who wait.
   */
  readonly #isDaily: boolean;
  /** Whether the story may (still) become a stream. */
  #mayStream: boolean;
  /** Whether an earlier process may have streamed without storing that. */
  #mayBeStreamed: boolean;
  /** Whether the workspace no longer allows edits of a message as old as this one. */
  #isTooOld = false;
  #stopGrowing: (() => void) | undefined;
  #failures = 0;

  constructor(task: ReplyTask<SlackHandle>, tools: SurfaceTools) {
    this.#task = task;
    this.#tools = tools;
    const { handle, record, isFirst } = task;
    const [ts, rootTs] = (record as MessageRecord | undefined)?.messages ?? [];
    const isOurs = ({ blocks }: WireMessage) => replyIdOf(blocks) === task.id;
    this.#message = this.#shown(handle, ts, ts === undefined && !isFirst, isOurs);
    if (rootTs !== undefined) {
      this.#message = this.#shown({ ...handle, threadTs: rootTs }, ts, false, isOurs);
      this.#root = this.#shown(handle, rootTs, false, isOurs);
    }
    this.#isDaily = handle.userId === handle.botUserId;
    // A stream is posted below a message of its own, and is for the requester.
    const isPossible = tools.reply === 'stream' && handle.threadTs === undefined && !this.#isDaily;
    // A process cannot continue another's stream: a successor continues by edits.
    this.#mayStream = isPossible && isFirst && tools.streams.isLikely(handle);
    this.#mayBeStreamed = isPossible && !isFirst && rootTs === undefined;
    task.onStop(() => this.#hurry.abort());
  }

  /** The message that shows the story, and then the message above it. */
  get messages(): readonly string[] {
    const { ts } = this.#message;
    const streamed = this.#stream?.ts;
    const all = streamed === undefined ? [ts, this.#root?.ts] : [streamed, ts];
    return all.filter((some) => some !== undefined);
  }

  async edit(state: ReplyState): Promise<void> {
    try {
      if (this.#isDaily) return await this.#pause(PATIENCE_MS);
      if (!(await this.#look(this.#pause(PATIENCE_MS)))) return;
      this.#stopGrowing ??= this.#tools.budgets.grow(this.#task.handle.teamId);
      if (!this.#stopGrowing || this.#isTooOld) return await this.#pause(PATIENCE_MS);
      if (state.status === 'writing' && this.#mayStream && this.#message.ts !== undefined) {
        await this.#growStream(state.text);
      } else {
        // Without a slot, the next call brings newer text, and the position in the queue is kept.
        if (!(await this.#message.wait('progress', this.#pause(PATIENCE_MS)))) return;
        await this.#message.show(this.#mayStream ? this.#layOutRoot(state) : this.#layOut(state));
      }
      this.#failures = 0;
    } catch (error) {
      await this.#pause(Math.min(PATIENCE_MS, await this.#afterFailure(error)));
    }
    await this.#pause(this.#tools.editIntervalMs);
  }

  async finish(state: ReplyState): Promise<void> {
    await this.#insist(async (enough) => {
      await this.#look(enough);
      await this.#endStream(enough);
      await this.#message.wait('final', enough);
      await this.#message.show(this.#layOut(state));
    });
    const root = this.#root;
    if (!root || this.#isTooOld) return;
    await this.#insist(async (enough) => {
      await root.wait('final', enough);
      await root.show(this.#layOutRoot(state));
    });
  }

  close(): void {
    for (const message of [this.#message, this.#root]) message?.releaseSlot();
    this.#stream?.close();
    this.#looking.giveUp();
    this.#stopGrowing?.();
    this.#tools.guess.forget(this.#task.id);
  }

  /** Repeats an action until it succeeds or cannot succeed. */
  async #insist(act: (enough: Promise<never>) => Promise<void>): Promise<void> {
    const { signal } = this.#task;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const aborted = whenAborted(signal);
      try {
        return await act(aborted.promise);
      } catch (error) {
        if (signal.aborted) throw error;
        const pauseMs = await this.#afterFailure(error);
        if (attempt === FINAL_ATTEMPTS) throw new ReplyLost(failureOf(error), { cause: error });
        await sleep(pauseMs, undefined, { signal });
      } finally {
        aborted.forget();
      }
    }
  }

  /** Finds the message that an earlier process may have left; returns whether the answer is known. */
  async #look(enough: Promise<unknown>): Promise<boolean> {
    if (!(await this.#message.look(enough))) return false;
    const { ts } = this.#message;
    if (!this.#mayBeStreamed || ts === undefined) return true;
    const { api, budgets, logger } = this.#tools;
    const { handle, id } = this.#task;
    const conversation = { ...handle, threadTs: ts };
    const is = (other: WireMessage) => other.ts !== ts && other.user === handle.botUserId;
    const wanted = { conversation, since: handle.at, is };
    const streamed = await findWhenGranted(api, budgets, this.#looking, wanted, enough);
    if (streamed === 'not yet') return false;
    this.#mayBeStreamed = false;
    if (streamed) {
      logger.info({ reply: id }, 'a stream was left behind');
      this.#goOnBelow(streamed.ts);
    }
    return true;
  }

  async #growStream(text: string): Promise<void> {
    const { api, budgets, logger } = this.#tools;
    const { handle, id } = this.#task;
    const conversation = { ...handle, threadTs: this.#message.ts! };
    this.#stream ??= new SlackStream(api, budgets, conversation, handle.userId);
    await this.#task.confirm();
    try {
      await this.#stream.grow(text, this.#pause(PATIENCE_MS));
    } catch (error) {
      logger.warn({ reply: id, ...loggable(error) }, 'a stream ended; the story goes on by edits');
      if (this.#stream.ts === undefined) {
        // The stream may have started nevertheless, and would show the beginning of a story for ever.
        if (failureOf(error) === 'temporary') this.#mayBeStreamed = true;
        else this.#tools.streams.refused(handle, error);
      }
      this.#leaveStream();
    }
  }

  async #endStream(enough: Promise<never>): Promise<void> {
    const { logger } = this.#tools;
    await this.#stream?.end(enough).catch((error) => {
      if (this.#task.signal.aborted) throw error;
      // The stream may have ended before; the edit that follows finds out.
      logger.warn({ reply: this.#task.id, ...loggable(error) }, 'a stream was not ended');
    });
    this.#leaveStream();
  }

  /** Continues the story as an edited message: the stream's if it has started. */
  #leaveStream(): void {
    this.#mayStream = false;
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.close();
    if (stream?.ts !== undefined) this.#goOnBelow(stream.ts);
  }

  /** Leaves the message as it is; the whole story is posted beside it. */
  #leaveMessage(): void {
    this.#isTooOld = true;
    this.#message.releaseSlot();
    const { handle } = this.#task;
    const thread = this.#root?.ts === undefined ? {} : { threadTs: this.#root.ts };
    this.#message = this.#shown({ ...handle, ...thread }, undefined, false, () => false);
    this.#tools.logger.warn(
      { reply: this.#task.id },
      'a message can be edited no more; the story comes whole',
    );
  }

  #goOnBelow(ts: string): void {
    this.#message.releaseSlot();
    this.#root = this.#message;
    const conversation = { ...this.#task.handle, threadTs: this.#root.ts! };
    this.#message = this.#shown(conversation, ts, false, () => false);
  }

  #shown(
    conversation: SlackConversation,
    ts: string | undefined,
    mayBePosted: boolean,
    isOurs: (message: WireMessage) => boolean,
  ): ShownMessage {
    const { api, budgets } = this.#tools;
    const { handle, confirm } = this.#task;
    return new ShownMessage({
      api,
      budgets,
      conversation,
      ts,
      mayBePosted,
      since: handle.at,
      isOurs,
      confirm,
    });
  }

  #layOut(state: ReplyState): MessageBody {
    return layOut(state, this.#facts(), this.#waitingLine(state));
  }

  #layOutRoot(state: ReplyState): MessageBody {
    return layOutRoot(state, this.#facts(), this.#waitingLine(state));
  }

  #facts(): ReplyFacts {
    const { id, handle, request } = this.#task;
    return { id, userId: handle.userId, request, source: handle.source, models: this.#tools.models };
  }

  #waitingLine(state: ReplyState): string {
    if (state.status !== 'waiting') return '';
    const { guess, status } = this.#tools;
    const { position } = state;
    return waitingLine(state, status(), position === null ? undefined : guess.look(this.#task.id, position));
  }

  /** Handles a failed call: throws when the reply is lost, otherwise returns how long to wait. */
  async #afterFailure(error: unknown): Promise<number> {
    this.#task.signal.throwIfAborted();
    if (error instanceof ReplyLost) throw error;
    if (codeOf(error) === TOO_OLD && this.#message.ts !== undefined && !this.#isTooOld) {
      this.#leaveMessage();
      return 0;
    }
    const { logger, editIntervalMs } = this.#tools;
    const failure = failureOf(error);
    const facts = { reply: this.#task.id, ...loggable(error) };
    if (failure === 'defect') logger.error(facts, 'a reply was not edited');
    else logger.warn(facts, 'a reply was not edited');
    if (!PASSING.includes(failure)) {
      const { invitation } = this.#tools;
      if (CLOSED.includes(failure)) await this.#postEphemeral(invitation(this.#task.handle));
      // An answer to a user's action needs no token.
      if (failure === 'unauthorized') await this.#postEphemeral(SHUT_OUT);
      throw new ReplyLost(failure, { cause: error });
    }
    this.#failures += 1;
    const backoffMs = Math.min(LONGEST_BACKOFF_MS, editIntervalMs * 2 ** (this.#failures - 1));
    return retryAfterOf(error) ?? backoffMs;
  }

  /** Tells the requester why the reply is not shown any further. */
  async #postEphemeral(sentence: string): Promise<void> {
    const { api, logger } = this.#tools;
    const { handle, id } = this.#task;
    if (!handle.responseUrl) return;
    await api.postEphemeral(handle.responseUrl, sentence).catch((error) => {
      logger.warn({ reply: id, reason: (error as Error).message }, 'nobody could be told');
    });
  }

  async #pause(ms: number): Promise<void> {
    const signal = AbortSignal.any([this.#task.signal, this.#hurry.signal]);
    await sleep(ms, undefined, { signal }).catch(() => {});
  }
}

/** A promise that rejects when a signal is aborted, until `forget` is called. */
function whenAborted(signal: AbortSignal): { readonly promise: Promise<never>; forget(): void } {
  let listener = () => {};
  const promise = new Promise<never>((_, reject) => {
    listener = () => reject(signal.reason);
    signal.addEventListener('abort', listener);
  });
  promise.catch(() => {});
  return { promise, forget: () => signal.removeEventListener('abort', listener) };
}
