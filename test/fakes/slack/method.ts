/** What a method of the fake's Web API is: the scopes that it needs, and what it does. */
import type { Wire } from './payloads.ts';
import { Refusal } from './refusal.ts';
import type { Triggers } from './triggers.ts';
import type { FakeChannel, FakeMessage, FakeTeam, World } from './world.ts';

export type Args = Readonly<Record<string, unknown>>;

/** What methods need besides their arguments. */
export interface ApiTools {
  readonly world: World;
  readonly triggers: Triggers;
  /** How long a stream lives. */
  readonly streamMs: number;
  /** Whether a conversation takes streams. */
  readonly streamsIn: (channel: FakeChannel) => boolean;
  readonly socketUrl: () => string;
  readonly posted: (message: FakeMessage) => void;
  readonly edited: (message: FakeMessage) => void;
}

export interface Method {
  /** One of these scopes is needed. */
  readonly scopes: readonly string[];
  readonly handle: (args: Args, team: FakeTeam, tools: ApiTools) => Wire;
}

/** Throws unless the token has one of these scopes. */
export function need(team: FakeTeam, scopes: readonly string[]): void {
  if (scopes.length === 0 || scopes.some((scope) => team.scopes.has(scope))) return;
  throw new Refusal('missing_scope', { needed: scopes[0], provided: [...team.scopes].join(',') });
}
