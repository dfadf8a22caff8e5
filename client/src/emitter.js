/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A small typed event emitter.  A listener that throws does not keep the
 * others from being called; its error is reported as an uncaught one.
 */

/**
 * @template {object} Events  a map from event name to payload
 */
export class Emitter {
    /** @type {Map<string, Set<(payload: any) => void>>} */
    #listeners = new Map();

    /**
     * Calls `listener` for each `event` from now on.
     *
     * @template {keyof Events & string} K
     * @param {K} event
     * @param {(payload: Events[K]) => void} listener
     * @returns {() => void} removes the listener again
     */
    on(event, listener) {
        let set = this.#listeners.get(event);

        if (!set) {
            set = new Set();
            this.#listeners.set(event, set);
        }

        set.add(listener);

        return () => this.off(event, listener);
    }

    /**
     * Calls `listener` for the next `event` only.
     *
     * @template {keyof Events & string} K
     * @param {K} event
     * @param {(payload: Events[K]) => void} listener
     * @returns {() => void} removes the listener again
     */
    once(event, listener) {
        const off = this.on(event, (payload) => {
            off();
            listener(payload);
        });

        return off;
    }

    /**
     * @template {keyof Events & string} K
     * @param {K} event
     * @param {(payload: Events[K]) => void} listener
     */
    off(event, listener) {
        const set = this.#listeners.get(event);

        if (set) {
            set.delete(listener);

            if (set.size === 0) {
                this.#listeners.delete(event);
            }
        }
    }

    /**
     * @template {keyof Events & string} K
     * @param {K} event
     * @param {Events[K]} payload
     * @returns {boolean} whether anybody listened
     */
    emit(event, payload) {
        const set = this.#listeners.get(event);

        if (!set) {
            return false;
        }

        for (const listener of [...set]) {
            try {
                listener(payload);

            } catch (error) {
                queueMicrotask(() => {
                    throw error;
                });
            }
        }

        return true;
    }

    /**
     * The number of listeners, of one event or of all.
     *
     * @param {keyof Events & string} [event]
     */
    listenerCount(event) {
        if (event !== undefined) {
            return this.#listeners.get(event)?.size ?? 0;
        }

        let n = 0;

        for (const set of this.#listeners.values()) {
            n += set.size;
        }

        return n;
    }

    removeAllListeners() {
        this.#listeners.clear();
    }
}
