import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { BINARIES } from '../../../../scripts/kernel/build.ts';

const [LOAD_DYLIB, BUILD_VERSION, CODE_SIGNATURE, UUID] = [0x0c, 0x32, 0x1d, 0x1b];
const CODE_DIRECTORY = 0xfade_0c02;
const MACOS_11 = 0x000b_0000;
const [AD_HOC, LINKER_SIGNED] = [0x2, 0x2_0000];

const read = (file: string) => readFileSync(join(BINARIES, file));

/** The load commands of a Mach-O file of 64 bits. */
function loadCommands(file: Buffer): { command: number; at: number }[] {
  let at = 32;
  return Array.from({ length: file.readUInt32LE(16) }, () => {
    const entry = { command: file.readUInt32LE(at) & 0x7fff_ffff, at };
    at += file.readUInt32LE(at + 4);
    return entry;
  });
}

/** Checks the digest of every page that the signature covers. */
function assertSigned(file: Buffer, signature: number): void {
  // A list of blobs, of which the first is the directory; all its numbers are big-endian.
  const directory = signature + file.readUInt32BE(signature + 16);
  assert.equal(file.readUInt32BE(directory), CODE_DIRECTORY);
  assert.equal(file.readUInt32BE(directory + 12) & (AD_HOC | LINKER_SIGNED), AD_HOC | LINKER_SIGNED);
  const digests = directory + file.readUInt32BE(directory + 16);
  const pages = file.readUInt32BE(directory + 28);
  const end = file.readUInt32BE(directory + 32);
  const [digestBytes, pageBytes] = [file[directory + 36]!, 2 ** file[directory + 39]!];
  assert.equal(end, signature);
  assert.equal(pages, Math.ceil(end / pageBytes));
  for (let page = 0; page < pages; page++) {
    const content = file.subarray(page * pageBytes, Math.min(end, (page + 1) * pageBytes));
    const digest = file.subarray(digests + page * digestBytes, digests + (page + 1) * digestBytes);
    assert.ok(createHash('sha256').update(content).digest().equals(digest), `page ${page}`);
  }
}

describe('the addons of the integer engine', () => {
  for (const file of ['linux-x64.node', 'linux-arm64.node']) {
    test(`${file} needs no library, so it is the same for glibc and musl`, () => {
      const elf = read(file);
      const [at, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
      const headers = Array.from({ length: count }, (_, i) => at + i * size);
      const dynamic = headers.find((header) => elf.readUInt32LE(header) === 2)!;
      const [from, bytes] = [8, 32].map((offset) => Number(elf.readBigUInt64LE(dynamic + offset)));
      const tags = Array.from({ length: bytes! / 16 }, (_, i) => Number(elf.readBigUInt64LE(from! + 16 * i)));
      const NEEDED = 1;
      assert.ok(tags.length > 5 && !tags.includes(NEEDED));
    });
  }

  for (const file of ['darwin-arm64.node', 'darwin-x64.node']) {
    test(`${file} is a signed bundle for macOS 11 that needs the system's library only`, () => {
      const macho = read(file);
      const commands = loadCommands(macho);
      const one = (wanted: number) => {
        const found = commands.filter(({ command }) => command === wanted);
        assert.equal(found.length, 1);
        return found[0]!.at;
      };
      const library = one(LOAD_DYLIB);
      const name = library + macho.readUInt32LE(library + 8);
      assert.equal(macho.toString('latin1', name, macho.indexOf(0, name)), '/usr/lib/libSystem.B.dylib');
      assert.equal(macho.readUInt32LE(one(BUILD_VERSION) + 12), MACOS_11);
      one(UUID);
      assertSigned(macho, macho.readUInt32LE(one(CODE_SIGNATURE) + 8));
      assert.ok(macho.includes('_napi_register_module_v1'));
    });
  }
});
