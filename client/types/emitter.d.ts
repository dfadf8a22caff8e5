/**
 * @template {object} Events  a map from event name to payload
 */
export class Emitter<Events extends object> {
    /**
     * Calls `listener` for each `event` from now on.
     *
     * @template {keyof Events & string} K
     * @param {K} event
     * @param {(payload: Events[K]) => void} listener
     * @returns {() => void} removes the listener again
     */
    on<K extends keyof Events & string>(event: K, listener: (payload: Events[K]) => void): () => void;
    /**
     * Calls `listener` for the next `event` only.
     *
     * @template {keyof Events & string} K
     * @param {K} event
     * @param {(payload: Events[K]) => void} listener
     * @returns {() => void} removes the listener again
     */
    once<K extends keyof Events & string>(event: K, listener: (payload: Events[K]) => void): () => void;
    /**
     * @template {keyof Events & string} K
     * @param {K} event
     * @param {(payload: Events[K]) => void} listener
     */
    off<K extends keyof Events & string>(event: K, listener: (payload: Events[K]) => void): void;
    /**
     * @template {keyof Events & string} K
     * @param {K} event
     * @param {Events[K]} payload
     * @returns {boolean} whether anybody listened
     */
    emit<K extends keyof Events & string>(event: K, payload: Events[K]): boolean;
    /**
     * The number of listeners, of one event or of all.
     *
     * @param {keyof Events & string} [event]
     */
    listenerCount(event?: keyof Events & string): number;
    removeAllListeners(): void;
    #private;
}
