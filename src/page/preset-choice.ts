import { PRESET_DESCRIPTIONS, PRESETS, type Preset } from '../story/story.ts';
import { sentenceCase } from '../story/wording.ts';
import { make } from './browser.ts';

/** From the calmest to the wildest; `classic`, which has a temperature instead, is the last. */
const ORDER: readonly Preset[] = ['calm', 'lively', 'wild', 'classic'];

/** The choice of a preset: one radio button for each. */
export class PresetChoice {
  readonly #buttons: ReadonlyMap<Preset, HTMLInputElement>;

  /** @param group the element that receives the buttons */
  constructor(group: HTMLElement) {
    this.#buttons = new Map(
      ORDER.map((preset) => [preset, make('input', { type: 'radio', name: 'preset', value: preset })]),
    );
    for (const [preset, button] of this.#buttons) {
      const text = make('span', {}, make('b', {}, sentenceCase(preset)), ` ${PRESET_DESCRIPTIONS[preset]}`);
      group.append(make('label', { class: 'preset' }, button, text));
    }
  }

  get value(): Preset {
    return PRESETS.find((preset) => this.#buttons.get(preset)!.checked)!;
  }

  set value(preset: Preset) {
    this.#buttons.get(preset)!.checked = true;
  }
}
