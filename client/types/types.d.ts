export type Role = "host" | "participant" | "viewer";
export type Mode = "p2p" | "sfu";
/**
 * "camera", "microphone", "screen", "screen-audio", or a name of your own.
 * A participant has at most one track of each source.
 */
export type Source = string;
export type MediaState = {
    video: boolean;
    audio: boolean;
    screenShare: boolean;
    quality: "low" | "medium" | "high" | "4k";
};
export type TrackLayer = {
    rid: string;
    width?: number | undefined;
    height?: number | undefined;
    active: boolean;
};
/**
 * A track as the server describes it.
 */
export type TrackInfo = {
    id: string;
    userId: string;
    kind: "audio" | "video";
    source: Source;
    codec?: string | undefined;
    simulcast?: boolean | undefined;
    layers?: TrackLayer[] | undefined;
    muted?: boolean | undefined;
};
/**
 * A participant as the server describes it.
 */
export type ParticipantInfo = {
    id: string;
    userId: string;
    socketId?: string | undefined;
    name?: string | undefined;
    metadata?: any;
    role?: Role | undefined;
    mediaState?: Partial<MediaState> | undefined;
    joinedAt?: string | undefined;
    tracks?: TrackInfo[] | undefined;
};
/**
 * A room as the server describes it.
 */
export type RoomInfo = {
    id: string;
    type?: string | undefined;
    mode: Mode;
    isPublic?: boolean | undefined;
    maxParticipants?: number | undefined;
    locked?: boolean | undefined;
    metadata?: any;
    participants?: ParticipantInfo[] | undefined;
};
export type TransportInfo = {
    id: string;
    direction: "send" | "recv";
    replaces?: string | null | undefined;
};
export type JoinAnswer = {
    self: ParticipantInfo;
    room: RoomInfo;
    iceServers?: RTCIceServer[] | undefined;
    session?: {
        id: string;
        resume: string;
        timeout: number;
    } | undefined;
    resumed?: boolean | undefined;
    transports?: TransportInfo[] | undefined;
};
/**
 * A frame of signaling that carries a description, in either direction.
 */
export type DescriptionMessage = {
    fromUserId?: string | undefined;
    offer?: RTCSessionDescriptionInit | undefined;
    answer?: RTCSessionDescriptionInit | undefined;
    transportId?: string | undefined;
    negotiation?: number | undefined;
    tracks?: Record<string, any> | undefined;
};
/**
 * Time, replaceable in tests.
 */
export type Clock = {
    /**
     * milliseconds, monotonic
     */
    now: () => number;
    setTimeout: (fn: () => void, ms: number) => any;
    clearTimeout: (handle: any) => void;
};
/**
 * One connection to the server with its framing.  The library brings one
 * over WebSocket; another is an object with these members.  A channel is used
 * once: after `onclose` a new one is made.
 */
export type Channel = {
    /**
     *     resolves when messages can be sent
     */
    open: () => Promise<void>;
    /**
     *     sends an event and resolves with its answer, or rejects with an RtcError
     */
    request: (event: string, data: any) => Promise<any>;
    /**
     *     sends an event that needs no answer
     */
    send: (event: string, data: any) => void;
    close: (code?: number, reason?: string) => void;
    /**
     *     set by the library, called for every event of the server
     */
    onevent: (event: string, data: any) => void;
    /**
     *     set by the library, called once, when the connection has ended
     */
    onclose: (info: {
        code: number;
        reason: string;
    }) => void;
};
export type Logger = {
    debug: (...args: any[]) => void;
    warn: (...args: any[]) => void;
};
/**
 * How a local track is sent.
 */
export type PublishOptions = {
    /**
     * bits per second
     */
    maxBitrate?: number | undefined;
    maxFramerate?: number | undefined;
    /**
     * several encodings of one video on the send transport (off by default)
     */
    simulcast?: boolean | RTCRtpEncodingParameters[] | undefined;
    /**
     * "vp8", "vp9", "h264", "av1": only this one
     */
    codec?: string | undefined;
    /**
     * publish it muted
     */
    muted?: boolean | undefined;
};
/**
 * What a sender (a p2p connection or the send transport) is to send.
 */
export type Publication = {
    source: Source;
    kind: "audio" | "video";
    mediaStreamTrack: MediaStreamTrack | null;
    options: PublishOptions;
};
/**
 * A remote track as one connection delivers it.
 */
export type FeedInfo = {
    mid: string;
    userId: string;
    source: Source;
    kind: "audio" | "video";
    trackId?: string | undefined;
    receiver: RTCRtpReceiver;
    track: MediaStreamTrack;
};
