/**
 * @typedef {"idle"|"connecting"|"connected"|"reconnecting"|"closed"}
 *     SignalingState
 */
/**
 * Talks to the server on a fresh connection.  Returns whether the session
 * before it goes on; throws an error with `fatal` set to give up.
 *
 * @typedef {(request: (event: string, data: any) => Promise<any>,
 *     first: boolean) => Promise<{resumed: boolean}>} Handshake
 */
/**
 * @typedef {object} SignalingEvents
 * @property {{state: SignalingState}} state
 * @property {{event: string, data: any}} event  an event of the server
 * @property {{attempt: number, delay: number}} reconnecting
 * @property {{resumed: boolean}} connected
 * @property {{error: RtcError}} closed
 */
/**
 * @typedef {object} SignalingOptions
 * @property {number} [requestTimeout]     ms, default 10000
 * @property {number} [connectTimeout]     ms, default 8000
 * @property {number} [heartbeatInterval]  ms, default 5000; 0 turns it off
 * @property {number} [heartbeatTimeout]   ms, default 4000; the
 *     connection is given up after the second silence of this length
 * @property {number} [maxQueue]           requests kept while offline, 256
 * @property {{min?: number, max?: number, factor?: number,
 *     jitter?: number}} [backoff]
 * @property {number} [maxAttempts]        default: no limit
 */
/**
 * @extends {Emitter<SignalingEvents>}
 */
export class Signaling extends Emitter<SignalingEvents> {
    /**
     * @param {() => Channel} connect  makes a fresh channel
     * @param {SignalingOptions & {clock?: import("./types.js").Clock,
     *     random?: () => number}} [options]
     */
    constructor(connect: () => Channel, options?: SignalingOptions & {
        clock?: import("./types.js").Clock;
        random?: () => number;
    });
    get state(): SignalingState;
    /**
     * Connects for the first time.  A failure is thrown, not retried.
     *
     * @param {Handshake} handshake
     */
    start(handshake: Handshake): Promise<void>;
    /**
     * Sends an event and resolves with the server's answer.  While the
     * connection is away the request waits for it.
     *
     * @param {string} event
     * @param {any} [data]
     * @param {{timeout?: number, queue?: boolean}} [options]
     *     queue: false rejects at once when the connection is away
     * @returns {Promise<any>}
     */
    request(event: string, data?: any, options?: {
        timeout?: number;
        queue?: boolean;
    }): Promise<any>;
    /**
     * Asks for an attempt to reconnect without further delay: the network is
     * back, or the page is shown again.  A live connection is checked.
     */
    wake(): void;
    /** Drops the connection as a lost network would; for tests. */
    drop(): void;
    /**
     * Ends the session for good.
     *
     * @param {RtcError} [error]  why
     */
    close(error?: RtcError): void;
    #private;
}
export type Channel = import("./types.js").Channel;
export type SignalingState = "idle" | "connecting" | "connected" | "reconnecting" | "closed";
/**
 * Talks to the server on a fresh connection.  Returns whether the session
 * before it goes on; throws an error with `fatal` set to give up.
 */
export type Handshake = (request: (event: string, data: any) => Promise<any>, first: boolean) => Promise<{
    resumed: boolean;
}>;
export type SignalingEvents = {
    state: {
        state: SignalingState;
    };
    /**
     * an event of the server
     */
    event: {
        event: string;
        data: any;
    };
    reconnecting: {
        attempt: number;
        delay: number;
    };
    connected: {
        resumed: boolean;
    };
    closed: {
        error: RtcError;
    };
};
export type SignalingOptions = {
    /**
     * ms, default 10000
     */
    requestTimeout?: number | undefined;
    /**
     * ms, default 8000
     */
    connectTimeout?: number | undefined;
    /**
     * ms, default 5000; 0 turns it off
     */
    heartbeatInterval?: number | undefined;
    /**
     * ms, default 4000; the
     * connection is given up after the second silence of this length
     */
    heartbeatTimeout?: number | undefined;
    /**
     * requests kept while offline, 256
     */
    maxQueue?: number | undefined;
    backoff?: {
        min?: number;
        max?: number;
        factor?: number;
        jitter?: number;
    } | undefined;
    /**
     * default: no limit
     */
    maxAttempts?: number | undefined;
};
import { Emitter } from "./emitter.js";
import { RtcError } from "./errors.js";
