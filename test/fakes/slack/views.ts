/** Modals of the fake Slack: their validation, and what a client sends when a user fills one in. */
import { Refusal } from './refusal.ts';
import type { FakeUser, Workspace } from './world.ts';

interface PlainText {
  readonly type: string;
  readonly text: string;
}

interface Option {
  readonly value: string;
  readonly text: PlainText;
}

interface Input {
  readonly type: 'plain_text_input' | 'static_select';
  readonly action_id: string;
  readonly multiline?: boolean;
  readonly max_length?: number;
  readonly initial_value?: string;
  readonly options?: readonly Option[];
  readonly initial_option?: Option;
}

interface InputBlock {
  readonly type: 'input';
  readonly block_id: string;
  readonly optional?: boolean;
  readonly label: PlainText;
  readonly element: Input;
}

export interface FakeView {
  readonly type: 'modal';
  readonly callback_id: string;
  readonly private_metadata: string;
  readonly title: PlainText;
  readonly submit: PlainText;
  readonly close: PlainText;
  readonly blocks: readonly InputBlock[];
}

/** An action that may show a modal, once and for three seconds. */
export interface Trigger {
  readonly at: number;
  readonly user: FakeUser;
  readonly workspace: Workspace;
  /** The modal that was shown. */
  view?: FakeView & { readonly id: string };
}

const TITLE_MAX = 24;
const BLOCKS_MAX = 100;
const METADATA_MAX = 3_000;
const INPUT_MAX = 3_000;
const ID_MAX = 255;

/** @throws Refusal `invalid_arguments` */
export function checkView(view: unknown): FakeView {
  const { type, title, submit, close, callback_id, private_metadata = '', blocks } = (view ?? {}) as FakeView;
  if (type !== 'modal') throw invalid('type');
  for (const text of [title, submit, close]) checkText('title', text, TITLE_MAX);
  if (typeof callback_id !== 'string' || callback_id.length > ID_MAX) throw invalid('callback_id');
  if (typeof private_metadata !== 'string' || private_metadata.length > METADATA_MAX) {
    throw invalid('private_metadata');
  }
  if (!Array.isArray(blocks) || blocks.length < 1 || blocks.length > BLOCKS_MAX) throw invalid('blocks');
  for (const { type: kind, block_id, label, element } of blocks as InputBlock[]) {
    if (kind !== 'input' || !block_id || block_id.length > ID_MAX) throw invalid('blocks');
    checkText('label', label, 2_000);
    if (!element.action_id) throw invalid('action_id');
    if (element.type === 'plain_text_input') {
      const { max_length: most = INPUT_MAX, initial_value: value = '' } = element;
      if (!(most >= 1 && most <= INPUT_MAX)) throw invalid('max_length');
      if (value.length > most) throw invalid('initial_value');
    } else if (element.type === 'static_select') {
      const { options = [], initial_option: initial } = element;
      if (options.length < 1 || options.length > 100) throw invalid('options');
      for (const { value, text } of options) {
        if (!value || value.length > 150) throw invalid('option value');
        checkText('option', text, 75);
      }
      const same = (option: Option) => JSON.stringify(option) === JSON.stringify(initial);
      if (initial && !options.some(same)) throw invalid('initial_option');
    } else throw invalid('element');
  }
  if (new Set((blocks as InputBlock[]).map(({ block_id }) => block_id)).size !== blocks.length) {
    throw invalid('block_id');
  }
  return view as FakeView;
}

/** The values with which a modal opens. */
export function initialValues({ blocks }: FakeView): Record<string, string> {
  return Object.fromEntries(
    blocks.map(({ block_id, element }) => [
      block_id,
      element.initial_option?.value ?? element.initial_value ?? '',
    ]),
  );
}

/** The state of a submission; throws where a client would not let the user send it. */
export function filledIn(view: FakeView, values: Readonly<Record<string, string>>): object {
  const all = { ...initialValues(view), ...values };
  const fields = view.blocks.map(({ block_id, optional, element }) => {
    const { action_id, type, max_length: most = INPUT_MAX, options } = element;
    const value = all[block_id] ?? '';
    if (value === '' && !optional) throw new Error(`The field ${block_id} must be filled in.`);
    if (value.length > most) throw new Error(`The field ${block_id} takes ${most} characters.`);
    const option = options?.find((one) => one.value === value);
    if (options && !option) throw new Error(`The field ${block_id} has no option ${value}.`);
    const given = option ? { selected_option: option } : { value: value === '' ? null : value };
    return [block_id, { [action_id]: { type, ...given } }];
  });
  return { values: Object.fromEntries(fields) };
}

function checkText(name: string, text: PlainText | undefined, most: number): void {
  if (text?.type !== 'plain_text' || text.text.length < 1 || text.text.length > most) throw invalid(name);
}

function invalid(what: string): Refusal {
  return new Refusal('invalid_arguments', [`[ERROR] ${what} [json-pointer:/view]`]);
}
