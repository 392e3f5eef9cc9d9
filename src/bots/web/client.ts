/** Who somebody at the page is to the queue: nobody has an account there, so it goes by addresses. */
import { BlockList, isIPv6 } from 'node:net';
import type { Asker } from '../../queue/limits/asker.ts';

/** Addresses that do not come from the internet: this machine, a home, a container's host. */
const HOME = new BlockList();
for (const [net, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const) {
  HOME.addSubnet(net, prefix, 'ipv4');
}
HOME.addAddress('::1', 'ipv6');
HOME.addSubnet('fc00::', 7, 'ipv6');
HOME.addSubnet('fe80::', 10, 'ipv6');

const MAPPED = /^::ffff:(?=\d+\.)/i;
/** A household has a network of so many groups, and any address in it. */
const NETWORK_GROUPS = 4;
const GROUPS = 8;

/**
 * The client as somebody whose stories are counted; undefined where they are not.
 *
 * @param whose those of clients from the internet, of all, of none
 */
export function clientAt(address: string, whose: 'public' | 'all' | 'none'): Asker | undefined {
  const plain = address.replace(MAPPED, '').replace(/%.*$/, '');
  if (whose === 'none' || (whose === 'public' && isHome(plain))) return undefined;
  return { person: `web:${isIPv6(plain) ? networkOf(plain) : plain}` };
}

function isHome(address: string): boolean {
  return HOME.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** `2001:db8:0:7` of `2001:db8:0:7::1`. */
function networkOf(address: string): string {
  const [head = '', tail] = address.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, GROUPS - left.length - right.length)).fill('0');
  return [...left, ...zeros, ...right]
    .slice(0, NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
