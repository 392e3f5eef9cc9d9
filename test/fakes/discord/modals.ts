/** Modals of the fake Discord: their validation, and what a client sends when a user fills one in. */
import { INVALID_FORM } from './refusals.ts';

export interface FakeInput {
  /** 3 a select, 4 a text input. */
  readonly type: 3 | 4;
  readonly custom_id: string;
  readonly style?: number;
  readonly value?: string;
  readonly required?: boolean;
  readonly min_length?: number;
  readonly max_length?: number;
  readonly placeholder?: string;
  readonly options?: readonly {
    readonly value: string;
    readonly label: string;
    readonly default?: boolean;
  }[];
}

export interface FakeModal {
  readonly custom_id: string;
  readonly title: string;
  readonly components: readonly {
    readonly type: 18;
    readonly label: string;
    readonly component: FakeInput;
  }[];
}

const INPUT_MAX = 4_000;

/** Validates a modal and returns it. */
export function checkModal(input: unknown): FakeModal {
  const { custom_id: id, title, components } = (input ?? {}) as FakeModal;
  within('custom_id', id, 1, 100);
  within('title', title, 1, 45);
  if (!Array.isArray(components) || components.length < 1 || components.length > 5) {
    throw INVALID_FORM('components: a modal has one to five');
  }
  const ids = new Set<string>();
  for (const { type, label, component } of components) {
    if (type !== 18) throw INVALID_FORM(`components: type ${type}`);
    within('label', label, 1, 45);
    checkInput(component);
    if (ids.has(component.custom_id)) throw INVALID_FORM('custom_id: COMPONENT_CUSTOM_ID_DUPLICATED');
    ids.add(component.custom_id);
  }
  return input as FakeModal;
}

function checkInput(input: FakeInput): void {
  within('custom_id', input.custom_id, 1, 100);
  if (input.type === 4) {
    if (input.style !== 1 && input.style !== 2) throw INVALID_FORM('style: 1 or 2');
    const most = input.max_length ?? INPUT_MAX;
    if (!(most >= 1 && most <= INPUT_MAX)) throw INVALID_FORM('max_length: 1 to 4000');
    if (input.value !== undefined) within('value', input.value, input.min_length ?? 0, most);
  } else if (input.type === 3) {
    const { options = [] } = input;
    if (options.length < 1 || options.length > 25) throw INVALID_FORM('options: 1 to 25');
    for (const { value, label } of options) {
      within('option value', value, 1, 100);
      within('option label', label, 1, 100);
    }
    if (new Set(options.map(({ value }) => value)).size !== options.length) {
      throw INVALID_FORM('options: SELECT_COMPONENT_OPTION_VALUE_DUPLICATED');
    }
    if (options.filter((option) => option.default).length > 1) throw INVALID_FORM('options: two defaults');
  } else throw INVALID_FORM(`components: type ${(input as FakeInput).type}`);
}

function within(name: string, text: unknown, least: number, most: number): void {
  const length = typeof text === 'string' ? [...text].length : -1;
  if (length < least || length > most) throw INVALID_FORM(`${name}: ${least} to ${most} characters`);
}

/** The values with which a modal opens. */
export function initialValues({ components }: FakeModal): Record<string, string> {
  return Object.fromEntries(
    components.map(({ component: { custom_id, value = '', options } }) => [
      custom_id,
      options ? (options.find((option) => option.default)?.value ?? '') : value,
    ]),
  );
}

/** The components of a submission; throws where a client would not let the user send it. */
export function filledIn(modal: FakeModal, values: Readonly<Record<string, string>>): unknown[] {
  const all = { ...initialValues(modal), ...values };
  return modal.components.map(({ component }, index) => {
    const { type, custom_id, required = true, max_length: most = INPUT_MAX, options } = component;
    const value = all[custom_id] ?? '';
    if (required && value === '') throw new Error(`The field ${custom_id} must be filled in.`);
    if (type === 4 && value.length > most)
      throw new Error(`The field ${custom_id} takes ${most} characters.`);
    if (options && !options.some((option) => option.value === value)) {
      throw new Error(`The field ${custom_id} has no option ${value}.`);
    }
    const given = type === 4 ? { value } : { values: [value] };
    return { type: 18, id: 2 * index + 1, component: { type, id: 2 * index + 2, custom_id, ...given } };
  });
}
