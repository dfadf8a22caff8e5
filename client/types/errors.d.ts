/**
 * An error in plain words, for people.
 *
 * @param {any} error  an RtcError, or anything else that was thrown
 * @returns {string}
 */
export function describeError(error: any): string;
/**
 * Makes an RtcError of anything.
 *
 * @param {any} error
 * @param {string} [code]
 * @returns {RtcError}
 */
export function toRtcError(error: any, code?: string): RtcError;
/**
 * Every error that the library throws or emits.  `code` is one of the
 * server's codes or of the library's own (see the README).
 */
export class RtcError extends Error {
    /**
     * @param {string} code
     * @param {string} [message]
     * @param {{cause?: any, event?: string}} [options]
     */
    constructor(code: string, message?: string, options?: {
        cause?: any;
        event?: string;
    });
    /** @type {string} */
    code: string;
    /** @type {string|undefined}  the request that failed */
    event: string | undefined;
}
