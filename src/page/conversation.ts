/** What a user does with the stories of the page: asks for them, continues, changes and removes them. */
import type { Verdict } from '../story/feedback.ts';
import { isFinal } from '../story/story.ts';
import { warmthAfter } from '../story/variations.ts';
import type { Action } from './actions.ts';
import type { StoryBackend } from './backend/backend.ts';
import { drawSeed } from './browser.ts';
import type { Task } from './composer.ts';
import { Deletions } from './deletions.ts';
import type { ViewContext } from './exchange.ts';
import { withVerdict } from './feedback-buttons.ts';
import { keepStory, shareStory } from './keep.ts';
import type { Ask, Reply } from './reply.ts';
import { Requests } from './requests.ts';
import { Saves } from './saves.ts';
import type { ReplyStore } from './store.ts';
import { editTask, lineTask, stopWith } from './tasks.ts';
import { Threads } from './threads.ts';
import {
  choicesOf,
  endsOf,
  forkAfter,
  idsFrom,
  isGrowing,
  pathOf,
  settled,
  toldOf,
  wayTo,
} from './ways/path.ts';

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
  readonly #requests: Requests;

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
      onEnd: (id) => this.#requests.continuePlan(id),
      onAction: (id, action, button) => void this.#act(id, action, button),
      onBranch: (id, letter, text) => {
        this.#requests.branch(id, letter, text);
        announce('A new story goes on from that letter');
      },
      onWay: (id, replyId, goesOn) => this.#goOn(id, replyId, goesOn),
      onVerdict: (id, verdict) => this.#rate(id, verdict),
    });
    this.#requests = new Requests({
      threads: this.#threads,
      store,
      saves: this.#saves,
      deletions: this.#deletions,
      showsLikelihoods: () => context().showsLikelihoods,
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
      const { all } = this.#threads.get(id)!;
      // The story itself may be older than what is kept.
      if (pathOf(all).length === 0) this.#threads.lead(id, wayTo(all, all[0]!.id));
      void this.#threads.follow(id);
      this.#requests.continuePlan(id);
    }
    void this.#deletions.send();
  }

  /** See `Requests.ask`. */
  ask(...request: Parameters<Requests['ask']>): void {
    this.#requests.ask(...request);
  }

  /** Whether a reply still waits for its first character. */
  get isWaiting(): boolean {
    return this.#threads.all.some(({ all }) => endsOf(all).some(({ state }) => state.status === 'waiting'));
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
      void this.#stop(this.#threads.get(id)!.all).catch(() => {});
      this.#threads.close(id);
    }
    this.#saves.clear();
    this.#store.clear();
  }

  /** Writes changes to the browser's storage. */
  save(): void {
    this.#saves.save();
  }

  /** Stops those of the replies that have not ended. */
  async #stop(replies: readonly Reply[]): Promise<void> {
    const growing = replies.filter(({ state }) => !isFinal(state));
    await Promise.all(growing.map(({ id }) => this.#backend.api.stop(id)));
  }

  async #act(threadId: string, action: Action, button: HTMLButtonElement): Promise<void> {
    const { all } = this.#threads.get(threadId)!;
    const replies = toldOf(all);
    const last = pathOf(all).at(-1)!;
    const seed = drawSeed();
    switch (action) {
      case 'stop':
        return stopWith(button, () => this.#stop(endsOf(all)));
      case 'continue':
        return this.#requests.continue(threadId, false);
      case 'choose':
        return this.#goOn(threadId, last.id, true);
      case 'end':
        return this.#go(threadId, replies.at(-1)!.id, false, undefined);
      case 'another':
        return this.ask({ ...last.ask, seed });
      case 'warmer':
      case 'cooler':
        return this.ask({ ...last.ask, ...warmthAfter(action, last.ask) });
      case 'undo':
        return this.#undo(threadId);
      case 'delete':
        return this.#delete(threadId);
      case 'retry':
        return this.#requests.retry(threadId, last);
      case 'line':
        return this.#view.onTask(
          lineTask(
            () => toldOf(this.#threads.get(threadId)?.all ?? []),
            (ask) => this.ask({ ...ask, continuesWord: false }, threadId),
          ),
        );
      case 'edit':
        if (last.state.status === 'failed') return this.#edit(threadId, last);
        return this.#view.onTask(editTask(all[0]!.ask, (ask) => this.#requests.rewrite(threadId, ask)));
      case 'share': {
        const sharing = this.#backend.api.sharing?.();
        const { sharePanel } = this.#threads.get(threadId)!.exchange;
        if (sharing) await shareStory(replies, button, sharePanel, sharing, this.#view.announce);
        return;
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
    const { all, exchange } = this.#threads.get(threadId)!;
    const { id } = toldOf(all).at(-1)!;
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

  /** Leads a story to one of its replies, where the user chooses what follows if that was offered before. */
  #goOn(threadId: string, replyId: string, goesOn: boolean): void {
    this.#go(threadId, replyId, goesOn, forkAfter(this.#threads.get(threadId)!.all, replyId));
  }

  /**
   * Leads a story to one of its replies.
   *
   * @param replyId undefined for its beginning
   * @param goesOn whether the user is to choose what follows, also where nothing was offered yet
   * @param fork at which the user is to choose again
   */
  #go(threadId: string, replyId: string | undefined, goesOn: boolean, fork: string | undefined): void {
    this.#threads.lead(threadId, wayTo(settled(this.#threads.get(threadId)!.all), replyId, fork));
    const { all } = this.#threads.get(threadId)!;
    const isOpen = pathOf(all).at(-1)?.way === 'open';
    const isEmpty = isOpen && !isGrowing(all) && choicesOf(all).length === 0;
    if (goesOn && isEmpty) this.#requests.discard(threadId, endsOf(all));
    if (goesOn && (!isOpen || isEmpty)) this.#requests.continue(threadId, true);
    else void this.#threads.follow(threadId);
  }

  /**
   * Takes the last part of a story back, also while it is written. One that was chosen stays among what the story
   * might have been, and the user chooses again.
   */
  #undo(threadId: string): void {
    const thread = this.#threads.get(threadId)!;
    const last = pathOf(thread.all).at(-1)!;
    const told = toldOf(thread.all);
    const chosen = told.at(-1);
    if (last.way === 'open' && !chosen?.fork) {
      if (chosen) this.#go(threadId, chosen.id, false, undefined);
    } else if (chosen?.fork) {
      this.#go(threadId, chosen.after, false, chosen.fork);
    } else {
      this.#threads.unfollow(thread);
      const ids = idsFrom(thread.all, last.id);
      // A link's plan would add the part again.
      const kept = thread.all
        .filter(({ id }) => !ids.includes(id))
        .map(({ nextSeeds: _, ...reply }): Reply => reply);
      thread.all = kept;
      this.#saves.forget(ids);
      this.#store.update(kept);
      this.#deletions.delete(ids);
      this.#threads.show(threadId);
    }
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
    for (const id of this.#close(threadId)) this.#store.remove(id);
    this.#view.onEdit(last.ask);
  }

  /** Removes a thread from the page, without its stored replies; returns their ids. */
  #close(threadId: string): string[] {
    const ids = this.#threads.close(threadId);
    this.#saves.forget(ids);
    return ids;
  }
}
