/**
 * How a story is drawn: named presets that users choose from, and the settings that each stands for. Together with the
 * prompt, the seed and the model's version they fix the text. Pure; shared by every layer.
 */

export const PRESETS = ['classic', 'calm', 'lively', 'wild'] as const;
export type Preset = (typeof PRESETS)[number];

/** Requests that name no preset; those of version 0.1, which had a temperature only, are `classic`. */
export const DEFAULT_PRESET: Preset = 'lively';

/** The settings of a preset. */
export interface Sampling {
  /** Softmax temperature of draws inside of words, and of all draws where `wordTemperature` is absent. */
  readonly temperature: number;
  /** Softmax temperature of draws that do not follow a letter: of the first letter of a word, above all. */
  readonly wordTemperature?: number;
  /** Characters less likely than this share of the likeliest are not drawn (min-p); absent for none. */
  readonly minP?: number;
  /**
   * Rules beyond the temperature: words that the model never read are drawn again, names return, repetitions of 25
   * characters and more become unlikely, and quotation marks come in pairs.
   */
  readonly rules: boolean;
}

const SETTINGS: Readonly<Record<Exclude<Preset, 'classic'>, Sampling>> = {
  calm: { temperature: 0.45, wordTemperature: 0.75, rules: true },
  lively: { temperature: 0.5, wordTemperature: 1, rules: true },
  wild: { temperature: 0.65, wordTemperature: 1.3, minP: 0.02, rules: true },
};

/**
 * The settings behind a preset.
 *
 * @param temperature of `classic`, which has nothing else: p_i = exp(log(p_i) / T) / sum. The others have their own.
 */
export function samplingOf(preset: Preset, temperature: number): Sampling {
  return preset === 'classic' ? { temperature, rules: false } : SETTINGS[preset];
}
