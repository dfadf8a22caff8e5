/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What a p2p connection and the two SFU transports have in common: one
 * RTCPeerConnection, its state in one word, the timer that asks for an ICE
 * restart, serialised operations, and which m-line sends which source.
 */

import { Emitter } from "./emitter.js";
import { SerialQueue, silentLogger, systemClock } from "./util.js";

/** @typedef {import("./types.js").Publication} Publication */
/** @typedef {import("./types.js").FeedInfo} FeedInfo */

/**
 * @typedef {"new"|"connecting"|"connected"|"interrupted"|"failed"|"closed"}
 *     LinkState
 */

/**
 * @typedef {object} LinkOptions
 * @property {RTCConfiguration} [config]
 * @property {any} [PeerConnection]  the constructor; the browser's by default
 * @property {import("./types.js").Clock} [clock]
 * @property {import("./types.js").Logger} [logger]
 */

/**
 * @typedef {object} LinkEvents
 * @property {{state: LinkState}} state
 * @property {{feeds: FeedInfo[]}} feeds  all remote tracks of the link
 */

const INTERRUPTED_GRACE = 2500;
const RESTART_INTERVAL = 8000;


/**
 * @template {LinkEvents} [Events=LinkEvents]
 * @extends {Emitter<Events>}
 */
export class Link extends Emitter {
    /** @type {RTCPeerConnection} */
    pc;

    /** @type {string} */
    id;

    /** @type {LinkState} */
    state = "new";

    /** @type {Map<string, RTCRtpTransceiver>}  source → what sends it */
    slots = new Map();

    /** @type {FeedInfo[]} */
    feeds = [];

    clock;
    logger;
    queue = new SerialQueue();

    /** How long before a restart is asked for, besides the grace. */
    restartDelay = 0;

    /** @type {any} */
    #restartTimer = null;

    #onstate = () => this.#stateChanged();

    /**
     * @param {string} id
     * @param {LinkOptions} options
     */
    constructor(id, options) {
        super();

        const PeerConnection = options.PeerConnection
                               ?? globalThis.RTCPeerConnection;

        this.id = id;
        this.clock = options.clock ?? systemClock;
        this.logger = options.logger ?? silentLogger;
        this.pc = new PeerConnection({ bundlePolicy: "max-bundle",
                                       ...options.config });

        this.pc.addEventListener("connectionstatechange", this.#onstate);
        this.pc.addEventListener("iceconnectionstatechange", this.#onstate);
    }

    get closed() {
        return this.state === "closed";
    }

    /** Whether it has ever been connected. */
    everConnected = false;

    close() {
        if (this.closed) {
            return;
        }

        this.queue.close();
        this.clock.clearTimeout(this.#restartTimer);
        this.pc.removeEventListener("connectionstatechange", this.#onstate);
        this.pc.removeEventListener("iceconnectionstatechange",
                                    this.#onstate);
        this.pc.close();
        this.slots.clear();
        this.setFeeds([]);
        this.#setState("closed");
        this.removeAllListeners();
    }

    /** Starts an ICE restart; the kinds of links do it differently. */
    restart() { }

    /** @param {FeedInfo[]} feeds */
    setFeeds(feeds) {
        this.feeds = feeds;
        /** @type {Emitter<LinkEvents>} */ (this).emit("feeds", { feeds });
    }

    #stateChanged() {
        if (this.closed) {
            return;
        }

        const ice = this.pc.iceConnectionState;

        /* Firefox before 113 has no connectionState */
        const state = this.pc.connectionState ?? ice;

        switch (state) {

        case "connected":
            this.everConnected = true;
            this.#setState(ice === "disconnected" ? "interrupted"
                           : "connected");
            break;

        case "disconnected":
            this.#setState("interrupted");
            break;

        case "failed":
            this.#setState("failed");
            break;

        case "connecting":
            /* an ICE restart of a connection that works goes unnoticed */
            this.#setState(this.everConnected ? "interrupted" : "connecting");
            break;

        default:
            break;
        }
    }

    /** @param {LinkState} state */
    #setState(state) {
        if (this.state === state) {
            return;
        }

        this.state = state;
        this.logger.debug(`${this.id}: ${state}`);
        this.clock.clearTimeout(this.#restartTimer);
        this.#restartTimer = null;

        if (state === "interrupted") {
            this.#armRestart(INTERRUPTED_GRACE + this.restartDelay);

        } else if (state === "failed") {
            this.#armRestart(this.restartDelay);
        }

        /** @type {Emitter<LinkEvents>} */ (this).emit("state", { state });
    }

    /** @param {number} ms */
    #armRestart(ms) {
        this.#restartTimer = this.clock.setTimeout(() => {
            this.logger.debug(`${this.id}: ICE restart`);
            this.restart();
            this.#armRestart(RESTART_INTERVAL + this.restartDelay);
        }, ms);
    }
}


/** @param {RTCRtpTransceiverDirection} direction */
export function directionSends(direction) {
    return direction === "sendrecv" || direction === "sendonly";
}


/**
 * @param {RTCRtpTransceiverDirection} direction
 * @param {boolean} send
 * @returns {RTCRtpTransceiverDirection}
 */
export function withSend(direction, send) {
    const recv = direction === "sendrecv" || direction === "recvonly";

    if (send) {
        return recv ? "sendrecv" : "sendonly";
    }

    return recv ? "recvonly" : "inactive";
}


/**
 * Makes the senders of a connection send exactly `publications`.
 *
 * @param {Map<string, RTCRtpTransceiver>} slots
 * @param {Map<string, Publication>} publications
 * @param {(publication: Publication) => RTCRtpTransceiver|null} add
 *     makes or finds a transceiver for a source that has none; null: not now
 * @returns {Promise<boolean>} whether an offer is needed
 */
export async function syncSlots(slots, publications, add) {
    let changed = false;

    for (const [source, transceiver] of slots) {
        if (publications.has(source)) {
            continue;
        }

        if (transceiver.sender.track) {
            await transceiver.sender.replaceTrack(null);
        }

        if (directionSends(transceiver.direction)) {
            transceiver.direction = withSend(transceiver.direction, false);
            changed = true;
        }
    }

    for (const publication of [...publications.values()]) {
        const { source, mediaStreamTrack } = publication;
        let transceiver = slots.get(source) ?? null;

        if (!transceiver) {
            transceiver = add(publication);

            if (!transceiver) {
                continue;
            }

            slots.set(source, transceiver);
            changed = true;
        }

        if (transceiver.sender.track !== mediaStreamTrack) {
            await transceiver.sender.replaceTrack(mediaStreamTrack);
        }

        if (!directionSends(transceiver.direction)) {
            transceiver.direction = withSend(transceiver.direction, true);
            changed = true;
        }
    }

    return changed;
}


/**
 * The encodings of a publication.
 *
 * @param {Publication} publication
 * @param {boolean} allowSimulcast
 * @returns {RTCRtpEncodingParameters[]}
 */
export function encodingsOf(publication, allowSimulcast) {
    const { kind, options } = publication;

    if (kind === "video" && allowSimulcast && options.simulcast) {
        if (Array.isArray(options.simulcast)) {
            return options.simulcast;
        }

        return [
            { rid: "l", scaleResolutionDownBy: 4, maxBitrate: 100_000 },
            { rid: "m", scaleResolutionDownBy: 2, maxBitrate: 300_000 },
            { rid: "h", scaleResolutionDownBy: 1,
              maxBitrate: options.maxBitrate ?? 900_000 },
        ];
    }

    /** @type {RTCRtpEncodingParameters} */
    const encoding = {};

    if (options.maxBitrate) {
        encoding.maxBitrate = options.maxBitrate;
    }

    if (options.maxFramerate && kind === "video") {
        encoding.maxFramerate = options.maxFramerate;
    }

    return [encoding];
}


/**
 * Sets the limits of a publication on a sender that was made without them,
 * or with those of what it sent before.
 *
 * @param {RTCRtpSender} sender
 * @param {Publication} publication
 */
export async function limitSender(sender, publication) {
    const [limits] = encodingsOf(publication, false);
    const parameters = sender.getParameters();
    const encoding = parameters.encodings?.[0];

    if (!encoding || (encoding.maxBitrate === limits.maxBitrate
                      && encoding.maxFramerate === limits.maxFramerate))
    {
        return;
    }

    delete encoding.maxBitrate;
    delete encoding.maxFramerate;
    Object.assign(encoding, limits);

    try {
        await sender.setParameters(parameters);

    } catch {
        /* limits are a wish; Firefox refuses some */
    }
}


/**
 * The codecs for setCodecPreferences.
 *
 * @param {string|undefined} codec  "vp8", "vp9", "h264", "av1"
 * @param {boolean} only  leave out the other video codecs
 * @returns {any[]|null} null: leave the browser's order
 */
export function codecPreferences(codec, only) {
    const sender = /** @type {any} */ (globalThis).RTCRtpSender;
    const codecs = codec ? sender?.getCapabilities?.("video")?.codecs : null;

    if (!codec || !codecs) {
        return null;
    }

    const wanted = `video/${codec}`.toLowerCase();

    /** @param {any} c */
    const name = (c) => String(c.mimeType).toLowerCase();

    const first = codecs.filter((/** @type {any} */ c) => name(c) === wanted);

    if (first.length === 0) {
        return null;
    }

    const rest = codecs.filter((/** @type {any} */ c) => {
        return name(c) !== wanted
               && (!only || /\/(rtx|red|ulpfec|flexfec-03)$/.test(name(c)));
    });

    return [...first, ...rest];
}
