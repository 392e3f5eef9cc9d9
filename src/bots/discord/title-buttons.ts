/** The buttons with the titles of a story that is on the shelf of its channel. */
import { type ButtonInteraction, PermissionFlagsBits } from 'discord.js';
import { RELAY_ID } from '../../queue/relays/relays.ts';
import type { ChatContext } from '../chat-context.ts';
import { NOT_HOST, NOT_ON_SHELF, type TitleButton, titleChosen, titleLabel } from '../shelf/titles.ts';
import { clean, discordEscaping } from '../text.ts';
import { EPHEMERAL } from './asking.ts';
import type { Row } from './components.ts';
import type { DiscordHandle } from './surface.ts';

/** Discord's numeric types; discord.js is not loaded for them. */
const ACTION_ROW = 1;
const BUTTON = 2;
const SECONDARY = 2;
const PREFIX = 'title';
const ID = /^title:([\w.-]{1,60}):(\d):(\d{1,20})$/;

/** A row with the titles, where there are several. */
export function titleRows(titles: readonly string[], workId: string, hostId: string): Row[] {
  if (titles.length < 2) return [];
  const components = titles.map((title, index) => ({
    type: BUTTON,
    style: SECONDARY,
    label: titleLabel(clean(title)),
    custom_id: [PREFIX, workId, index, hostId].join(':'),
  }));
  return [{ type: ACTION_ROW, components } as Row];
}

/** The title behind a `custom_id`; undefined for other buttons. */
export function decodeTitle(customId: string): TitleButton | undefined {
  const [, workId, title, hostId] = ID.exec(customId) ?? [];
  return workId && title && hostId ? { workId, title: Number(title), hostId } : undefined;
}

/** The channel on whose shelf a work is: a relay's end is in a thread of that channel. */
export function shelfChannelOf(
  { channel, channelId }: Pick<ButtonInteraction, 'channel' | 'channelId'>,
  workId: string,
): string {
  const parentId = workId.startsWith(RELAY_ID) && channel?.isThread() ? channel.parentId : null;
  return parentId ?? channelId;
}

/** Chooses a title, and tells the user what has become of it. */
export async function takeTitle(
  interaction: ButtonInteraction,
  { workId, title, hostId }: TitleButton,
  chat: ChatContext<DiscordHandle>,
): Promise<void> {
  const { user, memberPermissions } = interaction;
  // Acknowledged first: a queue that is slow would outlast Discord's three seconds.
  await interaction.deferReply({ flags: EPHEMERAL.flags });
  const isModerator = memberPermissions?.has(PermissionFlagsBits.ManageMessages) ?? false;
  const choose = async () => {
    if (user.id !== hostId && !isModerator) return NOT_HOST;
    const chosen = await chat.shelf.chooseTitle(shelfChannelOf(interaction, workId), workId, title);
    return chosen === undefined ? NOT_ON_SHELF : titleChosen(discordEscaping.escape(clean(chosen)));
  };
  const content = await choose().catch((error: unknown) => chat.refusalFor(error));
  await interaction.editReply({ content, allowedMentions: EPHEMERAL.allowedMentions });
}
