import { INTERRUPTED_EXIT_CODE } from './explain.ts';

/**
 * Runs work that Ctrl-C and SIGTERM end; the work cleans up before the command ends, with the exit code of an
 * interrupted command.
 *
 * @param work ends with any error after its signal was aborted
 * @param interrupted called when the work was interrupted
 */
export async function interruptibly(
  work: (signal: AbortSignal) => Promise<void>,
  interrupted: () => void = () => {},
): Promise<void> {
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    await work(abort.signal);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    interrupted();
    process.exitCode = INTERRUPTED_EXIT_CODE;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
