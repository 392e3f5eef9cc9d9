/**
 * Sampling presets that users choose from, and the settings of each. Together with the prompt, the seed and
 * the model's version they determine the text. Pure; shared by every layer.
 */

export const PRESETS = ['classic', 'calm', 'lively', 'wild'] as const;
export type Preset = (typeof PRESETS)[number];

/**
 * The preset of requests that name none; requests of version 0.1, which had only a temperature, are
 * `classic`.
 */
export const DEFAULT_PRESET: Preset = 'lively';

/** The settings of a preset. */
export interface Sampling {
  /** Softmax temperature of draws inside words, and of all draws where `wordTemperature` is absent. */
  readonly temperature: number;
  /** Softmax temperature of draws that do not follow a letter, chiefly of the first letter of a word. */
  readonly wordTemperature?: number;
  /**
   * Characters less likely than this share of the likeliest one are excluded (min-p); absent for no
   * exclusion.
   */
  readonly minP?: number;
  /**
   * Rules in addition to the temperature: words absent from the training text are resampled, names recur,
   * repetitions of 25 characters and more become unlikely, and quotation marks are paired.
   */
  readonly rules: boolean;
}

const SETTINGS: Readonly<Record<Exclude<Preset, 'classic'>, Sampling>> = {
  calm: { temperature: 0.45, wordTemperature: 0.75, rules: true },
  lively: { temperature: 0.5, wordTemperature: 1, rules: true },
  wild: { temperature: 0.65, wordTemperature: 1.3, minP: 0.02, rules: true },
};

/**
 * The settings of a preset.
 *
 * @param temperature of `classic`, which has no other setting: p_i = exp(log(p_i) / T) / sum. The other
 *   presets have their own temperatures.
 */
export function samplingOf(preset: Preset, temperature: number): Sampling {
  return preset === 'classic' ? { temperature, rules: false } : SETTINGS[preset];
}
