/** The stories on the page: what shows each, how its last reply is followed, and how it changes. */
import type { Verdict } from '../story/feedback.ts';
import { isFinal } from '../story/story.ts';
import type { Action } from './actions.ts';
import type { StoryBackend } from './backend/backend.ts';
import { Exchange, type ViewContext } from './exchange.ts';
import { bringToEnd } from './follow-reply.ts';
import type { Letter } from './likelihoods/letters.ts';
import { type Reply, textOf } from './reply.ts';
import type { Saves } from './saves.ts';
import { choicesOf, endsOf, isGrowing } from './ways/path.ts';
import { beginningLine, choicesAnnouncement, endingAnnouncement, wordCount } from './words.ts';

/** A story: its replies, and the exchange that shows them. */
export interface Thread {
  /** Those of the story, and those of what it might have been, in the order in which they were asked for. */
  all: readonly Reply[];
  readonly exchange: Exchange;
  isDisconnected: boolean;
  following: AbortController;
}

export interface ThreadsOptions {
  readonly backend: StoryBackend;
  readonly saves: Saves;
  readonly list: HTMLElement;
  readonly announce: (text: string) => void;
  /** The present context of the exchanges, in addition to their replies. */
  readonly context: () => ViewContext;
  /** Called when an exchange was added or removed. */
  readonly onCount: (exchanges: number) => void;
  /** Called when the last reply of a thread has ended. */
  readonly onEnd: (threadId: string) => void;
  readonly onAction: (threadId: string, action: Action, button: HTMLButtonElement) => void;
  readonly onBranch: (threadId: string, letter: Letter, text: string) => void;
  readonly onWay: (threadId: string, replyId: string, goesOn: boolean) => void;
  readonly onVerdict: (threadId: string, verdict: Verdict | undefined) => Promise<void>;
}

/** All threads, from the oldest to the newest. */
export class Threads {
  readonly #options: ThreadsOptions;
  readonly #threads = new Map<string, Thread>();

  constructor(options: ThreadsOptions) {
    this.#options = options;
  }

  get ids(): string[] {
    return [...this.#threads.keys()];
  }

  get all(): Thread[] {
    return [...this.#threads.values()];
  }

  get(id: string): Thread | undefined {
    return this.#threads.get(id);
  }

  /** Adds a reply as the last one of its thread, which it may begin. */
  append(reply: Reply): void {
    const known = this.#threads.get(reply.thread);
    if (known) {
      known.all = [...known.all, reply];
      return;
    }
    const thread = this.#begin([reply]);
    this.#options.list.append(thread.exchange.element);
    this.#options.onCount(this.#threads.size);
  }

  /** Begins a thread anew in its own place, with other replies. */
  replace(replies: readonly Reply[]): void {
    const { exchange, following } = this.#threads.get(replies[0]!.thread)!;
    following.abort();
    exchange.element.after(this.#begin(replies).exchange.element);
    exchange.remove();
  }

  /** Leads a thread another way, and stores that. What is written at its end is not followed any more. */
  lead(id: string, next: readonly Reply[]): void {
    const thread = this.#threads.get(id)!;
    this.unfollow(thread);
    for (const [index, reply] of next.entries()) {
      if (reply !== thread.all[index]) this.#options.saves.note(reply, false);
    }
    thread.all = next;
    this.#options.saves.save();
  }

  /** Removes a thread from the page; returns the ids of its replies. */
  close(id: string): string[] {
    const { all, exchange, following } = this.#threads.get(id)!;
    following.abort();
    exchange.remove();
    this.#threads.delete(id);
    this.#options.onCount(this.#threads.size);
    return all.map((reply) => reply.id);
  }

  /** Shows a thread, and submits and follows what is written at its end until that is over. */
  async follow(id: string): Promise<void> {
    this.show(id);
    const thread = this.#threads.get(id)!;
    if (!isGrowing(thread.all)) return;
    const { signal } = thread.following;
    const watcher = {
      change: (replyId: string, next: (reply: Reply) => Reply) =>
        signal.aborted || this.change(id, replyId, next),
      onConnection: (isLost: boolean) => {
        if (thread.isDisconnected === isLost || signal.aborted) return;
        thread.isDisconnected = isLost;
        this.show(id);
      },
    };
    await bringToEnd(endsOf(thread.all), this.#options.backend, watcher, signal);
  }

  /** Ends the following of what is written at the end of a thread. */
  unfollow(thread: Thread): void {
    thread.following.abort();
    thread.following = new AbortController();
    thread.isDisconnected = false;
  }

  /** Redraws a thread. */
  show(id: string): void {
    const thread = this.#threads.get(id);
    thread?.exchange.show(thread.all, this.#options.context(), thread.isDisconnected);
  }

  /** Changes a reply of a thread, stores it, and announces what is worth it. */
  change(id: string, replyId: string, next: (reply: Reply) => Reply): void {
    const thread = this.#threads.get(id);
    const index = thread?.all.findIndex((reply) => reply.id === replyId) ?? -1;
    if (thread === undefined || index === -1) return;
    const before = thread.all[index]!;
    const after = next(before);
    thread.all = thread.all.with(index, after);
    thread.isDisconnected = false;
    const { saves, announce, onEnd } = this.#options;
    saves.note(after, isFinal(after.state) || after.submitted !== before.submitted);
    const hasEnded = !isFinal(before.state) && isFinal(after.state);
    if (after.ask.brief) {
      if (hasEnded && !isGrowing(thread.all))
        announce(choicesAnnouncement(choicesOf(thread.all), after.state));
    } else {
      if (before.state.status === 'waiting' && after.state.status === 'writing') announce('Story started');
      const beginning = beginningLine(after.state);
      if (!isFinal(after.state) && beginning !== beginningLine(before.state)) announce(beginning);
      if (hasEnded) {
        announce(endingAnnouncement(after.state, wordCount(textOf(after.state))));
        onEnd(id);
      }
    }
    this.show(id);
  }

  #begin(all: readonly Reply[]): Thread {
    const [first] = all as [Reply];
    const { thread: id, parent } = first;
    const exchange = new Exchange(first, {
      onAction: (action, button) => this.#options.onAction(id, action, button),
      onBranch: (letter, text) => this.#options.onBranch(id, letter, text),
      onWay: (replyId, goesOn) => this.#options.onWay(id, replyId, goesOn),
      onParent: () => this.#showParent(parent),
      onVerdict: (verdict) => this.#options.onVerdict(id, verdict),
    });
    const thread = { all, exchange, isDisconnected: false, following: new AbortController() };
    this.#threads.set(id, thread);
    return thread;
  }

  #showParent(id = ''): void {
    const parent = this.#threads.get(id);
    if (parent) parent.exchange.reveal();
    else this.#options.announce('That story is no longer on this page');
  }
}
