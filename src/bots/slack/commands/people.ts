/** Users' own settings, in the App Home. */
import type { QueueConnection } from '../../../queue/connection.ts';
import { Settings } from '../../../queue/settings.ts';
import type { ModelChoice } from '../../../story/story.ts';

/** The settings that apply when a request does not override them. */
export interface Preferences {
  readonly temperature?: number;
  readonly length?: number;
  readonly model?: string;
}

export class People {
  readonly #settings: Settings<Preferences>;
  readonly #models: readonly ModelChoice[];

  constructor(connection: QueueConnection, models: readonly ModelChoice[]) {
    this.#settings = new Settings(connection, 'slack-people');
    this.#models = models;
  }

  ready(): Promise<void> {
    return this.#settings.ready();
  }

  /** A user's settings, without those that are no longer offered. */
  async read(teamId: string, userId: string): Promise<Preferences> {
    const { model, ...others } = (await this.#settings.read(keyOf(teamId, userId))) ?? {};
    return this.#models.some(({ name }) => name === model) ? { ...others, model: model! } : others;
  }

  /** Changes a setting; `undefined` removes it. */
  async change(teamId: string, userId: string, change: Preferences): Promise<Preferences> {
    const all = { ...(await this.read(teamId, userId)), ...change };
    const preferences = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    await this.#settings.write(keyOf(teamId, userId), preferences);
    return preferences;
  }

  async forget(teamId: string, userId: string): Promise<void> {
    await this.#settings.remove(keyOf(teamId, userId));
  }

  /** Deletes the settings of all users of a workspace. */
  async forgetTeam(teamId: string): Promise<void> {
    for (const key of (await this.#settings.all()).keys()) {
      if (key.startsWith(`${teamId}-`)) await this.#settings.remove(key);
    }
  }

  close(): Promise<void> {
    return this.#settings.close();
  }
}

function keyOf(teamId: string, userId: string): string {
  return `${teamId}-${userId}`;
}
