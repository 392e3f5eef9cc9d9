/** The options of the form, as the browser keeps them across visits. Pure except for that storage. */
import { DEFAULT_PRESET, type Preset, STORY_BOUNDS } from '../story/story.ts';
import { knownPreset, within } from './link.ts';
import type { PageStorage } from './store.ts';

/** The options that the browser keeps; a seed is chosen for one story. */
export interface Options {
  readonly preset: Preset;
  /** The temperature of `classic`. It is kept while another preset is chosen. */
  readonly temperature: number;
  readonly length: number;
  /** Empty for the server's choice. */
  readonly model: string;
  /** Whether stories are written in steps, each of which the user chooses of three. */
  readonly brief: boolean;
  /** Whether stories show how likely each letter was. */
  readonly likelihoods: boolean;
}

const KEY = 'write-me-a-sci-fi.options.v1';

/** The stored options; the default of each that is absent or unreadable. */
export function readOptions(storage: PageStorage | undefined): Options {
  let stored: Record<string, unknown> = {};
  try {
    stored = Object(JSON.parse(storage?.getItem(KEY) ?? '{}'));
  } catch {
    // The defaults stay.
  }
  const { temperature: t, length: l } = STORY_BOUNDS;
  const temperature = within(String(stored.temperature ?? ''), t, t.default);
  return {
    preset: storedPreset(stored.preset, temperature),
    temperature,
    length: within(String(stored.length ?? ''), l, l.default),
    model: String(stored.model ?? ''),
    brief: stored.brief === true,
    likelihoods: stored.likelihoods === true,
  };
}

/** Stores the options, where the browser allows it. */
export function storeOptions(storage: PageStorage | undefined, options: Options): void {
  try {
    storage?.setItem(KEY, JSON.stringify(options));
  } catch {
    // The options are not stored.
  }
}

/** Version 0.1.0 stored a temperature and no preset; a temperature that a user had changed is `classic`. */
function storedPreset(stored: unknown, temperature: number): Preset {
  if (stored === undefined && temperature !== STORY_BOUNDS.temperature.default) return 'classic';
  return knownPreset(stored) ?? DEFAULT_PRESET;
}
