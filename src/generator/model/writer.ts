/** A model prepared for writing. No `node:` imports: a browser writes the same way. */
import type { Layer } from './layers.ts';
import type { Model } from './model.ts';

/** A logit that is never drawn at any temperature, and stays finite when it is divided by one. */
const NEVER = -1e30;

/**
 * A model of words that never draws `<unk>`, which cannot be written. The other words keep their relative
 * probabilities, as if every draw of `<unk>` were repeated. To score a text, use the original model.
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
