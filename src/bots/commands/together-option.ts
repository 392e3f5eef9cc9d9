/** The setting who may start stories that are written together, which a channel and a community have. Pure. */
import { StoryError } from '../../errors.ts';
import { HOSTS, type Hosts } from '../../queue/admission/settings.ts';
import type { CommandOption } from './command.ts';

const CHOICES = [
  { name: 'everyone', value: 'everyone' },
  { name: 'only moderators', value: 'moderators' },
  { name: 'no user', value: 'nobody' },
] as const satisfies readonly { readonly name: string; readonly value: Hosts }[];

/** The option of a community's settings. */
export const HOSTS_OPTION = {
  type: 'text',
  name: 'hosts',
  description: 'Who may start them',
  required: true,
  choices: CHOICES,
} as const satisfies CommandOption;

/** The option of a channel's settings. */
export const CHANNEL_HOSTS_OPTION = {
  ...HOSTS_OPTION,
  choices: [...CHOICES, { name: 'as set for the whole server', value: 'default' }],
} as const satisfies CommandOption;

/**
 * Parses `hosts=moderators` or `moderators`.
 *
 * @param command as users type it, such as `/scifi-limits together`
 * @throws StoryError `bad_request` with a sentence when it is none of these
 */
export function hostsNamed(given: string | undefined, names: readonly string[], command: string): string {
  const hosts = given?.toLowerCase() ?? '';
  if (names.includes(hosts)) return hosts;
  const choices = names.join(', ');
  throw new StoryError(
    'bad_request',
    `Choose who may start them: ${choices}. For example ${command} ${HOSTS[1]}.`,
  );
}
