/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The types of the wire contract (what the server sends and takes) and the
 * small interfaces that the parts of this library share.  No code.
 */

/**
 * @typedef {"host"|"participant"|"viewer"} Role
 */

/**
 * @typedef {"p2p"|"sfu"} Mode
 */

/**
 * "camera", "microphone", "screen", "screen-audio", or a name of your own.
 * A participant has at most one track of each source.
 *
 * @typedef {string} Source
 */

/**
 * @typedef {object} MediaState
 * @property {boolean} video
 * @property {boolean} audio
 * @property {boolean} screenShare
 * @property {"low"|"medium"|"high"|"4k"} quality
 */

/**
 * @typedef {object} TrackLayer
 * @property {string} rid
 * @property {number} [width]
 * @property {number} [height]
 * @property {boolean} active
 */

/**
 * A track as the server describes it.
 *
 * @typedef {object} TrackInfo
 * @property {string} id
 * @property {string} userId
 * @property {"audio"|"video"} kind
 * @property {Source} source
 * @property {string} [codec]
 * @property {boolean} [simulcast]
 * @property {TrackLayer[]} [layers]
 * @property {boolean} [muted]
 */

/**
 * A participant as the server describes it.
 *
 * @typedef {object} ParticipantInfo
 * @property {string} id
 * @property {string} userId
 * @property {string} [socketId]
 * @property {string} [name]
 * @property {any} [metadata]
 * @property {Role} [role]
 * @property {Partial<MediaState>} [mediaState]
 * @property {string} [joinedAt]
 * @property {TrackInfo[]} [tracks]
 */

/**
 * A room as the server describes it.
 *
 * @typedef {object} RoomInfo
 * @property {string} id
 * @property {string} [type]
 * @property {Mode} mode
 * @property {boolean} [isPublic]
 * @property {number} [maxParticipants]
 * @property {boolean} [locked]
 * @property {any} [metadata]
 * @property {ParticipantInfo[]} [participants]
 */

/**
 * @typedef {object} TransportInfo
 * @property {string} id
 * @property {"send"|"recv"} direction
 * @property {string|null} [replaces]
 */

/**
 * @typedef {object} JoinAnswer
 * @property {ParticipantInfo} self
 * @property {RoomInfo} room
 * @property {RTCIceServer[]} [iceServers]
 * @property {{id: string, resume: string, timeout: number}} [session]
 * @property {boolean} [resumed]
 * @property {TransportInfo[]} [transports]
 */

/**
 * A frame of signaling that carries a description, in either direction.
 *
 * @typedef {object} DescriptionMessage
 * @property {string} [fromUserId]
 * @property {RTCSessionDescriptionInit} [offer]
 * @property {RTCSessionDescriptionInit} [answer]
 * @property {string} [transportId]
 * @property {number} [negotiation]
 * @property {Record<string, any>} [tracks]
 */

/**
 * Time, replaceable in tests.
 *
 * @typedef {object} Clock
 * @property {() => number} now  milliseconds, monotonic
 * @property {(fn: () => void, ms: number) => any} setTimeout
 * @property {(handle: any) => void} clearTimeout
 */

/**
 * One connection to the server with its framing.  The library brings one
 * over WebSocket; another is an object with these members.  A channel is used
 * once: after `onclose` a new one is made.
 *
 * @typedef {object} Channel
 * @property {() => Promise<void>} open
 *     resolves when messages can be sent
 * @property {(event: string, data: any) => Promise<any>} request
 *     sends an event and resolves with its answer, or rejects with an RtcError
 * @property {(event: string, data: any) => void} send
 *     sends an event that needs no answer
 * @property {(code?: number, reason?: string) => void} close
 * @property {(event: string, data: any) => void} onevent
 *     set by the library, called for every event of the server
 * @property {(info: {code: number, reason: string}) => void} onclose
 *     set by the library, called once, when the connection has ended
 */

/**
 * @typedef {object} Logger
 * @property {(...args: any[]) => void} debug
 * @property {(...args: any[]) => void} warn
 */

/**
 * How a local track is sent.
 *
 * @typedef {object} PublishOptions
 * @property {number} [maxBitrate]  bits per second
 * @property {number} [maxFramerate]
 * @property {boolean|RTCRtpEncodingParameters[]} [simulcast]
 *     several encodings of one video on the send transport (off by default)
 * @property {string} [codec]  "vp8", "vp9", "h264", "av1": only this one
 * @property {boolean} [muted]  publish it muted
 */

/**
 * What a sender (a p2p connection or the send transport) is to send.
 *
 * @typedef {object} Publication
 * @property {Source} source
 * @property {"audio"|"video"} kind
 * @property {MediaStreamTrack|null} mediaStreamTrack
 * @property {PublishOptions} options
 */

/**
 * A remote track as one connection delivers it.
 *
 * @typedef {object} FeedInfo
 * @property {string} mid
 * @property {string} userId
 * @property {Source} source
 * @property {"audio"|"video"} kind
 * @property {string} [trackId]
 * @property {RTCRtpReceiver} receiver
 * @property {MediaStreamTrack} track
 */

export {};
