/** A story's settings as the fragment of a URL, after `#`, which browsers never send. Pure. */
import { DEFAULT_PRESET, PRESETS, type Preset, presetOf, STORY_BOUNDS } from '../story/story.ts';
import type { Ask, Reply } from './reply.ts';

/** The content of a link: a story, and the seeds of the parts that continue it. */
export interface Plan {
  readonly ask: Ask;
  readonly nextSeeds: readonly number[];
}

/** Most parts of one story in a link: each part is a story to the server, and a link starts all of them. */
const MAX_PARTS = 10;

/**
 * The hash that reproduces a whole thread; undefined where no link can. The end of a stopped part is not
 * reproducible from its seed, nor is a continuation of that part; and a link holds no brief parts.
 */
export function hashForThread(replies: readonly Reply[]): string | undefined {
  const [first, ...rest] = replies;
  if (first === undefined || replies.length > MAX_PARTS) return undefined;
  const isWhole = replies
    .slice(0, -1)
    .every(({ state }) => state.status === 'finished' && state.ending === 'complete');
  const { temperature, length, model } = first.ask;
  const areAlike = rest.every(
    ({ ask }) =>
      ask.prompt === '' &&
      !ask.brief &&
      presetOf(ask) === presetOf(first.ask) &&
      ask.temperature === temperature &&
      ask.length === length &&
      ask.model === model,
  );
  if (!isWhole || !areAlike || first.ask.brief) return undefined;
  return hashFor({ ask: first.ask, nextSeeds: rest.map(({ ask }) => ask.seed) });
}

/** The hash of a plan. `classic` has a temperature, as in links of version 0.1; the others have their name. */
export function hashFor({ ask, nextSeeds }: Plan): string {
  const fields = new URLSearchParams({ prompt: ask.prompt });
  const preset = presetOf(ask);
  if (preset === 'classic') fields.set('temperature', String(ask.temperature));
  else fields.set('preset', preset);
  fields.set('length', String(ask.length));
  fields.set('seed', String(ask.seed));
  for (const seed of nextSeeds) fields.append('then', String(seed));
  if (ask.model !== undefined) fields.set('model', ask.model);
  if (ask.context !== '') fields.set('context', ask.context);
  if (ask.continuesWord) fields.set('continues', 'word');
  // Chats and mail programs end a link at a plus sign more often than at a percent sign.
  return `#${fields.toString().replaceAll('+', '%20')}`;
}

/**
 * The plan in a hash; undefined when it has none. A link without a preset is `classic`. Numbers out of bounds
 * are clamped, and missing ones and an unknown preset take their default, because a link is followed and not
 * corrected.
 */
export function planFromHash(hash: string, drawSeed: () => number): Plan | undefined {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const prompt = fields.get('prompt');
  // `#prompt` without a value is an anchor of a page, not a story.
  if (prompt === null || !/(^#?|&)prompt=/.test(hash)) return undefined;
  const model = fields.get('model');
  const { temperature, length, seed } = STORY_BOUNDS;
  const preset = fields.has('preset') ? (knownPreset(fields.get('preset')) ?? DEFAULT_PRESET) : 'classic';
  const seedOf = (text: string | null) => Math.round(within(text, seed, drawSeed()));
  const ask = {
    prompt,
    context: fields.get('context') ?? '',
    preset,
    // The other presets' requests have the default.
    temperature:
      preset === 'classic'
        ? within(fields.get('temperature'), temperature, temperature.default)
        : temperature.default,
    length: Math.round(within(fields.get('length'), length, length.default)),
    seed: seedOf(fields.get('seed')),
    ...(model ? { model } : {}),
    ...(fields.get('continues') === 'word' ? { continuesWord: true } : {}),
  };
  return {
    ask,
    nextSeeds: fields
      .getAll('then')
      .slice(0, MAX_PARTS - 1)
      .map(seedOf),
  };
}

const ENDING = /^#ending=([\w-]{27})$/;

/** The id of the shared story whose ending a visitor wants to write; undefined when the hash has none. */
export function endingFromHash(hash: string): string | undefined {
  return ENDING.exec(hash)?.[1];
}

/** The preset of this name; undefined for an unknown one. */
export function knownPreset(name: unknown): Preset | undefined {
  return PRESETS.find((preset) => preset === name);
}

/** The number in `text`, clamped to the bounds; `otherwise` when there is none. */
export function within(text: string | null, bounds: { min: number; max: number }, otherwise: number): number {
  if (text === null || text.trim() === '' || Number.isNaN(Number(text))) return otherwise;
  return Math.min(bounds.max, Math.max(bounds.min, Number(text)));
}
