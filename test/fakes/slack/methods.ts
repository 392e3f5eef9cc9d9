/** The fake's Web API: the effect of each call, and its refusals. */
import { messageOf } from './payloads.ts';
import { Refusal } from './refusal.ts';
import { checkContent, checkMarkdown, pingsIn } from './validation.ts';
import { checkView } from './views.ts';
import {
  type FakeBlock,
  type FakeChannel,
  type FakeMessage,
  SCOPE_OF_KIND,
  slackId,
  type Workspace,
  type World,
} from './world.ts';

/** A call of the Web API; arguments that Slack takes as JSON in a form are parsed. */
export interface Call {
  readonly method: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly token: string | undefined;
}

export interface Clocks {
  /** The lifetime of a stream, independent of its use. */
  readonly streamMs: number;
  /** How long after posting a message may be edited. */
  readonly editWindowMs: number;
  /** How long after an action it may show a modal. */
  readonly triggerMs: number;
}

type Body = Readonly<Record<string, unknown>>;
type Handler = (context: Context) => Body;

interface Context {
  readonly world: World;
  readonly workspace: Workspace;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly clocks: Clocks;
}

const HISTORY_MAX = 999;
/** Slack's exact limit on the shortcode of a reaction is not modelled. */
const EMOJI = /^[a-z0-9_+'-]{1,100}$/;

const METHODS: Readonly<Record<string, Handler>> = {
  'agents.sessions.setStatus': (context) => {
    need(context.workspace, 'chat:write');
    return context.world.agent.setStatus(context.workspace, agentChannel(context), context.fields);
  },
  'assistant.threads.setSuggestedPrompts': (context) => {
    context.world.agent.suggest(context.workspace, agentChannel(context), context.fields);
    return {};
  },
  'auth.test': ({ workspace }) => ({
    url: `https://${workspace.id.toLowerCase()}.slack.com/`,
    team: workspace.name,
    team_id: workspace.id,
    user: workspace.bot.name,
    user_id: workspace.bot.id,
    bot_id: workspace.botId,
    is_enterprise_install: false,
  }),
  'chat.postMessage': (context) => {
    const { world, workspace, fields } = context;
    need(workspace, 'chat:write');
    const channel = writable(context);
    const threadTs = threadIn(channel, fields.thread_ts);
    const content = checkContent(fields, 'message');
    noteWhatItWouldDo(world, fields, content);
    const message = world.addMessage(channel, workspace.bot, { ...content, threadTs });
    return { channel: channel.id, ts: message.ts, message: messageOf(message, world) };
  },
  'chat.update': (context) => {
    const { world, workspace, fields, clocks } = context;
    need(workspace, 'chat:write');
    const message = own(context);
    age(message, clocks);
    if (message.streamingSince !== undefined) throw new Refusal('streaming_state_conflict');
    if (Date.now() - message.history[0]!.at > clocks.editWindowMs) throw new Refusal('edit_window_closed');
    const content = checkContent(fields, 'message');
    noteWhatItWouldDo(world, fields, content);
    world.editMessage(message, content);
    return { channel: message.channel.id, ts: message.ts, text: message.text };
  },
  'chat.delete': (context) => {
    need(context.workspace, 'chat:write');
    const message = own(context, 'cant_delete_message');
    age(message, context.clocks);
    if (message.streamingSince !== undefined) throw new Refusal('cant_delete_message');
    message.isDeleted = true;
    return { channel: message.channel.id, ts: message.ts };
  },
  'chat.postEphemeral': (context) => {
    const { world, workspace, fields } = context;
    need(workspace, 'chat:write');
    const channel = writable(context);
    const threadTs = threadIn(channel, fields.thread_ts);
    const { text = '' } = checkContent(fields, 'message');
    if (typeof fields.user !== 'string') throw new Refusal('user_not_in_channel');
    // In a thread that has no reply, no user sees it.
    const isShown =
      threadTs === undefined || [...channel.messages.values()].some((one) => one.threadTs === threadTs);
    if (isShown) {
      world.ephemerals.push({ at: Date.now(), channelId: channel.id, userId: fields.user, text });
    }
    return { message_ts: `${Date.now() / 1_000}` };
  },
  'chat.startStream': (context) => {
    const { world, workspace, fields } = context;
    need(workspace, 'chat:write');
    const channel = writable(context);
    const threadTs = threadIn(channel, fields.thread_ts);
    if (!threadTs) throw new Refusal('invalid_arguments', ['[ERROR] missing required field: thread_ts']);
    if (!world.streamsIn(channel)) throw new Refusal('channel_type_not_supported');
    if (!fields.recipient_team_id) throw new Refusal('missing_recipient_team_id');
    if (!fields.recipient_user_id) throw new Refusal('missing_recipient_user_id');
    const text = markdownOf(fields);
    const message = world.addMessage(channel, workspace.bot, { text, blocks: richText(text), threadTs });
    message.streamingSince = Date.now();
    world.agent.noteStream(message, 'processing');
    noteMarkdown(world, text);
    return { channel: channel.id, ts: message.ts };
  },
  'chat.appendStream': (context) => {
    const message = stream(context);
    const text = markdownOf(context.fields);
    if (text === '') throw new Refusal('no_text');
    const whole = message.text + text;
    context.world.editMessage(message, { text: whole, blocks: richText(whole) });
    noteMarkdown(context.world, whole);
    return { channel: message.channel.id, ts: message.ts };
  },
  'chat.stopStream': (context) => {
    const { world, fields } = context;
    const message = stream(context);
    const blocks = fields.blocks === undefined ? [] : checkContent(fields, 'message').blocks!;
    const text = message.text + markdownOf(fields);
    message.streamingSince = undefined;
    world.agent.noteStream(message, 'active');
    world.editMessage(message, { text, blocks: [...richText(text), ...blocks] });
    noteMarkdown(world, text);
    return { channel: message.channel.id, ts: message.ts, message: messageOf(message, world) };
  },
  'chat.getPermalink': (context) => {
    const channel = conversation(context);
    const message = channel.messages.get(String(context.fields.message_ts));
    if (!message || message.isDeleted) throw new Refusal('message_not_found');
    const { workspace } = context;
    const permalink = `https://${workspace.id.toLowerCase()}.slack.com/archives/${channel.id}/p${message.ts.replace('.', '')}`;
    return { channel: channel.id, permalink };
  },
  'conversations.open': ({ world, workspace, fields }) => {
    need(workspace, 'im:write');
    return { channel: { id: world.directOf(workspace, String(fields.users)).id } };
  },
  'conversations.history': (context) => {
    const channel = readable(context);
    const messages = [...channel.messages.values()]
      .filter(({ threadTs, ts, isDeleted }) => !isDeleted && (!threadTs || threadTs === ts))
      .reverse();
    return pageOf(messages, context);
  },
  'conversations.replies': (context) => {
    const channel = readable(context);
    const root = channel.messages.get(String(context.fields.ts));
    if (!root || root.isDeleted) throw new Refusal('thread_not_found');
    const replies = [...channel.messages.values()].filter(
      ({ threadTs, ts, isDeleted }) => !isDeleted && threadTs === root.ts && ts !== root.ts,
    );
    // A thread begins with its root, for any requested range.
    const page = pageOf(replies, context);
    return {
      ...page,
      messages: [messageOf(root, context.world), ...(page.messages as unknown[])],
    };
  },
  'conversations.info': (context) => {
    const channel = conversation(context);
    need(context.workspace, `${SCOPE_OF_KIND[channel.kind]}:read`);
    const { id, name, kind, isMember, isArchived, creatorId } = channel;
    return {
      channel: {
        id,
        name,
        ...(creatorId ? { creator: creatorId } : {}),
        is_channel: kind === 'channel',
        is_group: kind === 'group',
        is_im: kind === 'im',
        is_mpim: kind === 'mpim',
        is_private: kind !== 'channel',
        is_member: isMember,
        is_archived: isArchived,
      },
    };
  },
  'files.getUploadURLExternal': ({ world, workspace, fields }) => {
    need(workspace, 'files:write');
    return world.files.announce(workspace.id, fields);
  },
  'files.completeUploadExternal': (context) => {
    const { world, workspace, fields } = context;
    need(workspace, 'files:write');
    const files = world.files.complete(workspace.id, fields.files);
    if (fields.channel_id === undefined) return { files };
    const channel = writable({ ...context, fields: { channel: fields.channel_id } });
    const text = String(fields.initial_comment ?? '');
    noteWhatItWouldDo(world, fields, checkContent({ text }, 'message'));
    const message = world.addMessage(channel, workspace.bot, { text });
    for (const { id } of files) world.files.share(id, message.ts);
    return { files };
  },
  'reactions.add': (context) => {
    const { workspace, fields } = context;
    need(workspace, 'reactions:write');
    const channel = writable(context);
    const message = channel.messages.get(String(fields.timestamp));
    if (!message || message.isDeleted) throw new Refusal('message_not_found');
    const name = String(fields.name ?? '');
    if (!EMOJI.test(name)) throw new Refusal('invalid_name');
    if (message.reactions.includes(name)) throw new Refusal('already_reacted');
    message.reactions.push(name);
    return {};
  },
  'users.info': ({ world, workspace, fields }) => {
    need(workspace, 'users:read');
    const id = String(fields.user);
    const isAdministrator = world.administrators.has(id);
    const facts = { tz: 'Europe/London', is_admin: isAdministrator, is_owner: false };
    const name = world.people.get(id)?.name;
    const named = name === undefined ? {} : { name, real_name: name, profile: { display_name: name } };
    return { user: { id, team_id: workspace.id, ...facts, ...named } };
  },
  'views.open': ({ world, workspace, fields, clocks }) => {
    const trigger = world.triggers.get(String(fields.trigger_id));
    if (!trigger || trigger.workspace !== workspace) throw new Refusal('invalid_trigger_id');
    if (Date.now() - trigger.at > clocks.triggerMs) throw new Refusal('expired_trigger_id');
    if (trigger.view) throw new Refusal('exchanged_trigger_id');
    trigger.view = { ...checkView(fields.view), id: slackId('V') };
    return { view: trigger.view };
  },
  'views.publish': ({ world, fields }) => {
    const view = fields.view as { type?: string; blocks?: unknown } | undefined;
    if (view?.type !== 'home') throw new Refusal('invalid_arguments', ['[ERROR] view.type']);
    const { blocks = [] } = checkContent({ blocks: view.blocks }, 'home');
    world.homes.set(String(fields.user_id), { type: 'home', blocks });
    return { view: { id: slackId('V'), type: 'home', blocks } };
  },
};

/**
 * Answers a call of the bot.
 *
 * @throws Refusal with Slack's code
 */
export function answerCall(world: World, call: Call, clocks: Clocks): { workspace: Workspace; body: Body } {
  const workspace = workspaceOf(world, call.token);
  const handler = METHODS[call.method];
  if (!handler) throw new Refusal('unknown_method');
  return { workspace, body: handler({ world, workspace, fields: call.fields, clocks }) };
}

/** @throws Refusal `not_authed`, `invalid_auth`, `token_revoked` */
export function workspaceOf(world: World, token: string | undefined): Workspace {
  if (!token) throw new Refusal('not_authed');
  if (token === world.appToken) throw new Refusal('not_allowed_token_type');
  const workspace = world.workspaces.find((one) => one.token === token);
  if (!workspace) throw new Refusal('invalid_auth');
  if (workspace.isRevoked) throw new Refusal('token_revoked');
  return workspace;
}

function conversation({ world, workspace, fields }: Context): FakeChannel {
  const channel = world.channels.get(String(fields.channel));
  const isHidden = channel && channel.kind !== 'channel' && !channel.isMember;
  if (!channel || isHidden || channel.workspace !== workspace) throw new Refusal('channel_not_found');
  return channel;
}

/** Methods of the agent view name the conversation otherwise. */
function agentChannel(context: Context): FakeChannel {
  return conversation({ ...context, fields: { channel: context.fields.channel_id } });
}

function writable(context: Context): FakeChannel {
  const channel = conversation(context);
  const isPublic = context.workspace.scopes.includes('chat:write.public');
  if (!channel.isMember && !isPublic) throw new Refusal('not_in_channel');
  if (channel.isArchived) throw new Refusal('is_archived');
  if (channel.isReadOnly) throw new Refusal('restricted_action_read_only_channel');
  return channel;
}

function readable(context: Context): FakeChannel {
  const channel = conversation(context);
  need(context.workspace, `${SCOPE_OF_KIND[channel.kind]}:history`);
  if (!channel.isMember) throw new Refusal('not_in_channel');
  return channel;
}

/** A message of the bot that is to be edited or deleted. */
function own(context: Context, refusal = 'cant_update_message'): FakeMessage {
  const { fields, workspace } = context;
  const channel = conversation(context);
  const message = channel.messages.get(String(fields.ts));
  if (!message || message.isDeleted) throw new Refusal('message_not_found');
  if (message.user.id !== workspace.bot.id) throw new Refusal(refusal);
  if (channel.isArchived) throw new Refusal('is_inactive');
  return message;
}

function stream(context: Context): FakeMessage {
  need(context.workspace, 'chat:write');
  const message = own(context);
  age(message, context.clocks);
  if (message.streamingSince === undefined) throw new Refusal('message_not_in_streaming_state');
  return message;
}

/** Streams expire some minutes after they were started, independent of appended text. */
function age(message: FakeMessage, { streamMs }: Clocks): void {
  const { streamingSince } = message;
  if (streamingSince !== undefined && Date.now() - streamingSince > streamMs) {
    message.streamingSince = undefined;
  }
}

/** Slack turns a stream's markdown into rich text; the blocks of `stopStream` follow below it. */
function richText(text: string): FakeBlock[] {
  if (text === '') return [];
  const section = { type: 'rich_text_section', elements: [{ type: 'text', text }] };
  return [{ type: 'rich_text', block_id: slackId('b'), elements: [section] }];
}

/** The new text of a stream: `markdown_text`, or chunks of it. */
function markdownOf({ markdown_text: markdown, chunks }: Context['fields']): string {
  if (markdown !== undefined && chunks !== undefined) {
    throw new Refusal('cannot_provide_both_markdown_text_and_chunks');
  }
  if (markdown !== undefined) return checkMarkdown(markdown);
  const all = (chunks ?? []) as { type: string; text: string }[];
  if (!Array.isArray(all)) throw new Refusal('invalid_chunks');
  return all
    .map(({ type, text }) => {
      if (type !== 'markdown_text') throw new Refusal('invalid_chunks');
      return checkMarkdown(text);
    })
    .join('');
}

function threadIn(channel: FakeChannel, ts: unknown): string | undefined {
  if (ts === undefined) return undefined;
  const root = channel.messages.get(String(ts));
  if (!root || root.isDeleted) throw new Refusal('thread_not_found');
  return root.threadTs ?? root.ts;
}

function pageOf(newestFirst: readonly FakeMessage[], { world, fields }: Context): Body {
  const { oldest, latest, inclusive, limit, cursor } = fields;
  const isInclusive = String(inclusive) === 'true' || String(inclusive) === '1';
  const most = Number(limit ?? 100);
  if (!(most >= 1 && most <= HISTORY_MAX)) throw new Refusal('invalid_limit');
  const fits = newestFirst.filter(({ ts }) => {
    const after = oldest === undefined || Number(ts) > Number(oldest) || (isInclusive && ts === oldest);
    const before = latest === undefined || Number(ts) < Number(latest) || (isInclusive && ts === latest);
    return after && before;
  });
  const from = Number(cursor ?? 0);
  const messages = fits.slice(from, from + most).map((message) => messageOf(message, world));
  const isLast = fits.length <= from + most;
  const next = isLast ? {} : { response_metadata: { next_cursor: String(from + most) } };
  return { messages, has_more: !isLast, ...next };
}

function need(workspace: Workspace, scope: string): void {
  if (!workspace.scopes.includes(scope)) throw new Refusal('missing_scope', [scope]);
}

/** No user may be notified and no text may become a link, for any text of a story. */
function noteWhatItWouldDo(
  world: World,
  fields: Context['fields'],
  content: { text?: string; blocks?: readonly FakeBlock[] },
): void {
  world.pings.push(...pingsIn(content));
  const isParsed = fields.parse === 'full' || fields.link_names === true || fields.link_names === 'true';
  if (isParsed) world.pings.push(...(content.text?.match(/@(?:channel|here|everyone)/g) ?? []));
}

function noteMarkdown(world: World, text: string): void {
  world.pings.push(...pingsIn({ blocks: [{ type: 'markdown', text: text as never }] }));
}
