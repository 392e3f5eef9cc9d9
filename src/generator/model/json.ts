/** JSON of model files. No `node:` imports. */

/** Deeper than any model's; functions that call themselves for each value below go no deeper. */
const MAX_DEPTH = 100;

/** Parses JSON; undefined where it is invalid, or nests objects and arrays more than 100 deep. */
export function parseJson(text: string): unknown {
  if (isDeeper(text, MAX_DEPTH)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether brackets outside of strings are nested deeper than `most`. */
function isDeeper(text: string, most: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (isInString) {
      if (character === '\\') i += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > most) return true;
    } else if (character === '}' || character === ']') depth -= 1;
  }
  return false;
}
