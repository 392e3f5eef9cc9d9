/** `/scifi` as data, and the name of the entry in a message's menu. */

import { CHOICES } from '../../story/continuations.ts';
import { DEFAULT_PRESET, STORY_BOUNDS } from '../../story/story.ts';
import type { CommandData } from '../commands/command.ts';
import { PRESET_CHOICES } from '../commands/preset-option.ts';

const { temperature, length, seed } = STORY_BOUNDS;

/** The option `model` gets its choices at registration. */
export const SCIFI_COMMAND = {
  name: 'scifi',
  description: 'A neural network continues your opening as science fiction, in English',
  options: [
    {
      type: 'text',
      name: 'prompt',
      description: 'How the story begins, such as: It all began with',
      required: true,
      min: 1,
      max: STORY_BOUNDS.prompt.max,
    },
    {
      type: 'text',
      name: 'preset',
      description: `How characters are sampled; ${DEFAULT_PRESET} by default`,
      choices: PRESET_CHOICES,
    },
    {
      type: 'number',
      name: 'temperature',
      description: `Of the preset classic: ${temperature.min}, predictable, to ${temperature.max}; ${temperature.default} by default`,
      min: temperature.min,
      max: temperature.max,
    },
    {
      type: 'whole',
      name: 'length',
      description: `The most characters of the whole story; ${length.default} by default`,
      min: length.min,
      max: length.max,
    },
    {
      type: 'whole',
      name: 'seed',
      description: 'The same seed writes the same story again',
      min: seed.min,
      max: seed.max,
    },
    { type: 'text', name: 'model', description: 'The model that writes' },
    {
      type: 'whole',
      name: 'choices',
      description: `${CHOICES} ways to begin; the one that you choose becomes the story`,
      min: CHOICES,
      max: CHOICES,
    },
    {
      type: 'yes or no',
      name: 'private',
      description: 'Only you see the story, in one message, which grows for 15 minutes at most',
    },
  ],
} as const satisfies CommandData;

export const SCIFI = SCIFI_COMMAND.name;
export const CONTINUE = 'Continue as sci-fi';
