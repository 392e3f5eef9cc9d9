/** What a command's exit code says, besides 0. */

/** A defect, or something that may pass. */
export const FAILURE_EXIT_CODE = 1;
/** A mistake of the person who typed the command or wrote the settings. */
export const MISTAKE_EXIT_CODE = 2;
/** Ctrl-C ended it: 128 and the number of SIGINT. */
export const INTERRUPTED_EXIT_CODE = 130;
