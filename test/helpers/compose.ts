/** `docker-compose.yml` as `docker compose` would read it, for tests on machines without Docker. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** A folder of the host. */
export interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly read_only: boolean;
  readonly bind: { readonly create_host_path: boolean; readonly selinux: string };
}

export interface Service {
  readonly image: string;
  readonly user: string;
  readonly build?: { readonly target: string; readonly args?: Readonly<Record<string, string>> };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
  readonly volumes?: readonly (string | Mount)[];
  readonly tmpfs?: readonly string[];
  readonly profiles?: readonly string[];
  readonly runtime?: string;
  readonly init: boolean;
  readonly read_only: boolean;
  readonly privileged?: boolean;
  readonly cap_add?: readonly string[];
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly restart: string;
  readonly stop_grace_period: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck: { readonly test: readonly string[] };
  readonly deploy: {
    readonly resources: {
      readonly limits: { readonly cpus: string; readonly memory: string; readonly pids: number };
      readonly reservations?: {
        readonly devices: readonly { readonly driver: string; readonly capabilities: readonly string[] }[];
      };
    };
  };
}

export interface Compose {
  readonly services: Readonly<Record<'redis' | 'bots' | 'worker' | 'worker-gpu', Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** The services that run our own image. */
export const OURS = ['bots', 'worker', 'worker-gpu'] as const;
/** An image's version down to the patch, so that a later build uses the same one. */
export const PINNED = /^[a-z]+:\d+\.\d+\.\d+-bookworm(-slim)?$/;

/** Reads the file with these variables set, and `${NAME:-default}` where they are not. */
export async function readCompose(variables: Readonly<Record<string, string>> = {}): Promise<Compose> {
  const text = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
  // As in `docker compose`: the values are substituted after the file is parsed, so that each stays a string.
  return parse(text, (_, value) => (typeof value === 'string' ? fill(value, variables) : value), {
    merge: true,
  });
}

/** Names of the variables that the file asks for. */
export async function composeVariables(): Promise<Set<string>> {
  const text = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
  return new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!));
}

function fill(value: string, variables: Readonly<Record<string, string>>): string {
  const filled = value.replace(/\$\{(\w+):-([^}]*)\}/g, (_, name, standard) => variables[name] || standard);
  if (filled.includes('$')) throw new Error(`Expected every variable to have a default, got ${value}`);
  return filled;
}

/** Milliseconds of a duration such as `25s`. */
export function durationMs(duration: string): number {
  const seconds = /^(\d+)s$/.exec(duration)?.[1];
  if (seconds === undefined) throw new Error(`Expected whole seconds, got ${duration}`);
  return Number(seconds) * 1_000;
}
