/** What users do in relays on Discord: they start one, ask for a line, and the host and moderators end it. */
import {
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  GuildMember,
  PermissionFlagsBits,
} from 'discord.js';
import { StoryError } from '../../errors.ts';
import { RELAY_ID } from '../../queue/relays/relays.ts';
import type { ChatContext } from '../chat-context.ts';
import { demandLine, type RelayOrder } from '../commands/relay.ts';
import { demandWords } from '../commands/vote.ts';
import { pressRelay, type RelayButton } from '../relays/presses.ts';
import { COOLDOWN_MS } from '../relays/wording.ts';
import type { Application } from './application.ts';
import { addressIn, answerPress, requesterOf, startIn } from './asking.ts';
import { impossibleIn, obstacleIn } from './channel-check.ts';
import { readMarkup } from './markup.ts';
import type { DiscordHandle } from './surface.ts';
import { shelfChannelOf } from './title-buttons.ts';

const NO_CHANNEL =
  'A relay needs a text channel of a server in which I am: I open a thread there. Use /scifi-relay in one.';
const NO_INTENT =
  'I cannot read the lines of a relay: the “Message Content Intent” is off. The operator has to switch it on in the ' +
  'developer portal under Bot, and to restart me.';

export class RelayInteractions {
  readonly #chat: ChatContext<DiscordHandle>;
  readonly #application: Application;

  constructor(chat: ChatContext<DiscordHandle>, application: Application) {
    this.#chat = chat;
    this.#application = application;
  }

  /**
   * Starts a relay in the channel of a command.
   *
   * @throws StoryError with a sentence
   */
  async start(
    interaction: ChatInputCommandInteraction,
    { opening, every, turns, preset }: RelayOrder,
  ): Promise<void> {
    const { id, user, guildId, channelId, channel, member, appPermissions } = interaction;
    const address = addressIn(interaction);
    if (!address.inChannel || guildId === null) throw new StoryError('bad_request', NO_CHANNEL);
    if (!this.#application.readsMessages) throw new StoryError('bad_request', NO_INTENT);
    const prompts = { messages: 'every', cooldownSeconds: 0, leastCharacters: 1, threads: true } as const;
    const facts = { type: channel?.type, permissions: appPermissions };
    // A thread or a voice channel cannot have threads.
    if (impossibleIn({ channelId, prompts }, facts)) throw new StoryError('bad_request', NO_CHANNEL);
    const obstacle = obstacleIn({ channelId, prompts }, facts);
    if (obstacle) throw new StoryError('bad_request', obstacle);
    await this.#chat.demandHost('relay', startIn(interaction));
    const words = readMarkup(opening);
    if (opening !== '') demandWords(words);
    demandLine(words);
    const request = this.#chat.parse({ prompt: words, preset: preset ?? null });
    const pause = this.#chat.channels.known(channelId)?.prompts?.cooldownSeconds;
    await this.#chat.relays.start(`${RELAY_ID}${id}`, {
      terms: { request, every, turns, cooldownMs: pause === undefined ? COOLDOWN_MS : pause * 1_000 },
      requester: requesterOf(user.id, guildId),
      hostId: user.id,
      hostName: member instanceof GuildMember ? member.displayName : user.displayName,
      channelId,
      communityId: guildId,
      address,
    });
  }

  async press(interaction: ButtonInteraction, button: RelayButton): Promise<void> {
    const { user, memberPermissions } = interaction;
    const { relays, shelf } = this.#chat;
    const { relayId } = button;
    const acting = pressRelay(relays, button, {
      userId: user.id,
      isModerator: async () => memberPermissions?.has(PermissionFlagsBits.ManageMessages) ?? false,
      removeWork: () => shelf.removeWork(shelfChannelOf(interaction, relayId), relayId),
    }).catch((error: unknown) => this.#chat.refusalFor(error));
    await answerPress(interaction, acting, this.#chat.logger);
  }
}
