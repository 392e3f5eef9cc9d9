/** Components of the fake Discord's messages: their validation, with and without the flag of Components V2. */
import { INVALID_FIELD, INVALID_FORM } from './refusals.ts';

/** The flag of a message whose text is in components. */
export const COMPONENTS_V2 = 1 << 15;

export interface FakeButton {
  readonly type: 2;
  readonly style: number;
  readonly label: string;
  readonly emoji?: { readonly name: string };
  readonly custom_id: string;
}

export interface FakeRow {
  readonly type: 1;
  readonly components: FakeButton[];
}

export interface FakeText {
  readonly type: 10;
  readonly content: string;
}

export interface FakeContainer {
  readonly type: 17;
  readonly accent_color?: number;
  readonly components: (FakeRow | FakeText)[];
}

export type FakeComponent = FakeRow | FakeText | FakeContainer;

interface Given {
  readonly type: number;
  readonly id?: unknown;
  readonly content?: unknown;
  readonly accent_color?: unknown;
  readonly components?: unknown;
}

const ROW = 1;
const BUTTON = 2;
const TEXT = 10;
const CONTAINER = 17;
/** The fields of the components that replies have; another kind, or another field, is an error of the bot. */
const FIELDS: Readonly<Record<number, readonly string[]>> = {
  [ROW]: ['components'],
  [BUTTON]: ['style', 'label', 'emoji', 'custom_id'],
  [TEXT]: ['content'],
  [CONTAINER]: ['accent_color', 'components'],
};
const COMPONENTS_MAX = 40;
const TEXT_MAX = 4_000;
const ROWS_MAX = 5;
const EMOJI = /^\p{Extended_Pictographic}$/u;

/**
 * Validates the components of a message.
 *
 * @returns them as Discord stores them: texts trimmed and, with the flag, each with an id
 */
export function checkComponents(given: unknown, isV2: boolean): FakeComponent[] {
  if (!Array.isArray(given)) throw INVALID_FORM('components: expected a list');
  if (!isV2 && given.length > ROWS_MAX) {
    throw INVALID_FIELD('components', 'BASE_TYPE_BAD_LENGTH', `Must be ${ROWS_MAX} or fewer in length.`);
  }
  const check = new Check(isV2);
  for (const [index, component] of given.entries()) {
    check.component(component, isV2 ? [ROW, TEXT, CONTAINER] : [ROW], `components.${index}`);
  }
  check.whole();
  return isV2 ? withIds(structuredClone(given), check.ids) : structuredClone(given);
}

class Check {
  readonly ids = new Set<number>();
  readonly #isV2: boolean;
  readonly #customIds = new Set<string>();
  #count = 0;
  #characters = 0;

  constructor(isV2: boolean) {
    this.#isV2 = isV2;
  }

  component(given: Given, types: readonly number[], path: string): void {
    const { type, id } = given;
    if (!types.includes(type)) {
      const choices = types.map((one) => `${one},`).join(' ');
      const message = `Value of field "type" must be one of (${choices}).`;
      throw INVALID_FIELD(`${path}.type`, 'UNION_TYPE_CHOICES', message);
    }
    for (const field of Object.keys(given)) {
      if (field !== 'type' && field !== 'id' && !FIELDS[type]!.includes(field)) {
        throw INVALID_FORM(`${path}: unknown field ${field}`);
      }
    }
    this.#count++;
    if (id !== undefined) this.#id(id, path);
    if (type === TEXT) this.#text(given.content, path);
    else if (type === BUTTON) this.#button(given as unknown as FakeButton, path);
    else this.#children(given, path);
  }

  /** Checks what concerns all components together. */
  whole(): void {
    if (this.#count > COMPONENTS_MAX && this.#isV2) {
      const message = `The maximum number of components is ${COMPONENTS_MAX}, got ${this.#count}`;
      throw INVALID_FIELD('components', 'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED', message);
    }
    if (this.#characters > TEXT_MAX && this.#isV2) {
      const message = `Components displayable text size exceeds maximum size of ${TEXT_MAX}`;
      throw INVALID_FIELD('components', 'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED', message);
    }
  }

  #id(id: unknown, path: string): void {
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= 2 ** 31) {
      throw INVALID_FIELD(`${path}.id`, 'NUMBER_TYPE_COERCE', 'Value is not int32.');
    }
    // Discord gives a component with the id 0 another one.
    if (id === 0) return;
    if (this.ids.has(id as number)) {
      throw INVALID_FIELD(`${path}.id`, 'COMPONENT_ID_DUPLICATED', `Component id ${id} is duplicated`);
    }
    this.ids.add(id as number);
  }

  #text(content: unknown, path: string): void {
    if (typeof content !== 'string' || content.trim() === '') {
      throw INVALID_FIELD(`${path}.content`, 'BASE_TYPE_REQUIRED', 'This field is required');
    }
    if (!content.isWellFormed()) throw INVALID_FORM(`${path}.content: half a surrogate pair`);
    const length = [...content].length;
    if (length > TEXT_MAX) {
      const message = `Must be between 1 and ${TEXT_MAX} in length.`;
      throw INVALID_FIELD(`${path}.content`, 'BASE_TYPE_BAD_LENGTH', message);
    }
    this.#characters += length;
  }

  #button({ style, label, emoji, custom_id: id }: FakeButton, path: string): void {
    if (!(style >= 1 && style <= 4)) throw INVALID_FORM(`${path}.style: 1 to 4`);
    if (!label || [...label].length > 80) throw INVALID_FORM(`${path}.label: 1 to 80 characters`);
    if (emoji !== undefined && !EMOJI.test(emoji.name)) {
      throw INVALID_FIELD(`${path}.emoji.name`, 'BUTTON_COMPONENT_INVALID_EMOJI', 'Invalid emoji');
    }
    if (!id || [...id].length > 100) throw INVALID_FORM(`${path}.custom_id: 1 to 100 characters`);
    if (this.#customIds.has(id)) {
      const message = 'Component custom id cannot be duplicated';
      throw INVALID_FIELD(`${path}.custom_id`, 'COMPONENT_CUSTOM_ID_DUPLICATED', message);
    }
    this.#customIds.add(id);
    // Discord documents that texts count. Whether labels count is not documented; here they do.
    this.#characters += [...label].length;
  }

  #children({ type, components, accent_color: color }: Given, path: string): void {
    const most = type === ROW ? 5 : COMPONENTS_MAX;
    if (!Array.isArray(components) || components.length < 1 || components.length > most) {
      const message = `Must be between 1 and ${most} in length.`;
      throw INVALID_FIELD(`${path}.components`, 'BASE_TYPE_BAD_LENGTH', message);
    }
    if (
      color !== undefined &&
      !(Number.isInteger(color) && Number(color) >= 0 && Number(color) <= 0xff_ff_ff)
    ) {
      throw INVALID_FORM(`${path}.accent_color: 0 to 16777215`);
    }
    for (const [index, child] of components.entries()) {
      this.component(child, type === ROW ? [BUTTON] : [ROW, TEXT], `${path}.components.${index}`);
    }
  }
}

/** Trims the texts, and gives ids to the components that have none. */
function withIds(components: readonly object[], taken: Set<number>): FakeComponent[] {
  let next = 1;
  const stored = (component: object): object => {
    const { id, content, components: children } = component as Partial<Given>;
    while (taken.has(next)) next++;
    const given = { ...component, id: id || next++ };
    return {
      ...given,
      ...(typeof content === 'string' ? { content: content.trim() } : {}),
      ...(Array.isArray(children) ? { components: children.map(stored) } : {}),
    };
  };
  return components.map(stored) as FakeComponent[];
}

/** The texts of components and of those within them. */
export function textOfComponents(components: readonly FakeComponent[]): string {
  const texts = components.flatMap((component) =>
    component.type === CONTAINER ? component.components : [component],
  );
  return texts.flatMap((one) => (one.type === TEXT ? [one.content] : [])).join('\n');
}

/** The rows of buttons among components and within them. */
export function rowsOf(components: readonly FakeComponent[]): FakeRow[] {
  return components.flatMap((component) => {
    if (component.type === CONTAINER) return rowsOf(component.components);
    return component.type === ROW ? [component] : [];
  });
}
