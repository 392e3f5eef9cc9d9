/** What the fake Slack sends: messages, commands, actions and events in Slack's shapes. */
import { MANIFEST } from './manifest.ts';
import type { Trigger as ShownTrigger } from './views.ts';
import {
  type FakeChannel,
  type FakeElement,
  type FakeMessage,
  type FakeUser,
  timestamp,
  type Workspace,
  type World,
} from './world.ts';

type Payload = Readonly<Record<string, unknown>>;

/** A token that Slack still sends and that apps should ignore. */
const VERIFICATION_TOKEN = 'not-to-be-looked-at';

export function messageOf(message: FakeMessage, world: World): Payload {
  const { channel, user, isBots, ts, threadTs, text, blocks } = message;
  return {
    type: 'message',
    ts,
    text,
    user: user.id,
    team: channel.workspace.id,
    ...(threadTs ? { thread_ts: threadTs, ...parentOf(message) } : {}),
    ...(isBots ? { bot_id: channel.workspace.botId, app_id: world.appId } : {}),
    ...(blocks.length > 0 ? { blocks } : {}),
    ...reactionsTo(message),
  };
}

/** The reactions to a message, those of the bot among them; without any, Slack leaves the field out. */
function reactionsTo({ reactions: own, reactedBy, channel }: FakeMessage): Payload {
  const reactions = [...new Set([...reactedBy.keys(), ...own])].map((name) => {
    const users = [...(reactedBy.get(name) ?? []), ...(own.includes(name) ? [channel.workspace.bot.id] : [])];
    return { name, users, count: users.length };
  });
  return reactions.length > 0 ? { reactions } : {};
}

export function commandOf(
  world: World,
  { channel, user, command, text }: { channel: FakeChannel; user: FakeUser; command: string; text: string },
  { triggerId, responseUrl }: Trigger,
): Record<string, string> {
  const { workspace } = channel;
  return {
    token: VERIFICATION_TOKEN,
    team_id: workspace.id,
    team_domain: workspace.id.toLowerCase(),
    channel_id: channel.id,
    channel_name: { channel: channel.name, group: 'privategroup', im: 'directmessage', mpim: 'mpdm' }[
      channel.kind
    ],
    user_id: user.id,
    user_name: user.name,
    command,
    // An existing mention (`<@U1
    // ann>`) stays one if the command asks for that.
    text: MANIFEST.escaping.includes(command) ? text : escaped(text),
    api_app_id: world.appId,
    is_enterprise_install: 'false',
    response_url: responseUrl,
    trigger_id: triggerId,
  };
}

export interface Trigger {
  readonly triggerId: string;
  readonly responseUrl: string;
}

export function actionOf(
  world: World,
  user: FakeUser,
  message: FakeMessage,
  element: FakeElement,
  { triggerId, responseUrl }: Trigger,
): Payload {
  const { channel } = message;
  const block = message.blocks.find(({ elements }) => elements?.includes(element));
  return {
    type: 'block_actions',
    ...commonOf(world, user, channel.workspace),
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: channel.id,
      is_ephemeral: false,
      ...(message.threadTs ? { thread_ts: message.threadTs } : {}),
    },
    trigger_id: triggerId,
    channel: { id: channel.id, name: channel.name },
    message: messageOf(message, world),
    state: { values: {} },
    response_url: responseUrl,
    actions: [{ ...element, block_id: block?.block_id, action_ts: String(Date.now() / 1_000) }],
  };
}

/** A press of one of the two buttons of feedback: the action has the button's text and value. */
export function ratingOf(
  world: World,
  user: FakeUser,
  message: FakeMessage,
  element: FakeElement,
  { text, value }: { readonly text: { readonly text: string }; readonly value: string },
  trigger: Trigger,
  laterMs: number,
): Payload {
  const { actions, ...payload } = actionOf(world, user, message, element, trigger);
  const [{ block_id }] = actions as [{ block_id?: string }];
  const { type, action_id } = element;
  const action_ts = String((Date.now() + laterMs) / 1_000);
  return { ...payload, actions: [{ type, action_id, block_id, text, value, action_ts }] };
}

/** A choice of a user on the App Home. */
export function settingOf(
  world: World,
  user: FakeUser,
  workspace: Workspace,
  element: FakeElement & { readonly selected_option: unknown },
  { triggerId }: Trigger,
): Payload {
  return {
    type: 'block_actions',
    ...commonOf(world, user, workspace),
    container: { type: 'view', view_id: 'V1' },
    trigger_id: triggerId,
    view: { id: 'V1', type: 'home', team_id: workspace.id },
    actions: [{ ...element, block_id: 'home', action_ts: String(Date.now() / 1_000) }],
  };
}

/** A modal that a user has filled in and sent. */
export function submissionOf(
  world: World,
  { user, workspace, view }: ShownTrigger,
  state: object,
  triggerId: string,
): Payload {
  return {
    type: 'view_submission',
    ...commonOf(world, user, workspace),
    trigger_id: triggerId,
    view: { ...view, team_id: workspace.id, app_id: world.appId, state, hash: '1.abc' },
    response_urls: [],
  };
}

export function shortcutOf(
  world: World,
  user: FakeUser,
  message: FakeMessage,
  callbackId: string,
  { triggerId, responseUrl }: Trigger,
): Payload {
  const { channel } = message;
  return {
    type: 'message_action',
    ...commonOf(world, user, channel.workspace),
    action_ts: String(Date.now() / 1_000),
    callback_id: callbackId,
    trigger_id: triggerId,
    response_url: responseUrl,
    channel: { id: channel.id, name: channel.name },
    message_ts: message.ts,
    message: messageOf(message, world),
  };
}

export function eventOf(world: World, workspace: Workspace, eventId: string, event: Payload): Payload {
  return {
    token: VERIFICATION_TOKEN,
    team_id: workspace.id,
    api_app_id: world.appId,
    event,
    type: 'event_callback',
    event_id: eventId,
    event_time: Math.floor(Date.now() / 1_000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: workspace.id,
        user_id: workspace.bot.id,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
  };
}

export function messageEventOf(message: FakeMessage, world: World): Payload {
  const { kind, id } = message.channel;
  return { ...messageOf(message, world), channel: id, channel_type: kind, event_ts: message.ts };
}

/** The event of an edited message: the bot receives its own edits too. */
export function changedEventOf(message: FakeMessage, world: World): Payload {
  const { kind, id } = message.channel;
  const ts = timestamp();
  return {
    type: 'message',
    subtype: 'message_changed',
    hidden: true,
    message: { ...messageOf(message, world), edited: { user: message.user.id, ts } },
    channel: id,
    channel_type: kind,
    ts,
    event_ts: ts,
  };
}

/** The event of a deleted message. */
export function deletedEventOf(message: FakeMessage, world: World): Payload {
  const { kind, id } = message.channel;
  const ts = timestamp();
  return {
    type: 'message',
    subtype: 'message_deleted',
    hidden: true,
    deleted_ts: message.ts,
    previous_message: messageOf(message, world),
    channel: id,
    channel_type: kind,
    ts,
    event_ts: ts,
  };
}

/** A reply in a thread names the author of the message above it. */
function parentOf({ channel, threadTs, ts }: FakeMessage): Payload {
  const root = threadTs === ts ? undefined : channel.messages.get(threadTs!);
  return root ? { parent_user_id: root.user.id } : {};
}

function commonOf(world: World, user: FakeUser, workspace: Workspace): Payload {
  return {
    token: VERIFICATION_TOKEN,
    api_app_id: world.appId,
    team: { id: workspace.id, domain: workspace.id.toLowerCase() },
    enterprise: null,
    is_enterprise_install: false,
    user: { id: user.id, username: user.name, name: user.name, team_id: workspace.id },
  };
}

/** Text that users type arrives escaped. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
