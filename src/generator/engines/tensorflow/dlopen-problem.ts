/**
 * Why a shared library cannot be loaded, or undefined when it can. Node opens any library and then looks for
 * an addon in it, so a library that does load gives a different error.
 */
export function dlopenProblem(library: string): string | undefined {
  try {
    process.dlopen({ exports: {} }, library);
  } catch (error) {
    const { message } = error as Error;
    if (!/did not self-register/.test(message)) return message;
  }
  return undefined;
}
