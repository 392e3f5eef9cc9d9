/**
 * One reply on Slack: one message, edited as often as the workspace's budget allows. Progress gives way; the
 * last words always come, and where the story is whole before anything was posted, it is posted whole.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ReplyTask } from '../../queue/replies.ts';
import type { ModelChoice, ReplyState, StorytellerStatus } from '../../story.ts';
import { type MessageRecord, type MessageSurface, ReplyLost } from '../reply-work.ts';
import { type WaitGuess, waitingLine } from '../wait-guess.ts';
import type { SlackApi, WireMessage } from './api.ts';
import type { Budget, Claim, Priority } from './budget.ts';
import type { Budgets } from './budgets.ts';
import { failureOf, loggable, retryAfterOf, type SlackFailure } from './failures.ts';
import type { SlackHandle } from './handle.ts';
import { layOut, type MessageBody, type ReplyFacts, replyIdOf } from './messages.ts';

/** What all replies of a process share. */
export interface SurfaceTools {
  readonly api: SlackApi;
  readonly budgets: Budgets;
  readonly models: readonly ModelChoice[];
  readonly guess: WaitGuess;
  readonly status: () => StorytellerStatus;
  /** What somebody is told where the bot may not write. */
  readonly invitation: (handle: SlackHandle) => string;
  readonly logger: Logger;
  /** The least time between two edits of one reply. */
  readonly editIntervalMs: number;
}

/** How long progress waits for its turn before it looks whether there are newer words. */
const PATIENCE_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;
/** Attempts at the last words, over some minutes. */
const FINAL_ATTEMPTS = 10;
/** Failures that another attempt may mend. */
const PASSING: readonly SlackFailure[] = ['limited', 'temporary', 'defect'];
/** Failures that say that the bot may not do something in a conversation. */
const CLOSED: readonly SlackFailure[] = ['absent', 'unscoped'];

export class SlackSurface implements MessageSurface {
  readonly #task: ReplyTask<SlackHandle>;
  readonly #tools: SurfaceTools;
  /** Aborted when somebody presses Stop: then nobody wants to wait for the next edit. */
  readonly #hurry = new AbortController();
  #ts: string | undefined;
  /** Whether there may be a message of this reply that is not known here. */
  #mayBePosted: boolean;
  /** What the message shows, as far as this process knows. */
  #shown: string | undefined;
  #claim: { readonly claim: Claim; readonly budget: Budget; readonly isPost: boolean } | undefined;
  #stopGrowing: (() => void) | undefined;
  #failures = 0;

  constructor(task: ReplyTask<SlackHandle>, tools: SurfaceTools) {
    this.#task = task;
    this.#tools = tools;
    this.#ts = (task.record as MessageRecord | undefined)?.messages?.[0];
    this.#mayBePosted = this.#ts === undefined && !task.isFirst;
    task.onStop(() => this.#hurry.abort());
  }

  get messages(): readonly string[] {
    return this.#ts === undefined ? [] : [this.#ts];
  }

  async edit(state: ReplyState): Promise<void> {
    try {
      await this.#lookForOurs();
      this.#stopGrowing ??= this.#tools.budgets.grow(this.#task.handle.teamId);
      if (!this.#stopGrowing) return await this.#pause(PATIENCE_MS);
      const { claim } = this.#inLine('progress');
      // Whoever may not edit yet comes again with newer words, and keeps the place.
      if (!claim.isGranted) await Promise.race([claim.granted, this.#pause(PATIENCE_MS)]);
      if (!claim.isGranted) return;
      await this.#show(this.#layOut(state));
      this.#failures = 0;
    } catch (error) {
      await this.#pause(Math.min(PATIENCE_MS, await this.#afterFailure(error)));
    }
    await this.#pause(this.#tools.editIntervalMs);
  }

  async finish(state: ReplyState): Promise<void> {
    const { signal } = this.#task;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      try {
        await this.#lookForOurs();
        this.#giveUpPlace();
        const { claim } = this.#inLine('final');
        await Promise.race([claim.granted, aborted(signal)]);
        await this.#show(this.#layOut(state));
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        const pauseMs = await this.#afterFailure(error);
        if (attempt === FINAL_ATTEMPTS) throw new ReplyLost(failureOf(error), { cause: error });
        await sleep(pauseMs, undefined, { signal });
      }
    }
  }

  close(): void {
    this.#giveUpPlace();
    this.#stopGrowing?.();
    this.#tools.guess.forget(this.#task.id);
  }

  #inLine(priority: Priority): { readonly claim: Claim; readonly budget: Budget; readonly isPost: boolean } {
    if (this.#claim) return this.#claim;
    const { teamId, channelId } = this.#task.handle;
    const isPost = this.#ts === undefined;
    const { budgets } = this.#tools;
    const budget = isPost ? budgets.of('post', teamId, channelId) : budgets.of('update', teamId);
    this.#claim = { claim: budget.claim(priority), budget, isPost };
    return this.#claim;
  }

  #giveUpPlace(): void {
    this.#claim?.claim.giveUp();
    this.#claim = undefined;
  }

  /** Makes the call that was granted. */
  async #show(body: MessageBody): Promise<void> {
    const key = JSON.stringify(body);
    // Nothing new: the call is kept for what comes.
    if (key === this.#shown) return;
    const { api } = this.#tools;
    const { handle } = this.#task;
    const { budget } = this.#claim!;
    this.#claim = undefined;
    try {
      if (this.#ts === undefined) {
        this.#mayBePosted = true;
        this.#ts = await api.post(handle, body);
        this.#mayBePosted = false;
      } else await api.update(handle, this.#ts, body);
      this.#shown = key;
    } catch (error) {
      const failure = failureOf(error);
      // What Slack has refused is not there; after anything else it may be.
      if (failure !== 'temporary') this.#mayBePosted = false;
      if (failure === 'limited') budget.refused(retryAfterOf(error) ?? this.#tools.editIntervalMs);
      throw error;
    }
  }

  /** Posting twice would be two messages: looks for what an earlier attempt may have left. */
  async #lookForOurs(): Promise<void> {
    if (!this.#mayBePosted) return;
    const { id, handle } = this.#task;
    const isOurs = ({ blocks }: WireMessage) => replyIdOf(blocks) === id;
    const ours = await this.#tools.api.find(handle, handle.at, isOurs).catch((error) => {
      // Where the bot may not look it will most likely not be able to post either, and hears so then.
      if (CLOSED.includes(failureOf(error))) return undefined;
      throw error;
    });
    this.#ts = ours?.ts;
    this.#mayBePosted = false;
    // A place in line for posting is none for editing.
    if (ours) this.#giveUpPlace();
  }

  #layOut(state: ReplyState): MessageBody {
    const { id, handle, request } = this.#task;
    const { models, guess, status } = this.#tools;
    const facts: ReplyFacts = { id, userId: handle.userId, request, source: handle.source, models };
    const place = state.status === 'waiting' ? state.place : null;
    const wait = waitingLine(place, status(), place === null ? undefined : guess.look(id, place));
    return layOut(state, facts, wait);
  }

  /** Decides what a failed call means: throws when the reply is lost, otherwise returns how long to wait. */
  async #afterFailure(error: unknown): Promise<number> {
    if (error instanceof ReplyLost) throw error;
    const { logger, editIntervalMs } = this.#tools;
    const failure = failureOf(error);
    const facts = { reply: this.#task.id, ...loggable(error) };
    if (failure === 'defect') logger.error(facts, 'a reply was not edited');
    else logger.warn(facts, 'a reply was not edited');
    if (!PASSING.includes(failure)) {
      if (CLOSED.includes(failure)) await this.#invite();
      throw new ReplyLost(failure, { cause: error });
    }
    this.#failures += 1;
    const backoffMs = Math.min(LONGEST_BACKOFF_MS, editIntervalMs * 2 ** (this.#failures - 1));
    return retryAfterOf(error) ?? backoffMs;
  }

  /** Says to the one who asked what the bot needs to write here. */
  async #invite(): Promise<void> {
    const { api, invitation, logger } = this.#tools;
    const { handle, id } = this.#task;
    if (!handle.responseUrl) return;
    await api.whisper(handle.responseUrl, invitation(handle)).catch((error) => {
      logger.warn({ reply: id, reason: (error as Error).message }, 'nobody could be told');
    });
  }

  async #pause(ms: number): Promise<void> {
    const signal = AbortSignal.any([this.#task.signal, this.#hurry.signal]);
    await sleep(ms, undefined, { signal }).catch(() => {});
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
