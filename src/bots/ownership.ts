/** Who owns a reply: its requester and the moderators, who may stop it, change it and delete it. */
import { createHash } from 'node:crypto';
import type { Own } from '../story/variations.ts';

/** The sentence for a user who does not own a reply. */
export function notOwner(action: Own | 'stop'): string {
  return `Only the user who asked for this story, or a moderator, can ${action} it.`;
}

const HASH_LENGTH = 20;

/** The id of the reply in place of an edited one: a reply that is edited twice at the same time is replaced once. */
export function editedId(replyId: string): string {
  return `e${createHash('sha256').update(replyId).digest('base64url').slice(0, HASH_LENGTH)}`;
}

export const NO_REQUEST = 'I no longer have what was asked for there. Ask for a new story with /scifi.';

/** For a user whose reply's messages the platform does not let the bot delete. */
export const UNDELETABLE =
  'I have deleted what I keep of this story, but I may not delete its messages here. A moderator can delete them.';
