/** The commands of every platform besides `/scifi`. `manifest.json` lists them for Slack, and a test compares both. */
import { BLOCK } from './block.ts';
import { BOOK } from './book.ts';
import { CHANNEL } from './channel.ts';
import type { Command } from './command.ts';
import { LIMITS } from './limits.ts';
import { FORGET, PRIVACY } from './privacy.ts';
import { RELAY } from './relay.ts';
import { SHELF } from './shelf.ts';
import { VOTE } from './vote.ts';

const TABLE = [VOTE, RELAY, SHELF, BOOK, CHANNEL, LIMITS, BLOCK, PRIVACY, FORGET] as const;

/** The commands with the literal types of their names, which translations are checked against. */
export type TableCommand = (typeof TABLE)[number];

/** Registration, help, permission checks and dispatch of both platforms read this table. */
export const COMMANDS: readonly Command[] = TABLE;
