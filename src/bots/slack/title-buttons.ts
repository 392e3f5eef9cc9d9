/** The buttons with the titles of a story that is on the shelf of its channel. */
import type { types } from '@slack/bolt';
import { z } from 'zod';
import { type TitleButton, titleLabel } from '../shelf/titles.ts';
import { clean } from '../text.ts';
import { readValue } from './reply/buttons.ts';

const ACTION_PREFIX = 'scifi-title-';
export const ANY_TITLE = /^scifi-title-\d$/;
/** Changes when the meaning of the fields changes. */
const VERSION = 1;

const Value = z.object({ v: z.literal(VERSION), work: z.string(), title: z.number(), host: z.string() });

/** A row with the titles, where there are several. */
export function titleRows(titles: readonly string[], work: string, host: string): types.ActionsBlock[] {
  if (titles.length < 2) return [];
  const elements = titles.map(
    (text, title): types.Button => ({
      type: 'button',
      action_id: `${ACTION_PREFIX}${title}`,
      text: { type: 'plain_text', text: titleLabel(clean(text)), emoji: false },
      value: JSON.stringify({ v: VERSION, work, title, host } satisfies z.infer<typeof Value>),
    }),
  );
  return [{ type: 'actions', elements }];
}

/** The title behind the value of a button; undefined when it is of another version. */
export function decodeTitle(value: string): TitleButton | undefined {
  const data = readValue(Value, value);
  return data && { workId: data.work, title: data.title, hostId: data.host };
}
