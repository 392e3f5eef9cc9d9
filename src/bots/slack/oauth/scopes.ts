/** The scopes that the bot needs, each with its purpose; `manifest.json` requests the same. */
export const SCOPES: Readonly<Record<string, string>> = {
  commands: 'be asked with /scifi and the shortcut',
  'chat:write': 'post stories and edit them as they grow',
  'app_mentions:read': 'hear those who mention it',
  'channels:history': 'read prompts in channels, and find its own stories again',
  'groups:history': 'the same in private channels',
  'im:history': 'the same in direct messages',
  'mpim:history': 'the same in group direct messages',
  'users:read': 'know who administrates the workspace, and may set its limits and channels',
  'channels:read': 'know who created a channel and may set it up, and hear when it is archived or deleted',
  'groups:read': 'the same in private channels',
  'mpim:read': 'the same in group direct messages',
  'reactions:write': 'ask for patience with an hourglass',
};

/** The scopes that a token lacks, each with its purpose. */
export function missingScopes(granted: readonly string[]): string[] {
  return Object.entries(SCOPES)
    .filter(([scope]) => !granted.includes(scope))
    .map(([scope, purpose]) => `${scope} (to ${purpose})`);
}
