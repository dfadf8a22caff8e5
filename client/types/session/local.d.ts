/** @typedef {import("../types.js").MediaState} MediaState */
/** @typedef {import("../types.js").PublishOptions} PublishOptions */
/** @typedef {import("../types.js").Publication} Publication */
/** @typedef {import("../types.js").ParticipantInfo} ParticipantInfo */
/** @typedef {import("../media.js").CameraOptions} CameraOptions */
/** @typedef {import("../media.js").MicrophoneOptions} MicrophoneOptions */
/** @typedef {import("../media.js").ScreenOptions} ScreenOptions */
/**
 * A track that this client sends.
 *
 * @implements {Publication}
 */
export class LocalTrack implements Publication {
    /**
     * @param {string} source
     * @param {"audio"|"video"} kind
     * @param {MediaStreamTrack|null} track
     * @param {PublishOptions} options
     */
    constructor(source: string, kind: "audio" | "video", track: MediaStreamTrack | null, options: PublishOptions);
    /** @type {string} */
    source: string;
    /** @type {"audio"|"video"} */
    kind: "audio" | "video";
    /** @type {MediaStreamTrack|null}  null while a camera is off */
    mediaStreamTrack: MediaStreamTrack | null;
    /** @type {MediaStream}  with this track only; for a preview */
    mediaStream: MediaStream;
    /** @type {PublishOptions} */
    options: PublishOptions;
    /** @type {string|undefined}  the server's id, in sfu mode */
    id: string | undefined;
    muted: boolean;
    /** Whether a host has muted it for good. */
    locked: boolean;
    /** @type {(() => Promise<MediaStreamTrack>)|null} opens the device anew */
    reopen: (() => Promise<MediaStreamTrack>) | null;
    /** @type {() => void} */
    onended: () => void;
    /** @param {MediaStreamTrack|null} track */
    replace(track: MediaStreamTrack | null): void;
    /** Stops the device. */
    stop(): void;
    #private;
}
/**
 * @typedef {object} LocalHost  what the room does for its local participant
 * @property {() => Promise<any>} sync
 *     makes the connections send what is published
 * @property {(event: string, data: any) => Promise<any>} request
 * @property {() => boolean} joined
 * @property {(track: LocalTrack) => void} added
 * @property {(track: LocalTrack, reason: string) => void} removed
 * @property {(track: LocalTrack) => void} changed
 * @property {(error: RtcError) => void} failed
 */
/**
 * This client, in the room.
 */
export class LocalParticipant {
    /** @param {LocalHost} host */
    constructor(host: LocalHost);
    id: string;
    userId: string;
    name: string;
    /** @type {any} */
    metadata: any;
    /** @type {import("../types.js").Role} */
    role: import("../types.js").Role;
    joinedAt: string;
    online: boolean;
    isLocal: boolean;
    level: number;
    /** @type {{score?: number, rtt?: number, loss?: number,
     *     bitrate?: number}} */
    quality: {
        score?: number;
        rtt?: number;
        loss?: number;
        bitrate?: number;
    };
    /** @type {Map<string, LocalTrack>}  by source */
    tracks: Map<string, LocalTrack>;
    get displayName(): string;
    /** @returns {MediaState} */
    get mediaState(): MediaState;
    /** @param {string} source */
    isMuted(source: string): boolean;
    /** @param {Partial<ParticipantInfo>} info */
    update(info: Partial<ParticipantInfo>): void;
    /**
     * The server knows this state now, from a join.
     *
     * @param {MediaState} state
     */
    told(state: MediaState): void;
    /**
     * @param {MediaStreamTrack} track
     * @param {{source?: string, reopen?: () => Promise<MediaStreamTrack>}
     *     & PublishOptions} [options]
     * @returns {Promise<LocalTrack>}
     */
    publish(track: MediaStreamTrack, options?: {
        source?: string;
        reopen?: () => Promise<MediaStreamTrack>;
    } & PublishOptions): Promise<LocalTrack>;
    /**
     * @param {CameraOptions & PublishOptions} [options]
     */
    publishCamera(options?: CameraOptions & PublishOptions): Promise<LocalTrack>;
    /**
     * @param {MicrophoneOptions & PublishOptions} [options]
     */
    publishMicrophone(options?: MicrophoneOptions & PublishOptions): Promise<LocalTrack>;
    /**
     * @param {ScreenOptions & PublishOptions} [options]
     */
    startScreenShare(options?: ScreenOptions & PublishOptions): Promise<LocalTrack | null>;
    /**
     * @param {string} [reason]
     */
    stopScreenShare(reason?: string): Promise<void>;
    /**
     * @param {string} source
     * @param {string} [reason]
     */
    unpublish(source: string, reason?: string): Promise<void>;
    /**
     * Mutes or unmutes a source.  A muted camera is switched off.
     *
     * @param {string} source
     * @param {boolean} muted
     */
    setMuted(source: string, muted: boolean): Promise<void>;
    /**
     * A host has muted us, or let us speak again.
     *
     * @param {string} source
     * @param {boolean} locked
     */
    forceMute(source: string, locked: boolean): void;
    /**
     * Uses another camera or microphone for a source.
     *
     * @param {"camera"|"microphone"} source
     * @param {string} deviceId
     * @param {CameraOptions & MicrophoneOptions} [options]
     */
    switchDevice(source: "camera" | "microphone", deviceId: string, options?: CameraOptions & MicrophoneOptions): Promise<void>;
    /**
     * @param {MediaState["quality"]} quality
     */
    setQuality(quality: MediaState["quality"]): Promise<void>;
    /** Tells the server what has changed of the media state. */
    tellState(): Promise<void>;
    /** Stops all devices, for good. */
    stopAll(): void;
    #private;
}
export type MediaState = import("../types.js").MediaState;
export type PublishOptions = import("../types.js").PublishOptions;
export type Publication = import("../types.js").Publication;
export type ParticipantInfo = import("../types.js").ParticipantInfo;
export type CameraOptions = import("../media.js").CameraOptions;
export type MicrophoneOptions = import("../media.js").MicrophoneOptions;
export type ScreenOptions = import("../media.js").ScreenOptions;
/**
 * what the room does for its local participant
 */
export type LocalHost = {
    /**
     *     makes the connections send what is published
     */
    sync: () => Promise<any>;
    request: (event: string, data: any) => Promise<any>;
    joined: () => boolean;
    added: (track: LocalTrack) => void;
    removed: (track: LocalTrack, reason: string) => void;
    changed: (track: LocalTrack) => void;
    failed: (error: RtcError) => void;
};
import { RtcError } from "../errors.js";
