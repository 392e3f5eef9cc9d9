/** Damages the files of a model: their bytes, and the values in their JSON. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Files } from './models.ts';

/** One change; every number is taken modulo what there is. */
export interface Damage {
  readonly file: number;
  readonly kind: 'flip' | 'cut' | 'append' | 'fill' | 'number' | 'value' | 'remove' | 'copy' | 'rename';
  readonly at: number;
  readonly amount: number;
}

/** Numbers of 32 bits that sizes, offsets and weights may claim to be: limits, NaN, infinities, denormals. */
const NUMBERS = [
  ...[0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fff0, 0x0001_0000, 0x4000_0000],
  ...[0x7fc0_0000, 0x7f80_0000, 0xff80_0000, 0x7f7f_ffff, 0xff7f_ffff, 1, 0x7c00_7c00, 0x7e00_7e00],
];
const FILLS = [0x00, 0xff, 0x7f, 0x80, 0x20, 0x5b];
/** How deep the values are nested below that a recursion cannot follow. */
const DEEP = 20_000;
const deep = (open: string, close: string) => `${open.repeat(DEEP)}1${close.repeat(DEEP)}`;
/** Texts that replace a value of JSON. */
const VALUES = [
  ...[
    'null',
    'true',
    '-1',
    '0',
    '1',
    '2',
    '15',
    '17',
    '0.5',
    '1e400',
    '-1e308',
    '4294967296',
    '9007199254740993',
  ],
  ...[
    '""',
    '"\\u0000"',
    '"../../etc/passwd"',
    '"float16"',
    '"int8"',
    '"relu"',
    '"NaN"',
    '"__proto__"',
    '[]',
    '{}',
  ],
  ...['[0]', '[1,1]', '[-1,16]', '[65536,65536]', '[4294967296,4294967296]', '[null]', '{"length":1e9}'],
  ...['{"__proto__":{"class_name":"LSTM"}}', `"${'x\\n'.repeat(5_000)}"`, `[${'0,'.repeat(20_000)}0]`],
  ...[deep('[', ']'), deep('{"layer":{"class_name":"TimeDistributed","config":', '}}')],
];

export const damages: fc.Arbitrary<Damage[]> = fc.array(
  fc.record({
    file: fc.nat(20),
    kind: fc.constantFrom<Damage['kind'][]>(
      ...([
        'flip',
        'cut',
        'append',
        'fill',
        'number',
        'value',
        'value',
        'value',
        'remove',
        'copy',
        'rename',
      ] as const),
    ),
    at: fc.nat(),
    amount: fc.nat(),
  }),
  { minLength: 1, maxLength: 3 },
);

/** The files with damage. */
export function damaged(files: Files, list: readonly Damage[]): Files {
  const changed = { ...files };
  for (const damage of list) {
    const names = Object.keys(changed);
    const name = names[damage.file % names.length]!;
    const bytes = Buffer.from(changed[name]!);
    changed[name] =
      (name.endsWith('.json') ? damagedJson(bytes, damage) : undefined) ?? damagedBytes(bytes, damage);
  }
  return changed;
}

function damagedBytes(bytes: Buffer, { kind, at, amount }: Damage): Buffer {
  if (bytes.length < 8) return Buffer.alloc(amount % 16, at % 256);
  const position = at % bytes.length;
  switch (kind) {
    case 'cut':
      return bytes.subarray(0, position);
    case 'append':
      return Buffer.concat([bytes, bytes.subarray(0, amount % 1_000)]);
    case 'copy':
      return Buffer.concat([bytes.subarray(0, position), bytes.subarray(amount % bytes.length)]);
    case 'fill':
      return bytes.fill(
        FILLS[amount % FILLS.length]!,
        position,
        Math.min(bytes.length, position + (amount % 64)),
      );
    case 'number':
      // Where a number would stand, in most files.
      bytes.writeUInt32LE(NUMBERS[amount % NUMBERS.length]!, Math.floor((at % (bytes.length - 4)) / 4) * 4);
      return bytes;
    default:
      bytes[position]! ^= 1 << (amount % 8);
      return bytes;
  }
}

/** A JSON file with another value, key or order; undefined where that is no change of JSON. */
function damagedJson(bytes: Buffer, { kind, at, amount }: Damage): Buffer | undefined {
  if (kind !== 'value' && kind !== 'remove' && kind !== 'copy' && kind !== 'rename') return undefined;
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString());
    JSON.stringify(json);
  } catch {
    // No JSON, or nested too deep by an earlier change.
    return undefined;
  }
  const places = placesOf(json);
  const place = places[at % Math.max(1, places.length)];
  if (!place) return undefined;
  const { holder, key } = place;
  const marker = '@damaged@';
  const holders = holder as Record<string, unknown>;
  if (kind === 'value') {
    holders[key] = marker;
    const text = VALUES[amount % VALUES.length]!;
    return Buffer.from(JSON.stringify(json).replace(JSON.stringify(marker), () => text));
  }
  if (kind === 'remove') delete holders[key];
  if (kind === 'rename') {
    holders[places[amount % places.length]!.key] = holders[key];
    delete holders[key];
  }
  if (kind === 'copy') {
    const from = places[amount % places.length]!;
    holders[key] = structuredClone((from.holder as Record<string, unknown>)[from.key]);
  }
  return Buffer.from(JSON.stringify(json));
}

interface Place {
  readonly holder: object;
  readonly key: string;
}

/** Every member of every object and array; not below what was nested too deep before. */
function placesOf(json: unknown, depth = 0): Place[] {
  if (typeof json !== 'object' || json === null || depth > 50) return [];
  const holder = json;
  return Object.entries(json).flatMap(([key, value]) => [{ holder, key }, ...placesOf(value, depth + 1)]);
}

/**
 * The files with the digests in `model.json` that their content now has, as an author of malice writes them; as they
 * are where it is not JSON.
 */
export function signed(files: Files): Files {
  const { 'model.json': model, 'weights.bin': weights, 'lexicon.bin': lexicon } = files;
  if (!model) return files;
  try {
    const json = JSON.parse(Buffer.from(model).toString());
    const metadata = json.userDefinedMetadata;
    if (weights && metadata?.weightsSha256) metadata.weightsSha256 = sha256Of(weights);
    if (lexicon && metadata?.lexiconSha256) metadata.lexiconSha256 = sha256Of(lexicon);
    return { ...files, 'model.json': Buffer.from(JSON.stringify(json)) };
  } catch {
    return files;
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
