/** The fake's REST routes: the effect of each call, and its refusals. */
import { checkCommands, shownIn } from './commands.ts';
import { COMPONENTS_V2, textOfComponents } from './components.ts';
import { checkModal } from './modals.ts';
import { filesOf } from './multipart.ts';
import { channelOf, messageOf, userOf } from './payloads.ts';
import {
  ACKNOWLEDGED,
  AUTOMOD,
  INVALID_FORM,
  INVALID_TOKEN,
  MISSING_ACCESS,
  MISSING_PERMISSIONS,
  Refusal,
  UNKNOWN_CHANNEL,
  UNKNOWN_INTERACTION,
  UNKNOWN_MESSAGE,
  UNKNOWN_WEBHOOK,
} from './refusals.ts';
import { checkMessage, EPHEMERAL, type MessageInput, mentionsIn } from './validation.ts';
import { type FakeChannel, type FakeInteraction, type FakeMessage, PERMISSION, type World } from './world.ts';

export interface Clocks {
  /** The time limit for acknowledging an interaction. */
  readonly acknowledgeMs: number;
  /** The lifetime of an interaction's token. */
  readonly tokenMs: number;
  /** How long a nonce prevents a second copy of a message. */
  readonly nonceMs: number;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export type Answer = { readonly status: number; readonly body?: unknown };

type Handler = (world: World, call: Call, ids: string[], clocks: Clocks) => Answer;

interface Route {
  readonly match: RegExp;
  /** Whether the call needs the bot's token. */
  readonly isBots: boolean;
  readonly handle: Handler;
}

/** The flags of a message that answers an interaction, and of any other. */
const ANSWER = { flags: EPHEMERAL | COMPONENTS_V2 };
const MESSAGE = { flags: COMPONENTS_V2 };
const FOLLOW_UPS_OF_A_GUEST = 5;
const VERSION = /^\/api\/v10/;

const ROUTES: readonly Route[] = [
  bots(/^GET \/gateway\/bot$/, () => {
    throw new Error('answered by the server, which knows its address');
  }),
  bots(/^GET \/applications\/@me$/, (world) => ok({ ...world.application, flags: world.flags })),
  bots(/^GET \/users\/@me$/, (world) => ok(userOf(world.bot))),
  bots(/^PUT \/applications\/(\d+)(?:\/guilds\/(\d+))?\/commands$/, (world, { body }, [, guildId]) => {
    if (guildId && guildId !== world.guild.id) throw MISSING_ACCESS();
    world.commands.set(guildId ?? 'global', checkCommands(body, !guildId));
    return ok(body);
  }),
  bots(/^GET \/applications\/(\d+)\/commands$/, (world, { query }) => {
    const commands = world.commands.get('global') ?? [];
    // This fake takes the language from no header: it answers in English.
    return ok(query.get('with_localizations') === 'true' ? commands : shownIn(commands, 'en-US'));
  }),
  bots(/^GET \/users\/@me\/guilds$/, (world, { query }) => {
    const { id, name } = world.guild;
    const isListed = world.isMember && BigInt(id) > BigInt(query.get('after') ?? 0);
    const permissions = world.permissions.toString();
    return ok(isListed ? [{ id, name, permissions, owner: false, features: [] }] : []);
  }),
  bots(/^POST \/users\/@me\/channels$/, (world, { body }) => {
    const { recipient_id: recipientId } = body as { recipient_id: string };
    const known = world.directChannels.get(recipientId);
    const channel = known ?? world.addChannel({ type: 1, name: recipientId });
    world.directChannels.set(recipientId, channel);
    return ok(channelOf(channel));
  }),
  bots(/^POST \/channels\/(\d+)\/messages$/, sendMessage),
  bots(/^GET \/channels\/(\d+)\/messages\/(\d+)$/, (world, _, [channelId, messageId]) => {
    const channel = channelIn(world, channelId);
    need(channel, PERMISSION.readMessageHistory);
    return ok(messageOf(messageIn(channel, messageId), world));
  }),
  bots(/^GET \/channels\/(\d+)\/messages$/, (world, { query }, [channelId]) => {
    const channel = channelIn(world, channelId);
    need(channel, PERMISSION.readMessageHistory);
    const limit = Number(query.get('limit') ?? 50);
    if (!(limit >= 1 && limit <= 100)) throw INVALID_FORM('limit: 1 to 100');
    const after = query.get('after');
    const messages = [...channel.messages.values()]
      .filter(({ id, deleted, flags }) => !deleted && !(flags & EPHEMERAL) && BigInt(id) > BigInt(after ?? 0))
      .sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
    // With `after`, those that follow it; otherwise the newest. Either way, the newest comes first.
    const page = after === null ? messages.slice(-limit) : messages.slice(0, limit);
    return ok(page.reverse().map((message) => messageOf(message, world)));
  }),
  bots(/^PATCH \/channels\/(\d+)\/messages\/(\d+)$/, (world, { body }, [channelId, messageId]) => {
    const channel = channelIn(world, channelId);
    const message = messageIn(channel, messageId);
    if (message.author.id !== world.bot.id) {
      throw new Refusal(403, 50_005, 'Cannot edit a message authored by another user');
    }
    return edit(world, message, body);
  }),
  bots(/^DELETE \/channels\/(\d+)\/messages\/(\d+)$/, (world, _, [channelId, messageId]) => {
    const channel = channelIn(world, channelId);
    const message = messageIn(channel, messageId);
    // Any bot may delete its own messages where it can see the channel.
    if (message.author.id !== world.bot.id) need(channel, PERMISSION.manageMessages);
    message.deleted = true;
    return { status: 204 };
  }),
  bots(/^POST \/channels\/(\d+)\/messages\/(\d+)\/threads$/, (world, { body }, [channelId, messageId]) => {
    const channel = channelIn(world, channelId);
    need(channel, PERMISSION.createPublicThreads);
    const message = messageIn(channel, messageId);
    if (channel.type !== 0) throw new Refusal(400, 50_024, 'Cannot execute action on this channel type');
    if (world.channels.has(message.id)) {
      throw new Refusal(400, 160_004, 'A thread has already been created for this message');
    }
    const { name } = body as { name: string };
    if (!name || [...name].length > 100) throw INVALID_FORM('name: 1 to 100 characters');
    const { permissions } = channel;
    const thread = { id: message.id, name, type: 11, parentId: channel.id, permissions } as const;
    return ok(channelOf(world.addChannel({ ...thread, ownerId: world.bot.id })));
  }),
  bots(/^PUT \/channels\/(\d+)\/messages\/(\d+)\/reactions\/([^/]+)\/@me$/, (world, _, ids) => {
    const channel = channelIn(world, ids[0]);
    need(channel, PERMISSION.addReactions);
    const { id } = messageIn(channel, ids[1]);
    world.reactions.push({ messageId: id, emoji: ids[2]! });
    return { status: 204 };
  }),
  anybodys(/^POST \/interactions\/(\d+)\/([^/]+)\/callback$/, callback),
  anybodys(/^PATCH \/webhooks\/(\d+)\/([^/]+)\/messages\/@original$/, (world, { body }, ids, clocks) => {
    const interaction = answerable(world, ids, clocks);
    if (!interaction.original) throw UNKNOWN_WEBHOOK();
    if (interaction.original.deleted) throw UNKNOWN_MESSAGE();
    return edit(world, interaction.original, body);
  }),
  anybodys(/^DELETE \/webhooks\/(\d+)\/([^/]+)\/messages\/@original$/, (world, _, ids, clocks) => {
    const { original } = answerable(world, ids, clocks);
    if (!original) throw UNKNOWN_WEBHOOK();
    if (original.deleted) throw UNKNOWN_MESSAGE();
    original.deleted = true;
    return { status: 204 };
  }),
  anybodys(/^POST \/webhooks\/(\d+)\/([^/]+)$/, (world, { body }, ids, clocks) => {
    const interaction = answerable(world, ids, clocks);
    if (!interaction.callbackType) throw UNKNOWN_WEBHOOK();
    if (!interaction.isInstalled && interaction.followUps.length >= FOLLOW_UPS_OF_A_GUEST) {
      throw new Refusal(400, 40_094, 'This interaction has reached the maximum number of follow up messages');
    }
    const message = add(world, interaction.channel, checkMessage(body, ANSWER));
    interaction.followUps.push(message);
    return ok(messageOf(message, world));
  }),
];

/** Answers one call. Throws a `Refusal`; undefined when there is no such route. */
export function answerCall(world: World, call: Call, isBot: boolean, clocks: Clocks): Answer | undefined {
  const key = `${call.method} ${call.path.replace(VERSION, '')}`;
  for (const { match, isBots, handle } of ROUTES) {
    const ids = match.exec(key)?.slice(1);
    if (!ids) continue;
    if (isBots && !isBot) throw new Refusal(401, 0, '401: Unauthorized');
    return handle(world, call, ids, clocks);
  }
  return undefined;
}

function callback(world: World, { body, query }: Call, [id, token]: string[], clocks: Clocks): Answer {
  const interaction = world.interactions.get(token!);
  if (!interaction || interaction.id !== id) throw UNKNOWN_INTERACTION();
  if (interaction.callbackType) throw ACKNOWLEDGED();
  if (Date.now() - interaction.createdAt > clocks.acknowledgeMs) throw UNKNOWN_INTERACTION();
  const { type, data } = body as { type: number; data?: MessageInput };
  if (type === 4) interaction.original = add(world, interaction.channel, checkMessage(data, ANSWER));
  else if (type === 5) {
    const flags = data?.flags ?? 0;
    if (flags & ~EPHEMERAL) throw INVALID_FORM('flags');
    interaction.original = world.addMessage(interaction.channel, world.bot, { thinking: true, flags });
  } else if (type === 6) {
    if (!interaction.on) throw INVALID_FORM('type: there is no message to update');
    interaction.original = interaction.on;
  } else if (type === 9) {
    if (interaction.isModal) throw INVALID_FORM('type: a modal cannot follow a modal');
    interaction.modal = checkModal(data);
  } else throw INVALID_FORM(`type ${type}`);
  interaction.callbackType = type;
  interaction.acknowledgedAt = Date.now();
  return query.get('with_response') === 'true'
    ? ok({
        interaction: { id, type: 2 },
        resource: { type, message: messageOf(interaction.original!, world) },
      })
    : { status: 204 };
}

function sendMessage(world: World, { body }: Call, [channelId]: string[], clocks: Clocks): Answer {
  const channel = channelIn(world, channelId);
  need(channel, channel.type === 11 ? PERMISSION.sendMessagesInThreads : PERMISSION.sendMessages);
  const input = checkMessage(body, MESSAGE);
  const key = `${channel.id} ${input.nonce}`;
  const earlier = input.enforce_nonce && input.nonce ? world.byNonce.get(key) : undefined;
  if (earlier && Date.now() - earlier.at < clocks.nonceMs) return ok(messageOf(earlier, world));
  if (input.message_reference) {
    need(channel, PERMISSION.readMessageHistory);
    const { message_id: id, fail_if_not_exists: isStrict = true } = input.message_reference;
    if (isStrict) messageIn(channel, id);
  }
  const message = add(world, channel, input);
  if (input.nonce) world.byNonce.set(key, message);
  return ok(messageOf(message, world));
}

function add(world: World, channel: FakeChannel, input: MessageInput): FakeMessage {
  moderate(world, channel, input);
  const replyTo = input.message_reference?.message_id;
  const { content, components, flags, nonce } = input;
  return world.addMessage(channel, world.bot, {
    ...(content ? { content } : {}),
    ...(components === undefined ? {} : { components }),
    ...(flags === undefined ? {} : { flags }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(replyTo === undefined ? {} : { replyTo }),
  });
}

function edit(world: World, message: FakeMessage, body: unknown): Answer {
  const input = checkMessage(body, { ...MESSAGE, edited: message });
  const files = filesOf(body);
  moderate(world, message.channel, input);
  world.editMessage(message, input);
  message.files = files;
  return ok(messageOf(message, world));
}

function moderate(world: World, channel: FakeChannel, { content, components = [] }: MessageInput): void {
  const text = content || textOfComponents(components);
  if (channel.refused?.test(text)) throw AUTOMOD();
  // With {parse: []} no user is notified; the mentions that the text contains are recorded all the same.
  world.pings.push(...mentionsIn(text));
}

function answerable(world: World, [applicationId, token]: string[], { tokenMs }: Clocks): FakeInteraction {
  const interaction = world.interactions.get(token!);
  if (applicationId !== world.application.id || !interaction) throw UNKNOWN_WEBHOOK();
  if (Date.now() - interaction.createdAt > tokenMs) throw INVALID_TOKEN();
  return interaction;
}

function channelIn(world: World, id: string | undefined): FakeChannel {
  const channel = world.channels.get(id!);
  if (!channel) throw UNKNOWN_CHANNEL();
  if (channel.guildId && !world.isMember) throw MISSING_ACCESS();
  if (!(channel.permissions & PERMISSION.viewChannel)) throw MISSING_ACCESS();
  return channel;
}

function messageIn(channel: FakeChannel, id: string | undefined): FakeMessage {
  const message = channel.messages.get(id!);
  if (!message || message.deleted || message.flags & EPHEMERAL) throw UNKNOWN_MESSAGE();
  return message;
}

function need(channel: FakeChannel, permission: bigint): void {
  if (!(channel.permissions & permission)) throw MISSING_PERMISSIONS();
}

function bots(match: RegExp, handle: Handler): Route {
  return { match, isBots: true, handle };
}

function anybodys(match: RegExp, handle: Handler): Route {
  return { match, isBots: false, handle };
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}
