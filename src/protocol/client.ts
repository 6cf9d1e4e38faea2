/** The client of one server: what the protocol offers, the same in both eras. */
export interface ServerClient {
  readonly era: string;
}
