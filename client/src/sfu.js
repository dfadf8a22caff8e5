/*
 * Copyright (C) nginx-rtc-module authors
 *
 * SFU mode: the send transport (the client offers) and the recv transport
 * (the server offers), their replacement, and ICE restarts.
 */

import { Emitter } from "./emitter.js";
import { RtcError, toRtcError } from "./errors.js";
import { Link, codecPreferences, encodingsOf, limitSender, syncSlots }
    from "./link.js";
import { sections, sends, sourceOf } from "./sdp.js";
import { systemClock, withTimeout } from "./util.js";

/** @typedef {import("./types.js").Publication} Publication */
/** @typedef {import("./types.js").FeedInfo} FeedInfo */
/** @typedef {import("./types.js").TrackInfo} TrackInfo */
/** @typedef {import("./types.js").TransportInfo} TransportInfo */
/** @typedef {import("./types.js").DescriptionMessage} DescriptionMessage */
/** @typedef {import("./link.js").LinkState} LinkState */

const ANSWER_TIMEOUT = 10000;
const MAX_OFFERS = 5;
const HANDOVER_POLL = 200;
const HANDOVER_DEADLINE = 15000;


/**
 * @typedef {object} SfuOptions
 * @property {(event: string, data: any) => Promise<any>} request
 * @property {() => Map<string, Publication>} publications
 */

/**
 * @typedef {import("./link.js").LinkEvents & {
 *     published: {tracks: Record<string, TrackInfo>},
 *     rejected: {source: string}}} SendEvents
 */

/**
 * The transport on which the client offers.
 *
 * @extends {Link<SendEvents>}
 */
export class SendTransport extends Link {
    #options;
    #negotiation = 0;

    /** @type {{negotiation: number,
     *     resolve: (message: DescriptionMessage) => void,
     *     reject: (error: Error) => void}|null} */
    #pending = null;

    #negotiated = false;

    /** Whether an ICE restart waits, for signaling or its answer. */
    #restarting = false;

    /**
     * @param {string} id
     * @param {SfuOptions & import("./link.js").LinkOptions} options
     */
    constructor(id, options) {
        super(id, options);
        this.#options = options;
    }

    /** Whether there is an answer. */
    get negotiated() {
        return this.#negotiated;
    }

    /**
     * Sends what is published now.  Rejects when the server refuses it.
     *
     * @returns {Promise<void>}
     */
    async sync() {
        await this.queue.run(async () => {
            const publications = this.#options.publications();
            const changed = await syncSlots(this.slots, publications,
                                            (p) => this.#add(p));

            if (changed) {
                await this.#negotiate(false);
            }
        });
    }

    /** @override */
    restart() {
        if (this.#restarting) {
            return;
        }

        this.#restarting = true;

        this.queue.run(async () => {
            if (this.#negotiated) {
                await this.#negotiate(true);
            }

        }).catch((error) => this.logger.warn(`${this.id}: restart`, error))
            .finally(() => {
                this.#restarting = false;
            });
    }

    /** @param {DescriptionMessage} message */
    onAnswer(message) {
        const pending = this.#pending;

        if (!pending || (message.negotiation ?? pending.negotiation)
                        < pending.negotiation)
        {
            return;
        }

        pending.resolve(message);
    }

    /** Signaling was away: an answer may have been lost. */
    resumed() {
        this.#pending?.reject(new RtcError("connection-lost"));
    }

    /** @override */
    close() {
        this.#pending?.reject(new RtcError("closed"));
        super.close();
    }

    /** @param {Publication} publication */
    #add(publication) {
        const simulcast = publication.kind === "video"
                          && Boolean(publication.options.simulcast);

        /* an m-line that has ended is used again */

        for (const [source, transceiver] of this.slots) {
            if (!simulcast
                && !this.#options.publications().has(source)
                && (transceiver.mid === null
                    || transceiver.currentDirection === "inactive")
                && transceiver.receiver.track.kind === publication.kind
                && (transceiver.sender.getParameters().encodings?.length ?? 0)
                   <= 1)
            {
                this.slots.delete(source);
                transceiver.direction = "sendonly";
                this.#prefer(transceiver, publication);
                return transceiver;
            }
        }

        const transceiver = this.pc.addTransceiver(
            publication.mediaStreamTrack ?? publication.kind,
            { direction: "sendonly",
              sendEncodings: encodingsOf(publication, true) });

        this.#prefer(transceiver, publication);

        return transceiver;
    }

    /**
     * @param {RTCRtpTransceiver} transceiver
     * @param {Publication} publication
     */
    #prefer(transceiver, publication) {
        if (publication.kind !== "video") {
            return;
        }

        const codecs = codecPreferences(publication.options.codec, true);

        try {
            transceiver.setCodecPreferences?.(codecs ?? []);

        } catch (error) {
            this.logger.warn("codec preferences", error);
        }
    }

    /** @param {boolean} iceRestart */
    async #negotiate(iceRestart) {
        for (let attempt = 1; ; attempt++) {
            try {
                await this.#exchange(iceRestart);
                return;

            } catch (error) {
                const { code } = toRtcError(error);

                if (this.closed) {
                    return;
                }

                if ((code === "timeout" || code === "connection-lost")
                    && attempt < MAX_OFFERS)
                {
                    continue;
                }

                await this.#rollback();

                if (code === "no-such-transport" || code === "session-lost") {
                    /* it is being replaced */
                    return;
                }

                throw error;
            }
        }
    }

    /** @param {boolean} iceRestart */
    async #exchange(iceRestart) {
        const offer = await this.pc.createOffer({ iceRestart });

        await this.pc.setLocalDescription(offer);

        const negotiation = ++this.#negotiation;

        /** @type {Record<string, string>} */
        const tracks = {};

        for (const [source, { mid, direction }] of this.slots) {
            if (mid !== null && direction === "sendonly") {
                tracks[mid] = source;
            }
        }

        /** @type {Promise<DescriptionMessage>} */
        const answered = new Promise((resolve, reject) => {
            this.#pending = { negotiation, resolve, reject };
        });

        /* handled below; a refused request leaves it behind */
        answered.catch(() => { });

        try {
            await this.#options.request("webrtc-offer", {
                targetUserId: "sfu",
                transportId: this.id,
                negotiation,
                tracks,
                offer: { type: "offer",
                         sdp: this.pc.localDescription?.sdp ?? offer.sdp },
            });

            const message = await withTimeout(answered, ANSWER_TIMEOUT,
                                              this.clock,
                                              () => new RtcError("timeout"));

            await this.pc.setRemoteDescription({
                type: "answer", sdp: message.answer?.sdp ?? "",
            });

            this.#negotiated = true;
            await this.#applied(message);

        } finally {
            this.#pending = null;
        }
    }

    /** @param {DescriptionMessage} message */
    async #applied(message) {
        const publications = this.#options.publications();
        const rejected = new Set(sections(message.answer?.sdp ?? "")
                                 .filter((section) => section.rejected)
                                 .map((section) => section.mid));

        /** @type {Record<string, TrackInfo>} */
        const tracks = {};

        for (const [source, transceiver] of this.slots) {
            const mid = transceiver.mid ?? "";
            const publication = publications.get(source);

            if (rejected.has(mid)) {
                this.slots.delete(source);
                this.emit("rejected", { source });
                continue;
            }

            if (publication && !publication.options.simulcast) {
                await limitSender(transceiver.sender, publication);
            }

            if (message.tracks?.[mid] && publication) {
                tracks[source] = message.tracks[mid];
            }
        }

        this.emit("published", { tracks });
    }

    async #rollback() {
        if (this.pc.signalingState !== "have-local-offer") {
            return;
        }

        try {
            await this.pc.setLocalDescription({ type: "rollback" });

        } catch (error) {
            this.logger.debug("rollback", error);
        }

        /*
         * Transceivers of the refused offer stay, to be used again: Chromium
         * would offer them in place of others if they were stopped now.
         */

        for (const transceiver of this.slots.values()) {
            if (transceiver.mid === null
                || transceiver.currentDirection === "inactive")
            {
                await transceiver.sender.replaceTrack(null);
                transceiver.direction = "inactive";
            }
        }
    }
}


/**
 * The transport on which the server offers.
 */
export class RecvTransport extends Link {
    #options;
    #restarting = false;

    /** Whether an offer of the server was answered. */
    negotiated = false;

    /**
     * @param {string} id
     * @param {SfuOptions & import("./link.js").LinkOptions} options
     */
    constructor(id, options) {
        super(id, options);
        this.#options = options;
    }

    /** @param {DescriptionMessage} message */
    onOffer(message) {
        return this.queue.run(async () => {
            const { offer, negotiation, tracks } = message;

            if (!offer?.sdp) {
                return;
            }

            await this.pc.setRemoteDescription({ type: "offer",
                                                 sdp: offer.sdp });
            await this.pc.setLocalDescription();

            this.negotiated = true;
            this.#collectFeeds(offer.sdp, tracks);

            await this.#options.request("webrtc-answer", {
                targetUserId: "sfu",
                transportId: this.id,
                ...(negotiation !== undefined && { negotiation }),
                answer: { type: "answer",
                          sdp: this.pc.localDescription?.sdp ?? "" },
            });

        }).catch((error) => {
            if (!this.closed) {
                this.logger.warn(`${this.id}: offer of the server`, error);
            }
        });
    }

    /** @override */
    restart() {
        if (this.#restarting) {
            return;
        }

        this.#restarting = true;

        this.#options.request("restart-ice", { transportId: this.id })
            .catch((error) => {
                this.logger.debug(`${this.id}: restart-ice`, error);
            })
            .finally(() => {
                this.#restarting = false;
            });
    }

    /**
     * @param {string} sdp
     * @param {Record<string, any>|undefined} tracks
     */
    #collectFeeds(sdp, tracks) {
        /** @type {FeedInfo[]} */
        const feeds = [];

        for (const section of sections(sdp)) {
            const transceiver = this.pc.getTransceivers().find(
                (t) => t.mid === section.mid);

            if (!transceiver || !sends(section)
                || section.kind === "application")
            {
                continue;
            }

            const told = tracks?.[section.mid];

            if (tracks && !told) {
                /* the map is authoritative */
                continue;
            }

            const userId = told?.userId
                           ?? section.streamId.replace(/~screen$/, "");

            if (!userId) {
                continue;
            }

            feeds.push({
                mid: section.mid,
                userId,
                kind: section.kind,
                source: told?.source
                        ?? sourceOf(section.kind, section.streamId),
                trackId: told?.trackId,
                receiver: transceiver.receiver,
                track: transceiver.receiver.track,
            });
        }

        this.setFeeds(feeds);
    }
}


/**
 * @typedef {object} SfuEvents
 * @property {{owner: string, rank: number, feeds: FeedInfo[]}} feeds
 * @property {{direction: "send"|"recv", state: LinkState}} state
 * @property {{tracks: Record<string, TrackInfo>}} published
 *     by source: what the server calls our tracks
 * @property {{source: string}} rejected
 */

/**
 * Both transports of a session, through all their replacements.
 *
 * @extends {Emitter<SfuEvents>}
 */
export class SfuConnection extends Emitter {
    /** @type {SendTransport|null} */
    send = null;

    /** @type {RecvTransport|null} */
    recv = null;

    /** @type {Set<SendTransport|RecvTransport>}  replaced, but in use yet */
    retired = new Set();

    #options;
    #clock;
    #closed = false;
    #rank = 10;

    /** @type {any} */
    #timer = null;

    /** @type {Map<SendTransport|RecvTransport, number>}  when replaced */
    #since = new Map();

    /**
     * @param {SfuOptions & import("./link.js").LinkOptions & {
     *     configuration: () => RTCConfiguration,
     *     busy: (owner: string) => boolean}} options
     *     busy: whether tracks of that transport are what is shown
     */
    constructor(options) {
        super();
        this.#options = options;
        this.#clock = options.clock ?? systemClock;
    }

    /** Every connection there is, for statistics. */
    get links() {
        const links = [...this.retired];

        if (this.send) {
            links.push(this.send);
        }

        if (this.recv) {
            links.push(this.recv);
        }

        return links;
    }

    /** @param {TransportInfo} info */
    onTransportCreated(info) {
        if (this.#closed || this.links.some((link) => link.id === info.id)) {
            return;
        }

        const options = { ...this.#options,
                          config: this.#options.configuration() };

        if (info.direction === "send") {
            this.#retire(this.send);
            this.send = this.#makeSend(info.id, options);

        } else if (info.direction === "recv") {
            this.#retire(this.recv);
            this.recv = this.#makeRecv(info.id, options);
        }
    }

    /** @param {DescriptionMessage} message */
    onOffer(message) {
        const recv = this.recv;

        if (!recv || (message.transportId ?? recv.id) !== recv.id) {
            const old = [...this.retired].find(
                (link) => link.id === message.transportId);

            if (old instanceof RecvTransport) {
                old.onOffer(message);
            }

            return;
        }

        recv.onOffer(message);
    }

    /** @param {DescriptionMessage} message */
    onAnswer(message) {
        const link = [...this.links].reverse().find((candidate) => {
            return candidate instanceof SendTransport
                   && (message.transportId ?? candidate.id) === candidate.id;
        });

        if (link instanceof SendTransport) {
            link.onAnswer(message);
        }
    }

    /**
     * @param {RTCIceCandidateInit|null} candidate
     * @param {string} [direction]
     */
    onCandidate(candidate, direction) {
        const link = direction === "send" ? this.send : this.recv;

        if (!link || !candidate?.candidate) {
            return;
        }

        link.queue.run(() => link.pc.addIceCandidate(candidate))
            .catch((error) => link.logger.debug("candidate", error));
    }

    /**
     * Sends what is published now.
     *
     * @returns {Promise<void>}
     */
    async sync() {
        await this.send?.sync();
    }

    /**
     * Signaling is back, with the same session.
     *
     * @param {TransportInfo[]} [transports]  those that the server has
     */
    resumed(transports) {
        for (const info of transports ?? []) {
            this.onTransportCreated(info);
        }

        this.send?.resumed();

        for (const link of [this.send, this.recv]) {
            if (link?.state === "interrupted" || link?.state === "failed") {
                link.restart();
            }
        }
    }

    close() {
        this.#closed = true;
        this.#clock.clearTimeout(this.#timer);

        for (const link of this.links) {
            link.close();
        }

        this.retired.clear();
        this.send = null;
        this.recv = null;
    }

    /**
     * @param {string} id
     * @param {any} options
     */
    #makeSend(id, options) {
        const send = new SendTransport(id, options);

        send.on("state", ({ state }) => {
            if (this.send === send) {
                this.emit("state", { direction: "send", state });
            }
        });

        send.on("published", (event) => {
            if (this.send === send) {
                this.emit("published", event);
            }
        });

        send.on("rejected", (event) => this.emit("rejected", event));

        if (this.#options.publications().size > 0) {
            send.sync().catch((error) => {
                send.logger.warn(`${id}: first offer`, error);
            });
        }

        return send;
    }

    /**
     * @param {string} id
     * @param {any} options
     */
    #makeRecv(id, options) {
        const recv = new RecvTransport(id, options);
        const rank = this.#rank++;

        recv.on("feeds", ({ feeds }) => {
            this.emit("feeds", { owner: id, rank, feeds });
        });

        recv.on("state", ({ state }) => {
            if (this.recv === recv) {
                this.emit("state", { direction: "recv", state });
            }
        });

        return recv;
    }

    /** @param {SendTransport|RecvTransport|null} link */
    #retire(link) {
        if (!link) {
            return;
        }

        this.retired.add(link);
        this.#since.set(link, this.#clock.now());
        this.#armHandover();
    }

    #armHandover() {
        this.#clock.clearTimeout(this.#timer);

        if (this.retired.size > 0) {
            this.#timer = this.#clock.setTimeout(() => this.#handover(),
                                                 HANDOVER_POLL);
        }
    }

    /** Closes the transports whose successors have media. */
    #handover() {
        for (const link of [...this.retired]) {
            const successor = link instanceof SendTransport ? this.send
                              : this.recv;
            const late = this.#clock.now() - (this.#since.get(link) ?? 0)
                         > HANDOVER_DEADLINE;
            const ready = successor?.state === "connected"
                          && successor.negotiated
                          && !(link instanceof RecvTransport
                               && this.#options.busy(link.id));

            if (ready || late) {
                this.retired.delete(link);
                this.#since.delete(link);
                link.close();
            }
        }

        this.#armHandover();
    }
}
