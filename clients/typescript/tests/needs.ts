/** What a test needs that not every Node has which the client runs in: `make all-clients` runs the tests in older ones. */

/** Node has Web Locks from 24 on; in older ones each tab is on its own, as other tests promise. */
export const webLocks = { skip: "locks" in (globalThis.navigator ?? {}) ? false : "this Node has no Web Locks" };

/** The Request of Node 24 and later takes no signal of jsdom's. */
export const refusesForeignSignals = Number.parseInt(process.versions.node, 10) >= 24;
