#!/usr/bin/env node
// Runs the TypeScript of this checkout, from any folder: `npm link` puts it on the PATH as `scifi`.
import { register } from 'tsx/esm/api';

register();
await import('../src/cli.ts');
