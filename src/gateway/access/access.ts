/** What decides who may come in. */

export type AccessOptions = {};
