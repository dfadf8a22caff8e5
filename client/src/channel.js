/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The plain WebSocket framing of signaling: one JSON object per text frame,
 * ids, answers and errors.  Knows nothing of rooms or of reconnecting.
 */

import { RtcError } from "./errors.js";

/** @typedef {import("./types.js").Channel} Channel */

/**
 * @implements {Channel}
 */
export class WebSocketChannel {
    /** @type {any} */
    #socket = null;

    #url;
    #WebSocket;
    #nextId = 1;
    #ended = false;

    /** @type {Map<number, {event: string, resolve: (data: any) => void,
     *     reject: (error: Error) => void}>} */
    #waiting = new Map();

    /** @type {(event: string, data: any) => void} */
    onevent = () => { };

    /** @type {(info: {code: number, reason: string}) => void} */
    onclose = () => { };

    /**
     * @param {string|URL} url
     *     ws: or wss:; http: and https: are taken too, and what is relative
     *     to the page
     * @param {{WebSocket?: any}} [options]
     */
    constructor(url, options = {}) {
        this.#url = new URL(url, globalThis.location?.href).href
                    .replace(/^http/, "ws");
        this.#WebSocket = options.WebSocket || globalThis.WebSocket;
    }

    /** @returns {Promise<void>} */
    open() {
        return new Promise((resolve, reject) => {
            let socket;

            try {
                socket = new this.#WebSocket(this.#url, "rtc.json");

            } catch (error) {
                this.#ended = true;
                reject(new RtcError("connect-failed", undefined,
                                    { cause: error }));
                return;
            }

            this.#socket = socket;

            socket.onopen = () => resolve();

            socket.onmessage = (/** @type {{data: any}} */ message) => {
                this.#receive(message.data);
            };

            socket.onclose = (/** @type {any} */ event) => {
                reject(new RtcError("connect-failed"));
                this.#end(event?.code ?? 1006, event?.reason ?? "");
            };

            /* an error is always followed by close */
            socket.onerror = () => { };
        });
    }

    /**
     * @param {string} event
     * @param {any} data
     * @returns {Promise<any>}
     */
    request(event, data) {
        return new Promise((resolve, reject) => {
            const id = this.#nextId++;

            if (!this.#write({ event, data: data ?? {}, id })) {
                reject(new RtcError("connection-lost", undefined, { event }));
                return;
            }

            this.#waiting.set(id, { event, resolve, reject });
        });
    }

    /**
     * @param {string} event
     * @param {any} data
     */
    send(event, data) {
        this.#write({ event, data: data ?? {} });
    }

    /**
     * @param {number} [code]
     * @param {string} [reason]
     */
    close(code = 1000, reason = "") {
        const socket = this.#socket;

        if (socket && !this.#ended) {
            try {
                socket.close(code, reason);

            } catch {
                /* not open yet, in some implementations */
            }
        }

        /* a dead peer may keep a socket "closing" for minutes */
        this.#end(code, reason);
    }

    /** @param {object} frame */
    #write(frame) {
        if (this.#ended || !this.#socket || this.#socket.readyState !== 1) {
            return false;
        }

        this.#socket.send(JSON.stringify(frame));

        return true;
    }

    /** @param {any} text */
    #receive(text) {
        let frame;

        if (this.#ended || typeof text !== "string") {
            return;
        }

        try {
            frame = JSON.parse(text);

        } catch {
            return;
        }

        if (frame === null || typeof frame !== "object") {
            return;
        }

        if (typeof frame.event === "string") {
            this.onevent(frame.event, frame.data ?? {});
            return;
        }

        const waiting = this.#waiting.get(frame.id);

        if (!waiting) {
            return;
        }

        this.#waiting.delete(frame.id);

        if (frame.error) {
            waiting.reject(new RtcError(frame.error.code || "internal",
                                        frame.error.message,
                                        { event: waiting.event }));
            return;
        }

        waiting.resolve(frame.data ?? {});
    }

    /**
     * @param {number} code
     * @param {string} reason
     */
    #end(code, reason) {
        if (this.#ended) {
            return;
        }

        this.#ended = true;

        for (const { event, reject } of this.#waiting.values()) {
            reject(new RtcError("connection-lost", undefined, { event }));
        }

        this.#waiting.clear();
        this.onclose({ code, reason });
    }
}
