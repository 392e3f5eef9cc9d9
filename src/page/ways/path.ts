/**
 * A story that its reader chooses step by step. A thread keeps all replies in the order in which they were asked for:
 * those of the story, and those of what it might have been. Pure.
 */
import { isFinal } from '../../story/story.ts';
import { type Reply, textOf } from '../reply.ts';

/** The parts of the story, of which the last one may be open. */
export function pathOf(all: readonly Reply[]): Reply[] {
  return all.filter(({ way }) => way !== 'aside');
}

/** The parts of the story that are decided. */
export function toldOf(all: readonly Reply[]): Reply[] {
  return all.filter(({ way }) => way === undefined);
}

/** What is written at the end of a story: its last part, or those of which the user chooses one. */
export function endsOf(all: readonly Reply[]): Reply[] {
  const last = pathOf(all).at(-1);
  if (last?.way !== 'open') return last ? [last] : [];
  return all.filter(({ fork }) => fork === last.fork);
}

/** Whether something is written at the end of a story. */
export function isGrowing(all: readonly Reply[]): boolean {
  return endsOf(all).some(({ state }) => !isFinal(state));
}

/** What the user chooses from now, each text once; none while it is written. */
export function choicesOf(all: readonly Reply[]): Reply[] {
  const isOpen = pathOf(all).at(-1)?.way === 'open';
  if (!isOpen || isGrowing(all)) return [];
  const written = endsOf(all).filter(hasWords);
  const isNew = ({ state }: Reply, index: number) =>
    written.findIndex((other) => textOf(other.state) === textOf(state)) === index;
  return written.filter(isNew);
}

/** The parts to show: of those of which the user chooses one, the first that is not yet written, and its prompt only. */
export function shownOf(all: readonly Reply[]): Reply[] {
  const path = pathOf(all);
  const last = path.at(-1)!;
  if (last.way !== 'open') return path;
  const ends = endsOf(all);
  const { ask, state } = ends.find((one) => !isFinal(one.state)) ?? ends.find(hasWords) ?? last;
  const shown = 'text' in state ? { ...state, text: state.text.slice(0, ask.prompt.length) } : state;
  return path.with(-1, { ...last, state: shown });
}

/** The first of those that were offered last after a reply, or at the beginning; undefined when none were. */
export function forkAfter(all: readonly Reply[], id: string | undefined): string | undefined {
  return all.findLast(({ fork, after }) => fork !== undefined && after === id)?.fork;
}

/**
 * The thread when its story leads to a reply, and ends there.
 *
 * @param id undefined for the beginning
 * @param open the fork at which the user is to choose again what follows
 */
export function wayTo(all: readonly Reply[], id: string | undefined, open?: string): Reply[] {
  const first = open === undefined ? undefined : all.find(({ fork }) => fork === open);
  const path = new Set<Reply | undefined>();
  let at = all.find((reply) => reply.id === id);
  while (at && !path.has(at)) {
    path.add(at);
    const { after } = at;
    at = all.find((reply) => reply.id === after);
  }
  return all.map((reply) => {
    const { way: _, ...part } = reply;
    if (path.has(reply)) return part;
    return { ...part, way: reply === first ? 'open' : 'aside' };
  });
}

/** The thread with what is open put aside, and with each part bound to the one before it. */
export function settled(all: readonly Reply[]): Reply[] {
  let before: string | undefined;
  return all.map((reply) => {
    if (reply.way === 'aside') return reply;
    if (reply.way === 'open') return { ...reply, way: 'aside' };
    const after = reply.after ?? before;
    before = reply.id;
    return after === undefined ? reply : { ...reply, after };
  });
}

/** The ids of a reply and of all that follow it, on any way. */
export function idsFrom(all: readonly Reply[], id: string): string[] {
  return [id, ...all.filter(({ after }) => after === id).flatMap((reply) => idsFrom(all, reply.id))];
}

function hasWords({ ask, state }: Reply): boolean {
  return state.status === 'finished' && textOf(state).slice(ask.prompt.length).trim() !== '';
}
