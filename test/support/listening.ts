import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Address and port of a socket that waits for connections. */
export interface Listening {
  /** As hexadecimal digits in the order of the network; 00000000 or all zeros for every interface. */
  readonly address: string;
  readonly port: number;
}

const LISTEN = '0A';

/** Where a process of this machine waits for TCP connections, by what Linux says of it. */
export function listeningSockets(pid: number): Listening[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        // Closed in the meantime.
        return [];
      }
    })
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN && inodes.has(fields[9] ?? ''))
      .map((fields) => {
        const [address, port] = fields[1]!.split(':') as [string, string];
        return { address: inNetworkOrder(address), port: Number.parseInt(port, 16) };
      })
  );
}

export function isLoopback({ address }: Listening): boolean {
  return address.startsWith('7F') || /^0{31}1$/.test(address) || address.startsWith('00000000000000000000FFFF7F');
}

/** Linux prints each four bytes as a number of this machine. */
function inNetworkOrder(address: string): string {
  return address.replaceAll(/.{8}/g, (word) => word.match(/../g)!.reverse().join(''));
}
