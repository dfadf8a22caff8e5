/**
 * @extends {Emitter<RoomEvents>}
 */
export class Room extends Emitter<RoomEvents> {
    /**
     * Joins a room.
     *
     * @param {RoomOptions} options
     * @returns {Promise<Room>}
     */
    static join(options: RoomOptions): Promise<Room>;
    /** @param {RoomOptions} options */
    constructor(options: RoomOptions);
    /** @type {RoomState|"new"} */
    state: RoomState | "new";
    /** @type {RoomInfo|null} */
    info: RoomInfo | null;
    /** @type {Map<string, RemoteParticipant>}  the others, by user id */
    participants: Map<string, RemoteParticipant>;
    /** @type {LocalParticipant}  us */
    self: LocalParticipant;
    /** @type {Mode} */
    mode: Mode;
    /**
     * Joins.  For those who made the room by `new Room(options)`, to publish
     * or listen beforehand; `Room.join` does both.
     */
    connect(): Promise<void>;
    /** The room's id. */
    get id(): string;
    /** How many there are, with us. */
    get size(): number;
    /** Whether we are a host. */
    get isHost(): boolean;
    /** @returns {"connecting"|"connected"|"interrupted"} */
    get mediaState(): "connecting" | "connected" | "interrupted";
    /**
     * A participant by user id, also us.
     *
     * @param {string} userId
     * @returns {AnyParticipant|undefined}
     */
    participant(userId: string): AnyParticipant | undefined;
    /** Leaves the room, closes everything and stops the devices. */
    leave(): void;
    /**
     * Publishes a track of the page's own.
     *
     * @param {MediaStreamTrack} track
     * @param {{source?: string, reopen?: () => Promise<MediaStreamTrack>}
     *     & PublishOptions} [options]
     *     source: default "camera" or "microphone";
     *     reopen: opens the device again after it was muted or unplugged
     */
    publish(track: MediaStreamTrack, options?: {
        source?: string;
        reopen?: () => Promise<MediaStreamTrack>;
    } & PublishOptions): Promise<LocalTrack>;
    /**
     * Stops sending a source, and the device behind it.
     *
     * @param {string} source
     */
    unpublish(source: string): Promise<void>;
    /**
     * Opens the camera and publishes it.
     *
     * @param {CameraOptions & PublishOptions} [options]
     */
    publishCamera(options?: CameraOptions & PublishOptions): Promise<LocalTrack>;
    /**
     * Opens the microphone and publishes it.
     *
     * @param {MicrophoneOptions & PublishOptions} [options]
     */
    publishMicrophone(options?: MicrophoneOptions & PublishOptions): Promise<LocalTrack>;
    /**
     * Asks the user for a screen and publishes it.
     *
     * @param {ScreenOptions & PublishOptions} [options]
     */
    startScreenShare(options?: ScreenOptions & PublishOptions): Promise<LocalTrack | null>;
    stopScreenShare(): Promise<void>;
    /** @param {boolean} muted */
    setMicrophoneMuted(muted: boolean): Promise<void>;
    /** @param {boolean} muted */
    setCameraMuted(muted: boolean): Promise<void>;
    /**
     * @param {"camera"|"microphone"} source
     * @param {string} deviceId
     * @param {CameraOptions & MicrophoneOptions} [options]
     */
    switchDevice(source: "camera" | "microphone", deviceId: string, options?: CameraOptions & MicrophoneOptions): Promise<void>;
    /**
     * Sends a message to all, or to one user.
     *
     * @param {any} data  any JSON
     * @param {string} [to]
     */
    sendMessage(data: any, to?: string): Promise<void>;
    /**
     * Changes our name or metadata.
     *
     * @param {{name?: string, metadata?: any}} changes
     */
    updateSelf(changes: {
        name?: string;
        metadata?: any;
    }): Promise<void>;
    /**
     * Renews the token before it expires.
     *
     * @param {string} token
     */
    updateToken(token: string): Promise<void>;
    /**
     * Receives a track, and says how well.
     *
     * @param {string} trackId
     * @param {{paused?: boolean, quality?: MediaState["quality"],
     *     maxWidth?: number, maxHeight?: number, maxFrameRate?: number,
     *     priority?: number}} [options]
     */
    subscribe(trackId: string, options?: {
        paused?: boolean;
        quality?: MediaState["quality"];
        maxWidth?: number;
        maxHeight?: number;
        maxFrameRate?: number;
        priority?: number;
    }): Promise<void>;
    /** @param {string} trackId */
    unsubscribe(trackId: string): Promise<void>;
    /**
     * Mutes somebody (hosts).
     *
     * @param {string} userId
     * @param {{kind?: "audio"|"video", trackId?: string,
     *     locked?: boolean}} [options]  locked: they can't unmute
     */
    mute(userId: string, options?: {
        kind?: "audio" | "video";
        trackId?: string;
        locked?: boolean;
    }): Promise<void>;
    /**
     * Removes somebody (hosts).
     *
     * @param {string} userId
     * @param {string} [reason]
     */
    kick(userId: string, reason?: string): Promise<void>;
    /**
     * Changes somebody's role (hosts).
     *
     * @param {string} userId
     * @param {Role} role
     */
    setRole(userId: string, role: Role): Promise<void>;
    /** Lets nobody else in (hosts). */
    lock(): Promise<void>;
    /** (hosts) */
    unlock(): Promise<void>;
    /** Ends the room for all (hosts). */
    closeRoom(): Promise<void>;
    /**
     * Changes the room (hosts).
     *
     * @param {{metadata?: any, maxParticipants?: number,
     *     isPublic?: boolean}} changes
     */
    updateRoom(changes: {
        metadata?: any;
        maxParticipants?: number;
        isPublic?: boolean;
    }): Promise<void>;
    /**
     * The public rooms of the server.
     *
     * @returns {Promise<RoomInfo[]>}
     */
    listRooms(): Promise<RoomInfo[]>;
    /**
     * What the server counts about this session.
     *
     * @returns {Promise<any>}
     */
    getServerStats(): Promise<any>;
    /**
     * What the browser counts, summed up.
     *
     * @returns {Promise<import("../stats.js").RoomStats>}
     */
    getStats(): Promise<import("../stats.js").RoomStats>;
    /**
     * Sends any event to the server and resolves with its answer.
     *
     * @param {string} event
     * @param {any} [data]
     * @returns {Promise<any>}
     */
    request(event: string, data?: any): Promise<any>;
    /** Restarts ICE on all connections, e.g. after a change of network. */
    restartIce(): void;
    /** Drops the signaling connection as a lost network would; for tests. */
    dropConnection(): void;
    #private;
}
export type MediaState = import("../types.js").MediaState;
export type Mode = import("../types.js").Mode;
export type ParticipantInfo = import("../types.js").ParticipantInfo;
export type PublishOptions = import("../types.js").PublishOptions;
export type Role = import("../types.js").Role;
export type RoomInfo = import("../types.js").RoomInfo;
export type TrackInfo = import("../types.js").TrackInfo;
export type JoinAnswer = import("../types.js").JoinAnswer;
export type FeedInfo = import("../types.js").FeedInfo;
export type CameraOptions = import("../media.js").CameraOptions;
export type MicrophoneOptions = import("../media.js").MicrophoneOptions;
export type ScreenOptions = import("../media.js").ScreenOptions;
export type AnyParticipant = RemoteParticipant | LocalParticipant;
export type RoomOptions = {
    /**
     * of the server's `rtc_signaling`, e.g. "wss://example.com/rtc"
     */
    url?: string | URL | undefined;
    /**
     * makes the connection instead of a WebSocket to `url`
     */
    connect?: (() => import("../types.js").Channel) | undefined;
    roomId: string;
    /**
     * the server makes one when absent
     */
    userId?: string | undefined;
    /**
     * for people
     */
    name?: string | undefined;
    /**
     * any JSON, for the page
     */
    metadata?: any;
    /**
     * may only lower what one has
     */
    role?: import("../types.js").Role | undefined;
    token?: string | (() => string | Promise<string>) | undefined;
    /**
     * "sfu": never peer to peer
     */
    mode?: import("../types.js").Mode | undefined;
    /**
     * receive all tracks, default true
     */
    autoSubscribe?: boolean | undefined;
    /**
     * for a room that this join creates
     */
    type?: string | undefined;
    maxParticipants?: number | undefined;
    isPublic?: boolean | undefined;
    roomMetadata?: any;
    /**
     * besides those of the server
     */
    iceServers?: RTCIceServer[] | undefined;
    iceTransportPolicy?: RTCIceTransportPolicy | undefined;
    signaling?: import("../signaling.js").SignalingOptions | undefined;
    logger?: import("../types.js").Logger | undefined;
    /**
     * for tests
     */
    PeerConnection?: any;
    /**
     * for tests
     */
    WebSocket?: any;
    /**
     * for tests
     */
    clock?: import("../types.js").Clock | undefined;
};
export type TrackEvent = {
    remoteTrack: RemoteTrack;
    track: MediaStreamTrack;
    /**
     * for srcObject; stays the same object
     */
    mediaStream: MediaStream;
    participant: RemoteParticipant;
    source: string;
    kind: "audio" | "video";
};
export type RoomState = "joining" | "joined" | "reconnecting" | "left";
export type RoomEvents = {
    state: {
        state: RoomState | "new";
    };
    /**
     *     signaling was lost; media goes on
     */
    reconnecting: {
        attempt: number;
        delay: number;
    };
    reconnected: {
        resumed: boolean;
    };
    /**
     *     the room is over for us; reason is "left" or an error code
     */
    left: {
        reason: string;
        error: RtcError;
    };
    participantJoined: {
        participant: RemoteParticipant;
    };
    participantLeft: {
        participant: RemoteParticipant;
        reason: string;
    };
    /**
     *     name, metadata, role, media state, online
     */
    participantUpdated: {
        participant: AnyParticipant;
    };
    /**
     * a remote track can be shown
     */
    track: TrackEvent;
    trackEnded: TrackEvent;
    trackMuted: {
        remoteTrack: RemoteTrack;
        participant: RemoteParticipant;
        source: string;
        muted: boolean;
    };
    /**
     *     it comes another way now; nothing to do
     */
    trackSwitched: {
        remoteTrack: RemoteTrack;
        participant: RemoteParticipant;
        source: string;
        via: "p2p" | "sfu";
    };
    trackPublished: {
        track: TrackInfo;
        participant: AnyParticipant;
    };
    trackUnpublished: {
        track: TrackInfo;
        participant: AnyParticipant;
    };
    localTrack: {
        localTrack: LocalTrack;
    };
    localTrackEnded: {
        localTrack: LocalTrack;
        reason: string;
    };
    /**
     *     muted, unmuted, another device
     */
    localTrackChanged: {
        localTrack: LocalTrack;
    };
    /**
     * a host has muted somebody
     */
    muted: {
        userId: string;
        trackId?: string;
        by?: string;
        locked: boolean;
    };
    screenShareStarted: {
        participant: AnyParticipant;
    };
    screenShareStopped: {
        participant: AnyParticipant;
    };
    activeSpeakers: {
        speakers: {
            userId: string;
            level: number;
        }[];
    };
    connectionQuality: {
        participant: AnyParticipant;
        score?: number;
        rtt?: number;
        loss?: number;
        bitrate?: number;
    };
    modeChanged: {
        mode: Mode;
        complete: boolean;
    };
    /**
     *     of all media connections together
     */
    mediaState: {
        state: "connecting" | "connected" | "interrupted";
    };
    roleChanged: {
        participant: AnyParticipant;
        role: Role;
    };
    roomUpdated: {
        room: RoomInfo;
    };
    message: {
        fromUserId: string;
        data: any;
    };
    trackLayers: {
        trackId: string;
        spatialLayer: number;
        temporalLayer: number;
        paused: boolean;
        reason: string;
    };
    publishLayers: {
        trackId: string;
        mid: string;
        layers: {
            rid: string;
            wanted: boolean;
        }[];
    };
    subscriptionFailed: {
        trackId: string;
        code: string;
    };
    /**
     * the server is about to restart
     */
    draining: any;
    /**
     * something failed that nobody waits for
     */
    error: RtcError;
    /**
     *     every event of the server, as it came
     */
    signal: {
        event: string;
        data: any;
    };
};
import { Emitter } from "../emitter.js";
import { RemoteParticipant } from "./participant.js";
import { LocalParticipant } from "./local.js";
import { LocalTrack } from "./local.js";
import { RemoteTrack } from "./participant.js";
import { RtcError } from "../errors.js";
