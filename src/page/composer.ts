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

/** What the form asks for besides a new story. */
export interface Task {
  /** What the form is for, above it. */
  readonly note: string;
  /** The request that the form shows at first; without one, it shows an empty line and no options. */
  readonly ask?: Ask;
  readonly needsWords?: boolean;
  /** An example of the words, in the empty field. */
  readonly placeholder?: string;
  readonly onSend: (ask: Ask) => void;
}

/** The input of a new story, while the form has a task. */
type Draft = Omit<Options, 'model'> & {
  readonly prompt: string;
  readonly seed: string;
  readonly model: string;
};

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
  readonly #brief = byId('brief', HTMLInputElement);
  readonly #likelihoods = byId('likelihoods', HTMLInputElement);
  readonly #storage: PageStorage | undefined;
  readonly #announce: (text: string) => void;
  readonly #onAsk: (ask: Ask, task: Task | undefined) => void;
  readonly #note = byId('task', HTMLParagraphElement);
  readonly #taskNote = byId('task-note', HTMLSpanElement);
  readonly #placeholder = this.#prompt.placeholder;
  #task: { readonly task: Task; readonly draft: Draft; readonly opener: Element | null } | undefined;
  #sentAtMs = Number.NEGATIVE_INFINITY;

  /**
   * @param announce reads a text to users of screen readers
   * @param onLikelihoods called when `showsLikelihoods` has changed
   */
  constructor(
    storage: PageStorage | undefined,
    announce: (text: string) => void,
    onAsk: (ask: Ask, task: Task | undefined) => void,
    onLikelihoods: () => void,
  ) {
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
    byId('task-cancel', HTMLButtonElement).addEventListener('click', () => this.#cancelTask());
    this.#form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !isOfInputMethod(event)) this.#cancelTask();
    });
    this.#options.addEventListener('input', () => this.#optionsChanged());
    this.#likelihoods.addEventListener('change', onLikelihoods);
  }

  /** Whether stories show how likely each letter was. */
  get showsLikelihoods(): boolean {
    return this.#likelihoods.checked;
  }

  /** Shows the choice of models; hidden when there is only one. */
  offer(models: readonly ModelChoice[]): void {
    const chosen = this.#model.value || this.#model.dataset.stored;
    this.#model.replaceChildren(...models.map(({ name, title }) => make('option', { value: name }, title)));
    if (models.some(({ name }) => name === chosen)) this.#model.value = chosen!;
    byId('model-field', HTMLDivElement).hidden = models.length < 2;
  }

  /** Requests a story with this prompt and the current options, or carries out the form's task. */
  askFor(prompt: string): void {
    const { preset, temperature, length, model, brief } = this.#chosen();
    const ask = {
      prompt,
      context: '',
      preset,
      temperature,
      length,
      seed: within(this.#seed.value, STORY_BOUNDS.seed, drawSeed()),
      ...(model ? { model } : {}),
      ...(brief ? { brief } : {}),
    };
    const task = this.#task?.task;
    this.#endTask();
    this.#onAsk(ask, task);
  }

  /** Asks for something besides a new story, until it is sent or cancelled; then the input is as before. */
  begin(task: Task): void {
    this.#endTask();
    const draft = { ...this.#chosen(), prompt: this.#prompt.value, seed: this.#seed.value };
    this.#task = { task, draft, opener: document.activeElement };
    this.#taskNote.textContent = task.note;
    this.#prompt.placeholder = task.placeholder ?? this.#placeholder;
    this.#note.hidden = false;
    this.#options.hidden = task.ask === undefined;
    this.#prompt.value = '';
    this.#seed.value = '';
    if (task.ask) this.#fill({ ...task.ask, seed: String(task.ask.seed) });
    this.#fit();
    this.focus();
    this.#announce(task.note);
  }

  /** The focus goes back to the button that began the task. */
  #cancelTask(): void {
    const opener = this.#task?.opener;
    this.#endTask();
    if (opener instanceof HTMLElement && opener.isConnected && opener !== document.body) opener.focus();
  }

  #endTask(): void {
    if (!this.#task) return;
    const { draft } = this.#task;
    this.#fill(draft);
    this.#task = undefined;
    this.#note.hidden = true;
    this.#taskNote.textContent = '';
    this.#prompt.placeholder = this.#placeholder;
    this.#options.hidden = false;
    setText(this.#problem, '');
    this.#optionsChanged();
    this.#fit();
    this.focus();
  }

  #fill({ prompt, seed, ...settings }: Omit<Ask, 'context' | 'seed'> & { readonly seed: string }): void {
    this.#prompt.value = prompt;
    this.#seed.value = seed;
    this.#fillSettings(settings);
  }

  #fillSettings(settings: Pick<Ask, 'preset' | 'temperature' | 'length' | 'model' | 'brief'>): void {
    const { temperature, length, model, brief } = settings;
    this.#preset.value = presetOf(settings);
    this.#temperature.value = String(temperature);
    this.#length.value = String(length);
    this.#brief.checked = brief === true;
    if (model) this.#model.value = model;
    this.#optionsChanged();
  }

  /** Puts a request back into the form for editing; Undo restores the previous input. */
  edit(ask: Ask): void {
    const { prompt } = ask;
    this.#fillSettings(ask);
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
    const isEmpty = this.#task?.task.needsWords === true && prompt.trim() === '';
    const problem = isEmpty ? 'Write a line first.' : promptProblem(prompt);
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
      brief: this.#brief.checked,
      likelihoods: this.#likelihoods.checked,
    };
  }

  #optionsChanged(): void {
    const options = this.#chosen();
    const seed = this.#seed.value;
    this.#temperatureField.hidden = options.preset !== 'classic';
    this.#degrees.textContent = this.#temperature.value;
    const seedNote = seed === '' ? '' : ` · seed ${seed}`;
    this.#summary.textContent = settingsLine(options) + seedNote;
    // The settings of a story that is edited are not those of the next one.
    if (!this.#task) storeOptions(this.#storage, options);
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
    this.#brief.checked = stored.brief;
    this.#likelihoods.checked = stored.likelihoods;
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
