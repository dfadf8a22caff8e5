/*
 * Copyright (C) nginx-rtc-module authors
 *
 * In one page: the SFU side of the library on real peer connections, against
 * a stand-in for the server that sends back what it gets, as another user's.
 */

import { FeedSelector } from "../../src/session/feeds.js";
import { SfuConnection } from "../../src/sfu.js";

/** @type {Map<string, any>} */
const publications = new Map();
const logger = { debug: console.debug, warn: console.warn };
const feeds = new FeedSelector();

/** @type {string[]} */
const log = [];
const counts = { offers: 0, answers: 0, restarts: 0 };

/* The server: one connection for each transport. */

/** @type {Map<string, any>} */
const server = new Map();

/** @type {Map<MediaStreamTrack, HTMLAudioElement>} */
const played = new Map();

/** Refuses the next send offer with this code. */
let refuse = "";

const sfu = new SfuConnection({
    logger,
    publications: () => publications,
    configuration: () => ({}),
    busy: (owner) => feeds.busy(owner),

    async request(event, data) {
        const transport = server.get(data.transportId);

        if (event === "restart-ice") {
            counts.restarts++;
            offer(transport, true);
            return {};
        }

        if (event === "webrtc-answer") {
            counts.answers++;
            await transport.pc.setRemoteDescription(data.answer);
            transport.stable?.();
            return {};
        }

        if (event !== "webrtc-offer") {
            return {};
        }

        if (refuse) {
            const code = refuse;

            refuse = "";
            throw Object.assign(new Error(code), { code });
        }

        counts.offers++;
        await transport.pc.setRemoteDescription(data.offer);
        await transport.pc.setLocalDescription();
        await gathered(transport.pc);

        /** @type {Record<string, any>} */
        const tracks = {};

        for (const [mid, source] of Object.entries(data.tracks)) {
            const { kind, id } = transport.pc.getTransceivers().find(
                (/** @type {any} */ t) => t.mid === mid).receiver.track;

            tracks[mid] = { id: `t-${source}-${id}`, userId: "me", kind,
                            source };
        }

        transport.tracks = data.tracks;

        setTimeout(() => {
            sfu.onAnswer({ fromUserId: "sfu", transportId: data.transportId,
                           negotiation: data.negotiation, tracks,
                           answer: transport.pc.localDescription });
            forward();
        });

        return {};
    },
});

sfu.on("feeds", ({ owner, rank, feeds: list }) => {
    feeds.set(owner, rank, list);
});

feeds.on("active", ({ source, owner, info }) => {
    log.push(`${source} ${owner ?? "nothing"}`);
    document.querySelector(`[data-source="${source}"]`)?.remove();

    if (info && info.kind === "video") {
        const video = document.createElement("video");

        video.muted = true;
        video.autoplay = true;
        video.dataset.source = source;
        video.srcObject = new MediaStream([info.track]);
        document.body.append(video);
    }
});


/** @param {RTCPeerConnection} pc */
function gathered(pc) {
    return new Promise((resolve) => {
        const look = () => pc.iceGatheringState === "complete"
                           && resolve(undefined);

        pc.addEventListener("icegatheringstatechange", look);
        look();
    });
}


/** Sends back what the newest send transport gets. */
function forward() {
    const send = server.get(sfu.send?.id ?? "");
    const recv = server.get(sfu.recv?.id ?? "");

    if (!send || !recv) {
        return;
    }

    recv.wanted = new Map();

    for (const [mid, source] of Object.entries(send.tracks ?? {})) {
        const { track } = send.pc.getTransceivers().find(
            (/** @type {any} */ t) => t.mid === mid).receiver;

        recv.wanted.set(source, track);

        if (track.kind === "audio" && !played.has(track)) {
            /* Chromium passes on only the sound that it plays */
            const audio = new Audio();

            played.set(track, audio);
            audio.srcObject = new MediaStream([track]);
            audio.play();
        }
    }

    if (recv.wanted.size > 0 || recv.slots.size > 0) {
        offer(recv, false);
    }
}


/**
 * @param {any} transport
 * @param {boolean} iceRestart
 */
function offer(transport, iceRestart) {
    transport.chain = transport.chain.then(async () => {
        const { pc, slots } = transport;

        for (const [source, slot] of slots) {
            if (!transport.wanted.has(source)) {
                slot.direction = "inactive";
                slot.sender.replaceTrack(null);
                slots.delete(source);
                transport.free.push(slot);
            }
        }

        for (const [source, track] of transport.wanted) {
            let slot = slots.get(source);

            if (!slot) {
                const i = transport.free.findIndex((/** @type {any} */ f) => {
                    return f.receiver.track.kind === track.kind
                           && f.currentDirection === "inactive";
                });

                slot = i >= 0 ? transport.free.splice(i, 1)[0]
                       : pc.addTransceiver(track.kind,
                                           { direction: "sendonly" });
                slot.direction = "sendonly";
                slots.set(source, slot);
            }

            await slot.sender.replaceTrack(track);
        }

        await pc.setLocalDescription(await pc.createOffer({ iceRestart }));
        await gathered(pc);

        /** @type {Record<string, any>} */
        const tracks = {};

        for (const [source, slot] of slots) {
            tracks[slot.mid] = {
                trackId: `f-${source}-${slot.sender.track.id}`,
                userId: "echo", source, kind: slot.receiver.track.kind,
            };
        }

        const stable = new Promise((resolve) => {
            transport.stable = resolve;
        });

        sfu.onOffer({ fromUserId: "sfu", transportId: transport.id,
                      negotiation: ++transport.negotiation, tracks,
                      offer: pc.localDescription });
        await stable;
    });
}


let number = 0;

/** @type {any} */ (globalThis).t = {
    sfu, feeds, log, counts, server,

    /**
     * @param {"send"|"recv"} direction
     */
    create(direction) {
        const id = `${direction}${++number}`;
        const old = sfu[direction];

        server.set(id, { id, pc: new RTCPeerConnection(), slots: new Map(),
                         free: [], wanted: new Map(), negotiation: 0,
                         chain: Promise.resolve() });
        sfu.onTransportCreated({ id, direction, replaces: old?.id ?? null });

        if (direction === "recv") {
            forward();
        }
    },

    /**
     * @param {string} source
     * @param {"audio"|"video"} kind
     */
    async publish(source, kind) {
        const stream = await navigator.mediaDevices.getUserMedia({
            [kind]: kind === "video" ? { width: 320, height: 180 } : true,
        });

        publications.set(source, { source, kind, options: {},
                                   mediaStreamTrack: stream.getTracks()[0] });

        try {
            await sfu.sync();

        } catch (error) {
            publications.delete(source);
            throw error;
        }
    },

    /** @param {string} source */
    async unpublish(source) {
        publications.get(source)?.mediaStreamTrack.stop();
        publications.delete(source);
        await sfu.sync();
    },

    refuseNext: (/** @type {string} */ code) => {
        refuse = code;
    },

    /** Frames decoded, or packets of audio, of what is shown. */
    async count(/** @type {string} */ source) {
        const active = feeds.active("echo", source);
        let n = -1;

        if (!active) {
            return n;
        }

        (await active.info.receiver.getStats()).forEach((stat) => {
            if (stat.type === "inbound-rtp") {
                n = stat.framesDecoded || stat.packetsReceived;
            }
        });

        return n;
    },
};
