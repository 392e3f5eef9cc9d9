/** What Slack hands out with a command or a press, and takes back only for a while. */
import { randomBytes } from 'node:crypto';
import { Refusal } from './refusal.ts';
import type { FakeChannel, FakeMessage, FakeUser } from './world.ts';

export interface TriggerClocks {
  /** Life of a trigger id. */
  triggerMs: number;
  /** Life of a response_url. */
  responseUrlMs: number;
  /** How often a response_url can be used. */
  responseUrlUses: number;
}

export interface ResponseTarget {
  readonly channel: FakeChannel;
  readonly user: FakeUser;
  /** The message whose button was pressed. */
  readonly on: FakeMessage | undefined;
}

export class Triggers {
  readonly #clocks: TriggerClocks;
  readonly #triggers = new Map<string, { readonly at: number; isUsed: boolean }>();
  readonly #urls = new Map<string, ResponseTarget & { readonly at: number; uses: number }>();

  constructor(clocks: TriggerClocks) {
    this.#clocks = clocks;
  }

  newTrigger(teamId: string): string {
    const id = `${Date.now()}.${teamId}.${randomBytes(16).toString('hex')}`;
    this.#triggers.set(id, { at: Date.now(), isUsed: false });
    return id;
  }

  /** Uses a trigger id, which can be done once. */
  exchange(id: unknown): void {
    const trigger = this.#triggers.get(String(id));
    if (!trigger) throw new Refusal('invalid_trigger_id');
    if (trigger.isUsed) throw new Refusal('exchanged_trigger_id');
    if (Date.now() - trigger.at > this.#clocks.triggerMs) throw new Refusal('expired_trigger_id');
    trigger.isUsed = true;
  }

  /** The path of a new response_url. */
  newResponsePath(target: ResponseTarget): string {
    const path = `/${target.on ? 'actions' : 'commands'}/${target.channel.team.id}/${randomBytes(15).toString('hex')}`;
    this.#urls.set(path, { ...target, at: Date.now(), uses: 0 });
    return path;
  }

  /** Uses a response_url. */
  respond(path: string): ResponseTarget {
    const url = this.#urls.get(path);
    if (!url) throw new Refusal('invalid_url');
    if (Date.now() - url.at > this.#clocks.responseUrlMs) throw new Refusal('expired_url');
    if (url.uses >= this.#clocks.responseUrlUses) throw new Refusal('used_url');
    url.uses += 1;
    return url;
  }
}
