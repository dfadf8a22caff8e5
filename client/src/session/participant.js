/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Remote participants and their tracks, as the page sees them.  The room
 * keeps them up to date.
 */

/** @typedef {import("../types.js").ParticipantInfo} ParticipantInfo */
/** @typedef {import("../types.js").MediaState} MediaState */
/** @typedef {import("../types.js").TrackInfo} TrackInfo */
/** @typedef {import("../types.js").FeedInfo} FeedInfo */

/**
 * @param {Partial<MediaState>} [state]
 * @returns {MediaState}
 */
export function mediaStateOf(state = {}) {
    return { video: Boolean(state.video), audio: Boolean(state.audio),
             screenShare: Boolean(state.screenShare),
             quality: state.quality ?? "high" };
}


/**
 * A track of another participant.  `mediaStream` stays the same object while
 * the connection that delivers the track changes.
 */
export class RemoteTrack {
    /** @type {RemoteParticipant} */
    participant;

    /** @type {string} */
    source;

    /** @type {"audio"|"video"} */
    kind;

    /** @type {string|undefined}  the server's id; none in p2p mode */
    id;

    /** @type {TrackInfo|null}  what the server says of it, in sfu mode */
    info = null;

    /** @type {MediaStreamTrack|null}  what delivers it now */
    mediaStreamTrack = null;

    /** @type {MediaStream}  with this track only; for srcObject */
    mediaStream;

    /** @type {"p2p"|"sfu"|null}  by which way it comes */
    via = null;

    /** Whether its owner (or a host) has muted it. */
    muted = false;

    /** @type {RTCRtpReceiver|null}  what receives it now */
    receiver = null;

    /**
     * @param {RemoteParticipant} participant
     * @param {string} source
     * @param {"audio"|"video"} kind
     */
    constructor(participant, source, kind) {
        this.participant = participant;
        this.source = source;
        this.kind = kind;
        this.mediaStream = new globalThis.MediaStream();
    }

    /** How loud it is now, 0 to 1; 0 for video. */
    get audioLevel() {
        if (this.kind !== "audio") {
            return 0;
        }

        const [source] = this.receiver?.getSynchronizationSources?.() ?? [];

        return source?.audioLevel ?? 0;
    }

    /**
     * Plays the track in an audio or video element.
     *
     * @template {HTMLMediaElement} E
     * @param {E} element
     * @returns {E}
     */
    attach(element) {
        element.srcObject = this.mediaStream;
        element.autoplay = true;

        if ("playsInline" in element) {
            element.playsInline = true;
        }

        element.play?.()?.catch(() => { });

        return element;
    }

    /**
     * @param {MediaStreamTrack|null} track
     * @param {RTCRtpReceiver|null} [receiver]
     */
    replace(track, receiver = null) {
        this.receiver = receiver;

        if (track === this.mediaStreamTrack) {
            return;
        }

        const previous = this.mediaStreamTrack;

        this.mediaStreamTrack = track;

        /* the new one first: an element never sees an empty stream */

        if (track) {
            this.mediaStream.addTrack(track);
        }

        if (previous) {
            this.mediaStream.removeTrack(previous);
        }
    }
}


/**
 * Somebody else in the room.
 */
export class RemoteParticipant {
    /** @type {string}  of this stay in the room */
    id;

    /** @type {string} */
    userId;

    /** @type {string} */
    name = "";

    /** @type {any} */
    metadata = undefined;

    /** @type {import("../types.js").Role} */
    role = "participant";

    /** @type {MediaState} */
    mediaState = mediaStateOf();

    /** @type {string}  ISO 8601 */
    joinedAt = "";

    /** False while the server waits for their connection to come back. */
    online = true;

    /** @type {Map<string, RemoteTrack>}  by source, those with media */
    tracks = new Map();

    /** @type {Map<string, TrackInfo>}  by id, what they publish (sfu) */
    published = new Map();

    /** @type {{score?: number, rtt?: number, loss?: number,
     *     bitrate?: number}} */
    quality = {};

    /** 0 to 1, how loud they speak; 0 for those who do not. */
    level = 0;

    isLocal = false;

    /** @param {ParticipantInfo} info */
    constructor(info) {
        this.id = info.id;
        this.userId = info.userId;
        this.update(info);
    }

    /** What to call them. */
    get displayName() {
        return this.name || this.userId;
    }

    /** @param {Partial<ParticipantInfo>} info */
    update(info) {
        this.name = info.name ?? this.name;
        this.role = info.role ?? this.role;
        this.joinedAt = info.joinedAt ?? this.joinedAt;

        if ("metadata" in info) {
            this.metadata = info.metadata;
        }

        if (info.mediaState) {
            this.mediaState = mediaStateOf({ ...this.mediaState,
                                             ...info.mediaState });
        }

        if (info.tracks) {
            this.published = new Map(info.tracks.map((t) => [t.id, t]));
        }
    }

    /**
     * Whether a source is muted, by all that is known.
     *
     * @param {string} source
     */
    isMuted(source) {
        const { audio, video } = this.mediaState;

        for (const info of this.published.values()) {
            if (info.source === source && info.muted) {
                return true;
            }
        }

        return (source === "microphone" && !audio)
               || (source === "camera" && !video);
    }
}
