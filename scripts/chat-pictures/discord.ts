/** The fake Discord, as the pictures show it. */
import { type FakeContainer, rowsOf } from '../../test/fakes/discord/components.ts';
import type { FakeDiscord } from '../../test/fakes/discord/fake-discord.ts';
import { Person } from '../../test/fakes/discord/people.ts';
import type { FakeChannel, Seen } from '../../test/fakes/discord/world.ts';
import { isEphemeral } from '../../test/harness/discord.ts';
import { type Chat, type ChatMessage, usersOf } from './chat.ts';
import { escapeHtml, type Shown } from './drawing.ts';

export function discordChat(discord: FakeDiscord): Chat {
  const person = usersOf((name) => new Person(discord, name));
  const seen = ({ messages }: FakeChannel): ChatMessage[] =>
    [...messages.values()]
      .filter((message) => !isEphemeral(message) && !message.thinking)
      .map((message) => ({
        author: message.author.bot ? undefined : message.author.username,
        states: () => message.history.map(shownOf),
        labels: () => message.components.flatMap(({ components }) => components.map(({ label }) => label)),
        press: (user, label) => void person(user).press(message, label),
      }));
  return {
    platform: 'discord',
    open() {
      const channel = discord.world.addChannel();
      const thread = () =>
        [...discord.world.channels.values()].find(({ parentId }) => parentId === channel.id);
      return {
        command(user, name, text, options) {
          const opening = name === 'scifi-relay' ? { opening: text } : { prompt: text };
          person(user).slash(channel, name, { ...opening, ...options });
        },
        messages: () => seen(channel),
        thread: () => [thread() ?? []].flat().flatMap(seen),
        say: (user, text) => void person(user).say(thread()!, text),
      };
    },
  };
}

function shownOf({ layout, content, components }: Seen): Shown {
  if (!layout) return { ...shownText(content), rows: components.map((row) => row.components) };
  const [box] = layout as [FakeContainer];
  return {
    ...shownText(content),
    rows: rowsOf(box.components).map((row) => row.components),
    accent: `#${(box.accent_color ?? 0).toString(16).padStart(6, '0')}`,
  };
}

function shownText(markdown: string): Pick<Shown, 'story' | 'smallPrint'> {
  const lines = markdown.split('\n');
  const isSmall = (line: string) => line.startsWith('-# ');
  return {
    story: lines
      .filter((line) => !isSmall(line))
      .map((line) => (line.startsWith('> ') ? `<q>${html(line.slice(2))}</q>` : html(line)))
      .join('\n')
      // A block ends its line by itself.
      .replace(/\n?(<q>.*<\/q>)\n?/, '$1'),
    smallPrint: lines.flatMap((line) => (isSmall(line) ? html(line.slice(3)) : [])).join('\n'),
  };
}

/** The Markdown of the bot: escapes, bold and italic words, and the time until the end of a round. */
function html(markdown: string): string {
  return escapeHtml(markdown.replace(/<t:\d+:R>/, 'in a minute'))
    .replace(/\\(&\w+;|.)/g, (_, character: string) =>
      character.length > 1 ? character : `&#${character.charCodeAt(0)};`,
    )
    .replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
    .replace(/\*(.+?)\*/g, '<i>$1</i>');
}
