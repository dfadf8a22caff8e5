/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Fakes for tests without a browser: time, a server at the other end of a
 * channel, peer connections.
 */

/** Lets everything run that is ready. */
export async function settle() {
    for (let i = 0; i < 60; i++) {
        await Promise.resolve();
    }
}


export class FakeClock {
    time = 0;
    #next = 1;

    /** @type {Map<number, {at: number, fn: () => void}>} */
    timers = new Map();

    now = () => this.time;

    setTimeout = (/** @type {() => void} */ fn, /** @type {number} */ ms) => {
        const id = this.#next++;

        this.timers.set(id, { at: this.time + ms, fn });

        return id;
    };

    clearTimeout = (/** @type {number} */ id) => {
        this.timers.delete(id);
    };

    /** @param {number} ms */
    async advance(ms) {
        const end = this.time + ms;

        await settle();

        for (;;) {
            let first = null;

            for (const [id, timer] of this.timers) {
                if (timer.at <= end && (!first || timer.at < first.at)) {
                    first = { id, ...timer };
                }
            }

            if (!first) {
                break;
            }

            this.timers.delete(first.id);
            this.time = Math.max(this.time, first.at);
            first.fn();
            await settle();
        }

        this.time = end;
        await settle();
    }
}


/** A channel whose other end the test plays. */
export class FakeChannel {
    /** @type {(event: string, data: any) => any} */
    static answer = () => ({});

    /** @type {FakeChannel[]} */
    static all = [];

    /** @type {{event: string, data: any}[]} */
    sent = [];

    closed = false;
    mute = false;

    /** @type {(event: string, data: any) => void} */
    onevent = () => { };

    /** @type {(info: {code: number, reason: string}) => void} */
    onclose = () => { };

    /** @type {((error: Error) => void)[]} */
    #waiting = [];

    /**
     * @param {{fail?: boolean, handler?: (event: string, data: any) => any}}
     *     [options]
     */
    constructor(options = {}) {
        this.options = options;
        FakeChannel.all.push(this);
    }

    async open() {
        if (this.options.fail) {
            throw Object.assign(new Error("no"), { code: "connect-failed" });
        }
    }

    /**
     * @param {string} event
     * @param {any} data
     */
    request(event, data) {
        this.sent.push({ event, data });

        return new Promise((resolve, reject) => {
            this.#waiting.push(reject);

            if (this.mute) {
                return;
            }

            Promise.resolve().then(() => {
                return (this.options.handler ?? FakeChannel.answer)(event,
                                                                    data);
            }).then(resolve, reject);
        });
    }

    /**
     * @param {string} event
     * @param {any} data
     */
    send(event, data) {
        this.sent.push({ event, data });
    }

    close(code = 1000, reason = "") {
        if (this.closed) {
            return;
        }

        this.closed = true;

        for (const reject of this.#waiting) {
            reject(Object.assign(new Error("lost"),
                                 { code: "connection-lost" }));
        }

        this.onclose({ code, reason });
    }
}


/** As much of a peer connection as the negotiation code touches. */
export class FakePeerConnection extends EventTarget {
    /** @type {FakePeerConnection[]} */
    static all = [];

    signalingState = "stable";
    connectionState = "new";
    iceConnectionState = "new";

    /** @type {any} */
    localDescription = null;

    /** @type {any} */
    remoteDescription = null;

    /** @type {any[]} */
    transceivers = [];

    offers = 0;
    iceRestarts = 0;
    restartWanted = false;

    /** @type {string[]} */
    log = [];

    /** @param {any} config */
    constructor(config) {
        super();
        this.config = config;
        FakePeerConnection.all.push(this);
    }

    /**
     * @param {any} trackOrKind
     * @param {any} init
     */
    addTransceiver(trackOrKind, init) {
        const kind = typeof trackOrKind === "string" ? trackOrKind
                     : trackOrKind.kind;

        return this.#make(kind, init.direction,
                          typeof trackOrKind === "string" ? null
                          : trackOrKind, init.sendEncodings ?? [{}]);
    }

    /**
     * @param {string} kind
     * @param {string} direction
     * @param {any} track
     * @param {any[]} encodings
     */
    #make(kind, direction, track, encodings = [{}]) {
        const transceiver = {
            mid: /** @type {string|null} */ (null),
            direction,
            currentDirection: /** @type {string|null} */ (null),
            sender: {
                track,
                replaceTrack: async (/** @type {any} */ t) => {
                    transceiver.sender.track = t;
                },
                getParameters: () => structuredClone({ encodings }),
                setParameters: async (/** @type {any} */ parameters) => {
                    encodings = parameters.encodings;
                },
            },
            receiver: { track: { kind, id: `${kind}-${this.transceivers
                                                      .length}` },
                        getStats: async () => new Map() },
            stop: () => {
                transceiver.stopped = true;
            },
            stopped: false,
            kind,
        };

        this.transceivers.push(transceiver);

        return transceiver;
    }

    getTransceivers() {
        return this.transceivers.filter((t) => !t.stopped);
    }

    restartIce() {
        this.restartWanted = true;
    }

    /** @param {any} [options] */
    async createOffer(options = {}) {
        if (options.iceRestart) {
            this.iceRestarts++;
        }

        return { type: "offer", sdp: this.#sdp() };
    }

    #sdp() {
        this.transceivers.forEach((t, i) => {
            t.mid ??= t.stopped ? null : String(i);
        });

        return ["v=0", ...this.transceivers.filter((t) => t.mid !== null)
            .flatMap((t) => [
                `m=${t.kind} 9 UDP/TLS/RTP/SAVPF 96`, `a=mid:${t.mid}`,
                `a=${t.direction}`, `a=msid:- ${t.kind}${t.mid}`,
            ]), ""].join("\r\n");
    }

    /** @param {any} [description] */
    async setLocalDescription(description) {
        await Promise.resolve();

        const type = description?.type
                     ?? (this.signalingState === "have-remote-offer"
                         ? "answer" : "offer");

        this.log.push(`local ${type}`);

        if (type === "rollback") {
            this.signalingState = "stable";

            for (const t of this.transceivers) {
                if (t.currentDirection === null) {
                    t.mid = null;
                }
            }

            return;
        }

        if (type === "offer") {
            if (this.restartWanted) {
                this.restartWanted = false;
                this.iceRestarts++;
            }

            this.offers++;
            this.signalingState = "have-local-offer";

        } else {
            this.signalingState = "stable";

            for (const t of this.transceivers) {
                t.currentDirection = t.direction;
            }
        }

        this.localDescription = { type, sdp: this.#sdp() };
    }

    /** @param {any} description */
    async setRemoteDescription(description) {
        await Promise.resolve();
        this.log.push(`remote ${description.type}`);
        this.remoteDescription = description;

        if (description.type === "answer") {
            if (this.signalingState !== "have-local-offer") {
                throw new Error(`answer in ${this.signalingState}`);
            }

            this.signalingState = "stable";

            for (const t of this.transceivers) {
                t.currentDirection = t.direction;
            }

            return;
        }

        if (this.signalingState === "have-local-offer") {
            for (const t of this.transceivers) {
                if (t.currentDirection === null) {
                    t.mid = null;
                }
            }
        }

        for (const part of description.sdp.split(/\r\n(?=m=)/).slice(1)) {
            const kind = /^m=(\w+)/.exec(part)?.[1] ?? "";
            const mid = /a=mid:(\S+)/.exec(part)?.[1] ?? "";

            if (!this.transceivers.some((t) => t.mid === mid)) {
                this.#make(kind, "recvonly", null).mid = mid;
            }
        }

        this.signalingState = "have-remote-offer";
    }

    async addIceCandidate() { }

    async getStats() {
        return new Map();
    }

    close() {
        this.signalingState = "closed";
        this.connectionState = "closed";
    }

    /** @param {string} state */
    become(state) {
        this.connectionState = state;
        this.iceConnectionState = state;
        this.dispatchEvent(new Event("connectionstatechange"));
    }
}


export class FakeMediaStream {
    /** @type {any[]} */
    tracks = [];

    /** @param {any} track */
    addTrack(track) {
        this.tracks.push(track);
    }

    /** @param {any} track */
    removeTrack(track) {
        this.tracks = this.tracks.filter((t) => t !== track);
    }

    getTracks() {
        return [...this.tracks];
    }
}


/** @param {"audio"|"video"} kind */
export function fakeTrack(kind) {
    return Object.assign(new EventTarget(), {
        kind, id: Math.random().toString(36).slice(2), enabled: true,
        readyState: "live", stopped: false,
        stop() {
            this.stopped = true;
            this.readyState = "ended";
        },
    });
}
