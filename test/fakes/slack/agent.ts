/** The fake's agent view: suggested prompts of direct messages, and sessions of their threads. */
import { MANIFEST } from './manifest.ts';
import { Refusal } from './refusal.ts';
import type { FakeChannel, FakeMessage, Workspace } from './world.ts';

/** Prompts that users can choose in direct messages. */
export interface Suggestions {
  readonly title: string | undefined;
  readonly prompts: readonly { readonly title: string; readonly message: string }[];
}

/** The session of a thread; its status has changed in this order. */
export interface Session {
  readonly title: string;
  readonly statuses: string[];
}

const PROMPTS_MAX = 4;
const TITLE_MAX = 200;
const STATUSES: readonly unknown[] = ['active', 'processing', 'suspended', 'closed'];
/** The scope that Slack grants to apps with an agent view. */
const SCOPE = 'assistant:write';

type Fields = Readonly<Record<string, unknown>>;

export class AgentView {
  /** By the ids of their conversations. */
  readonly suggestions = new Map<string, Suggestions>();
  /** By conversation and root message. */
  readonly #sessions = new Map<string, Session>();

  /** The session of a thread; undefined where there is none. */
  sessionOf(channel: FakeChannel, threadTs: string): Session | undefined {
    return this.#sessions.get(`${channel.id}/${threadTs}`);
  }

  /** @throws Refusal `missing_scope`, `channel_not_found`, `invalid_arguments` */
  suggest(workspace: Workspace, channel: FakeChannel, { title, prompts, thread_ts: threadTs }: Fields): void {
    demandAgent(workspace);
    if (channel.kind !== 'im') throw new Refusal('channel_not_found');
    if (title !== undefined) demandText(title, 'title');
    if (!Array.isArray(prompts) || prompts.length === 0 || prompts.length > PROMPTS_MAX) {
      throw invalid('prompts');
    }
    for (const prompt of prompts as Fields[]) {
      demandText(prompt.title, 'prompts/title');
      demandText(prompt.message, 'prompts/message');
      if (Object.keys(prompt).length !== 2) throw invalid('prompts');
    }
    // Slack accepts the timestamp of a thread from an agent, and then shows nothing.
    if (threadTs !== undefined) return;
    this.suggestions.set(channel.id, { title: title as string | undefined, prompts });
  }

  /** A stream in a thread of an agent begins or ends, which changes the status of the session. */
  noteStream({ channel, threadTs }: FakeMessage, status: 'processing' | 'active'): void {
    if (channel.workspace.scopes.includes(SCOPE)) this.#change(channel, threadTs!, status);
  }

  #change(channel: FakeChannel, threadTs: string, status: string, title = ''): Session {
    const key = `${channel.id}/${threadTs}`;
    const session = this.#sessions.get(key) ?? { title, statuses: [] };
    this.#sessions.set(key, session);
    session.statuses.push(status);
    return session;
  }

  /** @throws Refusal `missing_scope`, `thread_not_found`, `invalid_arguments` */
  setStatus(workspace: Workspace, channel: FakeChannel, { status, title, thread_ts }: Fields): Fields {
    demandAgent(workspace);
    if (!STATUSES.includes(status)) throw invalid('status');
    if (title !== undefined) demandText(title, 'title', TITLE_MAX);
    if (typeof thread_ts !== 'string') throw invalid('thread_ts');
    const root = channel.messages.get(thread_ts);
    if (!root || root.isDeleted || (root.threadTs ?? root.ts) !== root.ts)
      throw new Refusal('thread_not_found');
    const session = this.#change(channel, thread_ts, String(status), title as string | undefined);
    const isSubscribed = MANIFEST.events.includes('agent_session_stopped');
    return {
      status,
      title: session.title,
      ...(isSubscribed ? {} : { warning: 'missing_agent_session_stopped_event_subscription' }),
    };
  }
}

function demandAgent({ scopes }: Workspace): void {
  if (!scopes.includes(SCOPE)) throw new Refusal('missing_scope', [SCOPE]);
}

function demandText(text: unknown, name: string, max = Number.POSITIVE_INFINITY): void {
  if (typeof text !== 'string' || text.trim() === '' || text.length > max) throw invalid(name);
}

function invalid(name: string): Refusal {
  return new Refusal('invalid_arguments', [`[ERROR] ${name}`]);
}
