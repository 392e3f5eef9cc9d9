/** The scopes, commands and events of the app's manifest: Slack grants and delivers nothing else. */
import { readFileSync } from 'node:fs';

export interface Manifest {
  readonly scopes: readonly string[];
  readonly events: readonly string[];
  readonly commands: readonly string[];
  /** Commands in whose text Slack replaces the names of users and channels with ids. */
  readonly escaping: readonly string[];
  /** By their callback ids. */
  readonly shortcuts: readonly string[];
}

/** The manifest that operators paste into Slack. */
export const MANIFEST = readManifest(
  readFileSync(new URL('../../../manifest.json', import.meta.url), 'utf8'),
);

function readManifest(json: string): Manifest {
  const { features, oauth_config, settings } = JSON.parse(json);
  return {
    scopes: oauth_config.scopes.bot,
    events: settings.event_subscriptions.bot_events,
    commands: features.slash_commands.map(({ command }: { command: string }) => command),
    escaping: features.slash_commands.flatMap(
      ({ command, should_escape }: { command: string; should_escape: boolean }) =>
        should_escape ? [command] : [],
    ),
    shortcuts: features.shortcuts.map(({ callback_id }: { callback_id: string }) => callback_id),
  };
}
