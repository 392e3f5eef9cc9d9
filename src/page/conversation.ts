/** What a user does with the stories of the page: asks for them, continues, changes and removes them. */
import type { Verdict } from '../story/feedback.ts';
import { isFinal } from '../story/story.ts';
import { warmthAfter } from '../story/variations.ts';
import type { Action } from './actions.ts';
import type { StoryBackend } from './backend/backend.ts';
import { branchAsk } from './branch.ts';
import { drawSeed, newId } from './browser.ts';
import type { Task } from './composer.ts';
import { Deletions } from './deletions.ts';
import type { ViewContext } from './exchange.ts';
import { withVerdict } from './feedback-buttons.ts';
import { keepStory } from './keep.ts';
import type { Letter } from './likelihoods/letters.ts';
import { type Ask, continuationContext, newReply, type Reply } from './reply.ts';
import { Saves } from './saves.ts';
import { shareStory } from './share-panel.ts';
import type { ReplyStore } from './store.ts';
import { editTask, lineTask, stopWith } from './tasks.ts';
import { Threads } from './threads.ts';

/** The part of the page around the conversation. */
export interface ConversationView {
  readonly list: HTMLElement;
  readonly announce: (text: string) => void;
  /** The present context of the exchanges, in addition to their replies. */
  readonly context: () => ViewContext;
  /** Called with a request that failed, for the user to edit. */
  readonly onEdit: (ask: Ask) => void;
  /** Has the composer ask for something besides a new story. */
  readonly onTask: (task: Task) => void;
  /** Called when the focused exchange was deleted, and there is no other. */
  readonly onEmpty: () => void;
  /** Called when an exchange was added or removed. */
  readonly onCount: (exchanges: number) => void;
}

/** The page's exchanges, from the oldest to the newest. */
export class Conversation {
  readonly #backend: StoryBackend;
  readonly #store: ReplyStore;
  readonly #deletions: Deletions;
  readonly #saves: Saves;
  readonly #view: ConversationView;
  readonly #threads: Threads;

  constructor(backend: StoryBackend, store: ReplyStore, view: ConversationView) {
    this.#backend = backend;
    this.#store = store;
    this.#deletions = new Deletions(store, backend.api);
    this.#saves = new Saves(store);
    this.#view = view;
    const { list, announce, context, onCount } = view;
    this.#threads = new Threads({
      backend,
      saves: this.#saves,
      list,
      announce,
      context,
      onCount,
      onEnd: (id) => this.#continuePlan(id),
      onAction: (id, action, button) => void this.#act(id, action, button),
      onBranch: (id, letter, text) => this.#branch(id, letter, text),
      onVerdict: (id, verdict) => this.#rate(id, verdict),
    });
  }

  /** Shows stored replies, and follows unfinished ones. */
  restore(): void {
    const { remembers } = this.#backend;
    // A backend that no longer knows a reply receives it again: the same request gives the same story.
    for (const reply of this.#store.all()) {
      this.#threads.append(remembers || isFinal(reply.state) ? reply : { ...reply, submitted: false });
    }
    for (const id of this.#threads.ids) {
      this.#threads.show(id);
      if (!isFinal(this.#lastOf(id).state)) void this.#threads.follow(id);
      else this.#continuePlan(id);
    }
    void this.#deletions.send();
  }

  /**
   * Requests a story; as a part of `threadId` when it continues one.
   *
   * @param nextSeeds seeds of the parts that follow automatically
   */
  ask(
    asked: Ask,
    threadId: string = newId(),
    nextSeeds: readonly number[] = [],
    origin: Pick<Reply, 'parent'> = {},
  ): void {
    const planned = nextSeeds.length > 0 ? { nextSeeds } : {};
    const reply = { ...this.#newReply(threadId, asked), ...planned, ...origin };
    this.#store.add(reply);
    this.#threads.append(reply);
    this.#threads.show(threadId);
    void this.#threads.follow(threadId);
  }

  /** Whether a reply still waits for its first character. */
  get isWaiting(): boolean {
    return this.#threads.all.some(({ replies }) => replies.at(-1)!.state.status === 'waiting');
  }

  /** Redraws everything that depends on more than the replies. */
  refresh(): void {
    for (const id of this.#threads.ids) this.#threads.show(id);
  }

  /** Focuses the newest exchange. */
  focusNewest(): void {
    this.#threads.all.at(-1)?.exchange.focus();
  }

  /** Removes all replies, and stops the unfinished ones. */
  clear(): void {
    for (const id of this.#threads.ids) {
      const last = this.#lastOf(id);
      this.#threads.close(id);
      if (!isFinal(last.state)) this.#backend.api.stop(last.id).catch(() => {});
    }
    this.#saves.clear();
    this.#store.clear();
  }

  /** Writes changes to the browser's storage. */
  save(): void {
    this.#saves.save();
  }

  #lastOf(threadId: string): Reply {
    return this.#threads.get(threadId)!.replies.at(-1)!;
  }

  /** Requests the next part in a link's plan, once the part before it is complete. */
  #continuePlan(threadId: string): void {
    const { replies } = this.#threads.get(threadId)!;
    const { ask, state, nextSeeds = [] } = replies.at(-1)!;
    const [seed, ...rest] = nextSeeds;
    if (seed === undefined || state.status !== 'finished' || state.ending !== 'complete') return;
    this.ask({ ...ask, prompt: '', context: continuationContext(replies), seed }, threadId, rest);
  }

  async #act(threadId: string, action: Action, button: HTMLButtonElement): Promise<void> {
    const { replies } = this.#threads.get(threadId)!;
    const last = replies.at(-1)!;
    const seed = drawSeed();
    switch (action) {
      case 'stop':
        return stopWith(button, () => this.#backend.api.stop(last.id));
      case 'continue':
        return this.ask({ ...last.ask, prompt: '', context: continuationContext(replies), seed }, threadId);
      case 'another':
        return this.ask({ ...last.ask, seed });
      case 'warmer':
      case 'cooler':
        return this.ask({ ...last.ask, ...warmthAfter(action, last.ask) });
      case 'undo':
        return this.#undo(threadId, last);
      case 'delete':
        return this.#delete(threadId);
      case 'retry':
        return this.#retry(threadId, last);
      case 'line':
        return this.#view.onTask(
          lineTask(
            () => this.#threads.get(threadId)?.replies,
            (ask) => this.ask({ ...ask, continuesWord: false }, threadId),
          ),
        );
      case 'edit':
        if (last.state.status === 'failed') return this.#edit(threadId, last);
        return this.#view.onTask(editTask(replies[0]!.ask, (ask) => this.#rewrite(threadId, ask)));
      case 'share': {
        const sharing = this.#backend.api.sharing?.();
        if (!sharing) return;
        const { sharePanel } = this.#threads.get(threadId)!.exchange;
        return shareStory(replies, button, sharePanel, sharing, this.#view.announce);
      }
      case 'copy':
      case 'link':
      case 'download':
        return keepStory(action, replies, button, {
          models: this.#view.context().models,
          announce: this.#view.announce,
        });
    }
  }

  /** Sends what the user says of a story, and shows it when it counts. */
  async #rate(threadId: string, verdict: Verdict | undefined): Promise<void> {
    const { replies, exchange } = this.#threads.get(threadId)!;
    const { id } = replies.at(-1)!;
    try {
      await this.#backend.api.rate?.(id, verdict);
      exchange.feedback.refuse(id, undefined);
      this.#threads.change(threadId, id, (reply) => withVerdict(reply, verdict));
    } catch (error) {
      const { message } = error as Error;
      exchange.feedback.refuse(id, message);
      this.#threads.show(threadId);
      this.#view.announce(message);
    }
  }

  #newReply(thread: string, ask: Ask): Reply {
    return newReply(newId(), thread, ask, this.#view.context().showsLikelihoods);
  }

  /** Begins a story that goes on from another letter of a thread; the parts before that one are copied. */
  #branch(threadId: string, { reply: index, offset }: Letter, text: string): void {
    const { replies } = this.#threads.get(threadId)!;
    const branch = newId();
    const origin = { parent: threadId };
    for (const earlier of replies.slice(0, index)) {
      const { nextSeeds: _, verdict: __, ...part } = earlier;
      const copy = { ...part, id: newId(), thread: branch, ...origin };
      this.#store.add(copy);
      this.#threads.append(copy);
    }
    this.ask(branchAsk(replies[index]!, offset, text), branch, [], origin);
    this.#threads.get(branch)!.exchange.reveal();
    this.#view.announce('A new story goes on from that letter');
  }

  /** Writes a story anew in its own place, instead of all its parts. */
  #rewrite(threadId: string, ask: Ask): void {
    const old = this.#threads.get(threadId);
    if (!old) {
      this.ask(ask);
      return;
    }
    const ids = old.replies.map(({ id }) => id);
    this.#saves.forget(ids);
    const reply = this.#newReply(threadId, ask);
    this.#deletions.replace(ids, reply);
    this.#threads.replace(reply);
    this.#threads.show(threadId);
    this.#threads.get(threadId)!.exchange.focus();
    void this.#threads.follow(threadId);
  }

  /**
   * Requests the same again in the same exchange, with a new id: the server answers an old id with its old
   * result.
   */
  #retry(threadId: string, last: Reply): void {
    const thread = this.#threads.get(threadId)!;
    thread.replies = thread.replies.filter(({ id }) => id !== last.id);
    this.#store.remove(last.id);
    this.ask(last.ask, threadId, last.nextSeeds);
  }

  /** Takes the last part of a story back, also while it is written. */
  #undo(threadId: string, last: Reply): void {
    const thread = this.#threads.get(threadId)!;
    this.#threads.unfollow(thread);
    // A link's plan would add the part again.
    const kept = thread.replies.slice(0, -1).map(({ nextSeeds: _, ...reply }): Reply => reply);
    thread.replies = kept;
    this.#saves.forget([last.id]);
    this.#store.update(kept);
    this.#deletions.delete([last.id]);
    this.#threads.show(threadId);
    this.#view.announce('Last part taken back');
  }

  /** Deletes a story here and in the backend, also while it is written. */
  #delete(threadId: string): void {
    if (!confirm('Delete this story? It cannot be restored.')) return;
    const { ids } = this.#threads;
    const at = ids.indexOf(threadId);
    const neighbour = ids[at + 1] ?? ids[at - 1];
    this.#deletions.delete(this.#close(threadId));
    if (neighbour === undefined) this.#view.onEmpty();
    else this.#threads.get(neighbour)!.exchange.focus();
    this.#view.announce('Story deleted');
  }

  /** Returns a request that failed before its first word to the form. */
  #edit(threadId: string, last: Reply): void {
    this.#close(threadId);
    this.#store.remove(last.id);
    this.#view.onEdit(last.ask);
  }

  /** Removes a thread from the page, without its stored replies; returns their ids. */
  #close(threadId: string): string[] {
    const ids = this.#threads.close(threadId);
    this.#saves.forget(ids);
    return ids;
  }
}
