/** Actions of users on the fake Discord. */
import type { FakeDiscord } from './fake-discord.ts';
import { filledIn } from './modals.ts';
import { interactionOf, messageOf, userOf } from './payloads.ts';
import {
  type FakeChannel,
  type FakeInteraction,
  type FakeMessage,
  type FakeUser,
  PERMISSION,
  snowflake,
} from './world.ts';

/** Option types that a value does not imply. */
const OPTION_TYPES: Readonly<Record<string, number>> = { user: 6, channel: 7 };

export class Person {
  readonly user: FakeUser;
  readonly #discord: FakeDiscord;
  /** The user's permissions in the server. */
  permissions: bigint = PERMISSION.viewChannel | PERMISSION.sendMessages;

  constructor(discord: FakeDiscord, name: string) {
    this.#discord = discord;
    this.user = discord.world.addUser(name);
  }

  /** Uses a slash command. `isInstalled` false: the user installed the application for themselves. */
  slash(
    channel: FakeChannel,
    name: string,
    options: Record<string, unknown> = {},
    { isInstalled = true, subcommand }: { isInstalled?: boolean; subcommand?: string } = {},
  ): FakeInteraction {
    const given = Object.entries(options).map(([option, value]) => ({
      name: option,
      value,
      type:
        OPTION_TYPES[option] ??
        (typeof value === 'string' ? 3 : typeof value === 'boolean' ? 5 : option === 'temperature' ? 10 : 4),
    }));
    const data = {
      id: snowflake(),
      name,
      type: 1,
      options: subcommand ? [{ type: 1, name: subcommand, options: given }] : given,
    };
    return this.#interact({ channel, user: this.user, isInstalled, on: undefined }, 2, data);
  }

  /** Reacts to a message. */
  react({ reactedBy }: FakeMessage, emoji = '❤️'): void {
    reactedBy.set(emoji, new Set([...(reactedBy.get(emoji) ?? []), this.user.id]));
  }

  /** Chooses a command from a message's menu. */
  apply(message: FakeMessage, name: string, isInstalled = true): FakeInteraction {
    const { world } = this.#discord;
    const data = {
      id: snowflake(),
      name,
      type: 3,
      target_id: message.id,
      resolved: { messages: { [message.id]: messageOf(message, world) }, users: {} },
    };
    return this.#interact({ channel: message.channel, user: this.user, isInstalled, on: undefined }, 2, data);
  }

  /**
   * Presses the button with that label under a message.
   *
   * @param laterMs how much later than now the press was, by its id
   */
  press(message: FakeMessage, label: string, isInstalled = true, laterMs = 0): FakeInteraction {
    const button = message.components
      .flatMap(({ components }) => components)
      .find((one) => one.label === label);
    if (!button) throw new Error(`There is no button ${label} under: ${message.content}`);
    const data = { custom_id: button.custom_id, component_type: 2 };
    const what = { channel: message.channel, user: this.user, isInstalled, on: message };
    return this.#interact(what, 3, data, laterMs);
  }

  /** Fills in the modal that an interaction was answered with, and sends it. */
  fill(interaction: FakeInteraction, values: Readonly<Record<string, string>> = {}): FakeInteraction {
    const { modal, channel, isInstalled, on } = interaction;
    if (!modal) throw new Error('The interaction has shown no modal.');
    const data = { custom_id: modal.custom_id, components: filledIn(modal, values) };
    return this.#interact({ channel, user: this.user, isInstalled, on, isModal: true }, 5, data);
  }

  /** Writes a message. */
  say(channel: FakeChannel, content: string, extra: Record<string, unknown> = {}): FakeMessage {
    const message = this.#discord.world.addMessage(channel, this.user, { content, extra });
    this.repeat(message);
    return message;
  }

  /** Discord delivers the event of a message, for the first time or once more. */
  repeat(message: FakeMessage): void {
    this.#tell('MESSAGE_CREATE', message);
  }

  /** Edits an own message. */
  edit(message: FakeMessage, content: string): void {
    this.#discord.world.editMessage(message, { content });
    this.#tell('MESSAGE_UPDATE', message);
  }

  /** Deletes an own message. */
  delete(message: FakeMessage): void {
    message.deleted = true;
    const { id, channel } = message;
    const where = { channel_id: channel.id, ...(channel.guildId ? { guild_id: channel.guildId } : {}) };
    this.#discord.gateway.dispatch('MESSAGE_DELETE', { id, ...where });
  }

  #tell(event: 'MESSAGE_CREATE' | 'MESSAGE_UPDATE', message: FakeMessage): void {
    const { world, gateway } = this.#discord;
    const { guildId } = message.channel;
    const guild = { guild_id: guildId, member: { roles: [], joined_at: null, deaf: false, mute: false } };
    gateway.dispatch(event, {
      ...messageOf(message, world),
      author: userOf(this.user),
      ...(guildId ? guild : {}),
    });
  }

  #interact(
    what: Pick<FakeInteraction, 'channel' | 'user' | 'isInstalled' | 'on' | 'isModal'>,
    type: 2 | 3 | 5,
    data: Record<string, unknown>,
    laterMs = 0,
  ): FakeInteraction {
    const { world, gateway } = this.#discord;
    const interaction = world.addInteraction(what, laterMs);
    gateway.dispatch('INTERACTION_CREATE', interactionOf(interaction, world, type, data, this.permissions));
    return interaction;
  }
}
