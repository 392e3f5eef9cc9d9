/**
 * Forms that a chat shows in a dialog: a line that continues a story, and a story's request to be changed. A chat
 * draws the fields in its own way and returns their values by name. Pure.
 */
import {
  type ModelChoice,
  PRESET_DESCRIPTIONS,
  PRESETS,
  presetOf,
  STORY_BOUNDS,
  type StoryRequest,
} from '../story/story.ts';
import { VOTE_BOUNDS } from '../story/vote.ts';
import { samplingName } from '../story/wording.ts';
import { numberOf } from './submit.ts';

interface Field {
  readonly name: string;
  readonly label: string;
  /** The value at first; of a choice, the value of one of its options. */
  readonly value: string;
}

export interface TextField extends Field {
  readonly kind: 'text';
  /** Whether it has several lines. */
  readonly isLong: boolean;
  readonly isRequired: boolean;
  /** The most characters. */
  readonly max: number;
}

export interface ChoiceField extends Field {
  readonly kind: 'choice';
  readonly options: readonly { readonly value: string; readonly label: string }[];
}

export interface Form {
  readonly title: string;
  /** The label of the button that sends it. */
  readonly send: string;
  readonly fields: readonly (TextField | ChoiceField)[];
}

/** The values of a form's fields by their names. */
export type FormValues = Readonly<Record<string, string>>;

const NUMBER_MAX = 12;
/** Temperatures that are offered for the preset `classic`. */
const TEMPERATURES = [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.5, 2];
/** Models beyond this number are not offered: a chat's limit on choices. */
const MODELS_MAX = 25;

/** Asks for the sentence with which a story goes on. */
export const LINE_FORM: Form = {
  title: 'Continue with my line',
  send: 'Write on',
  fields: [
    {
      kind: 'text',
      name: 'line',
      label: 'Your line: the network goes on after it',
      value: '',
      isLong: true,
      isRequired: true,
      max: 1_000,
    },
  ],
};

/** The rounds and the seconds of a vote; their values are numbers, or empty for the defaults. */
export const VOTE_FORM: Form = {
  title: 'Let this channel choose',
  send: 'Start the vote',
  fields: (['rounds', 'seconds'] as const).map((name) => {
    const { min, max, default: usual } = VOTE_BOUNDS[name];
    const label = name === 'rounds' ? 'Rounds' : 'Seconds in a round';
    return {
      kind: 'text',
      name,
      label: `${label}, ${min} to ${max}`,
      value: String(usual),
      isLong: false,
      isRequired: false,
      max: NUMBER_MAX,
    };
  }),
};

/** A story's request, to be changed. */
export function editForm(request: StoryRequest, models: readonly ModelChoice[]): Form {
  const isContinuation = request.context !== '';
  const text = { kind: 'text', isLong: false, isRequired: false, max: NUMBER_MAX } as const;
  const model: ChoiceField = {
    kind: 'choice',
    name: 'model',
    label: 'Model',
    value: request.model,
    options: models.slice(0, MODELS_MAX).map(({ name, title }) => ({ value: name, label: title })),
  };
  return {
    title: 'Edit the story',
    send: 'Write anew',
    fields: [
      {
        ...text,
        name: 'opening',
        label: isContinuation ? 'Your line, if it begins with one' : 'The opening',
        value: request.prompt,
        isLong: true,
        isRequired: !isContinuation,
        max: STORY_BOUNDS.prompt.max,
      },
      samplingField(request),
      { ...text, name: 'length', label: 'The most characters of the story', value: String(request.length) },
      { ...text, name: 'seed', label: 'Seed; empty for another one', value: String(request.seed) },
      ...(model.options.length > 1 && model.options.some(({ value }) => value === model.value)
        ? [model]
        : []),
    ],
  };
}

/** Preset and temperature belong together, so they are one choice. */
function samplingField(request: StoryRequest): ChoiceField {
  const preset = presetOf(request);
  const isOther = preset === 'classic' && !TEMPERATURES.includes(request.temperature);
  const temperatures = [...TEMPERATURES, ...(isOther ? [request.temperature] : [])].sort((a, b) => a - b);
  const presets = PRESETS.filter((name) => name !== 'classic');
  return {
    kind: 'choice',
    name: 'sampling',
    label: 'Preset',
    value: samplingValue(request),
    options: [
      ...presets.map((name) => ({ value: name, label: `${name}: ${PRESET_DESCRIPTIONS[name]}` })),
      ...temperatures.map((temperature) => ({
        value: samplingValue({ preset: 'classic', temperature }),
        label: samplingName({ preset: 'classic', temperature }),
      })),
    ],
  };
}

function samplingValue(request: Pick<StoryRequest, 'preset' | 'temperature'>): string {
  const preset = presetOf(request);
  return preset === 'classic' ? `classic ${request.temperature}` : preset;
}

/**
 * The input in a filled-in `editForm`.
 *
 * @param edited the request that was changed: its context stays, and its model where the form has none
 * @throws StoryError `bad_request` with a sentence
 */
export function readEditForm(
  { opening = '', sampling = '', length = '', seed = '', model }: FormValues,
  edited: Pick<StoryRequest, 'context' | 'model'>,
): { readonly prompt: string } & Record<string, unknown> {
  const [preset, temperature] = sampling.split(' ');
  return {
    prompt: opening,
    context: edited.context,
    preset: preset || null,
    temperature: temperature === undefined ? null : Number(temperature),
    length: length.trim() === '' ? null : numberOf('length', length.trim(), '800'),
    seed: seed.trim() === '' ? null : numberOf('seed', seed.trim(), '7'),
    model: model ?? edited.model,
  };
}
