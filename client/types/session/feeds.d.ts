/**
 * @extends {Emitter<FeedEvents>}
 */
export class FeedSelector extends Emitter<FeedEvents> {
    /**
     * @param {{clock?: import("../types.js").Clock, interval?: number,
     *     probe?: (info: FeedInfo) => Promise<number>}} [options]
     */
    constructor(options?: {
        clock?: import("../types.js").Clock;
        interval?: number;
        probe?: (info: FeedInfo) => Promise<number>;
    });
    /**
     * Says what a connection delivers now: all of it.
     *
     * @param {string} owner  the connection
     * @param {number} rank   the higher one wins
     * @param {FeedInfo[]} infos
     */
    set(owner: string, rank: number, infos: FeedInfo[]): void;
    /**
     * Forgets a user who has left.
     *
     * @param {string} userId
     */
    removeUser(userId: string): void;
    /**
     * What is shown.
     *
     * @param {string} userId
     * @param {string} source
     */
    active(userId: string, source: string): {
        info: import("../types.js").FeedInfo;
        owner: string;
    } | null;
    /**
     * Whether something of this connection is shown and moving.
     *
     * @param {string} owner
     */
    busy(owner: string): boolean;
    /**
     * Keeps counting frames of everything, which `busy` needs.
     *
     * @returns {() => void} ends it
     */
    watch(): () => void;
    close(): void;
    /** Looks at all counters once; the timer does it. */
    poll(): Promise<void>;
    #private;
}
export type FeedInfo = import("../types.js").FeedInfo;
export type Candidate = {
    key: string;
    owner: string;
    rank: number;
    info: FeedInfo;
    /**
     * frames decoded, or packets of audio
     */
    count: number;
    /**
     * when the count last grew
     */
    grewAt: number;
};
export type Group = {
    userId: string;
    source: string;
    candidates: Map<string, Candidate>;
    active: Candidate | null;
};
export type FeedEvents = {
    /**
     *     what is to be shown has changed; info is null when there is nothing
     */
    active: {
        userId: string;
        source: string;
        info: FeedInfo | null;
        owner: string | null;
    };
};
import { Emitter } from "../emitter.js";
