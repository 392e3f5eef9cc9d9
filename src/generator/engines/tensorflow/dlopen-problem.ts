/**
 * Why a shared library cannot be loaded, or undefined when it can. Node opens whatever it is given and then
 * looks for an addon in it, so the error of a library that is there is another one.
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
