export class StatsCollector {
    /**
     * @param {() => StatsLink[]} links
     * @param {import("./types.js").Clock} [clock]
     */
    constructor(links: () => StatsLink[], clock?: import("./types.js").Clock);
    /** @returns {Promise<RoomStats>} */
    collect(): Promise<RoomStats>;
    /**
     * Forgets the sums of a user who has left.
     *
     * @param {string} userId
     */
    forget(userId: string): void;
    #private;
}
export type FeedInfo = import("./types.js").FeedInfo;
export type TrackStats = {
    source: string;
    kind: "audio" | "video";
    via: "p2p" | "sfu";
    codec: string;
    /**
     * bits per second
     */
    bitrate: number;
    packets: number;
    /**
     * 0 to 1, since the last call
     */
    lossRate: number;
    /**
     * ms
     */
    jitter: number;
    /**
     * ms, of the connection
     */
    rtt: number;
    fps: number;
    width: number;
    height: number;
    framesDecoded: number;
    framesDropped: number;
    freezes: number;
    /**
     * seconds
     */
    freezeDuration: number;
    /**
     * 0 to 1
     */
    audioLevel: number;
    totalAudioEnergy: number;
    /**
     * seconds
     */
    totalSamplesDuration: number;
    concealedSamples: number;
};
/**
 * Sums that never fall, also when a connection is replaced by another.
 */
export type ParticipantStats = {
    userId: string;
    framesDecoded: number;
    totalAudioEnergy: number;
    totalSamplesDuration: number;
    audioPackets: number;
    tracks: TrackStats[];
};
export type LocalTrackStats = {
    source: string;
    kind: "audio" | "video";
    via: "p2p" | "sfu";
    /**
     * the connection
     */
    to: string;
    codec: string;
    rid: string;
    bitrate: number;
    fps: number;
    width: number;
    height: number;
    framesEncoded: number;
    /**
     * "none", "cpu", "bandwidth", "other"
     */
    limitedBy: string;
    /**
     * as the other side reports it
     */
    lossRate: number;
    /**
     * ms
     */
    rtt: number;
};
export type ConnectionStats = {
    id: string;
    via: "p2p" | "sfu";
    state: string;
    /**
     * ms
     */
    rtt: number;
    sendBitrate: number;
    recvBitrate: number;
    /**
     *     what the browser estimates; 0 when unknown
     */
    availableSendBitrate: number;
    /**
     * e.g. "host-host udp"
     */
    path: string;
};
export type RoomStats = {
    /**
     * ms
     */
    time: number;
    /**
     * by which way media comes
     */
    via: "p2p" | "sfu" | "both" | "none";
    participants: ParticipantStats[];
    local: LocalTrackStats[];
    connections: ConnectionStats[];
    total: {
        sendBitrate: number;
        recvBitrate: number;
        framesDecoded: number;
    };
};
export type StatsLink = {
    id: string;
    via: "p2p" | "sfu";
    state: string;
    pc: RTCPeerConnection;
    feeds: FeedInfo[];
    slots: Map<string, RTCRtpTransceiver>;
};
export type Sums = {
    framesDecoded: number;
    totalAudioEnergy: number;
    totalSamplesDuration: number;
    audioPackets: number;
};
