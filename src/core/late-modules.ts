// Modules of Node that few requests need. Importing them costs a start several milliseconds, since
// they load each other; taken when they are used, they cost it nothing.

/** `node:crypto`: signatures, hashes. */
export const lateCrypto = () => process.getBuiltinModule("node:crypto")

/** `node:dns`: the addresses of a name. */
export const lateDns = () => process.getBuiltinModule("node:dns/promises")

/** `node:net`: what an IP address is. */
export const lateNet = () => process.getBuiltinModule("node:net")

/** `node:os`: what this machine has. */
export const lateOs = () => process.getBuiltinModule("node:os")

/** `node:stream`: streams of Node's out of those of the web. */
export const lateStream = () => process.getBuiltinModule("node:stream")

/** `node:util`: parsing `.env` files, promises of callbacks. */
export const lateUtil = () => process.getBuiltinModule("node:util")

/** `node:zlib`: compression. */
export const lateZlib = () => process.getBuiltinModule("node:zlib")
