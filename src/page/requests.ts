/** What the page asks the backend to write: stories, their continuations and alternatives, and stories written anew. */
import { alternatives } from '../story/continuations.ts';
import { branchAsk } from './branch.ts';
import { drawSeed, newId } from './browser.ts';
import type { Deletions } from './deletions.ts';
import type { Letter } from './likelihoods/letters.ts';
import { type Ask, continuationContext, newReply, type Reply } from './reply.ts';
import type { Saves } from './saves.ts';
import type { ReplyStore } from './store.ts';
import type { Threads } from './threads.ts';
import { endsOf, pathOf, settled, toldOf } from './ways/path.ts';

export interface RequestsOptions {
  readonly threads: Threads;
  readonly store: ReplyStore;
  readonly saves: Saves;
  readonly deletions: Deletions;
  /** Whether stories are to have their probabilities. */
  readonly showsLikelihoods: () => boolean;
}

export class Requests {
  readonly #options: RequestsOptions;
  readonly #threads: Threads;
  readonly #store: ReplyStore;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#threads = options.threads;
    this.#store = options.store;
  }

  /**
   * Requests a story, or several of which the user chooses one when it is brief; as a part of `threadId` when it
   * continues one.
   *
   * @param nextSeeds seeds of the parts that follow automatically
   */
  ask(
    asked: Ask,
    threadId: string = newId(),
    nextSeeds: readonly number[] = [],
    origin: Pick<Reply, 'parent'> = {},
  ): void {
    const known = this.#threads.get(threadId);
    if (known) this.#threads.lead(threadId, settled(known.all));
    const planned = nextSeeds.length > 0 ? { nextSeeds } : {};
    const replies = this.#newReplies(threadId, asked).map((reply) => ({ ...reply, ...planned, ...origin }));
    this.#store.add(...replies);
    for (const reply of replies) this.#threads.append(reply);
    void this.#threads.follow(threadId);
  }

  /** Requests a continuation of a story; a brief one is one of several of which the user chooses. */
  continue(threadId: string, isBrief: boolean): void {
    const replies = toldOf(this.#threads.get(threadId)!.all);
    const { brief: _, ...ask } = replies.at(-1)!.ask;
    const context = continuationContext(replies);
    const brief = isBrief ? { brief: true } : {};
    this.ask({ ...ask, ...brief, prompt: '', context, seed: drawSeed() }, threadId);
  }

  /** Requests the next part in a link's plan, once the part before it is complete. */
  continuePlan(threadId: string): void {
    const replies = pathOf(this.#threads.get(threadId)!.all);
    const { ask, state, nextSeeds = [] } = replies.at(-1)!;
    const [seed, ...rest] = nextSeeds;
    if (seed === undefined || state.status !== 'finished' || state.ending !== 'complete') return;
    this.ask({ ...ask, prompt: '', context: continuationContext(replies), seed }, threadId, rest);
  }

  /**
   * Begins a story that goes on from another letter of a thread; the parts before that one are copied, without their
   * forks.
   */
  branch(threadId: string, { reply: index, offset }: Letter, text: string): void {
    const replies = pathOf(this.#threads.get(threadId)!.all);
    const branch = newId();
    const origin = { parent: threadId };
    for (const earlier of replies.slice(0, index)) {
      const { nextSeeds: _, verdict: __, after: ___, fork: ____, ...part } = earlier;
      const copy = { ...part, id: newId(), thread: branch, ...origin };
      this.#store.add(copy);
      this.#threads.append(copy);
    }
    this.ask(branchAsk(replies[index]!, offset, text), branch, [], origin);
    this.#threads.get(branch)!.exchange.reveal();
  }

  /** Writes a story anew in its own place, instead of all its parts. */
  rewrite(threadId: string, ask: Ask): void {
    const old = this.#threads.get(threadId);
    if (!old) {
      this.ask(ask);
      return;
    }
    const ids = old.all.map(({ id }) => id);
    this.#options.saves.forget(ids);
    const replies = this.#newReplies(threadId, ask).map(({ after: _, ...reply }) => reply);
    this.#options.deletions.replace(ids, replies);
    this.#threads.replace(replies);
    this.#threads.show(threadId);
    this.#threads.get(threadId)!.exchange.focus();
    void this.#threads.follow(threadId);
  }

  /**
   * Requests the same again in the same exchange, with a new id: the server answers an old id with its old
   * result.
   */
  retry(threadId: string, last: Reply): void {
    this.discard(threadId, endsOf(this.#threads.get(threadId)!.all));
    this.ask(last.ask, threadId, last.nextSeeds);
  }

  /** Drops failed replies from the page. */
  discard(threadId: string, replies: readonly Reply[]): void {
    const thread = this.#threads.get(threadId)!;
    thread.all = thread.all.filter((reply) => !replies.includes(reply));
    for (const { id } of replies) this.#store.remove(id);
  }

  /** The replies of a request; of a brief one several, of which the user chooses one. */
  #newReplies(thread: string, ask: Ask): Reply[] {
    const before = toldOf(this.#threads.get(thread)?.all ?? []).at(-1);
    const link = before ? { after: before.id } : {};
    const replyTo = (one: Ask) => ({
      ...newReply(newId(), thread, one, this.#options.showsLikelihoods()),
      ...link,
    });
    if (!ask.brief) return [replyTo(ask)];
    const offered = alternatives(ask).map(replyTo);
    const fork = offered[0]!.id;
    return offered.map((reply) => ({ ...reply, fork, way: reply.id === fork ? 'open' : 'aside' }));
  }
}
