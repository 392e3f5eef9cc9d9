/** The bot's help texts, in Slack's markup. Pure. */
import { type ModelChoice, STORY_BOUNDS } from '../../../story/story.ts';
import { LIMIT_NAMES } from '../../commands/limits.ts';
import { slackEscaping } from '../../text/sanitise.ts';

/** The answer to `/scifi help`, and the top of the App Home. */
export function storyHelp(models: readonly ModelChoice[]): string {
  const { temperature, length } = STORY_BOUNDS;
  const names = models.map(({ name, title }) => `\`${name}\` (${slackEscaping.escape(title)})`).join(', ');
  return [
    'Give me an opening, and a neural network goes on with it: `/scifi It all began with`',
    'Options may stand anywhere: `temp=0.7 length=800 seed=7 model=scifi`',
    `• \`temp\` from ${temperature.min}, predictable, to ${temperature.max}, wild; ${temperature.default} by itself`,
    `• \`length\` of the whole story, ${length.min} to ${length.max.toLocaleString('en')} characters; ` +
      `${length.default.toLocaleString('en')} by itself`,
    '• `seed`: the same number writes the same story again',
    `• \`model\`: ${names}`,
    'Mention me in a channel and I answer in the thread; write to me directly and I answer there; choose ' +
      '*Continue as sci-fi* under any message. Where I cannot write, `/invite` me first.',
    '`/scifi-privacy` tells what I keep of you, `/scifi-forget` deletes it.',
  ].join('\n');
}

export const CHANNEL_HELP = [
  'Turn messages of this channel into stories:',
  '• `/scifi-channel on` every message is a prompt; `on mentions` only those that mention me. Also: ' +
    '`cooldown=30` seconds for each person, `minimum=10` characters, `threads` for a thread for every story',
  '• `/scifi-channel daily hour=8 tz=Europe/Vienna` posts an opening line every day, for everybody to continue',
  '• `/scifi-channel status` tells what is set, `/scifi-channel off` ends it all',
].join('\n');

export const LIMITS_HELP = [
  'How many stories people may ask for in this workspace:',
  '• `/scifi-limits` tells what holds',
  `• \`/scifi-limits ${LIMIT_NAMES.personAtOnce}=2 ${LIMIT_NAMES.personHourly}=5\` allows each person fewer, ` +
    `\`${LIMIT_NAMES.communityAtOnce}=50 ${LIMIT_NAMES.communityHourly}=300\` all of them together`,
  '• `/scifi-limits reset` takes that back. Both are for those who administrate the workspace',
].join('\n');

export const BLOCK_HELP = [
  'For whom, and in which channels, I write no stories in this workspace:',
  '• `/scifi-block @ann #general` blocks them, `/scifi-block remove @ann` lifts it',
  '• `/scifi-block list` tells who is blocked. All of that is for those who administrate the workspace',
].join('\n');

/** For a user who asked in a conversation where the bot may not write. */
export function invitation(botUserId: string): string {
  return (
    'I am not in this conversation, so I cannot write here. In a channel, type ' +
    `\`/invite\` <@${botUserId}> and ask again; elsewhere, write to me directly.`
  );
}
