/** Loaded before a process's own code (`--import`): `SIGUSR2` blocks its event loop for `TEST_BLOCK_MS`. */
const nothing = new Int32Array(new SharedArrayBuffer(4));
process.on('SIGUSR2', () => {
  Atomics.wait(nothing, 0, 0, Number(process.env.TEST_BLOCK_MS));
});
