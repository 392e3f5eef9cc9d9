/**
 * The workspaces that have installed the app, stored with the queue. Tokens are encrypted at rest:
 * AES-256-GCM under the operator's key, bound to their workspace.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Installation, InstallationQuery, InstallationStore } from '@slack/bolt';
import type { Logger } from 'pino';
import { StoryError } from '../../errors.ts';
import type { QueueConnection } from '../../queue/connection.ts';
import { Settings } from '../../queue/settings.ts';
import type { Workspace } from './conversations.ts';
import { NoInstallation } from './failures.ts';

/** A stored installation: nonce, tag and text, in base64. */
interface Sealed {
  readonly sealed: string;
}

/** What is known of an installation's bot. */
interface KnownBot {
  readonly token: string;
  /** The granted scopes. */
  readonly scopes: readonly string[];
}

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The time after which this process sees a change that another process made. */
const KNOWN_MS = 30_000;

export class Installations implements InstallationStore {
  readonly #settings: Settings<Sealed>;
  readonly #key: Buffer;
  readonly #logger: Logger;
  readonly #known = new Map<string, KnownBot & { readonly at: number }>();

  /** @param key of 32 bytes */
  constructor(connection: QueueConnection, key: Buffer, logger: Logger) {
    if (key.length !== KEY_BYTES)
      throw new RangeError(`Expected a key of ${KEY_BYTES} bytes, got ${key.length}.`);
    this.#settings = new Settings(connection, 'slack-installations');
    this.#key = key;
    this.#logger = logger;
  }

  ready(): Promise<void> {
    return this.#settings.ready();
  }

  async storeInstallation(installation: Installation): Promise<void> {
    const id = installation.isEnterpriseInstall
      ? organisationKey(installation.enterprise?.id)
      : teamKey(installation.team?.id);
    // The installing user is not needed: the bot's own token is used for every call.
    const kept = { ...installation, user: { token: undefined, scopes: undefined, id: '' } };
    await this.#settings.write(id, { sealed: this.#seal(id, JSON.stringify(kept)) });
    this.#known.delete(id);
    this.#logger.info({ installation: id }, 'Slack app installed');
  }

  async fetchInstallation(query: InstallationQuery<boolean>): Promise<Installation> {
    const id = idOf(query);
    const found = await this.#settings.read(id);
    if (!found) throw new NoInstallation(query.teamId ?? query.enterpriseId ?? '');
    return JSON.parse(this.#open(id, found.sealed));
  }

  async deleteInstallation(query: InstallationQuery<boolean>): Promise<void> {
    const id = idOf(query);
    this.#known.delete(id);
    await this.#settings.remove(id);
    this.#logger.info({ installation: id }, 'Slack app uninstalled');
  }

  /** The bot's token in a workspace; rejects with NoInstallation when there is none. */
  async tokenOf(workspace: Workspace): Promise<string> {
    return (await this.#botOf(workspace)).token;
  }

  /** The scopes that a workspace has granted; rejects with NoInstallation when it has no installation. */
  async scopesOf(workspace: Workspace): Promise<readonly string[]> {
    return (await this.#botOf(workspace)).scopes;
  }

  async #botOf(workspace: Workspace): Promise<KnownBot> {
    const { teamId, enterpriseId, isEnterpriseInstall = false } = workspace;
    const query = { teamId, enterpriseId, isEnterpriseInstall } as InstallationQuery<boolean>;
    const id = idOf(query);
    const known = this.#known.get(id);
    if (known && performance.now() - known.at < KNOWN_MS) return known;
    const { bot } = await this.fetchInstallation(query);
    if (!bot) throw new NoInstallation(teamId);
    const { token, scopes } = bot;
    this.#known.set(id, { token, scopes, at: performance.now() });
    return { token, scopes };
  }

  close(): Promise<void> {
    return this.#settings.close();
  }

  #seal(id: string, text: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES }).setAAD(
      Buffer.from(id),
    );
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  #open(id: string, text: string): string {
    const all = Buffer.from(text, 'base64');
    const nonce = all.subarray(0, NONCE_BYTES);
    const tag = all.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
    try {
      const cipher = createDecipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(id))
        .setAuthTag(tag);
      const opened = [cipher.update(all.subarray(NONCE_BYTES + TAG_BYTES)), cipher.final()];
      return Buffer.concat(opened).toString('utf8');
    } catch (cause) {
      throw new StoryError(
        'configuration',
        'A Slack token cannot be decrypted: SLACK_ENCRYPTION_KEY is another one than when the app was ' +
          'installed. Set the old key again, or install the app anew.',
        { cause },
      );
    }
  }
}

function idOf({ isEnterpriseInstall, enterpriseId, teamId }: InstallationQuery<boolean>): string {
  return isEnterpriseInstall ? organisationKey(enterpriseId) : teamKey(teamId);
}

function teamKey(id: string | undefined): string {
  return `team-${id}`;
}

function organisationKey(id: string | undefined): string {
  return `organisation-${id}`;
}

/** The scopes that the bot needs, each with its purpose; `manifest.json` requests the same. */
export const SCOPES: Readonly<Record<string, string>> = {
  commands: 'receive commands and the shortcut',
  'chat:write': 'post and edit stories',
  'files:write': 'send books',
  'app_mentions:read': 'receive messages that mention it',
  'channels:history': 'read prompts and earlier stories in channels',
  'groups:history': 'the same in private channels',
  'im:history': 'the same in direct messages',
  'mpim:history': 'the same in group direct messages',
  'im:write': 'answer privately, in a direct message',
  'users:read': 'check who is an administrator of the workspace',
  'channels:read': 'check who created a channel, and receive events of channels that are archived or deleted',
  'groups:read': 'the same in private channels',
  'mpim:read': 'the same in group direct messages',
  'reactions:write': 'add an hourglass to a prompt that comes too soon after another',
  'assistant:write': 'suggest openings, and show that it is at work, in the agent view',
};

/** Slack grants it to apps with an agent view in their manifest; without it, direct messages have no threads. */
export const AGENT_SCOPE = 'assistant:write';

/** The scopes that a token lacks and the bot needs, each with its purpose. */
export function missingScopes(granted: readonly string[]): string[] {
  return Object.entries(SCOPES)
    .filter(([scope]) => scope !== AGENT_SCOPE && !granted.includes(scope))
    .map(([scope, purpose]) => `${scope} (to ${purpose})`);
}
