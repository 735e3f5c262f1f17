/** What a transfer reports, and how it is stopped. */
export interface TransferOptions {
  /**
   * Called with the bytes that came over the network since the last call, also while another process is waited for; what
   * it throws ends the transfer.
   */
  readonly onTransfer?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}
