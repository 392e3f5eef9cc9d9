/**
 * All components that a fault can affect, as real processes: a Redis behind a proxy, workers, bots, a Discord
 * and a Slack, and users on all three platforms who ask for stories.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeDiscord } from '../fakes/discord/fake-discord.ts';
import { FakeSlack } from '../fakes/slack/fake-slack.ts';
import { embeddedFolder } from '../helpers/embedded-folder.ts';
import { type Role, type RoleProcess, spawnRole, startRole } from '../helpers/processes.ts';
import { freePort, startServer, temporaryFolder } from '../helpers/programs.ts';
import { startProxy, type Way } from '../helpers/proxy.ts';
import { type Undisturbed, undisturbed } from '../helpers/undisturbed.ts';
import type { Fate } from '../reliability/counts.ts';
import {
  askOnDiscord,
  askOnPage,
  askOnSlack,
  type Places,
  type Watch,
  type Wish,
} from '../reliability/people.ts';
import { Opened } from './opened.ts';

/**
 * Characters per second: the longest story takes six seconds, so that a fault can occur in the middle of one.
 */
const PACE = 400;
const LENGTHS = [1_200, 2_400, 300] as const;
/** Few different stories, repeated: the texts to compare with are written once. */
const SEEDS = 8;
/** A story with more text than its opening is active. */
const UNDER_WAY = 60;

export interface DeploymentOptions {
  /** Whether one process has its own queue, instead of bots and workers around a Redis. */
  readonly isEmbedded?: boolean;
  /** The data folder, instead of one that is created for it. */
  readonly dataFolder?: string;
  /** Whether a proxy that can be cut is in front of each chat. */
  readonly areChatsAfar?: boolean;
  /** Further arguments of `redis-server`. */
  readonly redis?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A way of asking for a story. */
export type Ask = (places: Places, wish: Wish, watch: Watch) => Promise<Fate>;

/** The number of users on each platform. */
export interface Crowd {
  readonly page?: number;
  readonly discord?: number;
  readonly slack?: number;
}

/** Requests that were made together. */
export interface Round {
  /** Resolves when every story has grown beyond its opening, or has ended. */
  readonly underWay: Promise<unknown>;
  /** Their outcomes, checked again after all activity has ended. */
  fates(restMs?: number): Promise<Fate[]>;
}

export class Deployment {
  readonly discord: FakeDiscord;
  readonly slack: FakeSlack;
  /** The proxies in front of Discord and Slack, if there are any. */
  readonly chats: readonly Way[];
  readonly #opened: Opened;
  readonly #processes = new Map<string, RoleProcess>();
  readonly #env: Readonly<Record<string, string>>;
  readonly #places: Places;
  readonly #expected: Undisturbed;
  readonly #proxy: Way | undefined;
  /** The port of Redis itself, behind the proxy. */
  readonly redisPort: number;
  readonly #redisArgs: readonly string[];
  #stopRedis: (() => Promise<void>) | undefined;
  #asked = 0;

  private constructor(parts: {
    discord: FakeDiscord;
    slack: FakeSlack;
    opened: Opened;
    env: Readonly<Record<string, string>>;
    places: Places;
    expected: Undisturbed;
    proxy: Way | undefined;
    chats: readonly Way[];
    redisPort: number;
    redisArgs: readonly string[];
  }) {
    this.discord = parts.discord;
    this.slack = parts.slack;
    this.#opened = parts.opened;
    this.#env = parts.env;
    this.#places = parts.places;
    this.#expected = parts.expected;
    this.#proxy = parts.proxy;
    this.chats = parts.chats;
    this.redisPort = parts.redisPort;
    this.#redisArgs = parts.redisArgs;
  }

  /** Prepares the set-up, and starts none of our processes; Redis runs. */
  static async open(options: DeploymentOptions = {}): Promise<Deployment> {
    const { isEmbedded = false, areChatsAfar = false, redis = [], env = {} } = options;
    const opened = new Opened();
    const [discord, slack, expected] = await Promise.all([
      FakeDiscord.start(),
      FakeSlack.start(),
      undisturbed(),
    ]);
    opened.add(() => discord.stop());
    opened.add(() => slack.stop());
    opened.add(() => expected.close());
    const made = isEmbedded && !options.dataFolder ? await embeddedFolder() : await temporaryFolder();
    opened.add(made.remove);
    const folder = options.dataFolder ?? made.folder;
    const chats: Way[] = [];
    if (areChatsAfar) {
      for (const chat of [discord, slack]) {
        const way = await startProxy(chat.port);
        chat.publicPort = way.port;
        chats.push(way);
        opened.add(() => way.stop());
      }
    }
    const [port, redisPort] = [await freePort(), await freePort()];
    const usual = ['--port', String(redisPort), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    const redisArgs = [...usual, '--maxmemory-policy', 'noeviction', ...redis];
    const proxy = isEmbedded ? undefined : await startProxy(redisPort);
    if (proxy) opened.add(() => proxy.stop());
    const queue: Record<string, string> = proxy
      ? { REDIS_URL: `redis://127.0.0.1:${proxy.port}` }
      : { REDIS_URL: '', SCIFI_DATA: folder };
    const deployment = new Deployment({
      discord,
      slack,
      opened,
      places: { page: `http://127.0.0.1:${port}`, discord, slack },
      expected,
      proxy,
      chats,
      redisPort,
      redisArgs,
      env: {
        ...queue,
        SCIFI_PORT: String(port),
        SCIFI_PACE: String(PACE),
        SCIFI_THREADS: '1',
        SCIFI_STORIES_PER_MINUTE: '100000',
        SCIFI_REQUESTS_PER_MINUTE: '1000000',
        SCIFI_PLACE_STORIES: '0',
        SCIFI_PLACE_HOURLY: '0',
        DISCORD_TOKEN: discord.token,
        DISCORD_API: discord.api,
        SLACK_BOT_TOKEN: slack.workspace.token,
        SLACK_APP_TOKEN: slack.world.appToken,
        SLACK_API: slack.api,
        ...env,
      },
    });
    if (!isEmbedded) await deployment.startRedis();
    return deployment;
  }

  /** Address of the page. */
  get page(): string {
    return this.#places.page;
  }

  /** The settings of the processes. */
  get env(): Readonly<Record<string, string>> {
    return this.#env;
  }

  get proxy(): Way {
    return this.#proxy!;
  }

  /** Starts one of our processes under a name, and waits until it is ready. */
  async start(
    name: string,
    role: Role,
    env: Readonly<Record<string, string>> = {},
    preloads: readonly string[] = [],
  ): Promise<RoleProcess> {
    const process = await startRole(role, { ...this.#env, ...env }, preloads);
    this.#processes.set(name, process);
    return process;
  }

  /** Starts one of our processes under a name, and does not wait. */
  spawn(name: string, role: Role, env: Readonly<Record<string, string>> = {}): RoleProcess {
    const process = spawnRole(role, { ...this.#env, ...env });
    this.#processes.set(name, process);
    return process;
  }

  process(name: string): RoleProcess {
    return this.#processes.get(name)!;
  }

  async startRedis(): Promise<void> {
    const { stop } = await startServer(this.#redisArgs);
    this.#stopRedis = stop;
  }

  /** Kills Redis without warning, like a power cut. */
  async killRedis(): Promise<void> {
    await this.#stopRedis?.();
    this.#stopRedis = undefined;
  }

  /** Has users ask for stories, all at once. */
  ask({ page = 0, discord = 0, slack = 0 }: Crowd): Round {
    const asking = [
      ...Array.from({ length: page }, () => askOnPage),
      ...Array.from({ length: discord }, () => askOnDiscord),
      ...Array.from({ length: slack }, () => askOnSlack),
    ].map((ask) => this.request(ask));
    return {
      underWay: Promise.all(asking.map(({ underWay }) => underWay)),
      async fates(restMs = 1_500) {
        const fates = await Promise.all(asking.map(({ fate }) => fate));
        await sleep(restMs);
        return Promise.all(fates.map(async (fate) => ({ ...fate, ...(await fate.lookAgain?.()) })));
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.kill()));
    await this.killRedis();
    await this.#opened.close();
  }

  /** Has one user ask for a story. */
  request(ask: Ask, watch: Partial<Watch> = {}): { fate: Promise<Fate>; underWay: Promise<void> } {
    const index = this.#asked++;
    const [seed, length] = [index % SEEDS, LENGTHS[index % LENGTHS.length]!];
    const wish = { seed, length, text: this.#expected.text(seed, length) };
    let isUnderWay = () => {};
    const underWay = new Promise<void>((resolve) => {
      isUnderWay = resolve;
    });
    const fate = ask(this.#places, wish, {
      acknowledged: (ms) => watch.acknowledged?.(ms),
      grown(characters) {
        watch.grown?.(characters);
        if (characters > UNDER_WAY) isUnderWay();
      },
    });
    fate.finally(isUnderWay).catch(() => {});
    return { fate, underWay };
  }
}
