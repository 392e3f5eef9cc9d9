/** A form as Slack's modal, and what it returns: where it was opened, and the values of its fields. */
import type { types, ViewOutput } from '@slack/bolt';
import type { ChoiceField, Form, FormValues, TextField } from '../../forms.ts';
import type { SlackConversation } from '../conversations.ts';
import { plain } from '../reply/messages.ts';

export const ANY_FORM = /^scifi-form-(line|vote|edit)$/;
const CALLBACK_PREFIX = 'scifi-form-';
const VALUE = 'value';
/** Slack's limits. */
const TITLE_MAX = 24;
const OPTION_MAX = 75;
const INPUT_MAX = 3_000;

/** What a form is for: the action of the button that opens it. */
export type FormAction = 'line' | 'vote' | 'edit';

/** The button that opened a form. */
export interface FormOrigin {
  readonly conversation: SlackConversation;
  readonly responseUrl: string;
  /** The message with the button. */
  readonly ts: string;
  readonly threadTs?: string | undefined;
  /** The value of the button. */
  readonly value: string;
}

export function viewOf(form: Form, action: FormAction, origin: FormOrigin): types.ModalView {
  return {
    type: 'modal',
    callback_id: CALLBACK_PREFIX + action,
    private_metadata: JSON.stringify(origin),
    title: plain(form.title.slice(0, TITLE_MAX)),
    submit: plain(form.send.slice(0, TITLE_MAX)),
    close: plain('Cancel'),
    blocks: form.fields.map((field) => ({
      type: 'input',
      block_id: field.name,
      optional: field.kind === 'text' && !field.isRequired,
      label: plain(field.label),
      element: field.kind === 'text' ? textInput(field) : select(field),
    })),
  };
}

function textInput({ value, isLong, max }: TextField): types.PlainTextInput {
  const most = Math.min(max, INPUT_MAX);
  return {
    type: 'plain_text_input',
    action_id: VALUE,
    multiline: isLong,
    max_length: most,
    ...(value ? { initial_value: value.slice(0, most) } : {}),
  };
}

function select({ value: chosen, options }: ChoiceField): types.StaticSelect {
  const all = options.map(({ value, label }) => ({ value, text: plain(label.slice(0, OPTION_MAX)) }));
  return {
    type: 'static_select',
    action_id: VALUE,
    options: all,
    initial_option: all.find(({ value }) => value === chosen) ?? all[0]!,
  };
}

/** What a user has sent. */
export function readView({ callback_id: id, private_metadata: origin, state }: ViewOutput): {
  readonly action: FormAction;
  readonly origin: FormOrigin;
  readonly values: FormValues;
  /** The field beside which a refusal is shown. */
  readonly firstField: string;
} {
  const values = Object.entries(state.values).map(([name, { [VALUE]: field }]) => [
    name,
    field?.selected_option?.value ?? field?.value ?? '',
  ]);
  return {
    action: id.slice(CALLBACK_PREFIX.length) as FormAction,
    origin: JSON.parse(origin) as FormOrigin,
    values: Object.fromEntries(values) as FormValues,
    firstField: String(values[0]?.[0]),
  };
}
