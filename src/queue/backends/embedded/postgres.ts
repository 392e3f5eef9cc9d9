/**
 * How the embedded Postgres is run, by the process that creates its folder and by the thread that serves it.
 */
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

/**
 * All of `postgresql.conf`. A queue of one process is a few megabytes: Postgres's default of 128 MB for
 * buffers alone would be resident from the start.
 */
const SETTINGS: readonly [string, ...string[]] = [
  'shared_buffers = 16MB',
  'max_connections = 10',
  'min_wal_size = 32MB',
  'max_wal_size = 128MB',
  "timezone = 'UTC'",
  "log_timezone = 'UTC'",
  'client_encoding = utf8',
];

/** Opens the database in a folder; creates it where the folder is empty. */
export function openPostgres(folder: string): Promise<PGlite> {
  return PGlite.create({
    fs: new PrivateNodeFS(folder),
    relaxedDurability: false,
    postgresqlconf: [...SETTINGS],
    initDbStartParams: ['-c', SETTINGS[0]],
  });
}

/** Permissions of the owner. */
const OWNER = 0o700;
/** The part of a mode that holds permissions; the rest distinguishes files from folders. */
const PERMISSIONS = 0o7777;

interface NodeOperations {
  mknod(parent: unknown, name: string, mode: number, device: number): unknown;
  setattr(node: unknown, attributes: { mode?: number }): void;
}

/** The part of Emscripten's file system over Node that is used here. */
interface EmscriptenModule {
  readonly NODEFS: { readonly node_ops: NodeOperations };
}

type Init = NodeFS['init'];

/**
 * PGlite's file system over a folder, with files and folders that only this user can read. PGlite's own sets
 * the mode of each file to 0666 after creating it, so the umask has no effect; and a thread cannot change the
 * umask anyway.
 */
class PrivateNodeFS extends NodeFS {
  override async init(...parameters: Parameters<Init>): ReturnType<Init> {
    const { emscriptenOpts } = await super.init(...parameters);
    const restrict = (module: unknown) => restrictModes((module as EmscriptenModule).NODEFS.node_ops);
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [restrict, ...(emscriptenOpts.preRun ?? [])] } };
  }
}

function restrictModes(operations: NodeOperations): void {
  const { mknod, setattr } = operations;
  operations.mknod = (parent, name, mode, device) => mknod(parent, name, withoutOthers(mode), device);
  operations.setattr = (node, attributes) => {
    const { mode } = attributes;
    setattr(node, mode === undefined ? attributes : { ...attributes, mode: withoutOthers(mode) });
  };
}

function withoutOthers(mode: number): number {
  return (mode & ~PERMISSIONS) | (mode & OWNER);
}
