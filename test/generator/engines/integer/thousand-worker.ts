/** A browser's worker that writes the thousand stories: an entry point of a bundle. */
import { startIntegerEngine } from '../../../../src/generator/engines/integer/engine.ts';
import { firstExact, wasmKernels } from '../../../../src/generator/engines/integer/kernel.ts';
import { startOwnThread } from '../../../../src/generator/engines/integer/own-thread.ts';
import { thousandIds } from './thousand-ids.ts';

/** Receives a kernel's name; answers with the hexadecimal SHA-256 of the ids, or with an error's text. */
addEventListener('message', async ({ data: name }: MessageEvent<string>) => {
  postMessage(await digestWith(name).catch(String));
});

async function digestWith(name: string): Promise<string> {
  const refusals: string[] = [];
  const read = async (file: string) => (await fetch(file)).arrayBuffer();
  const kernel = await firstExact(wasmKernels(read, refusals), refusals, name);
  const ids = await thousandIds((model, capacity) =>
    startIntegerEngine(model, { capacity, kernel, threads: 1, startThreads: startOwnThread }),
  );
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', ids));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
