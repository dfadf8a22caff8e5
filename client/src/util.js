/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Small helpers: the clock, serialised operations, backoff.
 */

/** @typedef {import("./types.js").Clock} Clock */

/** @type {Clock} */
export const systemClock = {
    now: () => performance.now(),
    setTimeout: (fn, ms) => setTimeout(fn, ms),
    clearTimeout: (handle) => clearTimeout(handle),
};


/** @type {import("./types.js").Logger} */
export const silentLogger = {
    debug() { },
    warn() { },
};


/**
 * Runs asynchronous operations one after the other.
 */
export class SerialQueue {
    /** @type {Promise<any>} */
    #tail = Promise.resolve();

    #closed = false;

    /**
     * @template T
     * @param {() => Promise<T>|T} operation
     * @returns {Promise<T|undefined>}
     *     what the operation returns; undefined when the queue was closed
     *     before its turn
     */
    run(operation) {
        const result = this.#tail.then(() => {
            return this.#closed ? undefined : operation();
        });

        this.#tail = result.catch(() => { });

        return result;
    }

    /** Operations that have not started are skipped from now on. */
    close() {
        this.#closed = true;
    }

    get closed() {
        return this.#closed;
    }
}


/**
 * The delay before the next attempt: exponential, with jitter downwards, so
 * that clients that lost a server at one time do not return at one time.
 *
 * @param {number} attempt  0 for the first
 * @param {{min?: number, max?: number, factor?: number, jitter?: number,
 *     random?: () => number}} [options]
 * @returns {number} milliseconds
 */
export function backoff(attempt, options = {}) {
    const { min = 250, max = 8000, factor = 2, jitter = 0.5,
            random = Math.random } = options;
    const full = Math.min(max, min * Math.pow(factor, Math.min(attempt, 30)));

    return Math.round(full * (1 - jitter * random()));
}


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
export function withTimeout(promise, ms, clock, makeError) {
    return new Promise((resolve, reject) => {
        const timer = clock.setTimeout(() => reject(makeError()), ms);

        promise.then((value) => {
            clock.clearTimeout(timer);
            resolve(value);

        }, (error) => {
            clock.clearTimeout(timer);
            reject(error);
        });
    });
}
