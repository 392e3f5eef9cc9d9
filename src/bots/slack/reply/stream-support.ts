/** Remembers where Slack has refused to start a stream, so that not every story asks again. */
import type { Clock } from '../../pace.ts';
import { failureOf } from '../failures.ts';
import type { SlackConversation } from '../handle.ts';

/** After this time a stream is tried again: plans and settings of workspaces change. */
const RETRY_MS = 3_600_000;
/** Workspaces and conversations remembered at most; beyond that the oldest is dropped. */
const REMEMBERED_MAX = 10_000;

export class StreamSupport {
  readonly #clock: Clock;
  /** When each workspace, or conversation in it, refused; in the order of time. */
  readonly #refusals = new Map<string, number>();

  /** @param clock milliseconds from any origin */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a stream in a conversation is likely to start. */
  isLikely({ teamId, channelId }: SlackConversation): boolean {
    const now = this.#clock();
    return [teamId, `${teamId}/${channelId}`].every((key) => {
      const at = this.#refusals.get(key);
      return at === undefined || now - at >= RETRY_MS;
    });
  }

  /** Records that a stream was not started, unless the failure is temporary. */
  refused({ teamId, channelId }: SlackConversation, error: unknown): void {
    const failure = failureOf(error);
    if (failure === 'limited' || failure === 'temporary') return;
    // A failure of one conversation (its kind, an archive, no invitation) says nothing about other ones.
    const key = failure === 'absent' || failure === 'gone' ? `${teamId}/${channelId}` : teamId;
    this.#refusals.delete(key);
    this.#refusals.set(key, this.#clock());
    if (this.#refusals.size > REMEMBERED_MAX) this.#refusals.delete(this.#refusals.keys().next().value!);
  }
}
