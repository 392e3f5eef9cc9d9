/** The shelf on Slack: reactions, addresses and digests, within the budgets of their workspaces. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Work } from '../../story/shelf.ts';
import type { AddressOf } from '../chat-context.ts';
import type { ShelfSurface } from '../shelf/surface.ts';
import { sum } from '../votes/wording.ts';
import type { SlackApi } from './api.ts';
import { conversationOf, type SlackHandle } from './conversations.ts';
import { codeOf, failureOf, type SlackFailure } from './failures.ts';
import type { WireMessage } from './history.ts';
import { type Budgets, CallSlot } from './reply/budgets.ts';
import { fallbackOf } from './reply/messages.ts';

type Address = AddressOf<SlackHandle>;

/** How long a user waits for reactions to be counted, where the workspace is busy. */
const PATIENCE_MS = 2_000;
/** The block that identifies a message. */
const BLOCK_PREFIX = 'scifi-';
/** The thread does not exist (any more). */
const NO_THREAD = 'thread_not_found';
/** Failures after which another attempt may succeed. */
const PASSING: readonly SlackFailure[] = ['limited', 'temporary', 'defect'];

export class SlackShelf implements ShelfSurface<Address> {
  readonly #api: SlackApi;
  readonly #budgets: Budgets;

  constructor(api: SlackApi, budgets: Budgets) {
    this.#api = api;
    this.#budgets = budgets;
  }

  async countReactions(works: readonly Work<Address>[]): Promise<ReadonlyMap<string, number | 'gone'>> {
    const counts = new Map<string, number | 'gone'>();
    const slot = new CallSlot();
    const enough = sleep(PATIENCE_MS, undefined, { ref: false });
    const call = async <T>({ teamId, threadTs }: Address, act: () => Promise<T>) => {
      const budget = this.#budgets.of(threadTs ? 'replies' : 'history', teamId);
      return (await slot.wait(budget, 'progress', enough)) ? slot.use(act) : undefined;
    };
    try {
      const inChannel = works.filter(({ address: { threadTs }, messages: [ts] }) => ts && !threadTs);
      const [first] = inChannel;
      if (first) {
        const seen = await call(first.address, () =>
          this.#api.history.between(
            first.address,
            inChannel.flatMap(({ messages }) => messages),
          ),
        );
        for (const work of inChannel) if (seen) note(work, seen.messages, seen.isWhole);
      }
      // In a thread, or before more messages than one answer has.
      for (const work of works.filter(({ id }) => !counts.has(id))) {
        const { address, messages } = work;
        const seen = await call(address, () => this.#between(address, messages));
        if (!seen) break;
        note(work, seen.messages, seen.isWhole);
      }
    } catch {
      // What is counted already counts; where the bot may not read, the works keep their numbers.
    } finally {
      slot.giveUp();
    }
    return counts;

    function note({ id, address, messages }: Work<Address>, seen: readonly WireMessage[], isWhole: boolean) {
      const shown = seen.filter(({ ts }) => messages.includes(ts));
      const reactions = shown.map((message) => reactionsTo(message, address.botUserId));
      if (shown.length === messages.length) counts.set(id, sum(reactions));
      else if (isWhole) counts.set(id, 'gone');
    }
  }

  /** Reads a part of a conversation, which is empty where its thread does not exist (any more). */
  async #between(address: Address, timestamps: readonly string[]) {
    return this.#api.history.between(address, timestamps).catch((error) => {
      if (codeOf(error) === NO_THREAD) return { messages: [], isWhole: true };
      throw error;
    });
  }

  async linkTo({ address, messages: [ts] }: Work<Address>): Promise<string | undefined> {
    return ts === undefined ? undefined : this.#api.permalink(address, ts).catch(() => undefined);
  }

  async post(channelId: string, key: string, text: string, since: number | undefined): Promise<boolean> {
    const conversation = conversationOf(channelId);
    const block_id = BLOCK_PREFIX + key;
    const isPosted = ({ blocks }: WireMessage) =>
      Array.isArray(blocks) &&
      (blocks as { block_id?: string }[]).some((block) => block.block_id === block_id);
    try {
      // Slack would post it a second time.
      if (since !== undefined && (await this.#api.history.find(conversation, since, isPosted))) return true;
      await this.#api.post(conversation, {
        text: fallbackOf(text),
        blocks: [{ type: 'section', block_id, text: { type: 'mrkdwn', text } }],
      });
      return true;
    } catch (error) {
      if (PASSING.includes(failureOf(error))) throw error;
      return false;
    }
  }
}

/** The reactions of users: those of the bot itself do not count. */
export function reactionsTo({ reactions = [] }: WireMessage, botUserId: string): number {
  return reactions.reduce(
    (total, { count, users = [] }) => total + count - (users.includes(botUserId) ? 1 : 0),
    0,
  );
}
