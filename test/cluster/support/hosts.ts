import { execFileSync } from 'node:child_process';

/** Where one process of a cluster runs. */
export interface Host {
  readonly name: string;
  /** What a command line begins with, so that it is carried out there. */
  readonly prefix: readonly string[];
  /** Takes the host off the network. */
  cut(): void;
  /** Brings it back. */
  join(): void;
}

/** Machines as far as one machine can stand for several. */
export interface Hosts {
  /** Address of the services, reachable from every host. */
  readonly address: string;
  /** Why hosts cannot be cut off; null when they can. */
  readonly notCut: string | null;
  readonly hosts: readonly Host[];
  remove(): void;
}

/**
 * Makes network namespaces that reach the services of this process over a bridge of their own; without the right to do so,
 * all hosts share the loopback interface.
 */
export function createHosts(names: readonly string[]): Hosts {
  try {
    return namespaces(names);
  } catch (error) {
    const hosts = names.map((name) => ({ name, prefix: [], cut: () => undefined, join: () => undefined }));
    const notCut = `no network namespaces: ${String(error).split('\n')[0]!}`;
    return { address: '127.0.0.1', notCut, hosts, remove: () => undefined };
  }
}

/** Names of interfaces have at most fifteen characters. */
const PREFIX = 'smt';
/** A network that leads nowhere else: its bridge has no way out. */
const NETWORK = '10.203.77';

function namespaces(names: readonly string[]): Hosts {
  removeAll();
  const bridge = `${PREFIX}-bridge`;
  ip('link', 'add', bridge, 'type', 'bridge');
  ip('addr', 'add', `${NETWORK}.1/24`, 'dev', bridge);
  ip('link', 'set', bridge, 'up');
  const hosts = names.map((name, index) => {
    const space = `${PREFIX}-${name}`;
    const outside = `${PREFIX}${index}-out`;
    const inside = `${PREFIX}${index}-in`;
    ip('netns', 'add', space);
    ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside);
    ip('link', 'set', inside, 'netns', space);
    ip('link', 'set', outside, 'master', bridge);
    ip('link', 'set', outside, 'up');
    const within = (...args: string[]): void => {
      ip('netns', 'exec', space, 'ip', ...args);
    };
    within('addr', 'add', `${NETWORK}.${10 + index}/24`, 'dev', inside);
    within('link', 'set', inside, 'up');
    within('link', 'set', 'lo', 'up');
    return {
      name,
      prefix: ['ip', 'netns', 'exec', space],
      cut: () => {
        ip('link', 'set', outside, 'down');
      },
      join: () => {
        ip('link', 'set', outside, 'up');
      },
    };
  });
  return { address: `${NETWORK}.1`, notCut: null, hosts, remove: removeAll };
}

/** Removes also what a test that was killed has left. */
function removeAll(): void {
  const spaces = ip('netns', 'list').split('\n');
  for (const line of spaces) {
    const [space = ''] = line.split(' ');
    if (space.startsWith(`${PREFIX}-`)) ip('netns', 'del', space);
  }
  if (ip('link', 'show').includes(`${PREFIX}-bridge`)) ip('link', 'del', `${PREFIX}-bridge`);
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
