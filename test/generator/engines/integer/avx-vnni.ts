/**
 * The kernel avx-vnni for processors without AVX-VNNI. AVX-512 has the same instruction, `vpdpbusd` on 256 bits, in
 * another encoding (EVEX instead of VEX): the compiled code is taken as text, and assembled with that one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AddonChanges } from '../../../../scripts/kernel/build.ts';
import { ADDONS, COMPILER, compile, run } from '../../../../scripts/kernel/toolchain.ts';

const SYSTEM = 'linux-x64';
/** How the compiler's text marks an instruction that must not have AVX-512's encoding. */
const VEX_MARK = /\{vex\}\s*(?=vpdpbusd\s.*%ymm)/g;

/**
 * Changes of the addon for Linux: its first variant, which runs where AVX-512 with VNNI does, becomes avx-vnni.
 *
 * @param options more options of the compiler
 */
export function avxVnniFirst(options: readonly string[] = []): AddonChanges {
  const { triple, variants } = ADDONS[SYSTEM]!;
  const avx512 = (to: string, scratch: string) => {
    const text = join(scratch, 'avx-vnni.s');
    const flags = ['-DVARIANT(name)=name##_avx512', ...variants.avxvnni!, ...options, '-S'];
    compile({ target: triple, source: 'decode.c', to: text, options: flags }, scratch);
    const code = readFileSync(text, 'utf8');
    if (!VEX_MARK.test(code)) throw new Error('Expected the compiled text to have the instruction vpdpbusd.');
    writeFileSync(text, code.replace(VEX_MARK, ''));
    run(COMPILER, [`--target=${triple}`, '-mavx512vl', '-mavx512vnni', '-c', text, '-o', to]);
  };
  return { options, variants: { avx512 } };
}
