/** The commands of every platform besides `/scifi`. `manifest.json` lists them for Slack, and a test compares both. */
import { BLOCK } from './block.ts';
import { BOOK } from './book.ts';
import { CHANNEL } from './channel.ts';
import type { Command } from './command.ts';
import { LIMITS } from './limits.ts';
import { FORGET, PRIVACY } from './privacy.ts';

/** Registration, help, permission checks and dispatch of both platforms read this table. */
export const COMMANDS: readonly Command[] = [BOOK, CHANNEL, LIMITS, BLOCK, PRIVACY, FORGET];
