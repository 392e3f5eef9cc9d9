/** A model as it is put to writing. No `node:` imports: a browser writes the same way. */
import type { Layer } from './layers.ts';
import type { Model } from './model.ts';

/** A logit that no draw gives at any temperature, and that stays a number when it is divided by one. */
const NEVER = -1e30;

/**
 * A model of words without the chance of `<unk>`, which cannot be written. The other words keep their odds, as if
 * every draw that gives `<unk>` were done again. To score a text, take the model as it is.
 */
export function writerOf(model: Model): Model {
  const { unknown } = model.vocabulary;
  const last = model.layers.at(-1);
  if (unknown === undefined || last?.kind !== 'dense') return model;
  const bias = Float32Array.from(last.bias);
  bias[unknown] = NEVER;
  const silent: Layer = { ...last, bias };
  return { ...model, layers: [...model.layers.slice(0, -1), silent] };
}
