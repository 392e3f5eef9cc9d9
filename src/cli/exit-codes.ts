/** The exit codes of commands, besides 0. */

/** A defect, or a temporary failure. */
export const FAILURE_EXIT_CODE = 1;
/** A mistake of the user who typed the command or wrote the settings. */
export const MISTAKE_EXIT_CODE = 2;
/** Interrupted by Ctrl-C: 128 and the number of SIGINT. */
export const INTERRUPTED_EXIT_CODE = 130;
