/*
 * Copyright (C) nginx-rtc-module authors
 *
 * One summary of all connections' statistics: per remote track, per local
 * track, per connection, and in total.
 */

import { systemClock } from "./util.js";

/** @typedef {import("./types.js").FeedInfo} FeedInfo */

/**
 * @typedef {object} TrackStats
 * @property {string} source
 * @property {"audio"|"video"} kind
 * @property {"p2p"|"sfu"} via
 * @property {string} codec
 * @property {number} bitrate           bits per second
 * @property {number} packets
 * @property {number} lossRate          0 to 1, since the last call
 * @property {number} jitter            ms
 * @property {number} rtt               ms, of the connection
 * @property {number} fps
 * @property {number} width
 * @property {number} height
 * @property {number} framesDecoded
 * @property {number} framesDropped
 * @property {number} freezes
 * @property {number} freezeDuration        seconds
 * @property {number} audioLevel            0 to 1
 * @property {number} totalAudioEnergy
 * @property {number} totalSamplesDuration  seconds
 * @property {number} concealedSamples
 */

/**
 * Sums that never fall, also when a connection is replaced by another.
 *
 * @typedef {object} ParticipantStats
 * @property {string} userId
 * @property {number} framesDecoded
 * @property {number} totalAudioEnergy
 * @property {number} totalSamplesDuration
 * @property {number} audioPackets
 * @property {TrackStats[]} tracks
 */

/**
 * @typedef {object} LocalTrackStats
 * @property {string} source
 * @property {"audio"|"video"} kind
 * @property {"p2p"|"sfu"} via
 * @property {string} to           the connection
 * @property {string} codec
 * @property {string} rid
 * @property {number} bitrate
 * @property {number} fps
 * @property {number} width
 * @property {number} height
 * @property {number} framesEncoded
 * @property {string} limitedBy    "none", "cpu", "bandwidth", "other"
 * @property {number} lossRate     as the other side reports it
 * @property {number} rtt          ms
 */

/**
 * @typedef {object} ConnectionStats
 * @property {string} id
 * @property {"p2p"|"sfu"} via
 * @property {string} state
 * @property {number} rtt                 ms
 * @property {number} sendBitrate
 * @property {number} recvBitrate
 * @property {number} availableSendBitrate
 *     what the browser estimates; 0 when unknown
 * @property {string} path                e.g. "host-host udp"
 */

/**
 * @typedef {object} RoomStats
 * @property {number} time           ms
 * @property {"p2p"|"sfu"|"both"|"none"} via  by which way media comes
 * @property {ParticipantStats[]} participants
 * @property {LocalTrackStats[]} local
 * @property {ConnectionStats[]} connections
 * @property {{sendBitrate: number, recvBitrate: number,
 *     framesDecoded: number}} total
 */

/**
 * @typedef {object} StatsLink
 * @property {string} id
 * @property {"p2p"|"sfu"} via
 * @property {string} state
 * @property {RTCPeerConnection} pc
 * @property {FeedInfo[]} feeds
 * @property {Map<string, RTCRtpTransceiver>} slots
 */

/**
 * @typedef {object} Sums
 * @property {number} framesDecoded
 * @property {number} totalAudioEnergy
 * @property {number} totalSamplesDuration
 * @property {number} audioPackets
 */

/** @returns {Sums} */
function noSums() {
    return { framesDecoded: 0, totalAudioEnergy: 0, totalSamplesDuration: 0,
             audioPackets: 0 };
}


/**
 * @param {Sums} to
 * @param {Sums} from
 */
function add(to, from) {
    to.framesDecoded += from.framesDecoded;
    to.totalAudioEnergy += from.totalAudioEnergy;
    to.totalSamplesDuration += from.totalSamplesDuration;
    to.audioPackets += from.audioPackets;
}


export class StatsCollector {
    #links;
    #clock;

    /** @type {Map<string, {time: number, value: number}>} */
    #previous = new Map();

    /** @type {Map<string, {userId: string, sums: Sums}>}  of live feeds */
    #live = new Map();

    /** @type {Map<string, Sums>}  by user, of feeds that have ended */
    #retired = new Map();

    /**
     * @param {() => StatsLink[]} links
     * @param {import("./types.js").Clock} [clock]
     */
    constructor(links, clock = systemClock) {
        this.#links = links;
        this.#clock = clock;
    }

    /** @returns {Promise<RoomStats>} */
    async collect() {
        const now = this.#clock.now();
        const links = this.#links();

        /** @type {Map<string, ParticipantStats>} */
        const participants = new Map();

        /** @type {LocalTrackStats[]} */
        const local = [];

        /** @type {ConnectionStats[]} */
        const connections = [];

        /** @type {Map<string, number>} */
        const rates = new Map();
        const seen = new Set();
        const ways = new Set();

        /**
         * @param {string} key
         * @param {number|undefined} value
         * @returns {number} how much it grew per second
         */
        const rate = (key, value) => {
            const known = rates.get(key);

            if (known !== undefined) {
                return known;
            }

            const before = this.#previous.get(key);
            let result = 0;

            if (value !== undefined) {
                if (before && now > before.time && value >= before.value) {
                    result = (value - before.value) * 1000
                             / (now - before.time);
                }

                if (!before || now > before.time) {
                    this.#previous.set(key, { time: now, value });
                }
            }

            rates.set(key, result);

            return result;
        };

        const reports = await Promise.all(links.map(async (link) => {
            try {
                return await link.pc.getStats();

            } catch {
                return null;
            }
        }));

        links.forEach((link, i) => {
            const report = reports[i];

            if (!report) {
                return;
            }

            /** @type {Map<string, any>} */
            const stats = new Map();

            report.forEach((stat) => stats.set(stat.id, stat));

            const all = [...stats.values()];
            const connection = summarize(link, all, stats, rate);

            connections.push(connection);

            for (const feed of link.feeds) {
                const inbound = all.find((stat) => {
                    return stat.type === "inbound-rtp"
                           && (stat.mid === feed.mid
                               || (stat.mid === undefined
                                   && stat.trackIdentifier
                                      === feed.track.id));
                });

                const key = JSON.stringify([link.id, feed.mid,
                                            feed.trackId ?? "",
                                            inbound?.ssrc ?? 0]);

                let participant = participants.get(feed.userId);

                if (!participant) {
                    participant = { userId: feed.userId, tracks: [],
                                    ...noSums() };
                    participants.set(feed.userId, participant);
                }

                if (!inbound) {
                    continue;
                }

                seen.add(key);
                ways.add(link.via);

                const track = inboundStats(link, feed, inbound, stats,
                                           connection.rtt,
                                           (name, value) => rate(
                                               `${key} ${name}`, value));

                participant.tracks.push(track);

                this.#count(key, feed.userId, {
                    framesDecoded: track.framesDecoded,
                    totalAudioEnergy: track.totalAudioEnergy,
                    totalSamplesDuration: track.totalSamplesDuration,
                    audioPackets: feed.kind === "audio" ? track.packets : 0,
                });
            }

            for (const [source, transceiver] of link.slots) {
                for (const stat of all) {
                    if (stat.type === "outbound-rtp"
                        && stat.mid === transceiver.mid)
                    {
                        local.push(outboundStats(link, source, stat, stats,
                            (name, value) => rate(
                                `${link.id} ${stat.id} ${name}`, value)));
                    }
                }
            }
        });

        for (const [key, { userId, sums }] of this.#live) {
            if (!seen.has(key)) {
                this.#retire(userId, sums);
                this.#live.delete(key);
                continue;
            }

            add(/** @type {ParticipantStats} */ (participants.get(userId)),
                sums);
        }

        for (const [userId, sums] of this.#retired) {
            const participant = participants.get(userId);

            if (participant) {
                add(participant, sums);
            }
        }

        for (const key of [...this.#previous.keys()]) {
            if (!rates.has(key)) {
                this.#previous.delete(key);
            }
        }

        const total = { sendBitrate: 0, recvBitrate: 0, framesDecoded: 0 };

        for (const connection of connections) {
            total.sendBitrate += connection.sendBitrate;
            total.recvBitrate += connection.recvBitrate;
        }

        for (const participant of participants.values()) {
            total.framesDecoded += participant.framesDecoded;
        }

        return {
            time: now,
            via: ways.size === 2 ? "both" : [...ways][0] ?? "none",
            participants: [...participants.values()],
            local, connections, total,
        };
    }

    /**
     * @param {string} key
     * @param {string} userId
     * @param {Sums} sums
     */
    #count(key, userId, sums) {
        const before = this.#live.get(key)?.sums;

        /* Firefox counts from 0 again after some negotiations */

        if (before && (sums.framesDecoded < before.framesDecoded
                       || sums.audioPackets < before.audioPackets))
        {
            this.#retire(userId, before);
        }

        this.#live.set(key, { userId, sums });
    }

    /**
     * @param {string} userId
     * @param {Sums} sums
     */
    #retire(userId, sums) {
        const retired = this.#retired.get(userId) ?? noSums();

        add(retired, sums);
        this.#retired.set(userId, retired);
    }

    /**
     * Forgets the sums of a user who has left.
     *
     * @param {string} userId
     */
    forget(userId) {
        this.#retired.delete(userId);

        for (const [key, live] of this.#live) {
            if (live.userId === userId) {
                this.#live.delete(key);
            }
        }
    }
}


/**
 * @param {StatsLink} link
 * @param {any[]} all
 * @param {Map<string, any>} stats
 * @param {(key: string, value: number|undefined) => number} rate
 * @returns {ConnectionStats}
 */
function summarize(link, all, stats, rate) {
    const transport = all.find((stat) => stat.type === "transport");
    const pair = stats.get(transport?.selectedCandidatePairId)
                 ?? all.find((stat) => stat.type === "candidate-pair"
                                       && stat.nominated
                                       && stat.state === "succeeded");
    const near = stats.get(pair?.localCandidateId);
    const far = stats.get(pair?.remoteCandidateId);

    return {
        id: link.id,
        via: link.via,
        state: link.state,
        rtt: Math.round((pair?.currentRoundTripTime ?? 0) * 1000),
        sendBitrate: 8 * rate(`${link.id} sent`, pair?.bytesSent),
        recvBitrate: 8 * rate(`${link.id} received`, pair?.bytesReceived),
        availableSendBitrate: pair?.availableOutgoingBitrate ?? 0,
        path: near && far ? `${near.candidateType}-${far.candidateType} `
                            + `${near.relayProtocol ?? near.protocol}`
              : "",
    };
}


/**
 * @param {any} stat
 * @param {Map<string, any>} stats
 */
function codecOf(stat, stats) {
    const mimeType = stats.get(stat.codecId)?.mimeType ?? "";

    return String(mimeType).replace(/^(audio|video)\//, "");
}


/**
 * @param {StatsLink} link
 * @param {FeedInfo} feed
 * @param {any} stat
 * @param {Map<string, any>} stats
 * @param {number} rtt
 * @param {(name: string, value: number|undefined) => number} rate
 * @returns {TrackStats}
 */
function inboundStats(link, feed, stat, stats, rtt, rate) {
    const received = rate("packets", stat.packetsReceived);
    const lost = rate("lost", Math.max(0, stat.packetsLost ?? 0));

    return {
        source: feed.source,
        kind: feed.kind,
        via: link.via,
        codec: codecOf(stat, stats),
        bitrate: 8 * rate("bytes", stat.bytesReceived),
        packets: stat.packetsReceived ?? 0,
        lossRate: lost > 0 ? lost / (lost + received) : 0,
        jitter: Math.round((stat.jitter ?? 0) * 1000),
        rtt,
        fps: stat.framesPerSecond
             ?? Math.round(rate("frames", stat.framesDecoded)),
        width: stat.frameWidth ?? 0,
        height: stat.frameHeight ?? 0,
        framesDecoded: stat.framesDecoded ?? 0,
        framesDropped: stat.framesDropped ?? 0,
        freezes: stat.freezeCount ?? 0,
        freezeDuration: stat.totalFreezesDuration ?? 0,
        audioLevel: stat.audioLevel ?? 0,
        totalAudioEnergy: stat.totalAudioEnergy ?? 0,
        totalSamplesDuration: stat.totalSamplesDuration ?? 0,
        concealedSamples: stat.concealedSamples ?? 0,
    };
}


/**
 * @param {StatsLink} link
 * @param {string} source
 * @param {any} stat
 * @param {Map<string, any>} stats
 * @param {(name: string, value: number|undefined) => number} rate
 * @returns {LocalTrackStats}
 */
function outboundStats(link, source, stat, stats, rate) {
    const remote = stats.get(stat.remoteId);

    return {
        source,
        kind: stat.kind,
        via: link.via,
        to: link.id,
        codec: codecOf(stat, stats),
        rid: stat.rid ?? "",
        bitrate: 8 * rate("bytes", stat.bytesSent),
        fps: stat.framesPerSecond ?? 0,
        width: stat.frameWidth ?? 0,
        height: stat.frameHeight ?? 0,
        framesEncoded: stat.framesEncoded ?? 0,
        limitedBy: stat.qualityLimitationReason ?? "none",
        lossRate: remote?.fractionLost ?? 0,
        rtt: Math.round((remote?.roundTripTime ?? 0) * 1000),
    };
}
