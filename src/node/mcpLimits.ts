/** Longest message of a server, and longest answer over HTTP. */
export const maxMessageBytes = 8 * 1024 * 1024;
/** Beyond it a server is ended: it would hold up all others. */
export const floodLimits = { spanMs: 5000, maxBytes: 64 * 1024 * 1024, maxMessages: 10_000 };
export const maxTools = 256;
export const maxToolListChars = 4 * 1024 * 1024;
export const maxToolListPages = 32;
/** Of one result, as text for a model. */
export const maxResultChars = 1024 * 1024;
