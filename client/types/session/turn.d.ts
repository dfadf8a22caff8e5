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
    /** @param {TurnOptions} options */
    constructor(options: TurnOptions);
    get isComplete(): boolean;
    /** All members are served by the server: p2p may end. */
    complete(): void;
    stop(): void;
    #private;
}
export type TurnOptions = {
    /**
     * users with a p2p connection
     */
    peers: () => string[];
    /**
     *     whether that connection carries what is shown
     */
    busy: (userId: string) => boolean;
    close: (userId: string) => void;
    done?: (() => void) | undefined;
    clock?: import("../types.js").Clock | undefined;
    /**
     * ms between looks
     */
    interval?: number | undefined;
    /**
     * ms that a connection must have been idle
     */
    settle?: number | undefined;
    /**
     * ms after which all are closed
     */
    deadline?: number | undefined;
};
