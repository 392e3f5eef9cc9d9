/** A file system without hard links, such as exFAT. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const refused = () => Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });

fs.promises.link = async () => {
  throw refused();
};
fs.linkSync = () => {
  throw refused();
};
syncBuiltinESMExports();
