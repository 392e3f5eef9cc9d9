/** The option `preset`, which several commands have. Pure. */
import { DEFAULT_PRESET, PRESET_DESCRIPTIONS, PRESETS, type Preset } from '../../story/story.ts';
import { presetNamed } from '../../story/story-request.ts';
import type { CommandOption } from './command.ts';

/** The choices of an option, with a description each. */
export const PRESET_CHOICES = PRESETS.map((value) => ({
  name: `${value}: ${PRESET_DESCRIPTIONS[value]}`,
  value,
}));

/** The option of a channel's settings. */
export const CHANNEL_PRESET_OPTION = {
  type: 'text',
  name: 'preset',
  description: `How characters are sampled here; ${DEFAULT_PRESET} by default`,
  choices: PRESET_CHOICES,
} as const satisfies CommandOption;

/**
 * The given preset as part of a channel's settings.
 *
 * @throws StoryError `bad_request` with a sentence when there is no preset of that name
 */
export function presetSetting(given: string | number | boolean | undefined): { readonly preset?: Preset } {
  return given === undefined ? {} : { preset: presetNamed(String(given).toLowerCase()) };
}
