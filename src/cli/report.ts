import { isIPv6 } from 'node:net';
import type { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';
import { type FeedbackCount, likedShare, TOTALS_DAYS } from '../story/feedback.ts';
import { printLine } from './console.ts';
import { feedbackLines, feedbackRows, ratingsIn } from './feedback-table.ts';
import { wholeOption } from './options.ts';
import { withQueue } from './queue.ts';

const DEFAULT_DAYS = 30;
const TIMEOUT_MS = 10_000;

interface Options {
  readonly days: number;
  readonly json?: true;
}

/** `report`: what users say of stories, by model and preset. */
export function addReport(program: Command): void {
  program
    .command('report')
    .description('what users say of stories: likes and dislikes by model and preset')
    .option(
      '--days <n>',
      'of stories that were asked for in the last n days',
      wholeOption(1, TOTALS_DAYS),
      DEFAULT_DAYS,
    )
    .option('--json', 'print JSON')
    .action(async ({ days, json }: Options) => {
      const counts = await readCounts(readConfig(process.env), days);
      if (!json) return feedbackLines(counts, days).forEach(printLine);
      const { liked, disliked } = ratingsIn(counts);
      const all = { liked, disliked, ...likedShare(liked, disliked) };
      printLine(JSON.stringify({ days, all, groups: feedbackRows(counts) }));
    });
}

/** Reads the totals from the queue; from the running bot where that has the embedded queue. */
async function readCounts(config: Config, days: number): Promise<readonly FeedbackCount[]> {
  const { findHolder } = await import('../queue/backends/embedded/folder-lock.ts');
  if (!config.redisUrl && (await findHolder(config.dataFolder))) return askBot(config, days);
  const { Feedback } = await import('../queue/feedback.ts');
  return withQueue(config, 'Or set SCIFI_OPERATOR_PORT for both.', async (connection) =>
    (await Feedback.open(connection, config.retentionMs)).counts(days),
  );
}

/** Asks the operator's port of the bot, which has the same settings. */
async function askBot({ operator, dataFolder }: Config, days: number): Promise<readonly FeedbackCount[]> {
  if (!operator) {
    throw new StoryError(
      'configuration',
      `${dataFolder} is in use by a running bot, which reports on its operator’s port only: set SCIFI_OPERATOR_PORT for ` +
        'the bot and for this command, and restart the bot. Or stop the bot, and ask again.',
    );
  }
  const address = `http://${hostOf(operator.host)}:${operator.port}/reports/feedback?days=${days}`;
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`it answers with status ${response.status}`);
    return (await response.json()) as readonly FeedbackCount[];
  } catch (cause) {
    const reason = ((cause as Error).cause as NodeJS.ErrnoException)?.code ?? (cause as Error).message;
    throw new StoryError(
      'configuration',
      `${dataFolder} is in use by a running bot, and ${address} does not report (${reason}). Give this command the ` +
        'SCIFI_OPERATOR_HOST and SCIFI_OPERATOR_PORT that the bot was started with.',
      { cause },
    );
  }
}

/** An address to connect to, from one to listen on. */
function hostOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return isIPv6(host) ? `[${host}]` : host;
}
