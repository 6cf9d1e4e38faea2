/** Whether an output failed because its reader has seen enough, which is no failure: of a pipe it is EPIPE, of a socket with something unread ECONNRESET. */
export const hasReaderLeft = ({ code }: NodeJS.ErrnoException): boolean => code === 'EPIPE' || code === 'ECONNRESET';
