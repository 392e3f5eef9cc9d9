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
import { beginningLine, endingAnnouncement, wordCount } from './words.ts';

/** A story: its replies, and the exchange that shows them. */
export interface Thread {
  replies: Reply[];
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
      known.replies = [...known.replies, reply];
      return;
    }
    const thread = this.#begin(reply);
    this.#options.list.append(thread.exchange.element);
    this.#options.onCount(this.#threads.size);
  }

  /** Begins a thread anew in its own place, with another first reply. */
  replace(reply: Reply): void {
    const { exchange, following } = this.#threads.get(reply.thread)!;
    following.abort();
    exchange.element.after(this.#begin(reply).exchange.element);
    exchange.remove();
  }

  /** Removes a thread from the page; returns the ids of its replies. */
  close(id: string): string[] {
    const { replies, exchange, following } = this.#threads.get(id)!;
    following.abort();
    exchange.remove();
    this.#threads.delete(id);
    this.#options.onCount(this.#threads.size);
    return replies.map((reply) => reply.id);
  }

  /** Submits and follows the last reply of a thread until it is over. */
  async follow(id: string): Promise<void> {
    const thread = this.#threads.get(id)!;
    const { signal } = thread.following;
    const last = thread.replies.at(-1)!;
    const watcher = {
      change: (next: (reply: Reply) => Reply) => signal.aborted || this.change(id, last.id, next),
      onConnection: (isLost: boolean) => {
        if (thread.isDisconnected === isLost || signal.aborted) return;
        thread.isDisconnected = isLost;
        this.show(id);
      },
    };
    await bringToEnd(last, this.#options.backend, watcher, signal);
  }

  /** Ends the following of a thread's last reply. */
  unfollow(thread: Thread): void {
    thread.following.abort();
    thread.following = new AbortController();
    thread.isDisconnected = false;
  }

  /** Redraws a thread. */
  show(id: string): void {
    const thread = this.#threads.get(id);
    thread?.exchange.show(thread.replies, this.#options.context(), thread.isDisconnected);
  }

  /** Changes a reply of a thread, stores it, and announces what is worth it. */
  change(id: string, replyId: string, next: (reply: Reply) => Reply): void {
    const thread = this.#threads.get(id);
    const index = thread?.replies.findIndex((reply) => reply.id === replyId) ?? -1;
    if (thread === undefined || index === -1) return;
    const before = thread.replies[index]!;
    const after = next(before);
    thread.replies = thread.replies.with(index, after);
    thread.isDisconnected = false;
    const { saves, announce, onEnd } = this.#options;
    saves.note(after, isFinal(after.state) || after.submitted !== before.submitted);
    if (before.state.status === 'waiting' && after.state.status === 'writing') announce('Story started');
    const beginning = beginningLine(after.state);
    if (!isFinal(after.state) && beginning !== beginningLine(before.state)) announce(beginning);
    if (!isFinal(before.state) && isFinal(after.state)) {
      announce(endingAnnouncement(after.state, wordCount(textOf(after.state))));
      onEnd(id);
    }
    this.show(id);
  }

  #begin(reply: Reply): Thread {
    const { thread: id, parent } = reply;
    const exchange = new Exchange(reply, {
      onAction: (action, button) => this.#options.onAction(id, action, button),
      onBranch: (letter, text) => this.#options.onBranch(id, letter, text),
      onParent: () => this.#showParent(parent),
      onVerdict: (verdict) => this.#options.onVerdict(id, verdict),
    });
    const thread = { replies: [reply], exchange, isDisconnected: false, following: new AbortController() };
    this.#threads.set(id, thread);
    return thread;
  }

  #showParent(id = ''): void {
    const parent = this.#threads.get(id);
    if (parent) parent.exchange.reveal();
    else this.#options.announce('That story is no longer on this page');
  }
}
