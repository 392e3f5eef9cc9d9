/** Components of Discord's messages: those that a reply is made of, and what messages' components hold. Pure. */
import type {
  APIActionRowComponent,
  APIComponentInMessageActionRow,
  APIContainerComponent,
  APITextDisplayComponent,
} from 'discord.js';

/** Discord's numeric component types; discord.js is not loaded for two of them. */
const TEXT_DISPLAY = 10;
const CONTAINER = 17;
/** The flag of a message whose text is in components. Discord never takes it off a message again. */
export const IS_COMPONENTS_V2 = 1 << 15;
/** The amber of the page in the dark; it has contrast in both of Discord's themes. */
const ACCENT_COLOR = 0xf4b352;

/** A row of up to five buttons. */
export type Row = APIActionRowComponent<APIComponentInMessageActionRow>;

export function textDisplay(content: string): APITextDisplayComponent {
  return { type: TEXT_DISPLAY, content };
}

/** A rounded box with an accent bar. */
export function container(components: readonly (APITextDisplayComponent | Row)[]): APIContainerComponent {
  return { type: CONTAINER, accent_color: ACCENT_COLOR, components: [...components] };
}

/** The text of the components, and of those within them, in order. */
export function textsIn(components: readonly object[]): string[] {
  return components.flatMap((component) => {
    const { content } = component as { content?: unknown };
    return [...(typeof content === 'string' ? [content] : []), ...textsIn(childrenOf(component))];
  });
}

/** The ids of the buttons among the components and within them, in order. */
export function customIdsIn(components: readonly object[]): string[] {
  return components.flatMap((component) => {
    const { custom_id: id } = component as { custom_id?: unknown };
    return [...(typeof id === 'string' ? [id] : []), ...customIdsIn(childrenOf(component))];
  });
}

function childrenOf(component: object): readonly object[] {
  return (component as { components?: readonly object[] }).components ?? [];
}
