/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The second half of the turn from p2p to sfu: when each p2p connection may
 * be closed.  Not before the server says that all are served, and not while
 * it still carries what is shown.
 */

import { systemClock } from "../util.js";

/**
 * @typedef {object} TurnOptions
 * @property {() => string[]} peers          users with a p2p connection
 * @property {(userId: string) => boolean} busy
 *     whether that connection carries what is shown
 * @property {(userId: string) => void} close
 * @property {() => void} [done]
 * @property {import("../types.js").Clock} [clock]
 * @property {number} [interval]  ms between looks
 * @property {number} [settle]    ms that a connection must have been idle
 * @property {number} [deadline]  ms after which all are closed
 */

export class ModeTurn {
    #options;
    #clock;
    #completeAt = -1;
    #stopped = false;

    /** @type {Map<string, number>}  since when it is idle */
    #idle = new Map();

    /** @type {any} */
    #timer = null;

    /** @param {TurnOptions} options */
    constructor(options) {
        this.#options = { interval: 200, settle: 800, deadline: 12000,
                          ...options };
        this.#clock = options.clock ?? systemClock;
    }

    get isComplete() {
        return this.#completeAt >= 0;
    }

    /** All members are served by the server: p2p may end. */
    complete() {
        if (this.#completeAt < 0 && !this.#stopped) {
            this.#completeAt = this.#clock.now();
            this.#arm();
        }
    }

    stop() {
        this.#stopped = true;
        this.#clock.clearTimeout(this.#timer);
    }

    #arm() {
        this.#timer = this.#clock.setTimeout(() => this.#look(),
                                             this.#options.interval);
    }

    #look() {
        if (this.#stopped) {
            return;
        }

        const now = this.#clock.now();
        const { peers, busy, close, done, settle, deadline } = this.#options;
        const late = now - this.#completeAt >= deadline;

        for (const userId of peers()) {
            if (busy(userId)) {
                this.#idle.delete(userId);

                if (!late) {
                    continue;
                }
            }

            if (!this.#idle.has(userId)) {
                this.#idle.set(userId, now);
            }

            if (late || now - (this.#idle.get(userId) ?? now) >= settle) {
                this.#idle.delete(userId);
                close(userId);
            }
        }

        if (peers().length === 0) {
            this.#stopped = true;
            done?.();
            return;
        }

        this.#arm();
    }
}
