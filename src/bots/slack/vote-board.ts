/** Shows votes on Slack, within the budgets of their workspaces. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { VoteRecord } from '../../queue/votes/records.ts';
import { type VoteBoard, VoteLost } from '../../queue/votes/rounds.ts';
import type { AddressOf, ChatContext } from '../chat-context.ts';
import { sum } from '../votes/wording.ts';
import type { SlackApi } from './api.ts';
import type { SlackHandle } from './conversations.ts';
import { deleteMessages } from './delete-messages.ts';
import { CLOSED, failureOf, type SlackFailure } from './failures.ts';
import { type Budgets, CallSlot } from './reply/budgets.ts';
import type { MessageBody } from './reply/messages.ts';
import { layOutVote, showsVote } from './vote-messages.ts';

export type VoteAddress = AddressOf<SlackHandle>;

/** Failures after which another attempt may succeed. */
const PASSING: readonly SlackFailure[] = ['limited', 'temporary', 'defect'];

export class SlackVoteBoard implements VoteBoard<VoteAddress> {
  readonly #chat: Pick<ChatContext<SlackHandle>, 'models' | 'logger'>;
  readonly #api: SlackApi;
  readonly #budgets: Budgets;
  readonly #editIntervalMs: number;

  /** @param editIntervalMs the least time between two edits of one vote */
  constructor(
    chat: Pick<ChatContext<SlackHandle>, 'models' | 'logger'>,
    api: SlackApi,
    budgets: Budgets,
    editIntervalMs: number,
  ) {
    this.#chat = chat;
    this.#api = api;
    this.#budgets = budgets;
    this.#editIntervalMs = editIntervalMs;
  }

  async show(
    voteId: string,
    { vote, hostId, address, messages, isTitling }: VoteRecord<VoteAddress>,
    counts: readonly number[],
    signal: AbortSignal,
  ) {
    const body = layOutVote(vote, counts, { voteId, hostId, models: this.#chat.models, isTitling });
    const { promise: aborted, end } = whenAborted(signal);
    const slot = new CallSlot();
    try {
      const ts = messages[0] ?? (await this.#find(voteId, address, slot, aborted));
      // Progress waits for its slot no longer than the round lasts.
      const isProgress = vote.phase === 'open' && sum(counts) > 0;
      const enough = isProgress && vote.endsAt ? Promise.race([aborted, until(vote.endsAt)]) : aborted;
      const shown = await this.#put(address, ts, body, slot, isProgress ? 'progress' : 'final', enough);
      return { messages: shown === undefined ? messages : [shown], pauseMs: this.#editIntervalMs };
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(error);
      if (PASSING.includes(failure)) throw error;
      throw new VoteLost(failure, { cause: error });
    } finally {
      end();
      slot.giveUp();
    }
  }

  remove(address: VoteAddress, messages: readonly string[]): Promise<void> {
    return deleteMessages(address, messages, this.#api, this.#chat.logger);
  }

  /** Posts or edits the message in the granted slot; undefined when it was not granted in time. */
  async #put(
    address: VoteAddress,
    ts: string | undefined,
    body: MessageBody,
    slot: CallSlot,
    priority: 'final' | 'progress',
    enough: Promise<unknown>,
  ): Promise<string | undefined> {
    const { teamId, channelId } = address;
    const budget =
      ts === undefined ? this.#budgets.of('post', teamId, channelId) : this.#budgets.of('update', teamId);
    if (!(await slot.wait(budget, priority, enough))) return ts;
    if (ts === undefined) return slot.use(() => this.#api.post(address, body));
    await slot.use(() => this.#api.update(address, ts, body));
    return ts;
  }

  /** Looks for the message that an earlier attempt may have posted: posting again would create a second one. */
  async #find(
    voteId: string,
    address: VoteAddress,
    slot: CallSlot,
    aborted: Promise<never>,
  ): Promise<string | undefined> {
    if (!(await slot.wait(this.#budgets.of('history', address.teamId), 'final', aborted))) return undefined;
    try {
      const is = ({ blocks }: { readonly blocks?: unknown }) => showsVote(voteId, blocks);
      return (await slot.use(() => this.#api.history.find(address, address.at, is)))?.ts;
    } catch (error) {
      // Where the bot may not search, it most likely may not post either; the post will report that.
      if (CLOSED.includes(failureOf(error))) return undefined;
      throw error;
    }
  }
}

function until(at: number): Promise<void> {
  return sleep(Math.max(0, at - Date.now()), undefined, { ref: false });
}

/** A promise that rejects when a signal is aborted, and the function that stops listening. */
export function whenAborted(signal: AbortSignal): {
  readonly promise: Promise<never>;
  readonly end: () => void;
} {
  let end = () => {};
  const promise = new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    end = () => signal.removeEventListener('abort', abort);
  });
  promise.catch(() => {});
  return { promise, end: () => end() };
}
