/** A form as Discord's modal. */

import type { ModalSubmitInteraction } from 'discord.js';
import { type APIModalInteractionResponseCallbackData, ComponentType, TextInputStyle } from 'discord.js';
import type { ChoiceField, Form, FormValues, TextField } from '../forms.ts';

/** Discord's limits. */
const TITLE_MAX = 45;
const LABEL_MAX = 45;
const OPTION_MAX = 100;

/** @param customId returned with the values */
export function modalOf({ title, fields }: Form, customId: string): APIModalInteractionResponseCallbackData {
  return {
    custom_id: customId,
    title: title.slice(0, TITLE_MAX),
    components: fields.map((field) => ({
      type: ComponentType.Label,
      label: field.label.slice(0, LABEL_MAX),
      component: field.kind === 'text' ? textInput(field) : select(field),
    })),
  } as APIModalInteractionResponseCallbackData;
}

function textInput({ name, value, isLong, isRequired, max }: TextField): object {
  return {
    type: ComponentType.TextInput,
    custom_id: name,
    style: isLong ? TextInputStyle.Paragraph : TextInputStyle.Short,
    required: isRequired,
    max_length: max,
    ...(value ? { value: value.slice(0, max) } : {}),
  };
}

function select({ name, value: chosen, options }: ChoiceField): object {
  return {
    type: ComponentType.StringSelect,
    custom_id: name,
    options: options.map(({ value, label }) => ({
      value,
      label: label.slice(0, OPTION_MAX),
      default: value === chosen,
    })),
  };
}

/** The values that a user has sent. */
export function valuesOf({ fields }: ModalSubmitInteraction): FormValues {
  const values = [...fields.fields.values()].map((field) => [
    field.customId,
    'values' in field ? (field.values[0] ?? '') : 'value' in field ? (field.value ?? '') : '',
  ]);
  return Object.fromEntries(values) as FormValues;
}
