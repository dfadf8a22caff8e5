/**
 * The delay before the next attempt: exponential, with jitter downwards, so
 * that clients that lost a server at one time do not return at one time.
 *
 * @param {number} attempt  0 for the first
 * @param {{min?: number, max?: number, factor?: number, jitter?: number,
 *     random?: () => number}} [options]
 * @returns {number} milliseconds
 */
export function backoff(attempt: number, options?: {
    min?: number;
    max?: number;
    factor?: number;
    jitter?: number;
    random?: () => number;
}): number;
/**
 * Rejects with the code "timeout" when the promise takes too long.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {Clock} clock
 * @param {() => Error} makeError
 * @returns {Promise<T>}
 */
export function withTimeout<T>(promise: Promise<T>, ms: number, clock: Clock, makeError: () => Error): Promise<T>;
/** @typedef {import("./types.js").Clock} Clock */
/** @type {Clock} */
export const systemClock: Clock;
/** @type {import("./types.js").Logger} */
export const silentLogger: import("./types.js").Logger;
/**
 * Runs asynchronous operations one after the other.
 */
export class SerialQueue {
    /**
     * @template T
     * @param {() => Promise<T>|T} operation
     * @returns {Promise<T|undefined>}
     *     what the operation returns; undefined when the queue was closed
     *     before its turn
     */
    run<T>(operation: () => Promise<T> | T): Promise<T | undefined>;
    /** Operations that have not started are skipped from now on. */
    close(): void;
    get closed(): boolean;
    #private;
}
export type Clock = import("./types.js").Clock;
