/** A story's settings as the part of an address after `#`, which browsers send to nobody. Pure. */
import { STORY_BOUNDS } from '../../../story.ts';
import type { Ask } from './reply.ts';

/** The hash that reopens the same story. */
export function hashFor(ask: Ask): string {
  const fields = new URLSearchParams({ prompt: ask.prompt });
  fields.set('temperature', String(ask.temperature));
  fields.set('length', String(ask.length));
  fields.set('seed', String(ask.seed));
  if (ask.model !== undefined) fields.set('model', ask.model);
  if (ask.context !== '') fields.set('context', ask.context);
  // Chats and mail programs end a link at a plus sign more often than at a percent sign.
  return `#${fields.toString().replaceAll('+', '%20')}`;
}

/**
 * The story that a hash asks for; undefined when it asks for none. Numbers out of bounds are brought within
 * them and missing ones take their default, because a link is followed and not corrected.
 */
export function askFromHash(hash: string, drawSeed: () => number): Ask | undefined {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const prompt = fields.get('prompt');
  // A bare `#prompt` names a place on a page, not a story.
  if (prompt === null || !/(^#?|&)prompt=/.test(hash)) return undefined;
  const model = fields.get('model');
  const { temperature, length, seed } = STORY_BOUNDS;
  return {
    prompt,
    context: fields.get('context') ?? '',
    temperature: within(fields.get('temperature'), temperature, temperature.default),
    length: Math.round(within(fields.get('length'), length, length.default)),
    seed: Math.round(within(fields.get('seed'), seed, drawSeed())),
    ...(model ? { model } : {}),
  };
}

/** The number in `text`, brought within the bounds; `otherwise` when there is none. */
export function within(text: string | null, bounds: { min: number; max: number }, otherwise: number): number {
  if (text === null || text.trim() === '' || Number.isNaN(Number(text))) return otherwise;
  return Math.min(bounds.max, Math.max(bounds.min, Number(text)));
}
