/** The names of users, as Slack shows them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SlackApi } from './api.ts';
import type { Workspace } from './conversations.ts';

/** Names remembered; beyond that the oldest is asked for again. */
const REMEMBERED_MAX = 2_000;
/** Slack waits three seconds for the acknowledgement of an event. */
const PATIENCE_MS = 1_000;

export class UserNames {
  readonly #api: SlackApi;
  readonly #names = new Map<string, Promise<string | undefined>>();

  constructor(api: SlackApi) {
    this.#api = api;
  }

  /** The name of a user; undefined when Slack does not give it soon. */
  async of(workspace: Workspace, userId: string): Promise<string | undefined> {
    const key = `${workspace.teamId}/${userId}`;
    let name = this.#names.get(key);
    if (!name) {
      name = this.#api.nameOf(workspace, userId).catch(() => {
        this.#names.delete(key);
        return undefined;
      });
      this.#names.set(key, name);
      for (const oldest of this.#names.keys()) {
        if (this.#names.size <= REMEMBERED_MAX) break;
        this.#names.delete(oldest);
      }
    }
    return Promise.race([name, sleep(PATIENCE_MS, undefined, { ref: false })]);
  }
}
