/** @typedef {import("../types.js").ParticipantInfo} ParticipantInfo */
/** @typedef {import("../types.js").MediaState} MediaState */
/** @typedef {import("../types.js").TrackInfo} TrackInfo */
/** @typedef {import("../types.js").FeedInfo} FeedInfo */
/**
 * @param {Partial<MediaState>} [state]
 * @returns {MediaState}
 */
export function mediaStateOf(state?: Partial<MediaState>): MediaState;
/**
 * A track of another participant.  `mediaStream` stays the same object while
 * the connection that delivers the track changes.
 */
export class RemoteTrack {
    /**
     * @param {RemoteParticipant} participant
     * @param {string} source
     * @param {"audio"|"video"} kind
     */
    constructor(participant: RemoteParticipant, source: string, kind: "audio" | "video");
    /** @type {RemoteParticipant} */
    participant: RemoteParticipant;
    /** @type {string} */
    source: string;
    /** @type {"audio"|"video"} */
    kind: "audio" | "video";
    /** @type {string|undefined}  the server's id; none in p2p mode */
    id: string | undefined;
    /** @type {TrackInfo|null}  what the server says of it, in sfu mode */
    info: TrackInfo | null;
    /** @type {MediaStreamTrack|null}  what delivers it now */
    mediaStreamTrack: MediaStreamTrack | null;
    /** @type {MediaStream}  with this track only; for srcObject */
    mediaStream: MediaStream;
    /** @type {"p2p"|"sfu"|null}  by which way it comes */
    via: "p2p" | "sfu" | null;
    /** Whether its owner (or a host) has muted it. */
    muted: boolean;
    /** @type {RTCRtpReceiver|null}  what receives it now */
    receiver: RTCRtpReceiver | null;
    /** How loud it is now, 0 to 1; 0 for video. */
    get audioLevel(): number;
    /**
     * Plays the track in an audio or video element.
     *
     * @template {HTMLMediaElement} E
     * @param {E} element
     * @returns {E}
     */
    attach<E extends HTMLMediaElement>(element: E): E;
    /**
     * @param {MediaStreamTrack|null} track
     * @param {RTCRtpReceiver|null} [receiver]
     */
    replace(track: MediaStreamTrack | null, receiver?: RTCRtpReceiver | null): void;
}
/**
 * Somebody else in the room.
 */
export class RemoteParticipant {
    /** @param {ParticipantInfo} info */
    constructor(info: ParticipantInfo);
    /** @type {string}  of this stay in the room */
    id: string;
    /** @type {string} */
    userId: string;
    /** @type {string} */
    name: string;
    /** @type {any} */
    metadata: any;
    /** @type {import("../types.js").Role} */
    role: import("../types.js").Role;
    /** @type {MediaState} */
    mediaState: MediaState;
    /** @type {string}  ISO 8601 */
    joinedAt: string;
    /** False while the server waits for their connection to come back. */
    online: boolean;
    /** @type {Map<string, RemoteTrack>}  by source, those with media */
    tracks: Map<string, RemoteTrack>;
    /** @type {Map<string, TrackInfo>}  by id, what they publish (sfu) */
    published: Map<string, TrackInfo>;
    /** @type {{score?: number, rtt?: number, loss?: number,
     *     bitrate?: number}} */
    quality: {
        score?: number;
        rtt?: number;
        loss?: number;
        bitrate?: number;
    };
    /** 0 to 1, how loud they speak; 0 for those who do not. */
    level: number;
    isLocal: boolean;
    /** What to call them. */
    get displayName(): string;
    /** @param {Partial<ParticipantInfo>} info */
    update(info: Partial<ParticipantInfo>): void;
    /**
     * Whether a source is muted, by all that is known.
     *
     * @param {string} source
     */
    isMuted(source: string): boolean;
}
export type ParticipantInfo = import("../types.js").ParticipantInfo;
export type MediaState = import("../types.js").MediaState;
export type TrackInfo = import("../types.js").TrackInfo;
export type FeedInfo = import("../types.js").FeedInfo;
