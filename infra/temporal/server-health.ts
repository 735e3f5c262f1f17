import type { Connection } from '@temporalio/client';

const yearInMs = 365 * 24 * 3600 * 1000;

/** Whether a Temporal server answers at `address` (`host:port`) and knows the namespace `default`. */
export async function isServing(address: string, timeoutMs = 2_000): Promise<boolean> {
  try {
    await withConnection(address, timeoutMs, async ({ workflowService }) => {
      await workflowService.describeNamespace({ namespace: 'default' });
    });
    return true;
  } catch {
    return false;
  }
}

/** Keeps finished workflows for a year, so that earlier runs are found again; the server's own default is one day. */
export async function keepHistory(address: string): Promise<void> {
  const { msNumberToTs, optionalTsToMs } = await import('@temporalio/common/lib/time.js');
  await withConnection(address, 10_000, async ({ workflowService }) => {
    const { config } = await workflowService.describeNamespace({ namespace: 'default' });
    if ((optionalTsToMs(config?.workflowExecutionRetentionTtl) ?? 0) >= yearInMs) return;
    await workflowService.updateNamespace({
      namespace: 'default',
      config: { workflowExecutionRetentionTtl: msNumberToTs(yearInMs) },
    });
  });
}

async function withConnection(
  address: string,
  timeoutMs: number,
  use: (connection: Connection) => Promise<void>
): Promise<void> {
  const { Connection } = await import('@temporalio/client');
  const connection = await Connection.connect({ address, connectTimeout: timeoutMs });
  try {
    await connection.withDeadline(Date.now() + timeoutMs, () => use(connection));
  } finally {
    await connection.close();
  }
}
