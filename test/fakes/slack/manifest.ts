/** What the app says about itself, and what it is told of therefore. */
import { readFileSync } from 'node:fs';

/** What the app says about itself. */
export interface Manifest {
  readonly scopes: readonly string[];
  readonly events: ReadonlySet<string>;
  readonly commands: ReadonlySet<string>;
  readonly shortcuts: ReadonlySet<string>;
}

const FILE = new URL('../../../manifest.json', import.meta.url);

/** The event that tells of messages, by kind of conversation. */
export const EVENT_OF = {
  public: 'message.channels',
  private: 'message.groups',
  im: 'message.im',
  mpim: 'message.mpim',
} as const;

/** The scope that is needed to be told of them. */
export const SCOPE_OF = {
  public: 'channels:history',
  private: 'groups:history',
  im: 'im:history',
  mpim: 'mpim:history',
} as const;

/** The manifest of this repository. */
export function ourManifest(): Manifest {
  return readManifest(readFileSync(FILE, 'utf8'));
}

/** Reads what an app's manifest says that the fake cares for. */
export function readManifest(json: string): Manifest {
  const { features, oauth_config, settings } = JSON.parse(json);
  return {
    scopes: oauth_config.scopes.bot,
    events: new Set(settings.event_subscriptions.bot_events),
    commands: new Set(features.slash_commands.map(({ command }: { command: string }) => command)),
    shortcuts: new Set(features.shortcuts.map(({ callback_id }: { callback_id: string }) => callback_id)),
  };
}
