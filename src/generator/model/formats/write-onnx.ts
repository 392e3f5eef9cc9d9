/**
 * Writes models as ONNX files: the graph that the ONNX engine runs, and the metadata that running it takes.
 */
import { PbfWriter } from 'pbf';
import { buildStepGraph } from '../../engines/onnx-step.ts';
import { buildWindowGraph } from '../../engines/onnx-window.ts';
import { readingText } from '../describe.ts';
import type { Model } from '../model.ts';

/** Field numbers of onnx.proto's ModelProto and StringStringEntryProto. */
const METADATA_FIELD = 14;
const KEY_FIELD = 1;
const VALUE_FIELD = 2;

const STEP = {
  inputs:
    'ids: int32 [rows], the character that each of the texts goes on with. All others are states: zeros for a text that begins, afterwards what the last step put out for them.',
  outputs:
    'logits: float32 [rows, characters], the unnormalised log-probabilities of the next character. All others are states: new_X is what X has to be in the next step.',
};
const WINDOW = {
  inputs:
    'ids: int32 [steps, rows], the last characters of each of the texts, the newest in the last step. valid: bool [steps, rows, 1], false before the start of a text that has fewer.',
  outputs: 'logits: float32 [rows, characters], the unnormalised log-probabilities of the next character.',
};

/**
 * The bytes of the file: a step graph for a model that reads forwards, a window graph for a bidirectional
 * one.
 */
export function writeOnnx(model: Model): Uint8Array {
  const isWindowed = model.layers.some(({ kind }) => kind === 'bidirectional');
  const metadata = {
    model: model.name,
    version: model.version,
    reading: readingText(model.reading),
    ...(isWindowed ? WINDOW : STEP),
    id_to_char: JSON.stringify(model.vocabulary.toFile().idToChar),
    begins_with: String(model.vocabulary.bosId),
  };
  const writer = new PbfWriter();
  for (const entry of Object.entries(metadata)) writer.writeMessage(METADATA_FIELD, writeEntry, entry);
  // Fields that are appended to a serialized message become part of it.
  return Buffer.concat([isWindowed ? buildWindowGraph(model) : buildStepGraph(model), writer.finish()]);
}

function writeEntry([key, value]: [string, string], writer: PbfWriter): void {
  writer.writeStringField(KEY_FIELD, key);
  writer.writeStringField(VALUE_FIELD, value);
}
