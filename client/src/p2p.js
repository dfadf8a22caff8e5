/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Peer to peer mode: one connection for each remote user.  Members that are
 * present offer to a newcomer; later either side may, and glare is resolved
 * by the "perfect negotiation" roles.
 */

import { Emitter } from "./emitter.js";
import { toRtcError } from "./errors.js";
import { Link, codecPreferences, directionSends, encodingsOf, limitSender,
         syncSlots }
    from "./link.js";
import { nameStreams, receives, sections, sends, sourceOf, streamIdOf }
    from "./sdp.js";

/** @typedef {import("./types.js").Publication} Publication */
/** @typedef {import("./types.js").FeedInfo} FeedInfo */
/** @typedef {import("./types.js").DescriptionMessage} DescriptionMessage */

const ANSWER_TIMEOUT = 8000;
const FIRST_OFFER_TIMEOUT = 5000;

/** @type {["microphone", "camera"]} */
const BASE = ["microphone", "camera"];


/**
 * @typedef {object} PeerOptions
 * @property {string} userId         of the remote user
 * @property {string} selfId         our participant id
 * @property {string} selfUserId
 * @property {boolean} initiator     whether the first offer is ours
 * @property {(event: string, data: any) => Promise<any>} request
 * @property {() => Map<string, Publication>} publications
 */

/**
 * The connection to one remote user.
 */
export class P2pPeer extends Link {
    userId;

    /** Whether our offer gives way when both sides offer at once. */
    polite;

    #options;

    /** Whether something changed that the last offer did not have. */
    #dirty = false;

    /** @type {RTCRtpTransceiver[]}  to be used again */
    #spare = [];

    #ignoring = false;
    #started = false;
    #restarting = false;

    /** @type {RTCIceCandidateInit[]} */
    #candidates = [];

    /** @type {any} */
    #timer = null;

    /**
     * @param {PeerOptions & import("./link.js").LinkOptions} options
     */
    constructor(options) {
        super(`p2p:${options.userId}`, options);

        this.userId = options.userId;
        this.polite = options.selfUserId < options.userId;
        this.restartDelay = this.polite ? 3000 : 0;
        this.#options = options;

        this.pc.addEventListener("icecandidate", (event) => {
            this.#send("ice-candidate", {
                candidate: event.candidate
                           ? event.candidate.toJSON() : null,
            });
        });
    }

    /** Begins: offers, or waits for the other side's offer. */
    start() {
        if (this.#options.initiator) {
            this.#begin();
            return;
        }

        this.#timer = this.clock.setTimeout(() => {
            if (!this.#started) {
                this.logger.warn(`${this.id}: no offer came, offering`);
                this.#begin();
            }
        }, FIRST_OFFER_TIMEOUT);
    }

    #begin() {
        this.#dirty = true;
        this.#started = true;

        this.queue.run(async () => {
            const publications = this.#options.publications();

            for (const source of BASE) {
                if (!this.slots.has(source)) {
                    this.slots.set(source, this.#add(
                        publications.get(source)
                        ?? { source, options: {}, mediaStreamTrack: null,
                             kind: source === "camera" ? "video" : "audio" },
                        publications.has(source) ? "sendrecv" : "recvonly"));
                }
            }

            await this.#sync();
            await this.#offer();

        }).catch((error) => this.#failed(error));
    }

    /** Sends what is published now, negotiating if that is needed. */
    sync() {
        return this.queue.run(async () => {
            if (!this.#started) {
                /* the answer to the first offer will have it */
                return;
            }

            if (await this.#sync()) {
                this.#dirty = true;
            }

            await this.#offer();

        }).catch((error) => this.#failed(error));
    }

    /** @override */
    restart() {
        this.queue.run(async () => {
            if (!this.#started) {
                return;
            }

            this.#restarting = true;
            this.#dirty = true;
            await this.#offer();

        }).catch((error) => this.#failed(error));
    }

    /**
     * Signaling was away, ours or theirs: descriptions may have been lost.
     */
    resumed() {
        this.queue.run(async () => {
            if (this.pc.signalingState === "have-local-offer") {
                await this.#sendOffer();

            } else if (this.state === "interrupted"
                       || this.state === "failed")
            {
                this.#restarting = true;
                this.#dirty = true;
                await this.#offer();
            }

        }).catch((error) => this.#failed(error));
    }

    /** @param {DescriptionMessage} message */
    onOffer(message) {
        this.queue.run(async () => {
            const { offer } = message;

            if (!offer?.sdp) {
                return;
            }

            const collision = this.pc.signalingState === "have-local-offer";

            this.#ignoring = collision && !this.polite;

            if (this.#ignoring) {
                return;
            }

            this.#started = true;

            /* rolls our own offer back, if there is one */
            await this.pc.setRemoteDescription({ type: "offer",
                                                 sdp: offer.sdp });

            if (collision) {
                await this.#dropUnassociated();
            }

            await this.#flushCandidates();
            await this.#adopt(offer.sdp);
            await this.#sync();
            await this.pc.setLocalDescription();

            /* what the answer could not have goes into an offer of ours */
            this.#dirty = this.#restarting || this.#unmet();

            await this.#limit();
            this.#collectFeeds(message);

            const { sdp, tracks } = this.#describe();

            await this.#send("webrtc-answer", {
                answer: { type: "answer", sdp }, tracks,
            });

            await this.#offer();

        }).catch((error) => this.#failed(error));
    }

    /** @param {DescriptionMessage} message */
    onAnswer(message) {
        this.queue.run(async () => {
            const { answer } = message;

            if (!answer?.sdp || this.pc.signalingState !== "have-local-offer")
            {
                return;
            }

            this.clock.clearTimeout(this.#timer);
            await this.pc.setRemoteDescription({ type: "answer",
                                                 sdp: answer.sdp });
            await this.#flushCandidates();
            await this.#limit();
            this.#collectFeeds(message);
            await this.#offer();

        }).catch((error) => this.#failed(error));
    }

    /** @param {RTCIceCandidateInit|null} candidate */
    onCandidate(candidate) {
        this.queue.run(async () => {
            if (!candidate?.candidate) {
                return;
            }

            if (!this.pc.remoteDescription) {
                if (this.#candidates.length < 100) {
                    this.#candidates.push(candidate);
                }

                return;
            }

            try {
                await this.pc.addIceCandidate(candidate);

            } catch (error) {
                if (!this.#ignoring) {
                    this.logger.debug(`${this.id}: candidate`, error);
                }
            }
        });
    }

    /** @override */
    close() {
        this.clock.clearTimeout(this.#timer);
        super.close();
    }

    async #flushCandidates() {
        const candidates = this.#candidates;

        this.#candidates = [];

        for (const candidate of candidates) {
            try {
                await this.pc.addIceCandidate(candidate);

            } catch (error) {
                this.logger.debug(`${this.id}: candidate`, error);
            }
        }
    }

    /**
     * Makes an offer of what has changed, now or when the present
     * negotiation has ended.
     */
    async #offer() {
        if (!this.#dirty || this.pc.signalingState !== "stable") {
            return;
        }

        this.#dirty = false;

        if (this.#restarting) {
            this.#restarting = false;
            this.pc.restartIce();
        }

        await this.pc.setLocalDescription();
        await this.#sendOffer();
    }

    async #sendOffer() {
        if (this.closed) {
            return;
        }

        const { sdp, tracks } = this.#describe();

        this.clock.clearTimeout(this.#timer);
        this.#timer = this.clock.setTimeout(() => this.resumed(),
                                            ANSWER_TIMEOUT);

        await this.#send("webrtc-offer", { offer: { type: "offer", sdp },
                                           tracks });
    }

    /** Our description as it is sent: with named streams and sources. */
    #describe() {
        const sdp = this.pc.localDescription?.sdp ?? "";
        const { selfId, selfUserId } = this.#options;

        /** @type {Record<string, string>} */
        const tracks = {};

        /** @type {Record<string, string>} */
        const streams = {};

        const sending = new Set(sections(sdp).filter(sends)
                                .map((section) => section.mid));

        for (const [source, { mid }] of this.slots) {
            if (mid !== null && sending.has(mid)) {
                tracks[mid] = source;
                streams[mid] = streamIdOf(selfUserId, selfId, source);
            }
        }

        return { sdp: nameStreams(sdp, streams), tracks };
    }

    async #sync() {
        return syncSlots(this.slots, this.#options.publications(),
            (publication) => this.#add(publication,
                BASE.includes(/** @type {any} */ (publication.source))
                ? "sendrecv" : "sendonly"));
    }

    /**
     * @param {Publication} publication
     * @param {RTCRtpTransceiverDirection} direction
     */
    #add(publication, direction) {
        const i = this.#spare.findIndex((t) => {
            return t.receiver.track.kind === publication.kind;
        });

        if (i >= 0) {
            const [spare] = this.#spare.splice(i, 1);

            spare.direction = direction;
            this.#prefer(spare, publication);

            return spare;
        }

        const transceiver = this.pc.addTransceiver(
            publication.mediaStreamTrack ?? publication.kind,
            { direction, sendEncodings: encodingsOf(publication, false) });

        this.#prefer(transceiver, publication);

        return transceiver;
    }

    /**
     * @param {RTCRtpTransceiver} transceiver
     * @param {Publication|undefined} publication
     */
    #prefer(transceiver, publication) {
        const codecs = codecPreferences(publication?.options.codec, false);

        if (codecs && publication?.kind === "video") {
            try {
                transceiver.setCodecPreferences?.(codecs);

            } catch (error) {
                this.logger.warn("codec preferences", error);
            }
        }
    }

    /**
     * Gives the sources that have no m-line yet those that the other side's
     * offer leaves free.
     *
     * @param {string} sdp
     */
    async #adopt(sdp) {
        const publications = this.#options.publications();
        const used = new Set(this.slots.values());
        const free = sections(sdp).filter(receives);

        for (const source of [...BASE, ...publications.keys()]) {
            if (this.slots.has(source)) {
                continue;
            }

            const kind = publications.get(source)?.kind
                         ?? (source === "camera" ? "video" : "audio");

            for (const section of free) {
                const transceiver = this.pc.getTransceivers().find(
                    (t) => t.mid === section.mid);

                if (section.kind !== kind || !transceiver
                    || used.has(transceiver))
                {
                    continue;
                }

                used.add(transceiver);
                this.slots.set(source, transceiver);
                this.#prefer(transceiver, publications.get(source));
                break;
            }
        }

        /* what the other side may send is received */

        const sending = new Set(sections(sdp).filter(sends)
                                .map((section) => section.mid));

        for (const transceiver of this.pc.getTransceivers()) {
            if (transceiver.mid !== null && sending.has(transceiver.mid)) {
                if (transceiver.direction === "inactive") {
                    transceiver.direction = "recvonly";

                } else if (transceiver.direction === "sendonly") {
                    transceiver.direction = "sendrecv";
                }
            }
        }
    }

    /** Whether a source is sent, or not, against our wish. */
    #unmet() {
        for (const { mid, direction, currentDirection }
             of this.slots.values())
        {
            if (mid === null
                || directionSends(direction)
                   !== directionSends(currentDirection ?? "inactive"))
            {
                return true;
            }
        }

        return false;
    }

    /**
     * After our offer was rolled back: camera and microphone move to the
     * m-lines of the other side's offer; the others wait for our next offer.
     * What is left over is kept: Chromium would offer it in place of others
     * if it were stopped.
     */
    async #dropUnassociated() {
        for (const source of BASE) {
            const transceiver = this.slots.get(source);

            if (transceiver && transceiver.mid === null) {
                this.slots.delete(source);
                await transceiver.sender.replaceTrack(null);
                transceiver.direction = "inactive";
                this.#spare.push(transceiver);
            }
        }
    }

    async #limit() {
        const publications = this.#options.publications();

        for (const [source, transceiver] of this.slots) {
            const publication = publications.get(source);

            if (publication) {
                await limitSender(transceiver.sender, publication);
            }
        }
    }

    /** @param {DescriptionMessage} message */
    #collectFeeds(message) {
        const sdp = this.pc.remoteDescription?.sdp ?? "";

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

            const told = message.tracks?.[section.mid];

            feeds.push({
                mid: section.mid,
                userId: this.userId,
                kind: section.kind,
                source: typeof told === "string" ? told
                        : sourceOf(section.kind, section.streamId),
                receiver: transceiver.receiver,
                track: transceiver.receiver.track,
            });
        }

        this.setFeeds(feeds);
    }

    /**
     * @param {string} event
     * @param {any} data
     */
    async #send(event, data) {
        try {
            await this.#options.request(event, {
                ...data, targetUserId: this.userId,
            });

        } catch (error) {
            const { code } = toRtcError(error);

            this.logger.debug(`${this.id}: ${event}: ${code}`);

            if (code === "no-such-user"
                || (code === "wrong-mode" && !this.everConnected))
            {
                this.close();
            }
        }
    }

    /** @param {any} error */
    #failed(error) {
        if (!this.closed) {
            this.logger.warn(`${this.id}: negotiation`, error);
        }
    }
}


/**
 * @typedef {object} MeshEvents
 * @property {{owner: string, feeds: FeedInfo[]}} feeds
 * @property {{owner: string, userId: string,
 *     state: import("./link.js").LinkState}} state
 */

/**
 * All p2p connections of a room.
 *
 * @extends {Emitter<MeshEvents>}
 */
export class P2pMesh extends Emitter {
    /** @type {Map<string, P2pPeer>} */
    peers = new Map();

    #options;

    /**
     * @param {import("./link.js").LinkOptions & {
     *     request: (event: string, data: any) => Promise<any>,
     *     publications: () => Map<string, Publication>,
     *     self: () => {id: string, userId: string},
     *     configuration: () => RTCConfiguration}} options
     */
    constructor(options) {
        super();
        this.#options = options;
    }

    /**
     * @param {string} userId
     * @param {boolean} initiator
     */
    add(userId, initiator) {
        const present = this.peers.get(userId);

        if (present && !present.closed) {
            return present;
        }

        const self = this.#options.self();
        const peer = new P2pPeer({
            ...this.#options,
            config: this.#options.configuration(),
            userId, initiator,
            selfId: self.id,
            selfUserId: self.userId,
        });

        this.peers.set(userId, peer);

        peer.on("feeds", ({ feeds }) => {
            this.emit("feeds", { owner: peer.id, feeds });
        });

        peer.on("state", ({ state }) => {
            if (state === "closed" && this.peers.get(userId) === peer) {
                this.peers.delete(userId);
            }

            this.emit("state", { owner: peer.id, userId, state });
        });

        peer.start();

        return peer;
    }

    /** @param {string} userId */
    remove(userId) {
        this.peers.get(userId)?.close();
        this.peers.delete(userId);
    }

    /** @returns {Promise<any>} */
    sync() {
        return Promise.all([...this.peers.values()].map((p) => p.sync()));
    }

    /** @param {string} [userId]  only the one to this user */
    resumed(userId) {
        for (const peer of this.peers.values()) {
            if (userId === undefined || userId === peer.userId) {
                peer.resumed();
            }
        }
    }

    close() {
        for (const peer of [...this.peers.values()]) {
            peer.close();
        }

        this.peers.clear();
    }
}
