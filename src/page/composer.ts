import { type ModelChoice, presetOf, problemWith, STORY_BOUNDS } from '../story/story.ts';
import { byId, drawSeed, make, setText } from './browser.ts';
import { within } from './link.ts';
import { type Options, readOptions, storeOptions } from './options.ts';
import { PresetChoice } from './preset-choice.ts';
import type { Ask } from './reply.ts';
import type { PageStorage } from './store.ts';
import { settingsLine } from './words.ts';

/** The largest height to which the text field grows by itself, in CSS pixels. */
const TALLEST_PX = 200;
const BORDERS_PX = 2;
/** Two presses of Enter within this time count as one. */
const DOUBLE_PRESS_MS = 1_000;
/**
 * The key code of a key that an input method handles; Safari reports only this for the Enter that ends a
 * composition.
 */
const INPUT_METHOD_KEY_CODE = 229;

/** The form at the bottom of the page. */
export class Composer {
  readonly #form = byId('composer', HTMLFormElement);
  readonly #prompt = byId('beginning', HTMLTextAreaElement);
  readonly #problem = byId('problem', HTMLParagraphElement);
  readonly #options = byId('options', HTMLDetailsElement);
  readonly #summary = byId('summary', HTMLSpanElement);
  readonly #preset = new PresetChoice(byId('presets', HTMLFieldSetElement));
  readonly #temperatureField = byId('temperature-field', HTMLDivElement);
  readonly #temperature = byId('temperature', HTMLInputElement);
  readonly #degrees = byId('degrees', HTMLSpanElement);
  readonly #length = byId('length', HTMLInputElement);
  readonly #seed = byId('seed', HTMLInputElement);
  readonly #model = byId('model', HTMLSelectElement);
  readonly #storage: PageStorage | undefined;
  readonly #announce: (text: string) => void;
  readonly #onAsk: (ask: Ask) => void;
  #sentAtMs = Number.NEGATIVE_INFINITY;

  /** @param announce reads a text to users of screen readers */
  constructor(storage: PageStorage | undefined, announce: (text: string) => void, onAsk: (ask: Ask) => void) {
    this.#storage = storage;
    this.#announce = announce;
    this.#onAsk = onAsk;
    this.#restoreOptions();
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send(event.timeStamp);
    });
    this.#prompt.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || isOfInputMethod(event)) return;
      event.preventDefault();
      // Like the button, Enter in an empty field requests a story without a prompt; the second Enter of a
      // double press does not.
      const isDouble = event.repeat || event.timeStamp - this.#sentAtMs < DOUBLE_PRESS_MS;
      if (this.#prompt.value.trim() !== '' || !isDouble) this.#send(event.timeStamp);
    });
    this.#prompt.addEventListener('input', () => this.#fit());
    this.#options.addEventListener('input', () => this.#optionsChanged());
  }

  /** Shows the choice of models; hidden when there is only one. */
  offer(models: readonly ModelChoice[]): void {
    const chosen = this.#model.value || this.#model.dataset.stored;
    this.#model.replaceChildren(...models.map(({ name, title }) => make('option', { value: name }, title)));
    if (models.some(({ name }) => name === chosen)) this.#model.value = chosen!;
    byId('model-field', HTMLDivElement).hidden = models.length < 2;
  }

  /** Requests a story with this prompt and the current options. */
  askFor(prompt: string): void {
    const { preset, temperature, length, model } = this.#chosen();
    this.#onAsk({
      prompt,
      context: '',
      preset,
      temperature,
      length,
      seed: within(this.#seed.value, STORY_BOUNDS.seed, drawSeed()),
      ...(model ? { model } : {}),
    });
  }

  /** Puts a request back into the form for editing; Undo restores the previous input. */
  edit(ask: Ask): void {
    const { prompt, temperature, length, model } = ask;
    this.#preset.value = presetOf(ask);
    this.#temperature.value = String(temperature);
    this.#length.value = String(length);
    if (model !== undefined) this.#model.value = model;
    this.#optionsChanged();
    this.focus();
    this.#prompt.select();
    if (!document.execCommand(prompt === '' ? 'delete' : 'insertText', false, prompt))
      this.#prompt.value = prompt;
    this.#fit();
  }

  focus(options: FocusOptions = {}): void {
    this.#prompt.focus(options);
  }

  /** Whether a prompt is too long to send; if so, shows a message. */
  refuses(prompt: string): boolean {
    const problem = promptProblem(prompt);
    setText(this.#problem, problem);
    if (problem !== '') this.#announce(problem);
    this.#prompt.setAttribute('aria-invalid', String(problem !== ''));
    return problem !== '';
  }

  #send(nowMs: number): void {
    const prompt = this.#prompt.value.replace(/^\s*\/scifi(?:\s|$)/i, '');
    if (this.refuses(prompt)) {
      this.focus();
      return;
    }
    if (!this.#form.checkValidity()) {
      // A field in a closed disclosure cannot be focused.
      this.#options.open = true;
      this.#form.reportValidity();
      return;
    }
    this.#sentAtMs = nowMs;
    this.#prompt.value = '';
    this.#fit();
    this.askFor(prompt);
  }

  #fit(): void {
    this.#prompt.style.height = '';
    // An empty field would be as tall as its placeholder.
    if (this.#prompt.value !== '') {
      this.#prompt.style.height = `${Math.min(this.#prompt.scrollHeight + BORDERS_PX, TALLEST_PX)}px`;
    }
    if (!this.#problem.hidden && promptProblem(this.#prompt.value) === '') setText(this.#problem, '');
  }

  /** The options that the form shows. */
  #chosen(): Options {
    return {
      preset: this.#preset.value,
      temperature: Number(this.#temperature.value),
      length: within(this.#length.value, STORY_BOUNDS.length, STORY_BOUNDS.length.default),
      model: this.#model.value || (this.#model.dataset.stored ?? ''),
    };
  }

  #optionsChanged(): void {
    const options = this.#chosen();
    const seed = this.#seed.value;
    this.#temperatureField.hidden = options.preset !== 'classic';
    this.#degrees.textContent = this.#temperature.value;
    const seedNote = seed === '' ? '' : ` · seed ${seed}`;
    this.#summary.textContent = settingsLine(options) + seedNote;
    storeOptions(this.#storage, options);
  }

  #restoreOptions(): void {
    const { temperature, length, seed } = STORY_BOUNDS;
    for (const [input, bounds] of [
      [this.#temperature, temperature],
      [this.#length, length],
      [this.#seed, seed],
    ] as const) {
      input.min = String(bounds.min);
      input.max = String(bounds.max);
    }
    const stored = readOptions(this.#storage);
    this.#preset.value = stored.preset;
    this.#temperature.value = String(stored.temperature);
    this.#length.value = String(stored.length);
    this.#model.dataset.stored = stored.model;
    this.#optionsChanged();
  }
}

/** Whether a key belongs to an input method, which composes a word from several keys. */
function isOfInputMethod(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === INPUT_METHOD_KEY_CODE;
}

/** What is wrong with a prompt; empty for a valid one. Checked before megabytes are uploaded in vain. */
function promptProblem(prompt: string): string {
  const { temperature, length, seed } = STORY_BOUNDS;
  const request = {
    prompt,
    context: '',
    temperature: temperature.default,
    length: length.max,
    seed: seed.min,
    model: '',
  };
  return problemWith(request) ?? '';
}
