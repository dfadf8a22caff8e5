/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A signaling session that outlives its connections: requests with timeouts,
 * a heartbeat that notices a dead connection, reconnection with backoff.
 * What is said on a fresh connection (join, resume) is the room's handshake.
 */

import { Emitter } from "./emitter.js";
import { RtcError, toRtcError } from "./errors.js";
import { backoff, systemClock, withTimeout } from "./util.js";

/** @typedef {import("./types.js").Channel} Channel */

const MISSED = 2;

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
export class Signaling extends Emitter {
    #connect;
    #clock;
    #random;
    #options;

    /** @type {SignalingState} */
    #state = "idle";

    /** @type {Channel|null} */
    #channel = null;

    /** @type {Handshake} */
    #handshake = async () => ({ resumed: true });

    #ready = false;
    #attempt = 0;
    #wakened = false;

    /** @type {any} */
    #retryTimer = null;

    /** @type {any} */
    #beatTimer = null;

    #lastHeard = 0;

    /** Heartbeats without a sign of life; a busy page misses one. */
    #missed = 0;

    /** @type {{event: string, data: any}[]|null} */
    #held = null;

    /** @type {{event: string, data: any, resolve: (data: any) => void,
     *     reject: (error: Error) => void}[]} */
    #queue = [];

    /**
     * @param {() => Channel} connect  makes a fresh channel
     * @param {SignalingOptions & {clock?: import("./types.js").Clock,
     *     random?: () => number}} [options]
     */
    constructor(connect, options = {}) {
        super();

        this.#connect = connect;
        this.#clock = options.clock ?? systemClock;
        this.#random = options.random ?? Math.random;
        this.#options = {
            requestTimeout: options.requestTimeout ?? 10000,
            connectTimeout: options.connectTimeout ?? 8000,
            heartbeatInterval: options.heartbeatInterval ?? 5000,
            heartbeatTimeout: options.heartbeatTimeout ?? 4000,
            maxQueue: options.maxQueue ?? 256,
            maxAttempts: options.maxAttempts ?? Infinity,
            backoff: options.backoff ?? {},
        };
    }

    get state() {
        return this.#state;
    }

    /**
     * Connects for the first time.  A failure is thrown, not retried.
     *
     * @param {Handshake} handshake
     */
    async start(handshake) {
        if (this.#state !== "idle") {
            throw new RtcError("already-joined");
        }

        this.#handshake = handshake;
        this.#setState("connecting");

        try {
            await this.#attemptOnce(true);

        } catch (error) {
            this.#finish(toRtcError(error, "connect-failed"));
            throw error;
        }
    }

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
    request(event, data = {}, options = {}) {
        const { timeout = this.#options.requestTimeout, queue = true }
            = options;

        if (this.#state === "closed" || this.#state === "idle") {
            return Promise.reject(new RtcError("closed", undefined,
                                               { event }));
        }

        if (this.#ready && this.#channel) {
            return this.#requestOn(this.#channel, event, data, timeout);
        }

        if (!queue || this.#queue.length >= this.#options.maxQueue) {
            return Promise.reject(new RtcError("connection-lost", undefined,
                                               { event }));
        }

        return new Promise((resolve, reject) => {
            this.#queue.push({ event, data, resolve, reject });
        });
    }

    /**
     * Asks for an attempt to reconnect without further delay: the network is
     * back, or the page is shown again.  A live connection is checked.
     */
    wake() {
        if (this.#retryTimer !== null) {
            this.#clock.clearTimeout(this.#retryTimer);
            this.#retryTimer = null;
            this.#retry();
            return;
        }

        if (this.#state === "connected") {
            this.#beat();
            return;
        }

        this.#wakened = true;
    }

    /** Drops the connection as a lost network would; for tests. */
    drop() {
        this.#channel?.close(4000, "dropped");
    }

    /**
     * Ends the session for good.
     *
     * @param {RtcError} [error]  why
     */
    close(error = new RtcError("closed")) {
        this.#finish(error);
    }

    /**
     * @param {Channel} channel
     * @param {string} event
     * @param {any} data
     * @param {number} timeout
     */
    #requestOn(channel, event, data, timeout) {
        return withTimeout(channel.request(event, data), timeout, this.#clock,
                           () => new RtcError("timeout", undefined,
                                              { event }));
    }

    /** @param {boolean} first */
    async #attemptOnce(first) {
        const channel = this.#connect();

        this.#channel = channel;
        this.#ready = false;
        this.#held = [];

        channel.onevent = (event, data) => {
            if (this.#channel !== channel) {
                return;
            }

            this.#lastHeard = this.#clock.now();
            this.#missed = 0;

            if (this.#held) {
                this.#held.push({ event, data });

            } else {
                this.emit("event", { event, data });
            }
        };

        let lost = false;

        channel.onclose = () => {
            lost = true;

            if (this.#channel === channel && this.#ready) {
                this.#lose();
            }
        };

        try {
            await withTimeout(channel.open(), this.#options.connectTimeout,
                              this.#clock,
                              () => new RtcError("connect-failed"));

            if (this.#channel !== channel) {
                throw new RtcError("closed");
            }

            const result = await this.#handshake(
                (event, data) => this.#requestOn(channel, event, data,
                                              this.#options.requestTimeout),
                first);

            if (this.#channel !== channel) {
                throw new RtcError("closed");
            }

            if (lost) {
                throw new RtcError("connection-lost");
            }

            this.#becomeReady(result.resumed);

        } catch (error) {
            if (this.#channel === channel) {
                this.#channel = null;
                this.#held = null;
            }

            channel.close();
            throw error;
        }
    }

    /** @param {boolean} resumed */
    #becomeReady(resumed) {
        const held = this.#held ?? [];
        const queue = this.#queue;

        this.#ready = true;
        this.#attempt = 0;
        this.#missed = 0;
        this.#held = null;
        this.#queue = [];
        this.#lastHeard = this.#clock.now();
        this.#setState("connected");
        this.emit("connected", { resumed });

        for (const { event, data } of held) {
            this.emit("event", { event, data });
        }

        for (const item of queue) {
            if (!resumed) {
                item.reject(new RtcError("session-lost", undefined,
                                         { event: item.event }));
                continue;
            }

            this.request(item.event, item.data)
                .then(item.resolve, item.reject);
        }

        this.#armHeartbeat();
    }

    #armHeartbeat() {
        this.#clock.clearTimeout(this.#beatTimer);

        if (this.#options.heartbeatInterval > 0) {
            this.#beatTimer = this.#clock.setTimeout(
                () => this.#beat(), this.#options.heartbeatInterval);
        }
    }

    async #beat() {
        const channel = this.#channel;

        this.#clock.clearTimeout(this.#beatTimer);

        if (!channel || !this.#ready) {
            return;
        }

        const sent = this.#clock.now();

        try {
            await this.#requestOn(channel, "ping", {},
                                  this.#options.heartbeatTimeout);
            this.#missed = 0;

        } catch (error) {
            /* an error answer is a sign of life too */
            if (toRtcError(error).code === "timeout"
                && this.#channel === channel && this.#lastHeard < sent)
            {
                if (++this.#missed >= MISSED) {
                    channel.close(4001, "no heartbeat");
                    return;
                }

                this.#beat();
                return;
            }
        }

        if (this.#channel === channel && this.#ready) {
            this.#armHeartbeat();
        }
    }

    #lose() {
        this.#ready = false;
        this.#channel = null;
        this.#clock.clearTimeout(this.#beatTimer);

        if (this.#state !== "closed") {
            this.#setState("reconnecting");
            this.#schedule();
        }
    }

    #schedule() {
        if (this.#attempt >= this.#options.maxAttempts) {
            this.#finish(new RtcError("connection-lost"));
            return;
        }

        const attempt = this.#attempt++;
        const delay = this.#wakened ? 0
                      : backoff(attempt, { ...this.#options.backoff,
                                           random: this.#random });

        this.#wakened = false;
        this.emit("reconnecting", { attempt: attempt + 1, delay });

        this.#retryTimer = this.#clock.setTimeout(() => {
            this.#retryTimer = null;
            this.#retry();
        }, delay);
    }

    async #retry() {
        if (this.#state !== "reconnecting") {
            return;
        }

        try {
            await this.#attemptOnce(false);

        } catch (error) {
            if (/** @type {any} */ (this.#state) !== "reconnecting") {
                return;
            }

            if (/** @type {any} */ (error)?.fatal) {
                this.#finish(toRtcError(error));
                return;
            }

            this.#schedule();
        }
    }

    /** @param {RtcError} error */
    #finish(error) {
        if (this.#state === "closed") {
            return;
        }

        const channel = this.#channel;
        const queue = this.#queue;

        this.#setState("closed");
        this.#channel = null;
        this.#ready = false;
        this.#queue = [];
        this.#clock.clearTimeout(this.#retryTimer);
        this.#clock.clearTimeout(this.#beatTimer);
        this.#retryTimer = null;
        channel?.close();

        for (const item of queue) {
            item.reject(new RtcError("closed", undefined,
                                     { event: item.event }));
        }

        this.emit("closed", { error });
    }

    /** @param {SignalingState} state */
    #setState(state) {
        if (this.#state !== state) {
            this.#state = state;
            this.emit("state", { state });
        }
    }
}
